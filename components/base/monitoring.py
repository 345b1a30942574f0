"""How Prometheus finds what it scrapes.

Source: OBS-METRICS-2.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

API_VERSION = "monitoring.coreos.com/v1"
# operators show their metrics over TLS with certificates of their own making, and ask who is there
TLS_WITH_TOKEN: Mapping[str, Any] = {
    "scheme": "https",
    "tlsConfig": {"insecureSkipVerify": True},
    "bearerTokenFile": "/var/run/secrets/kubernetes.io/serviceaccount/token",
}


def service_monitor(
    name: str,
    metadata: kubernetes.meta.v1.ObjectMetaArgsDict,
    opts: pulumi.ResourceOptions,
    *,
    selected: Mapping[str, str],
    port: str,
    path: str = "/metrics",
    interval: str = "30s",
    parameters: Sequence[Mapping[str, str]] = ({},),
    endpoint: Mapping[str, Any] | None = None,
) -> kubernetes.apiextensions.CustomResource:
    """A ServiceMonitor of the Services with these labels in its own namespace.

    Args:
        name: logical name.
        metadata: name, namespace and labels of the object.
        opts: parent and gates: the environment's ``monitors`` is one of them.
        selected: labels of the Services.
        port: name of the Service's port.
        path: of the metrics.
        interval: between two scrapes.
        parameters: of the URL; each set of them is a scrape of its own.
        endpoint: further fields of the endpoint in the operator's own form, e.g. :data:`TLS_WITH_TOKEN`.
    """
    endpoints = [
        {
            **_endpoint(port, path, interval),
            **({"params": {key: [value] for key, value in each.items()}} if each else {}),
            **(endpoint or {}),
        }
        for each in parameters
    ]
    spec = {"selector": {"matchLabels": dict(selected)}, "endpoints": endpoints}
    return kubernetes.apiextensions.CustomResource(
        name, api_version=API_VERSION, kind="ServiceMonitor", metadata=metadata, spec=spec, opts=opts
    )


def pod_monitor(
    name: str,
    metadata: kubernetes.meta.v1.ObjectMetaArgsDict,
    opts: pulumi.ResourceOptions,
    *,
    selected: Mapping[str, str],
    port: str,
    path: str = "/metrics",
    interval: str = "30s",
) -> kubernetes.apiextensions.CustomResource:
    """A PodMonitor of the pods with these labels in its own namespace; arguments as of :func:`service_monitor`."""
    spec = {"selector": {"matchLabels": dict(selected)}, "podMetricsEndpoints": [_endpoint(port, path, interval)]}
    return kubernetes.apiextensions.CustomResource(
        name, api_version=API_VERSION, kind="PodMonitor", metadata=metadata, spec=spec, opts=opts
    )


def recording_rules(
    name: str,
    metadata: kubernetes.meta.v1.ObjectMetaArgsDict,
    opts: pulumi.ResourceOptions,
    *,
    records: Mapping[str, str],
    interval: str = "30s",
) -> kubernetes.apiextensions.CustomResource:
    """A PrometheusRule that gives metrics the names that dashboards and alerts know them by.

    Args:
        name: logical name.
        metadata: name, namespace and labels of the object.
        opts: parent and gates: the environment's ``monitors`` is one of them.
        records: name of the metric -> expression in PromQL.
        interval: between two evaluations.
    """
    rules = [{"record": record, "expr": expression} for record, expression in records.items()]
    spec = {"groups": [{"name": f"{name}.records", "interval": interval, "rules": rules}]}
    return kubernetes.apiextensions.CustomResource(
        f"{name}-records", api_version=API_VERSION, kind="PrometheusRule", metadata=metadata, spec=spec, opts=opts
    )


def _endpoint(port: str, path: str, interval: str) -> dict[str, str]:
    return {"port": port, "path": path, "interval": interval}
