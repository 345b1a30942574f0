"""The shape of every workload that is ours: hardened, bounded, probed, spread out and scaled.

Source: CLU-14, CLU-15, NET-9, POL-1..3, SEC-2; Pod Security "restricted".
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as kubernetes

from components.base.namespace import Namespace
from components.base.scheduling import Priority
from components.ownership import Ownership

TEMPORARY_FILES = "tmp"
# Services still send requests for a moment after a pod was told to stop
DRAIN_SECONDS = 5


@dataclass(frozen=True)
class Resources:
    """CPU and memory of a container, as Kubernetes quantities.

    Args:
        cpu: requested, e.g. ``100m``.
        memory: requested, and also the limit: memory cannot be taken back.
        cpu_limit: most that it gets when the node has more to give.
    """

    cpu: str
    memory: str
    cpu_limit: str

    def specification(self) -> kubernetes.core.v1.ResourceRequirementsArgsDict:
        """The container's ``resources``."""
        return {
            "requests": {"cpu": self.cpu, "memory": self.memory},
            "limits": {"cpu": self.cpu_limit, "memory": self.memory},
        }


@dataclass(frozen=True)
class HttpProbe:
    """An HTTP health check.

    Args:
        path: answers 2xx or 3xx when all is well.
        port: name of the container's port.
        period_seconds: between two checks.
        failure_threshold: failures in a row that count.
    """

    path: str
    port: str = "http"
    period_seconds: int = 10
    failure_threshold: int = 3

    def specification(self) -> kubernetes.core.v1.ProbeArgsDict:
        """The probe."""
        return {
            "http_get": {"path": self.path, "port": self.port},
            "period_seconds": self.period_seconds,
            "failure_threshold": self.failure_threshold,
        }


@dataclass(frozen=True)
class Container:
    """A container of a workload.

    Args:
        name: in the pod.
        image: repository with an exact tag or a digest.
        resources: requests and limits.
        liveness: restarts it when it fails.
        readiness: takes it out of Services when it fails.
        startup: holds the other two back until it has succeeded once.
        ports: name -> number.
        command: replaces the image's entry point.
        args: arguments.
        env: environment variables in Kubernetes' own form.
        writable: mount path -> size of an empty volume; everything else is read-only.
    """

    name: str
    image: str
    resources: Resources
    liveness: HttpProbe
    readiness: HttpProbe
    startup: HttpProbe
    ports: Mapping[str, int]
    command: Sequence[str] = ()
    args: Sequence[str] = ()
    env: Sequence[kubernetes.core.v1.EnvVarArgsDict] = ()
    writable: Mapping[str, str] = field(default_factory=lambda: {"/tmp": "64Mi"})  # noqa: S108 - the pod's own

    def specification(self) -> kubernetes.core.v1.ContainerArgsDict:
        """The container under the ``restricted`` Pod Security level."""
        return {
            "name": self.name,
            "image": self.image,
            "image_pull_policy": "IfNotPresent",
            "command": list(self.command) or None,
            "args": list(self.args) or None,
            "env": list(self.env) or None,
            "ports": [{"name": name, "container_port": number} for name, number in self.ports.items()],
            "resources": self.resources.specification(),
            "liveness_probe": self.liveness.specification(),
            "readiness_probe": self.readiness.specification(),
            "startup_probe": self.startup.specification(),
            "lifecycle": {"pre_stop": {"sleep": {"seconds": DRAIN_SECONDS}}},
            "security_context": {
                "allow_privilege_escalation": False,
                "capabilities": {"drop": ["ALL"]},
                "read_only_root_filesystem": True,
            },
            "volume_mounts": [
                {"name": f"{self.name}-{_volume_name(path)}", "mount_path": path} for path in self.writable
            ],
        }

    def volumes(self) -> list[kubernetes.core.v1.VolumeArgsDict]:
        """The empty volumes behind its writable paths."""
        return [
            {"name": f"{self.name}-{_volume_name(path)}", "empty_dir": {"size_limit": size}}
            for path, size in self.writable.items()
        ]


