"""A container of a workload that is ours: hardened, bounded and probed.

Source: POL-1, POL-3, SEC-2; Pod Security "restricted".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as kubernetes

from components.base.sizes import Size

TEMPORARY_FILES = "tmp"
# Services still send requests for a moment after a pod was told to stop
DRAIN_SECONDS = 5


@dataclass(frozen=True)
class Resources:
    """CPU and memory of a container, as Kubernetes quantities.

    Args:
        cpu: requested, e.g. ``100m``.
        memory: requested, and also the limit unless ``memory_limit`` is set: memory cannot be taken back.
        cpu_limit: most that it gets when the node has more to give.
        memory_limit: most memory.
    """

    cpu: str
    memory: str
    cpu_limit: str
    memory_limit: str | None = None

    @classmethod
    def of(cls, size: Size) -> "Resources":
        """The resources of a row of ``components/sizes.yaml``."""
        return cls(size.cpu, size.memory, size.cpu_limit, size.memory_limit)

    def specification(self) -> kubernetes.core.v1.ResourceRequirementsArgsDict:
        """The container's ``resources``."""
        return {
            "requests": {"cpu": self.cpu, "memory": self.memory},
            "limits": {"cpu": self.cpu_limit, "memory": self.memory_limit or self.memory},
        }


@dataclass(frozen=True)
class HttpProbe:
    """An HTTP health check.

    Args:
        path: answers 2xx or 3xx when all is well.
        port: name of the container's port.
        period_seconds: between two checks.
        failure_threshold: failures in a row that count.
        initial_delay_seconds: before the first check.
    """

    path: str
    port: str = "http"
    period_seconds: int = 10
    failure_threshold: int = 3
    initial_delay_seconds: int = 0

    def specification(self) -> kubernetes.core.v1.ProbeArgsDict:
        """The probe."""
        return {
            "http_get": {"path": self.path, "port": self.port},
            "period_seconds": self.period_seconds,
            "failure_threshold": self.failure_threshold,
            "initial_delay_seconds": self.initial_delay_seconds or None,
        }


@dataclass(frozen=True)
class ExecProbe:
    """A health check by a command in the container, for what HTTP cannot ask.

    Args:
        command: ends with 0 when all is well.
        period_seconds: between two checks.
        failure_threshold: failures in a row that count.
        timeout_seconds: that the command may take.
    """

    command: Sequence[str]
    period_seconds: int = 10
    failure_threshold: int = 3
    timeout_seconds: int = 5

    def specification(self) -> kubernetes.core.v1.ProbeArgsDict:
        """The probe."""
        return {
            "exec_": {"command": list(self.command)},
            "period_seconds": self.period_seconds,
            "failure_threshold": self.failure_threshold,
            "timeout_seconds": self.timeout_seconds,
        }


@dataclass(frozen=True)
class TcpProbe:
    """A health check that only connects, for what speaks no HTTP and is too dear to start a client for.

    Args:
        port: name of the container's port.
        period_seconds: between two checks.
        failure_threshold: failures in a row that count.
    """

    port: str
    period_seconds: int = 10
    failure_threshold: int = 3

    def specification(self) -> kubernetes.core.v1.ProbeArgsDict:
        """The probe."""
        return {
            "tcp_socket": {"port": self.port},
            "period_seconds": self.period_seconds,
            "failure_threshold": self.failure_threshold,
        }


Probe = HttpProbe | ExecProbe | TcpProbe


@dataclass(frozen=True)
class Mount:
    """Files of a container that come from elsewhere.

    Args:
        name: of the volume.
        path: where they are in the container.
        source: the volume's source in Kubernetes' own form, e.g. ``{"config_map": {"name": "flows"}}``.
        writable: whether the container may change them.
    """

    name: str
    path: str
    source: kubernetes.core.v1.VolumeArgsDict
    writable: bool = False


@dataclass(frozen=True)
class Container:
    """A container of a workload.

    Args:
        name: in the pod.
        image: repository with an exact tag or a digest.
        resources: requests and limits.
        liveness: restarts it when it fails; None: it opens no port that could tell, and ends by itself when it fails.
        readiness: takes it out of Services when it fails.
        startup: holds the other two back until it has succeeded once.
        ports: name -> number.
        command: replaces the image's entry point.
        args: arguments.
        env: environment variables in Kubernetes' own form.
        writable: mount path -> size of an empty volume; everything else is read-only.
        mounts: files from elsewhere.
        post_start: command that runs beside the container's own when it has started.
    """

    name: str
    image: pulumi.Input[str]
    resources: Resources
    liveness: Probe | None
    readiness: Probe | None
    startup: Probe | None
    ports: Mapping[str, int]
    command: Sequence[str] = ()
    args: Sequence[str] = ()
    env: Sequence[kubernetes.core.v1.EnvVarArgsDict] = ()
    writable: Mapping[str, str] = field(default_factory=lambda: {"/tmp": "64Mi"})  # noqa: S108 - the pod's own
    mounts: Sequence[Mount] = ()
    post_start: Sequence[str] = ()

    def specification(self, volumes: Mapping[str, str] | None = None) -> kubernetes.core.v1.ContainerArgsDict:
        """The container under the ``restricted`` Pod Security level.

        Args:
            volumes: further ones of the pod that it may write to -> mount path.
        """
        return {
            "name": self.name,
            "image": self.image,
            "image_pull_policy": "IfNotPresent",
            "command": list(self.command) or None,
            "args": list(self.args) or None,
            "env": list(self.env) or None,
            "ports": [{"name": name, "container_port": number} for name, number in self.ports.items()],
            "resources": self.resources.specification(),
            "liveness_probe": self.liveness.specification() if self.liveness else None,
            "readiness_probe": self.readiness.specification() if self.readiness else None,
            "startup_probe": self.startup.specification() if self.startup else None,
            "lifecycle": {
                "pre_stop": {"sleep": {"seconds": DRAIN_SECONDS}},
                "post_start": {"exec_": {"command": list(self.post_start)}} if self.post_start else None,
            },
            "security_context": {
                "allow_privilege_escalation": False,
                "capabilities": {"drop": ["ALL"]},
                "read_only_root_filesystem": True,
            },
            "volume_mounts": [
                *({"name": name, "mount_path": path} for name, path in (volumes or {}).items()),
                *({"name": f"{self.name}-{_volume_name(path)}", "mount_path": path} for path in self.writable),
                *({"name": item.name, "mount_path": item.path, "read_only": not item.writable} for item in self.mounts),
            ],
        }

    def volumes(self) -> list[kubernetes.core.v1.VolumeArgsDict]:
        """The empty volumes behind its writable paths, and those of its mounts."""
        empty: list[kubernetes.core.v1.VolumeArgsDict] = [
            {"name": f"{self.name}-{_volume_name(path)}", "empty_dir": {"size_limit": size}}
            for path, size in self.writable.items()
        ]
        return empty + [{**item.source, "name": item.name} for item in self.mounts]


def _volume_name(path: str) -> str:
    return path.strip("/").replace("/", "-").replace(".", "-").lower() or TEMPORARY_FILES
