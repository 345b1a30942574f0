"""Loki, for recent logs.

Source: OBS-LOGS-5, OBS-LOGS-8, CLU-19, A-28.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, PlatformChart, PlatformChartArgs, Priority
from components.observability.dashboards import FOLDER_ANNOTATION
from components.observability.dashboards import LABEL as DASHBOARD_LABEL
from components.observability.pods import COMPONENT, NAMESPACE

PORT = 3100
HOST = f"loki.{NAMESPACE}.svc"
_DASHBOARD = Path(__file__).with_name("recent_logs.json")
# Chosen: Elasticsearch has what is older.
_RETENTION = {"dev": "72h", "stg": "168h", "prod": "336h"}


@dataclass(frozen=True)
class LokiArgs:
    """What Loki needs.

    Args:
        environment: the stack that it is part of.
        shown: whether Grafana gets a dashboard of recent logs.
    """

    environment: Environment
    shown: bool = False


class Loki(pulumi.ComponentResource):
    """Loki in one process, at ``loki.observability.svc:3100``, with its lines on a volume of its own.

    Args:
        name: logical name.
        args: what it needs.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: it stands.

    Source: OBS-LOGS-5, CLU-19, A-28.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: LokiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:observability:Loki", name, None, opts)
        self.ready = PlatformChart(
            name,
            PlatformChartArgs(
                environment=args.environment,
                chart="loki",
                namespace=args.environment.namespaces[NAMESPACE],
                values=_values(args.environment),
                component=COMPONENT,
                pod_labels={"app": "loki"},
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready
        if args.shown:
            self._dashboard(args.environment)
        self.register_outputs({})

    def _dashboard(self, environment: Environment) -> None:
        """The documented searches. Source: OBS-LOGS-8."""
        namespace, name = environment.namespaces[NAMESPACE], "grafana-dashboard-recent-logs"
        kubernetes.core.v1.ConfigMap(
            name,
            metadata={
                "name": name,
                "namespace": NAMESPACE,
                "labels": {**environment.labels(name, COMPONENT), **DASHBOARD_LABEL},
                "annotations": {FOLDER_ANNOTATION: "Logs"},
            },
            data={_DASHBOARD.name: _DASHBOARD.read_text(encoding="utf-8")},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[namespace.ready], deleted_with=namespace.resource),
        )


def _values(environment: Environment) -> dict[str, Any]:
    size = environment.size("loki")
    # parts that only larger installations have
    others = ("gateway", "lokiCanary", "chunksCache", "resultsCache", "test")
    return {
        **{part: {"enabled": False} for part in others},
        **{part: {"replicas": 0} for part in ("read", "write", "backend")},
        "deploymentMode": "Monolithic",
        "loki": _configuration(environment),
        "singleBinary": {
            "replicas": size.replicas,
            "resources": size.resources,
            "priorityClassName": Priority.STANDARD.value,
            "sidecar": False,
            "podDisruptionBudget": {"enabled": False},
            "persistence": {"size": size.storage, "storageClass": environment.storage_class},
        },
        "sidecar": {"rules": {"enabled": False}},
        "serviceAccount": {"automountServiceAccountToken": False},
        "monitoring": {"serviceMonitor": {"enabled": environment.monitors is not None}},
    }


def _configuration(environment: Environment) -> dict[str, Any]:
    return {
        "auth_enabled": False,
        "commonConfig": {"replication_factor": 1},
        "storage": {"type": "filesystem"},
        "schemaConfig": {
            "configs": [
                {
                    "from": "2024-04-01",
                    "store": "tsdb",
                    "object_store": "filesystem",
                    "schema": "v13",
                    "index": {"prefix": "index_", "period": "24h"},
                }
            ]
        },
        "compactor": {"retention_enabled": True, "delete_request_store": "filesystem"},
        "limits_config": {"retention_period": _RETENTION[environment.profile], "allow_structured_metadata": True},
        "analytics": {"reporting_enabled": False},
    }
