"""The OpenTelemetry collector: one address for every application's traces, metrics and logs.

Source: ARCH-13, A-28, CLU-18.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Environment, PlatformChart, PlatformChartArgs, Priority
from components.observability import loki, tempo
from components.observability.pods import COMPONENT, CONTAINER_SECURITY, NAMESPACE, POD_SECURITY

NAME = "opentelemetry-collector"
GRPC_PORT, HTTP_PORT = 4317, 4318
_IMAGE = "docker.io/otel/opentelemetry-collector-contrib"
_OWN_METRICS_PORT, _METRICS_PORT, _HEALTH_PORT = 8888, 8889, 13133
_POD = "${env:MY_POD_IP}"
_USER_ID = 10001
_NOWHERE = "nop"
_SELECTED = {"app.kubernetes.io/name": NAME}
# the chart opens ports of protocols that nobody here speaks
_UNUSED_PORTS = ("jaeger-compact", "jaeger-thrift", "jaeger-grpc", "zipkin")


@dataclass(frozen=True)
class OpenTelemetryArgs:
    """What the collector needs.

    Args:
        environment: the stack that it is part of.
        to_tempo: whether Tempo takes traces; else they are dropped.
        to_loki: whether Loki takes logs; else they are dropped.
    """

    environment: Environment
    to_tempo: bool = False
    to_loki: bool = False


class OpenTelemetry(pulumi.ComponentResource):
    """The collector at ``opentelemetry-collector.observability.svc``, OTLP over gRPC (4317) and HTTP (4318).

    Traces go to Tempo, logs to Loki, and Prometheus scrapes the metrics.

    Args:
        name: logical name.
        args: where telemetry goes.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: it stands.

    Source: ARCH-13, A-28.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: OpenTelemetryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:observability:OpenTelemetry", name, None, opts)
        self.ready = PlatformChart(
            name,
            PlatformChartArgs(
                environment=args.environment,
                chart=NAME,
                namespace=args.environment.namespaces[NAMESPACE],
                values=_values(args),
                component=COMPONENT,
                pod_labels={"app": NAME},
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready
        self.register_outputs({})


def _values(args: OpenTelemetryArgs) -> dict[str, Any]:
    environment, size = args.environment, args.environment.size(NAME)
    scraped = {"metrics": _OWN_METRICS_PORT, "prometheus": _METRICS_PORT}
    return {
        "mode": "deployment",
        "image": {"repository": _IMAGE},
        "replicaCount": size.replicas,
        "resources": size.resources,
        "priorityClassName": Priority.STANDARD.value,
        "podSecurityContext": {**POD_SECURITY, "runAsUser": _USER_ID, "runAsGroup": _USER_ID},
        "securityContext": CONTAINER_SECURITY,
        "serviceAccount": {"automountServiceAccountToken": False},
        "topologySpreadConstraints": environment.spread(_SELECTED),
        "podDisruptionBudget": {"enabled": size.replicas > 1, "maxUnavailable": 1},
        "ports": {
            **{port: {"enabled": False} for port in _UNUSED_PORTS},
            **{
                name: {"enabled": True, "containerPort": port, "servicePort": port, "protocol": "TCP"}
                for name, port in scraped.items()
            },
        },
        "serviceMonitor": {
            "enabled": environment.monitors is not None,
            "metricsEndpoints": [{"port": port} for port in scraped],
        },
        # all of it, rather than changes of the chart's own
        "alternateConfig": _configuration(args),
    }


def _configuration(args: OpenTelemetryArgs) -> Mapping[str, Any]:
    exporters: dict[str, Mapping[str, Any]] = {
        "prometheus": {
            "endpoint": f"{_POD}:{_METRICS_PORT}",
            "resource_to_telemetry_conversion": {"enabled": True},
        }
    }
    targets = {"metrics": "prometheus", "traces": _NOWHERE, "logs": _NOWHERE}
    if args.to_tempo:
        targets["traces"] = "otlp/tempo"
        exporters["otlp/tempo"] = {"endpoint": f"{tempo.HOST}:{tempo.OTLP_PORT}", "tls": {"insecure": True}}
    if args.to_loki:
        targets["logs"] = "otlphttp/loki"
        exporters["otlphttp/loki"] = {"endpoint": f"http://{loki.HOST}:{loki.PORT}/otlp"}
    if _NOWHERE in targets.values():
        exporters[_NOWHERE] = {}
    processors = ["memory_limiter", "batch"]
    return {
        "extensions": {"health_check": {"endpoint": f"{_POD}:{_HEALTH_PORT}"}},
        "receivers": {
            "otlp": {
                "protocols": {
                    "grpc": {"endpoint": f"{_POD}:{GRPC_PORT}"},
                    "http": {"endpoint": f"{_POD}:{HTTP_PORT}"},
                }
            }
        },
        "processors": {
            "memory_limiter": {"check_interval": "5s", "limit_percentage": 80, "spike_limit_percentage": 25},
            "batch": {},
        },
        "exporters": exporters,
        "service": {
            "extensions": ["health_check"],
            "telemetry": {
                "logs": {"encoding": "json"},
                "metrics": {
                    "readers": [{"pull": {"exporter": {"prometheus": {"host": _POD, "port": _OWN_METRICS_PORT}}}}]
                },
            },
            "pipelines": {
                signal: {"receivers": ["otlp"], "processors": processors, "exporters": [target]}
                for signal, target in targets.items()
            },
        },
    }
