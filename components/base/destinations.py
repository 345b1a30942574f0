"""Named destinations: what pods may call beyond their own namespace.

Source: SEC-3, A-54.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
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
    cloud: bool = False
    teams: bool = False

    @model_validator(mode="after")
    def _is_inside_or_outside(self) -> "Destination":
        if [self.internet, self.cloud, bool(self.namespace and self.pods)].count(True) != 1:
            raise ValueError("give one of internet: true, cloud: true, or namespace and pods")
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


def ways_to(name: str, networks: Mapping[str, Sequence[traffic.Network]]) -> list[traffic.EgressRule]:
    """Egress to a destination; none where only the cloud could name its addresses and names none.

    Args:
        name: of the destination.
        networks: addresses that the cloud names, by destination.
    """
    row, named = destinations()[name], networks.get(name)
    ports = traffic.tcp(*row.ports)
    rules = [traffic.internet(row.ports)] if row.internet else []
    if named:
        rules.append(traffic.to_peers(traffic.blocks(named), ports))
    elif row.namespace:
        rules.append(traffic.to_peers([traffic.namespace_pods(row.namespace, row.pods)], ports))
    return rules


@dataclass(frozen=True)
class DestinationsArgs:
    """What the destinations' policies need.

    Args:
        namespaces: the platform's, by name.
        networks: addresses that the cloud names, by destination.
        team: namespace of a team, to which what is open to teams is opened; None: the platform's own clients.
    """

    namespaces: Mapping[str, Namespace]
    networks: Mapping[str, Sequence[traffic.Network]]
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
        ways = ways_to(name, self._args.networks)
        for client in clients if ways else ():
            self._policy(f"to-{name}", client, traffic.pods(label), egress=ways)
        if inside and row.namespace is not None:
            peers = [traffic.namespace_pods(client, label) for client in clients]
            self._policy(
                ingress_policy,
                row.namespace,
                traffic.pods(row.pods),
                ingress=[traffic.from_peers(peers, traffic.tcp(*row.ports))],
            )

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