@dataclass(frozen=True)
class Autoscaling:
    """Bounds of a HorizontalPodAutoscaler.

    Args:
        minimum: replicas that are always there.
        maximum: replicas at most.
        cpu_percent: mean use of the requested CPU that it aims at.
        memory_percent: likewise of memory.
        behavior: scaling behaviour in Kubernetes' own form.
    """

    minimum: int
    maximum: int
    cpu_percent: int = 70
    memory_percent: int = 80
    behavior: kubernetes.autoscaling.v2.HorizontalPodAutoscalerBehaviorArgsDict | None = None


@dataclass(frozen=True)
class WorkloadArgs:
    """What a workload needs.

    Args:
        namespace: where it runs.
        component: its part in the platform, for labels and cost reports.
        container: what it runs.
        autoscaling: its replicas; the autoscaler owns their number.
        spread_zones: whether an uneven spread over zones keeps a pod waiting, rather than only being avoided.
        ownership: labels.
        service_ports: name of the container's port -> port of the Service.
        version: of the application, for labels.
        settings: environment variables, kept in a ConfigMap of the same name; a change rolls the pods.
        priority: when there is no room for all.
        user: numeric user and group; None: the image's own, which must not be root.
        grace_period_seconds: time to finish when asked to stop.
    """

    namespace: Namespace
    component: str
    container: Container
    autoscaling: Autoscaling
    spread_zones: bool
    ownership: Ownership
    service_ports: Mapping[str, int]
    version: str
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    priority: Priority = Priority.STANDARD
    user: int | None = None
    grace_period_seconds: int = 30


