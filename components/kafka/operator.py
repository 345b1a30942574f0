"""Strimzi's cluster operator.

Source: KAFKA-1, CLU-9.
"""

from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Environment, PlatformChart, PlatformChartArgs, Priority, pod_monitor
from components.kafka.cluster_specification import HOST, ZONE, spread
from components.kafka.contract import NAMESPACE

_CHART = "strimzi-kafka-operator"
_PODS = {"strimzi.io/kind": "cluster-operator"}


@dataclass(frozen=True)
class StrimziArgs:
    """What the operator needs.

    Args:
        environment: the stack that it is part of.
    """

    environment: Environment


class Strimzi(pulumi.ComponentResource):
    """Strimzi's cluster operator, which runs Kafka and Kafka Connect in its own namespace.

    It makes restricted pods, and no NetworkPolicies: its own would open the listener to every namespace, and policies
    add up.

    Args:
        name: logical name.
        args: the environment.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the operator runs, and the cluster knows its kinds.

    Source: KAFKA-1, CLU-9.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: StrimziArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:kafka:Strimzi", name, None, opts)
        environment = args.environment
        namespace = environment.namespaces[NAMESPACE]
        self.ready = PlatformChart(
            name,
            PlatformChartArgs(
                environment=environment,
                chart=_CHART,
                namespace=namespace,
                values=_values(environment),
                component="events",
                destinations=["api-server"],
                pod_labels={"app": name},
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready
        if environment.monitors:
            pod_monitor(
                name,
                {"name": name, "namespace": namespace.name, "labels": environment.labels(name, "events")},
                pulumi.ResourceOptions(
                    parent=self,
                    depends_on=[namespace.ready, environment.monitors],
                    deleted_with=namespace.resource,
                ),
                selected=_PODS,
                port="http",
            )
        self.register_outputs({})


def _values(environment: Environment) -> dict[str, Any]:
    size = environment.size("strimzi")
    return {
        "replicas": size.replicas,
        "leaderElection": {"enable": size.replicas > 1},
        "podDisruptionBudget": {
            "enabled": size.replicas > 1,
            "minAvailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
        "resources": size.resources,
        "priorityClassName": Priority.HIGH.value,
        "enableServiceLinks": False,
        "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "topologySpreadConstraints": spread(_PODS, ZONE, HOST, strict=False) if size.replicas > 1 else [],
        "generateNetworkPolicy": False,
        "extraEnvs": [{"name": "STRIMZI_POD_SECURITY_PROVIDER_CLASS", "value": "restricted"}],
    }
