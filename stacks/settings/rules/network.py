"""Rules on the network's plan. Source: NET-1, A-32."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from components.network.address_plan import LONGEST_PREFIX
from stacks.settings.model import CloudProvider, NatGateways, Profile, Settings
from stacks.settings.problems import Path, Problem, dotted, refuse
from stacks.settings.rules.lists import duplicates

# RFC 1918 and RFC 6598
PRIVATE_BLOCKS = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
_PRIVATE_WORDS = f"a network inside {', '.join(map(str, PRIVATE_BLOCKS))}"

SHORTEST_PREFIX = 16


def _exists(settings: Settings) -> bool:
    """Whether the network has been made by somebody else."""
    return settings.cloud.provider is CloudProvider.OPENSHIFT and settings.managed_openshift is None


def _networks(settings: Settings) -> Iterator[tuple[Path, IPv4Network]]:
    yield ("network", "cidr"), settings.network.cidr
    yield ("network", "serviceCidr"), settings.network.service_cidr
    if settings.network.pod_cidr is not None:
        yield ("network", "podCidr"), settings.network.pod_cidr
    for index, peered in enumerate(settings.network.peered_cidrs):
        yield ("network", "peeredCidrs", index), peered


def _networks_are_private(settings: Settings) -> Iterator[Problem]:
    for path, network in _networks(settings):
        if not any(network.subnet_of(block) for block in PRIVATE_BLOCKS):
            yield refuse(path, network, _PRIVATE_WORDS)


def _networks_are_disjoint(settings: Settings) -> Iterator[Problem]:
    for (other_path, other), (path, network) in combinations(_networks(settings), 2):
        if network.overlaps(other):
            yield refuse(
                path, network, "networks without common addresses", because=f"it overlaps {dotted(other_path)} {other}"
            )


def _network_has_a_workable_size(settings: Settings) -> Iterator[Problem]:
    if _exists(settings):
        return
    network = settings.network.cidr
    allowed = f"/{SHORTEST_PREFIX} to /{LONGEST_PREFIX}"
    if network.prefixlen < SHORTEST_PREFIX:
        yield refuse(
            ("network", "cidr"), network, allowed, because=f"the platform's network is a /{SHORTEST_PREFIX} or smaller"
        )
    elif network.prefixlen > LONGEST_PREFIX:
        yield refuse(("network", "cidr"), network, allowed, because="too small for the subnets of the zones")


def _services_have_a_workable_size(settings: Settings) -> Iterator[Problem]:
    network = settings.network.service_cidr
    if not 12 <= network.prefixlen <= 22:
        yield refuse(("network", "serviceCidr"), network, "/12 to /22")


def _endpoints_differ(settings: Settings) -> Iterator[Problem]:
    yield from duplicates(("network", "interfaceEndpoints"), settings.network.interface_endpoints)


def _prod_survives_a_zone(settings: Settings) -> Iterator[Problem]:
    if settings.profile is not Profile.PROD:
        return
    if settings.network.zones < 3:
        yield refuse(("network", "zones"), settings.network.zones, "3", because="prod spans three zones")


def _way_out_is_chosen(settings: Settings) -> Iterator[Problem]:
    if settings.cloud.provider is not CloudProvider.OPENSHIFT and settings.network.nat_gateways is None:
        yield Problem(("network", "natGateways"), f"missing; allowed: {', '.join(NatGateways)}")


def _prod_keeps_its_way_out(settings: Settings) -> Iterator[Problem]:
    if settings.network.nat_gateways is None:
        return
    if settings.profile is Profile.PROD and settings.network.nat_gateways is not NatGateways.PER_ZONE:
        yield refuse(
            ("network", "natGateways"),
            settings.network.nat_gateways,
            NatGateways.PER_ZONE,
            because="in prod the loss of one zone must not cut off the others",
        )


RULES = (
    _networks_are_private,
    _network_has_a_workable_size,
    _services_have_a_workable_size,
    _networks_are_disjoint,
    _endpoints_differ,
    _prod_survives_a_zone,
    _way_out_is_chosen,
    _prod_keeps_its_way_out,
)
