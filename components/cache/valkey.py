"""Valkey, for everything that speaks Redis.

Source: DB-10, DB-11, A-14.
"""

from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import (
    Environment,
    ExternalSecret,
    ExternalSecretArgs,
    PlatformChart,
    PlatformChartArgs,
    Priority,
    SecretKey,
    Size,
)
from components.cache.server import NAMESPACE, SECRET_PATH, SERVICE, CacheServer

_CREDENTIALS = {"name": SERVICE, "mountPath": "/credentials"}
_PASSWORD_KEY = "password"  # noqa: S105 - a key's name
_RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
}


@dataclass(frozen=True)
class ValkeyArgs:
    """What Valkey needs.

    Args:
        environment: the stack that it is part of.
    """

    environment: Environment


class Valkey(pulumi.ComponentResource):
    """Valkey with a password, reachable as ``redis``; what it holds survives a restart.

    The Service leads to the first pod, which writes; the others copy it and can be promoted by hand.

    Args:
        name: logical name.
        args: where.
        opts: carries the cluster's provider.

    Attributes:
        server: how applications reach it.

    Source: DB-10, DB-11, A-14.
    """

    server: CacheServer

    def __init__(self, name: str, args: ValkeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:cache:Valkey", name, None, opts)
        environment = args.environment
        secret = self._secret(environment)
        chart = PlatformChart(
            name,
            PlatformChartArgs(
                environment=environment,
                chart="valkey",
                release=SERVICE,
                namespace=environment.namespaces[NAMESPACE],
                values=_values(environment),
                component="cache",
                after=[secret],
                pod_labels={"app": SERVICE},
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.server = CacheServer(chart.ready)
        self.register_outputs({"host": self.server.host})

    def _secret(self, environment: Environment) -> pulumi.Resource:
        args = ExternalSecretArgs(
            environment=environment,
            namespace=environment.namespaces[NAMESPACE],
            keys={_PASSWORD_KEY: SecretKey(SECRET_PATH)},
            component="cache",
        )
        return ExternalSecret(SERVICE, args, pulumi.ResourceOptions(parent=self)).ready


def _values(environment: Environment) -> dict[str, Any]:
    size, monitored = environment.size("redis"), environment.monitors is not None
    return {
        "fullnameOverride": SERVICE,
        "priorityClassName": Priority.CRITICAL.value,
        "resources": size.resources,
        "initResources": environment.size("redis-init").resources,
        "auth": {
            "enabled": True,
            "usersExistingSecret": SERVICE,
            "aclUsers": {"default": {"permissions": "~* &* +@all", "passwordKey": _PASSWORD_KEY}},
        },
        "extraValkeySecrets": [_CREDENTIALS],
        "valkeyConfig": _configuration(size),
        # a StatefulSet, whatever the number of its pods
        "replica": {
            "enabled": True,
            "replicas": size.replicas - 1,
            "disklessSync": True,
            "service": {"enabled": False},
            "persistence": {"size": size.storage, "storageClass": environment.storage_class},
        },
        "readinessProbe": {"enabled": True, "customProbe": _readiness()},
        "podDisruptionBudget": {"enabled": size.replicas > 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"},
        "topologySpreadConstraints": _spread() if environment.is_highly_available else [],
        "metrics": {
            "enabled": monitored,
            "exporter": {
                "resources": environment.size("redis-exporter").resources,
                "securityContext": _RESTRICTED,
            },
            "serviceMonitor": {"enabled": monitored},
        },
    }


def _configuration(size: Size) -> str:
    """Settings of the server.

    When memory ends, keys that would expire anyway make room; queues, which have no end, stay. A quarter of the
    container's memory is left to buffers and to the copy that rewriting the log takes.
    """
    limit = size.memory_limit or size.memory
    mebibytes = int(limit[:-2]) * {"Mi": 1, "Gi": 1024}[limit[-2:]]
    return f'maxmemory {mebibytes * 3 // 4}mb\nmaxmemory-policy volatile-lru\nappendonly yes\nsave ""\n'


def _readiness() -> dict[str, Any]:
    """Asks with the password: without it the answer is an error whether the data are loaded or not."""
    command = f'REDISCLI_AUTH="$(cat {_CREDENTIALS["mountPath"]}/{_PASSWORD_KEY})" valkey-cli -e ping'
    return {"exec": {"command": ["sh", "-c", command]}, "periodSeconds": 10, "timeoutSeconds": 3}


def _spread() -> list[dict[str, Any]]:
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {"app.kubernetes.io/instance": SERVICE}},
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]
