"""The controller that turns Gateways into Envoy proxies.

Source: NET-2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import (
    Environment,
    PlatformChart,
    PlatformChartArgs,
    Priority,
    service_monitor,
)
from components.edge.certificate import INTERNAL_ISSUER, certificate

CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"
_NAME = "envoy-gateway"
# chart and proxies know these Secrets by name
_CONTROLLER_SECRET, _PROXY_SECRET = _NAME, "envoy"


@dataclass(frozen=True)
class EnvoyGatewayArgs:
    """What Envoy Gateway needs.

    Args:
        environment: the stack that it is part of.
        certificates: gate: the issuer ``platform-internal`` stands.
        after: further gates to wait for.
    """

    environment: Environment
    certificates: pulumi.Resource
    after: Sequence[pulumi.Resource] = ()


class EnvoyGateway(pulumi.ComponentResource):
    """Envoy Gateway, the definitions of the Gateway API (standard channel) and of its own kinds.

    Controller and proxies trust each other by certificates of cert-manager, in place of the chart's certificate job,
    which Pulumi does not run.

    Args:
        name: logical name.
        args: its gates.
        opts: carries the cluster's provider.

    Attributes:
        definitions: gate: the cluster knows Gateway, HTTPRoute and the policies.
        ready: gate: the controller runs.

    Source: NET-2.
    """

    definitions: pulumi.Resource
    ready: pulumi.Resource

    def __init__(self, name: str, args: EnvoyGatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:edge:EnvoyGateway", name, None, opts)
        self._args = args
        self._namespace = args.environment.namespaces["ingress"]
        self.definitions = self._chart(
            "gateway-crds-helm",
            {"crds": {"gatewayAPI": {"enabled": True, "channel": "standard"}, "envoyGateway": {"enabled": True}}},
        )
        domain = f"{_NAME}.{self._namespace.name}"
        secrets = [
            self._certificate(_CONTROLLER_SECRET, [_NAME, domain, f"{domain}.svc", f"{domain}.svc.cluster.local"]),
            self._certificate(_PROXY_SECRET, [f"*.{self._namespace.name}"]),
        ]
        self.ready = self._chart("gateway-helm", _values(args.environment), self.definitions, *secrets)
        if args.environment.monitors is not None:
            self._monitor(args.environment.monitors)
        self.register_outputs({})

    def _chart(self, chart: str, values: dict[str, Any], *after: pulumi.Resource) -> pulumi.Resource:
        return PlatformChart(
            chart,
            PlatformChartArgs(
                environment=self._args.environment,
                chart=chart,
                namespace=self._namespace,
                values=values,
                component="edge",
                after=[*self._args.after, *after],
                destinations=["api-server"],
                pod_labels={"app": _NAME},
                skip_crds=True,
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready

    def _certificate(self, name: str, dns_names: Sequence[str]) -> pulumi.Resource:
        return certificate(
            f"{_NAME}-control-plane-{name}",
            self._metadata(name),
            pulumi.ResourceOptions(
                parent=self,
                depends_on=[self._namespace.ready, self._args.certificates],
                deleted_with=self._namespace.resource,
            ),
            issuer=INTERNAL_ISSUER,
            dns_names=dns_names,
        )

    def _monitor(self, monitors: pulumi.Resource) -> None:
        service_monitor(
            _NAME,
            self._metadata(_NAME),
            pulumi.ResourceOptions(
                parent=self, depends_on=[self.ready, monitors], deleted_with=self._namespace.resource
            ),
            selected={"control-plane": _NAME},
            port="metrics",
        )

    def _metadata(self, name: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        labels = self._args.environment.labels(name, "edge")
        return {"name": name, "namespace": self._namespace.name, "labels": labels}


def _values(environment: Environment) -> dict[str, Any]:
    size = environment.size(_NAME)
    return {
        "crds": {"enabled": False},
        # its webhook lives off the certificate job; without it zones are not preferred, and nothing else is lost
        "topologyInjector": {"enabled": False},
        "podDisruptionBudget": {"minAvailable": 1 if size.replicas > 1 else 0},
        "deployment": {
            "replicas": size.replicas,
            "priorityClassName": Priority.CRITICAL.value,
            "envoyGateway": {"resources": size.resources},
            "pod": {"topologySpreadConstraints": environment.spread({"control-plane": _NAME})},
        },
    }
