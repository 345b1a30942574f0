"""Prometheus with its operator and exporters, Alertmanager and Grafana.

Source: OBS-METRICS-1..10, OBS-ALERT-1, OBS-DASH-1, OBS-DASH-2, NET-5, NET-9, NET-12, CLU-18, A-12.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.base import Environment, Exposure, ExternalSecret, PlatformChart, PlatformChartArgs, Priority, traffic
from components.charts import Manifest, named
from components.observability import alertmanager, grafana
from components.observability.alertmanager import Receivers
from components.observability.datasources import Datasource, datasource_config_map
from components.observability.grafana import SignOn
from components.observability.pods import (
    COMPONENT,
    NAMESPACE,
    alias_service,
    pod_labels,
    volume_claim,
    wait_for_no_pods,
)
from components.security import INTERNAL_ISSUER

RELEASE = "prometheus"
_OPERATOR = "prometheus-kube-prometheus-operator"
PORT, GRAFANA_PORT = 9090, 80
SELECTED = {"app.kubernetes.io/name": "prometheus"}
# Chosen (A-30): how long metrics are kept, unless the volume is full before.
_RETENTION = {"dev": "7d", "stg": "15d", "prod": "30d"}
_SHARE_OF_VOLUME = 0.85
# node exporter, kubelet; the nodes' own addresses are private ones, which of them only the cloud knows
_NODE_PORTS = (9100, 10250)
_NODE_NETWORKS = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
# a cloud runs these itself and shows none of their metrics
_CONTROL_PLANE = ("kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy")
_RULES_WITHOUT_METRICS = (
    "etcd",
    "kubeControllerManager",
    "kubeProxy",
    "kubeSchedulerAlerting",
    "kubeSchedulerRecording",
    "windows",
)


@dataclass(frozen=True)
class PrometheusArgs:
    """What Prometheus needs.

    Args:
        environment: the stack that it is part of; it must know monitors.
        certificates: gate: the internal issuer stands.
        cluster: name that its metrics and alerts carry.
        receivers: whom alerts reach.
        datasources: where Grafana reads beside Prometheus.
        sign_on: how people sign on at Grafana; None: with the administrator's account only.
    """

    environment: Environment
    certificates: pulumi.Resource
    cluster: str
    receivers: Receivers = field(default_factory=Receivers)
    datasources: Sequence[Datasource] = ()
    sign_on: SignOn | None = None


class Prometheus(pulumi.ComponentResource):
    """The chart kube-prometheus-stack as release ``prometheus``, with the Services ``prometheus`` and ``grafana``.

    Args:
        name: logical name.
        args: receivers, datasources and sign-on.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the chart and the Services stand.

    Source: OBS-METRICS-1..10, OBS-ALERT-1, OBS-DASH-1, OBS-DASH-2, NET-5, NET-9, A-12.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: PrometheusArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:observability:Prometheus", name, None, opts)
        self._args, self._environment = args, args.environment
        self._namespace = args.environment.namespaces[NAMESPACE]
        self._node_access()
        chart = PlatformChart(
            name,
            PlatformChartArgs(
                environment=args.environment,
                chart="kube-prometheus-stack",
                namespace=self._namespace,
                values=_values(args),
                component=COMPONENT,
                release=RELEASE,
                after=[
                    args.certificates,
                    *self._secrets(),
                    *self._datasources(),
                ],
                patches=[wait_for_no_pods, name_operator_pods],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        prometheus = alias_service(
            "prometheus", self._environment, (PORT, "http-web"), SELECTED, self._inside(chart.ready)
        )
        self.ready = alias_service(
            "grafana", self._environment, (GRAFANA_PORT, "grafana"), grafana.SELECTED, self._inside(prometheus)
        )
        self._expose("prometheus", PORT)
        self._expose("grafana", GRAFANA_PORT)
        self.register_outputs({})

    def _inside(self, *gates: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, depends_on=[self._namespace.ready, *gates], deleted_with=self._namespace.resource
        )

    def _secrets(self) -> list[pulumi.Resource]:
        environment, args = self._environment, self._args
        wanted = {
            grafana.ADMINISTRATOR_SECRET: grafana.administrator_secret(environment),
            grafana.CREDENTIALS_SECRET: grafana.credentials_secret(environment, args.datasources, args.sign_on),
            alertmanager.CREDENTIALS_SECRET: alertmanager.credentials_secret(environment, args.receivers),
        }
        child = pulumi.ResourceOptions(parent=self)
        return [ExternalSecret(name, secret, child).ready for name, secret in wanted.items() if secret]

    def _datasources(self) -> list[pulumi.Resource]:
        return [datasource_config_map(row, self._environment, self._inside()) for row in self._args.datasources]

    def _node_access(self) -> None:
        """Lets Prometheus scrape what runs on the nodes' own network, and the cluster's DNS."""
        dns = self._environment.control_plane.system.dns
        nodes: list[traffic.Peer] = [{"ip_block": {"cidr": network}} for network in _NODE_NETWORKS]
        traffic.network_policy(
            "prometheus-to-nodes",
            {
                "name": "prometheus-to-nodes",
                "namespace": NAMESPACE,
                "labels": self._environment.labels("prometheus", COMPONENT),
            },
            self._inside(),
            selected=traffic.pods(SELECTED),
            egress=[
                traffic.to_peers(nodes, traffic.tcp(*_NODE_PORTS)),
                traffic.to_peers([dns.peer()], traffic.tcp(dns.metrics_port)),
            ],
        )

    def _expose(self, name: str, port: int) -> None:
        if self._environment.edge:
            exposure = Exposure(name, self._namespace, name, port, after=self.ready)
            self._environment.edge.expose(exposure, pulumi.ResourceOptions(parent=self))


def _name_pods(operator: Manifest) -> None:
    # the chart's own name is longer, and no selector counts on it
    operator["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] = "prometheus-operator"


name_operator_pods = named("Deployment", _OPERATOR, _name_pods)
"""Patch of the operator's Deployment. Source: OBS-METRICS-8."""


def _values(args: PrometheusArgs) -> dict[str, Any]:
    environment = args.environment
    return {
        # another chart owns the definitions, which stand before everything that is scraped
        "crds": {"enabled": False},
        **{part: {"enabled": False} for part in _CONTROL_PLANE},
        "nodeExporter": {"operatingSystems": {system: {"enabled": False} for system in ("aix", "darwin")}},
        "defaultRules": {"rules": dict.fromkeys(_RULES_WITHOUT_METRICS, False)},
        "prometheusOperator": _operator(environment),
        "prometheus": {
            "podDisruptionBudget": {"enabled": environment.size("prometheus").replicas > 1},
            "prometheusSpec": _specification(args),
        },
        "alertmanager": alertmanager.values(environment, args.receivers),
        "grafana": grafana.values(environment, args.datasources, args.sign_on),
        "kube-state-metrics": {
            "resources": environment.size("kube-state-metrics").resources,
            "priorityClassName": Priority.HIGH.value,
            "podLabels": {"app": "kube-state-metrics", **environment.client_labels("api-server")},
        },
        "prometheus-node-exporter": {
            "resources": environment.size("node-exporter").resources,
            "priorityClassName": Priority.HIGH.value,
            "podLabels": {"app": "node-exporter", "jobLabel": "node-exporter"},
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65534,
                "runAsGroup": 65534,
                "fsGroup": 65534,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containerSecurityContext": {
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
        },
    }


def _operator(environment: Environment) -> dict[str, Any]:
    return {
        "resources": environment.size("prometheus-operator").resources,
        "podLabels": environment.client_labels("api-server"),
        "priorityClassName": Priority.HIGH.value,
        "logFormat": "json",
        "admissionWebhooks": {
            # rules may come before the operator answers
            "failurePolicy": "Ignore",
            "timeoutSeconds": 5,
            "patch": {"enabled": False},
            "certManager": {"enabled": True, "issuerRef": {"kind": "ClusterIssuer", "name": INTERNAL_ISSUER}},
        },
        # sidecars of Prometheus and Alertmanager
        "prometheusConfigReloader": {"resources": environment.size("prometheus-config-reloader").resources},
    }


def _specification(args: PrometheusArgs) -> dict[str, Any]:
    environment, size = args.environment, args.environment.size("prometheus")
    storage = str(size.storage)
    # all monitors and rules of the cluster, whatever release they are of
    selectors = ("rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig")
    return {
        **{f"{selector}SelectorNilUsesHelmValues": False for selector in selectors},
        "replicas": size.replicas,
        "resources": size.resources,
        "priorityClassName": Priority.CRITICAL.value,
        "podMetadata": {"labels": pod_labels(environment, "prometheus", "api-server")},
        "topologySpreadConstraints": environment.spread(SELECTED),
        "logFormat": "json",
        "externalUrl": f"https://{environment.host('prometheus')}/",
        "externalLabels": {"cluster": args.cluster, "environment": environment.profile},
        "retention": _RETENTION[environment.profile],
        "retentionSize": f"{int(int(storage.removesuffix('Gi')) * _SHARE_OF_VOLUME)}GiB",
        "storageSpec": {"volumeClaimTemplate": {"spec": volume_claim(environment, storage)}},
    }
