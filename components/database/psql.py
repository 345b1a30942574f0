"""Scripts for psql as Jobs: hardened, bounded, and run again when what they run changes.

Source: DB-1, POL-1, SEC-2; Pod Security "restricted".
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, Priority
from components.database.images import USER
from components.database.server import DESTINATION, NAMESPACE, SERVICE

SCRIPTS = Path(__file__).with_name("scripts")
# a database of the cluster's own needs some minutes to come up
DEADLINE_SECONDS = 1800
_SCRIPT_MODE = 0o555


def script(name: str) -> str:
    """Contents of one of the scripts."""
    return (SCRIPTS / name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class PsqlJobArgs:
    """What a script needs.

    Args:
        environment: the stack that it is part of.
        image: has psql.
        entry: the shell script among the files that is run, in ``/scripts``.
        files: path of a folder in the container -> files by name.
        database: that it connects to.
        login: Secret with ``username`` and ``password``.
        secrets: path of a folder in the container -> Secret whose keys are its files.
        after: gates to wait for, beside the namespace's.
        schedule: when it runs besides (cron, UTC); None: only when its files are new.
    """

    environment: Environment
    image: str
    entry: str
    files: Mapping[str, Mapping[str, str]]
    database: str
    login: str
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])
    after: Sequence[pulumi.Resource] = ()
    schedule: str | None = None


class PsqlJob(pulumi.ComponentResource):
    """A Job that runs a script against ``postgres``. Its name ends in a digest of its files, so that a change runs it.

    Args:
        name: Kubernetes name, without the digest.
        args: what it runs.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the script has run to its end.

    Source: DB-1, POL-1, SEC-2.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: PsqlJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:database:PsqlJob", name, None, opts)
        self._name, self._args = name, args
        self._namespace = args.environment.namespaces[NAMESPACE]
        self._labels = args.environment.labels(name, "database")
        self._volumes = {path: f"{name}-{path.strip('/')}" for path in args.files}
        gates = [*args.after, self._account(), *self._config_maps()]
        digest = hashlib.sha256(json.dumps([args.files, args.image], sort_keys=True).encode()).hexdigest()
        # the engine waits for as long as the Job may take
        patience = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create=f"{DEADLINE_SECONDS}s"))
        self.ready = kubernetes.batch.v1.Job(
            name,
            metadata=self._metadata(f"{name}-{digest[:10]}"),
            spec=self._job(),
            opts=pulumi.ResourceOptions.merge(self._inside(*gates), patience),
        )
        if args.schedule:
            self._cron_job(args.schedule, self.ready)
        self.register_outputs({})

    def _metadata(self, name: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        return {"name": name, "namespace": self._namespace.name, "labels": self._labels}

    def _inside(self, *gates: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, depends_on=[self._namespace.ready, *gates], deleted_with=self._namespace.resource
        )

    def _account(self) -> pulumi.Resource:
        return kubernetes.core.v1.ServiceAccount(
            self._name,
            metadata=self._metadata(self._name),
            automount_service_account_token=False,
            opts=self._inside(),
        )

    def _config_maps(self) -> list[pulumi.Resource]:
        return [
            kubernetes.core.v1.ConfigMap(volume, metadata=self._metadata(volume), data=files, opts=self._inside())
            for volume, files in zip(self._volumes.values(), self._args.files.values(), strict=True)
        ]

    def _job(self) -> kubernetes.batch.v1.JobSpecArgsDict:
        labels = {**self._labels, **self._args.environment.client_labels(DESTINATION)}
        return {
            "backoff_limit": 6,
            "active_deadline_seconds": DEADLINE_SECONDS,
            "template": {"metadata": {"labels": labels}, "spec": self._pod()},
        }

    def _cron_job(self, schedule: str, first: pulumi.Resource) -> None:
        kubernetes.batch.v1.CronJob(
            self._name,
            metadata=self._metadata(self._name),
            spec={
                "schedule": schedule,
                "concurrency_policy": "Forbid",
                "starting_deadline_seconds": 600,
                "successful_jobs_history_limit": 1,
                "failed_jobs_history_limit": 3,
                "job_template": {"metadata": {"labels": self._labels}, "spec": self._job()},
            },
            opts=self._inside(first),
        )

    def _pod(self) -> kubernetes.core.v1.PodSpecArgsDict:
        return {
            "service_account_name": self._name,
            "automount_service_account_token": False,
            "enable_service_links": False,
            "restart_policy": "Never",
            "priority_class_name": Priority.HIGH.value,
            "security_context": {
                "run_as_non_root": True,
                "run_as_user": USER,
                "run_as_group": USER,
                "fs_group": USER,
                "seccomp_profile": {"type": "RuntimeDefault"},
            },
            "containers": [self._container()],
            "volumes": [
                *(
                    {"name": volume, "config_map": {"name": volume, "default_mode": _SCRIPT_MODE}}
                    for volume in self._volumes.values()
                ),
                *({"name": secret, "secret": {"secret_name": secret}} for secret in self._args.secrets.values()),
                {"name": "tmp", "empty_dir": {"size_limit": "16Mi"}},
            ],
        }

    def _container(self) -> kubernetes.core.v1.ContainerArgsDict:
        args = self._args
        mounts = {**self._volumes, **args.secrets}
        resources = args.environment.size("psql").resources
        login = {"PGUSER": "username", "PGPASSWORD": "password"}
        settings = {"PGHOST": SERVICE, "PGDATABASE": args.database, "PGSSLMODE": "require", "PGAPPNAME": self._name}
        return {
            "name": "psql",
            "image": args.image,
            "command": ["/bin/sh", f"/scripts/{args.entry}"],
            "env": [
                *({"name": key, "value": value} for key, value in settings.items()),
                *(
                    {"name": key, "value_from": {"secret_key_ref": {"name": args.login, "key": property_}}}
                    for key, property_ in login.items()
                ),
            ],
            "resources": {"requests": resources["requests"], "limits": resources["limits"]},
            "security_context": {
                "allow_privilege_escalation": False,
                "capabilities": {"drop": ["ALL"]},
                "read_only_root_filesystem": True,
            },
            "volume_mounts": [
                *({"name": volume, "mount_path": path, "read_only": True} for path, volume in mounts.items()),
                {"name": "tmp", "mount_path": "/tmp"},  # noqa: S108 - the pod's own
            ],
        }
