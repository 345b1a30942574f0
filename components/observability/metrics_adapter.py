"""Metrics of pods that autoscalers count on: the custom metrics API, out of Prometheus.

Source: CLU-11, CLU-12.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Environment, PlatformChart, PlatformChartArgs, Priority
from components.observability.pods import COMPONENT, NAMESPACE, POD_SECURITY
from components.observability.prometheus import PORT

# one of the ports on which the API server may call (components/base/traffic.py)
_PORT = 8443
_USER_ID = 10001
_SELECTED = {"app.kubernetes.io/name": "prometheus-adapter"}
PENDING_TASKS = "external_tasks_pending"


@dataclass(frozen=True)
class MetricsAdapterArgs:
    """What the adapter needs.

    Args:
        environment: the stack that it is part of.
        after: gates: Prometheus and its Service stand, and cert-manager.
    """

    environment: Environment
    after: Sequence[pulumi.Resource]


class MetricsAdapter(pulumi.ComponentResource):
    """prometheus-adapter, which serves ``external_tasks_pending`` per pod and nothing else.

    External metrics are KEDA's, and metrics of CPU and memory the metrics server's: each API has one owner.

    Args:
        name: logical name.
        args: what it needs.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the API is registered.

    Source: CLU-11, CLU-12.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: MetricsAdapterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:observability:MetricsAdapter", name, None, opts)
        self.ready = PlatformChart(
            name,
            PlatformChartArgs(
                environment=args.environment,
                chart="prometheus-adapter",
                namespace=args.environment.namespaces[NAMESPACE],
                values=_values(args.environment),
                component=COMPONENT,
                after=args.after,
                destinations=["api-server"],
                pod_labels={"app": "prometheus-adapter"},
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready
        self.register_outputs({})


def _values(environment: Environment) -> dict[str, Any]:
    size = environment.size("prometheus-adapter")
    return {
        "replicas": size.replicas,
        "resources": size.resources,
        "priorityClassName": Priority.HIGH.value,
        "podSecurityContext": {**POD_SECURITY, "runAsUser": _USER_ID, "fsGroup": _USER_ID},
        "topologySpreadConstraints": environment.spread(_SELECTED),
        "podDisruptionBudget": {"enabled": size.replicas > 1},
        "listenPort": _PORT,
        "logLevel": 2,
        "prometheus": {"url": f"http://prometheus.{NAMESPACE}.svc", "port": PORT},
        "certManager": {"enabled": True},
        "rules": {"default": False, "custom": [_pod_metric(PENDING_TASKS)]},
    }


def _pod_metric(name: str) -> Mapping[str, Any]:
    return {
        "seriesQuery": f'{name}{{namespace!="",pod!=""}}',
        "resources": {"overrides": {"namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}}},
        "name": {"matches": f"^{name}$", "as": name},
        "metricsQuery": "max(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)",
    }
