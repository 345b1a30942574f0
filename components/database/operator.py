"""What runs PostgreSQL in the cluster: CloudNativePG, and its plug-in for backups.

Source: DB-1, A-35, A-43.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, PlatformChart, PlatformChartArgs, Priority
from components.database.server import NAMESPACE

_OPERATOR = "cloudnative-pg"
_BACKUP_PLUGIN = "plugin-barman-cloud"


@dataclass(frozen=True)
class DatabaseOperatorArgs:
    """What the operator needs.

    Args:
        environment: the stack that it is part of.
        certificates: gate: cert-manager makes the certificates with which operator and plug-in know each other.
    """

    environment: Environment
    certificates: pulumi.Resource


class DatabaseOperator(pulumi.ComponentResource):
    """CloudNativePG and its Barman Cloud plug-in; both look after the namespace ``data`` only.

    Args:
        name: logical name.
        args: where.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: both stand, and the cluster knows their kinds.

    Source: DB-1, A-35, A-43.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: DatabaseOperatorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:database:DatabaseOperator", name, None, opts)
        self._environment = args.environment
        operator = self._chart(_OPERATOR, _operator_values(args.environment))
        if args.environment.size(_OPERATOR).replicas > 1:
            self._disruption_budget()
        plugin = self._chart(_BACKUP_PLUGIN, _plugin_values(args.environment), operator, args.certificates)
        self.ready = plugin
        self.register_outputs({})

    def _chart(self, chart: str, values: Mapping[str, Any], *after: pulumi.Resource) -> pulumi.Resource:
        args = PlatformChartArgs(
            environment=self._environment,
            chart=chart,
            namespace=self._environment.namespaces[NAMESPACE],
            values=values,
            component="database",
            after=after,
            destinations=["api-server"],
            pod_labels={"app": chart},
        )
        return PlatformChart(chart, args, pulumi.ResourceOptions(parent=self)).ready

    def _disruption_budget(self) -> None:
        namespace = self._environment.namespaces[NAMESPACE]
        kubernetes.policy.v1.PodDisruptionBudget(
            _OPERATOR,
            metadata={
                "name": _OPERATOR,
                "namespace": namespace.name,
                "labels": self._environment.labels(_OPERATOR, "database"),
            },
            spec={
                "max_unavailable": 1,
                "selector": {"match_labels": {"app.kubernetes.io/name": _OPERATOR}},
                "unhealthy_pod_eviction_policy": "AlwaysAllow",
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[namespace.ready], deleted_with=namespace.resource),
        )


def _operator_values(environment: Environment) -> dict[str, Any]:
    size = environment.size(_OPERATOR)
    return {
        "replicaCount": size.replicas,
        "resources": size.resources,
        "priorityClassName": Priority.CRITICAL.value,
        # its own namespace: it needs no rights in others
        "config": {"clusterWide": False},
        "monitoring": {"podMonitorEnabled": environment.monitors is not None},
    }


def _plugin_values(environment: Environment) -> dict[str, Any]:
    size = environment.size(_BACKUP_PLUGIN)
    return {
        "replicaCount": size.replicas,
        "resources": size.resources,
        "priorityClassName": Priority.CRITICAL.value,
        # the chart logs all there is; of two such arguments the last one counts
        "additionalArgs": ["--log-level=info"],
    }
