"""Both ways in, with two applications behind them."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pulumi

from components import base, edge
from tests.unit.components.environment import environment, gate
from tests.unit.recording import RecordingEngine, Registration, recording

CHART = "kubernetes:helm.sh/v4:Chart"
BALANCER = edge.LoadBalancer({"cloud.example/kind": "network"}, "cloud.example/balancer")
SOURCES = (IPv4Network("198.51.100.0/24"),)
WEBHOOKS = "/api/v1/executions/webhook/"


@dataclass(frozen=True)
class Published:
    """An edge that published Kestra (with a public path) and Grafana."""

    engine: RecordingEngine
    addresses: list[str]

    def spec(self, kind: str, name: str) -> dict[str, Any]:
        """Specification of the one object of this kind and name, in any namespace."""
        return self.item(kind, name).inputs["spec"]

    def item(self, kind: str, name: str) -> Registration:
        """The one object of this kind and name."""
        (found,) = [item for item in self.of_kind(kind) if item.inputs["metadata"]["name"] == name]
        return found

    def of_kind(self, kind: str) -> list[Registration]:
        """All Kubernetes objects of a kind."""
        objects = [item for item in self.engine.registrations if item.type.startswith("kubernetes:")]
        return [item for item in objects if item.type.rpartition(":")[2] == kind]

    def values(self, chart: str) -> dict[str, Any]:
        """Values of a chart."""
        return self.engine.only(CHART, chart).inputs["values"]


@contextmanager
def published(controller: type[edge.Gateway] | type[edge.IngressNginx], profile: str) -> Generator[Published]:
    """Deploy an edge with two applications.

    Args:
        controller: which one.
        profile: sizing profile.
    """
    with recording(profile) as engine:
        addresses = engine.deploy(lambda: _publish(way_in(controller, profile)))
        yield Published(engine, addresses)


def way_in(
    controller: type[edge.Gateway] | type[edge.IngressNginx], profile: str = "dev"
) -> tuple[base.Edge, base.Environment]:
    """One edge and its environment; call it inside a program."""
    stack = environment(profile)
    if controller is edge.Gateway:
        return edge.Gateway("api-gateway", edge.GatewayArgs(stack, BALANCER, SOURCES, gate("issuers"))), stack
    return edge.IngressNginx("ingress-nginx", edge.IngressNginxArgs(stack, BALANCER, SOURCES, gate("issuers"))), stack


def application(name: str) -> pulumi.ResourceOptions:
    """Options of whatever belongs to an application."""
    return pulumi.ResourceOptions(parent=pulumi.ComponentResource("test:index:Application", name))


def _publish(made: tuple[base.Edge, base.Environment]) -> list[str]:
    way, stack = made
    workflows, observability = stack.namespaces["workflows"], stack.namespaces["observability"]
    return [
        way.expose(base.Exposure("kestra", workflows, "kestra", 8080, (WEBHOOKS,)), application("kestra")),
        way.expose(base.Exposure("grafana", observability, "grafana", 80), application("grafana")),
        way.expose(base.Exposure("auth", stack.namespaces["ingress"], "oauth2-proxy", 80, ("/",)), application("auth")),
    ]
