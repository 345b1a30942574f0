"""Tempo, for traces.

Source: ARCH-13, A-28.
"""

from dataclasses import dataclass
from typing import Any

import pulumi
import yaml

from components.base import Environment, PlatformChart, PlatformChartArgs, Priority
from components.observability.pods import COMPONENT, CONTAINER_SECURITY, NAMESPACE, POD_SECURITY

PORT, OTLP_PORT = 3200, 4317
HOST = f"tempo.{NAMESPACE}.svc"
_USER_ID = 10001
_DATA = "/var/tempo"
# Chosen.
_RETENTION = {"dev": "48h", "stg": "168h", "prod": "336h"}


@dataclass(frozen=True)
class TempoArgs:
    """What Tempo needs.

    Args:
        environment: the stack that it is part of.
    """

    environment: Environment


class Tempo(pulumi.ComponentResource):
    """Tempo in one process, at ``tempo.observability.svc``, with its traces on a volume of its own.

    Args:
        name: logical name.
        args: what it needs.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: it stands.

    Source: ARCH-13, A-28.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: TempoArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:observability:Tempo", name, None, opts)
        self.ready = PlatformChart(
            name,
            PlatformChartArgs(
                environment=args.environment,
                chart="tempo",
                namespace=args.environment.namespaces[NAMESPACE],
                values=_values(args.environment),
                component=COMPONENT,
                pod_labels={"app": "tempo"},
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready
        self.register_outputs({})


def _values(environment: Environment) -> dict[str, Any]:
    size = environment.size("tempo")
    return {
        "replicas": size.replicas,
        "priorityClassName": Priority.STANDARD.value,
        "securityContext": {**POD_SECURITY, "runAsUser": _USER_ID, "runAsGroup": _USER_ID, "fsGroup": _USER_ID},
        "serviceAccount": {"automountServiceAccountToken": False},
        "serviceMonitor": {"enabled": environment.monitors is not None},
        "persistence": {
            "enabled": True,
            "size": size.storage,
            "storageClassName": environment.storage_class,
        },
        "tempo": {
            "resources": size.resources,
            "securityContext": CONTAINER_SECURITY,
            # untouched memory that steadies the collector of garbage; the chart's gibibyte is more than the limit
            "memBallastSizeMbs": 64,
        },
        "config": yaml.safe_dump(_configuration(environment), sort_keys=False),
    }


def _configuration(environment: Environment) -> dict[str, Any]:
    every_address = "0.0.0.0"  # noqa: S104 - who may call is the NetworkPolicies' business
    return {
        "server": {"http_listen_port": PORT, "log_format": "json"},
        "usage_report": {"reporting_enabled": False},
        "distributor": {
            "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"{every_address}:{OTLP_PORT}"}}}},
        },
        "compactor": {"compaction": {"block_retention": _RETENTION[environment.profile]}},
        "storage": {
            "trace": {
                "backend": "local",
                "local": {"path": f"{_DATA}/traces"},
                "wal": {"path": f"{_DATA}/wal"},
            }
        },
        "overrides": {"per_tenant_override_config": "/conf/overrides.yaml"},
    }
