"""Named destinations: what pods may call beyond their own namespace.

Source: SEC-3, A-54.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated

import pulumi
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from components.base import traffic
from components.base.namespace import Namespace
from components.ownership import PART_OF
from components.tables import read_table

DESTINATIONS = Path(__file__).with_name("destinations.yaml")


class Destination(BaseModel):
    """One row of the table; its head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ports: Annotated[tuple[int, ...], Field(min_length=1)]
    clients: Annotated[tuple[str, ...], Field(min_length=1)]
    namespace: str | None = None
    pods: Mapping[str, str] = Field(default_factory=dict[str, str])
    internet: bool = False
    teams: bool = False

    @model_validator(mode="after")
    def _is_inside_or_outside(self) -> "Destination":
        if self.internet == bool(self.namespace and self.pods):
            raise ValueError("give either internet: true, or namespace and pods")
        return self


@cache
def destinations() -> Mapping[str, Destination]:
    """The destinations by name."""
    rows = read_table(DESTINATIONS)
    return TypeAdapter(dict[str, Destination]).validate_python(rows)


def client_labels(*names: str) -> dict[str, str]:
    """Labels that let a pod call the destinations.

    Args:
        names: of destinations; ``api-server`` is one as well.

    Raises:
        ValueError: there is no such destination.
    """
    known = {*destinations(), "api-server"}
    unknown = sorted(set(names) - known)
    if unknown:
        raise ValueError(f"no destination is called {', '.join(unknown)}; {DESTINATIONS.name} has {sorted(known)}")
    return {f"{PART_OF}/{name}": "client" for name in names}


@dataclass(frozen=True)
class DestinationsArgs:
    """What the destinations' policies need.

    Args:
        namespaces: the platform's, by name.
        networks: destinations that a cloud runs outside the cluster, and the addresses where they are.
        team: namespace of a team, to which what is open to teams is opened; None: the platform's own clients.
    """

    namespaces: Mapping[str, Namespace]
    networks: Mapping[str, Sequence[IPv4Network]]
    team: Namespace | None = None


class Destinations(pulumi.ComponentResource):
    """NetworkPolicies that open each named destination to pods that carry its label, on both sides.

    Args:
        name: logical name.
        args: namespaces, and what runs elsewhere.
        opts: carries the cluster's provider.

    Source: SEC-3, A-54.
    """

    def __init__(self, name: str, args: DestinationsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:base:Destinations", name, None, opts)
        self._args, team = args, args.team
        self._namespaces = {**args.namespaces, **({team.name: team} if team else {})}
        for destination, row in destinations().items():
            if team is None:
                self._open(destination, row, row.clients, f"from-{destination}-clients")
            elif row.teams:
                self._open(destination, row, [team.name], f"from-{destination}-{team.name}")
        self.register_outputs({})

    def _open(self, name: str, row: Destination, clients: Sequence[str], ingress_policy: str) -> None:
        label = client_labels(name)
        inside = row.namespace is not None and name not in self._args.networks
        for client in clients:
            self._policy(f"to-{name}", client, traffic.pods(label), egress=[self._way_to(name, row)])
        if inside and row.namespace is not None:
            peers = [traffic.namespace_pods(client, label) for client in clients]
            self._policy(
                ingress_policy,
                row.namespace,
                traffic.pods(row.pods),
                ingress=[traffic.from_peers(peers, traffic.tcp(*row.ports))],
            )

    def _way_to(self, name: str, row: Destination) -> traffic.EgressRule:
        if row.internet:
            return traffic.internet(row.ports)
        if name in self._args.networks:
            return traffic.to_peers(traffic.blocks(self._args.networks[name]), traffic.tcp(*row.ports))
        return traffic.to_peers([traffic.namespace_pods(str(row.namespace), row.pods)], traffic.tcp(*row.ports))

    def _policy(
        self,
        name: str,
        namespace_name: str,
        selected: traffic.Selector,
        *,
        ingress: Sequence[traffic.IngressRule] | None = None,
        egress: Sequence[traffic.EgressRule] | None = None,
    ) -> None:
        namespace = self._namespaces[namespace_name]
        opts = pulumi.ResourceOptions(parent=self, depends_on=[namespace.resource], deleted_with=namespace.resource)
        traffic.network_policy(
            f"{namespace_name}-{name}",
            namespace.metadata(name),
            opts,
            selected=selected,
            ingress=ingress,
            egress=egress,
        )