class Workload(pulumi.ComponentResource):
    """Deployment with ServiceAccount, ConfigMap, Service, autoscaler and disruption budget of one name.

    Args:
        name: Kubernetes name of all of them.
        args: what it runs, and how much of it.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the Deployment is available, and its Service, autoscaler and disruption budget stand.
        address: in-cluster DNS name of the Service.

    Source: CLU-14, CLU-15, POL-1..3.
    """

    ready: pulumi.Resource
    address: str

    def __init__(self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:base:Workload", name, None, opts)
        self._name, self._args = name, args
        self._labels = args.ownership.labels(name, component=args.component, version=args.version)
        self._selector = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": name}
        account = kubernetes.core.v1.ServiceAccount(
            name, metadata=self._metadata(), automount_service_account_token=False, opts=self._inside()
        )
        deployment = self._deployment(account, self._settings())
        self.ready = self._service(deployment, self._autoscaler(deployment), *self._disruption_budget())
        self.address = f"{name}.{args.namespace.name}.svc.cluster.local"
        self.register_outputs({"address": self.address})

    def _inside(self, *gates: pulumi.Resource) -> pulumi.ResourceOptions:
        namespace = self._args.namespace
        return pulumi.ResourceOptions(
            parent=self, depends_on=[namespace.ready, *gates], deleted_with=namespace.resource
        )

    def _metadata(self) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        return {"name": self._name, "namespace": self._args.namespace.name, "labels": self._labels}

    def _settings(self) -> pulumi.Resource:
        return kubernetes.core.v1.ConfigMap(
            self._name, metadata=self._metadata(), data=self._args.settings, opts=self._inside()
        )

    def _deployment(self, account: pulumi.Resource, settings: pulumi.Resource) -> kubernetes.apps.v1.Deployment:
        # a pod reads its environment once: another digest makes new pods
        digest = hashlib.sha256(json.dumps(self._args.settings, sort_keys=True).encode()).hexdigest()
        metadata: kubernetes.meta.v1.ObjectMetaArgsDict = {
            "labels": self._labels,
            "annotations": {"checksum/settings": digest},
        }
        # no replicas: the autoscaler owns their number
        spec: kubernetes.apps.v1.DeploymentSpecArgsDict = {
            "selector": {"match_labels": self._selector},
            "revision_history_limit": 5,
            "strategy": {"type": "RollingUpdate", "rolling_update": {"max_unavailable": 0, "max_surge": 1}},
            "template": {"metadata": metadata, "spec": self._pod()},
        }
        return kubernetes.apps.v1.Deployment(
            self._name, metadata=self._metadata(), spec=spec, opts=self._inside(account, settings)
        )

    def _pod(self) -> kubernetes.core.v1.PodSpecArgsDict:
        user = self._args.user
        container = self._args.container.specification()
        container["env_from"] = [{"config_map_ref": {"name": self._name}}]
        return {
            "service_account_name": self._name,
            "automount_service_account_token": False,
            "enable_service_links": False,
            "priority_class_name": self._args.priority.value,
            "termination_grace_period_seconds": self._args.grace_period_seconds,
            "security_context": {
                "run_as_non_root": True,
                "run_as_user": user,
                "run_as_group": user,
                "fs_group": user,
                "seccomp_profile": {"type": "RuntimeDefault"},
            },
            "topology_spread_constraints": [
                self._spread("topology.kubernetes.io/zone", strict=self._args.spread_zones),
                self._spread("kubernetes.io/hostname", strict=False),
            ],
            "containers": [container],
            "volumes": self._args.container.volumes(),
        }

    def _spread(self, topology_key: str, *, strict: bool) -> kubernetes.core.v1.TopologySpreadConstraintArgsDict:
        return {
            "max_skew": 1,
            "topology_key": topology_key,
            "when_unsatisfiable": "DoNotSchedule" if strict else "ScheduleAnyway",
            "label_selector": {"match_labels": self._selector},
            # without it a rolling update is spread together with the pods that it replaces
            "match_label_keys": ["pod-template-hash"],
        }

    def _service(self, *after: pulumi.Resource) -> pulumi.Resource:
        # comes last: the provider waits until a Service has pods
        ports: list[kubernetes.core.v1.ServicePortArgsDict] = [
            {"name": name, "port": port, "target_port": name, "protocol": "TCP"}
            for name, port in self._args.service_ports.items()
        ]
        return kubernetes.core.v1.Service(
            self._name,
            metadata=self._metadata(),
            spec={"type": "ClusterIP", "selector": self._selector, "ports": ports},
            opts=self._inside(*after),
        )

    def _autoscaler(self, deployment: pulumi.Resource) -> pulumi.Resource:
        bounds = self._args.autoscaling
        utilisation = {"cpu": bounds.cpu_percent, "memory": bounds.memory_percent}
        return kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
            self._name,
            metadata=self._metadata(),
            spec={
                "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": self._name},
                "min_replicas": bounds.minimum,
                "max_replicas": bounds.maximum,
                "metrics": [self._utilisation(*target) for target in utilisation.items()],
                "behavior": bounds.behavior,
            },
            opts=self._inside(deployment),
        )

    @staticmethod
    def _utilisation(name: str, percent: int) -> kubernetes.autoscaling.v2.MetricSpecArgsDict:
        target: kubernetes.autoscaling.v2.MetricTargetArgsDict = {"type": "Utilization", "average_utilization": percent}
        return {"type": "Resource", "resource": {"name": name, "target": target}}

    def _disruption_budget(self) -> list[pulumi.Resource]:
        if self._args.autoscaling.minimum < 2:
            # a budget over a single replica would only block the draining of its node
            return []
        return [
            kubernetes.policy.v1.PodDisruptionBudget(
                self._name,
                metadata=self._metadata(),
                spec={
                    "max_unavailable": 1,
                    "selector": {"match_labels": self._selector},
                    "unhealthy_pod_eviction_policy": "AlwaysAllow",
                },
                opts=self._inside(),
            )
        ]


def _volume_name(path: str) -> str:
    return path.strip("/").replace("/", "-").replace(".", "-").lower() or TEMPORARY_FILES
