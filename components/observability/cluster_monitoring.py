"""Metrics where the cluster has a monitoring of its own, which also scrapes what is not its own.

A second operator and a second Prometheus would fight with it over the same objects. So there is none: monitors and
rules are the cluster's to read, ``prometheus:9090`` leads to its querier, and Grafana is the platform's own.

Source: OBS-METRICS-1, OBS-DASH-1, NET-9, NET-12, A-31; docs/adr/0027.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import (
    Container,
    Environment,
    Exposure,
    ExternalSecret,
    HttpProbe,
    Mount,
    PlatformChart,
    PlatformChartArgs,
    Priority,
    Resources,
    Workload,
    WorkloadArgs,
    traffic,
)
from components.observability import grafana
from components.observability.datasources import Datasource, datasource_config_map
from components.observability.grafana import SignOn
from components.observability.pods import COMPONENT, NAMESPACE, alias_service
from components.observability.prometheus import GRAFANA_PORT, PORT, RELEASE

NAME = "prometheus"
# renovate: datasource=docker depName=docker.io/envoyproxy/envoy
VERSION = "v1.37.9"
_CONFIGURATION = Path(__file__).with_name("querier.yaml")
_AUTHORITY, _TOKEN_SECONDS = "querier-authority", 3600
# parts of kube-prometheus-stack that the cluster has
_CLUSTERS_OWN = (
    "prometheusOperator",
    "prometheus",
    "alertmanager",
    "kubeApiServer",
    "kubelet",
    "kubeControllerManager",
    "coreDns",
    "kubeDns",
    "kubeEtcd",
    "kubeScheduler",
    "kubeProxy",
    "kubeStateMetrics",
    "nodeExporter",
)


@dataclass(frozen=True)
class ClusterMonitoring:
    """The cluster's own monitoring.

    Args:
        host: of what answers Prometheus' queries, over TLS, to whoever shows a service account's token.
        port: of it.
        namespace: of its pods.
        pods: labels of its pods.
        reader_role: ClusterRole of accounts that may query.
        authority_annotations: what fills a ConfigMap with the authority that signed its certificate.
        authority_key: of that ConfigMap.
    """

    host: str
    port: int
    namespace: str
    pods: Mapping[str, str]
    reader_role: str
    authority_annotations: Mapping[str, str]
    authority_key: str


@dataclass(frozen=True)
class ClusterMetricsArgs:
    """What the platform needs of it.

    Args:
        environment: the stack that it is part of.
        monitoring: the cluster's own.
        datasources: where Grafana reads beside Prometheus.
        sign_on: how people sign on at Grafana; None: with the administrator's account only.
    """

    environment: Environment
    monitoring: ClusterMonitoring
    datasources: Sequence[Datasource] = ()
    sign_on: SignOn | None = field(default=None)


class ClusterMetrics(pulumi.ComponentResource):
    """``prometheus:9090`` in front of the cluster's querier, and Grafana at ``grafana``.

    Args:
        name: logical name.
        args: the cluster's monitoring, datasources and sign-on.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: both answer.

    Source: OBS-METRICS-1, OBS-DASH-1, NET-9, NET-12, A-31.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: ClusterMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:observability:ClusterMetrics", name, None, opts)
        self._args, self._environment = args, args.environment
        self._namespace = args.environment.namespaces[NAMESPACE]
        self._child = pulumi.ResourceOptions(parent=self)
        chart = self._grafana(self._querier())
        self.ready = alias_service(
            "grafana", self._environment, (GRAFANA_PORT, "grafana"), grafana.SELECTED, self._inside(chart)
        )
        if self._environment.edge:
            exposure = Exposure("grafana", self._namespace, "grafana", GRAFANA_PORT, after=self.ready)
            self._environment.edge.expose(exposure, self._child)
        self.register_outputs({})

    def _querier(self) -> pulumi.Resource:
        monitoring, environment = self._args.monitoring, self._environment
        binding = kubernetes.rbac.v1.ClusterRoleBinding(
            "prometheus-reader",
            metadata={"name": f"{NAMESPACE}-{NAME}-reader", "labels": environment.labels(NAME, COMPONENT)},
            role_ref={
                "api_group": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": monitoring.reader_role,
            },
            subjects=[{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
            # it lives in no namespace, and so ends with none
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._namespace.ready]),
        )
        authority = kubernetes.core.v1.ConfigMap(
            _AUTHORITY,
            metadata={**self._metadata(_AUTHORITY), "annotations": dict(monitoring.authority_annotations)},
            # the cluster fills it
            opts=pulumi.ResourceOptions.merge(self._inside(), pulumi.ResourceOptions(ignore_changes=["data"])),
        )
        traffic.network_policy(
            "prometheus-to-querier",
            self._metadata("prometheus-to-querier"),
            self._inside(),
            selected=traffic.pods({"app": NAME}),
            egress=[
                traffic.to_peers(
                    [traffic.namespace_pods(monitoring.namespace, monitoring.pods)], traffic.tcp(monitoring.port)
                )
            ],
        )
        size = environment.size("metrics-querier")
        return Workload(
            NAME,
            WorkloadArgs(
                namespace=self._namespace,
                component=COMPONENT,
                container=self._container(Resources.of(size)),
                autoscaling=None,
                spread_zones=False,
                ownership=environment.ownership,
                service_ports={"http": PORT},
                version=VERSION,
                replicas=size.replicas,
                settings={"envoy.yaml": querier_configuration(monitoring)},
                settings_name="prometheus-querier",
                variables={},
                after=[binding, authority],
                priority=Priority.HIGH,
                user=101,
            ),
            self._child,
        ).ready

    def _container(self, resources: Resources) -> Container:
        token: kubernetes.core.v1.VolumeArgsDict = {
            "name": "",
            "projected": {
                "sources": [{"service_account_token": {"path": "token", "expiration_seconds": _TOKEN_SECONDS}}]
            },
        }
        key = self._args.monitoring.authority_key
        authority: kubernetes.core.v1.VolumeArgsDict = {
            "name": "",
            "config_map": {"name": _AUTHORITY, "items": [{"key": key, "path": "ca.crt"}]},
        }
        return Container(
            name="querier",
            image=f"docker.io/envoyproxy/envoy:{VERSION}",
            resources=resources,
            liveness=HttpProbe("/ready"),
            readiness=HttpProbe("/-/ready"),
            startup=HttpProbe("/ready", period_seconds=2, failure_threshold=15),
            ports={"http": PORT},
            command=["envoy"],
            args=["--config-path", "/etc/querier/envoy.yaml", "--log-level", "warning"],
            mounts=[
                Mount("configuration", "/etc/querier", {"name": "", "config_map": {"name": "prometheus-querier"}}),
                Mount("authority", "/etc/authority", authority),
                Mount("token", "/var/run/querier", token),
            ],
        )

    def _grafana(self, querier: pulumi.Resource) -> pulumi.Resource:
        args, environment = self._args, self._environment
        wanted = {
            grafana.ADMINISTRATOR_SECRET: grafana.administrator_secret(environment),
            grafana.CREDENTIALS_SECRET: grafana.credentials_secret(environment, args.datasources, args.sign_on),
        }
        secrets = [ExternalSecret(name, secret, self._child).ready for name, secret in wanted.items() if secret]
        datasources = [datasource_config_map(row, environment, self._inside()) for row in args.datasources]
        return PlatformChart(
            "grafana",
            PlatformChartArgs(
                environment=environment,
                chart="kube-prometheus-stack",
                namespace=self._namespace,
                values=_values(args),
                component=COMPONENT,
                release=RELEASE,
                after=[querier, *secrets, *datasources],
            ),
            self._child,
        ).ready

    def _metadata(self, name: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        return {"name": name, "namespace": NAMESPACE, "labels": self._environment.labels(NAME, COMPONENT)}

    def _inside(self, *gates: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, depends_on=[self._namespace.ready, *gates], deleted_with=self._namespace.resource
        )


def querier_configuration(monitoring: ClusterMonitoring) -> str:
    """Envoy's configuration: plain HTTP in, TLS with the account's token out."""
    text = _CONFIGURATION.read_text(encoding="utf-8")
    return text.replace("QUERIER_HOST", monitoring.host).replace("QUERIER_PORT", str(monitoring.port))


def _values(args: ClusterMetricsArgs) -> dict[str, Any]:
    values = grafana.values(args.environment, args.datasources, args.sign_on)
    sidecar = values["sidecar"]
    datasources = {"url": f"http://{NAME}.{NAMESPACE}.svc:{PORT}/", "alertmanager": {"enabled": False}}
    return {
        "crds": {"enabled": False},
        "defaultRules": {"create": False},
        **{part: {"enabled": False} for part in _CLUSTERS_OWN},
        "grafana": {**values, "sidecar": {**sidecar, "datasources": datasources}},
    }
