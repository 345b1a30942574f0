"""The address plan: arithmetic that must hold for every network and number of zones."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.network.address_plan import AddressPlan


def network_around(address: int, prefix: int) -> IPv4Network:
    return IPv4Network((address, prefix), strict=False)


networks = st.builds(network_around, st.integers(0, 2**32 - 1), st.integers(8, 20))


def subnets(plan: AddressPlan) -> list[IPv4Network]:
    return [part for zone in plan.zones for part in (zone.private, zone.public, zone.intra, zone.endpoints)]


@settings(derandomize=True)
@given(network=networks, zones=st.integers(1, 4))
def test_no_two_parts_overlap_and_all_are_inside(network: IPv4Network, zones: int) -> None:
    plan = AddressPlan.of(network, zones)
    parts = [*subnets(plan), *plan.free]
    assert all(part.subnet_of(network) for part in parts)
    assert not [pair for pair in combinations(parts, 2) if pair[0].overlaps(pair[1])]


@settings(derandomize=True)
@given(network=networks, zones=st.integers(1, 4))
def test_subnets_have_sizes_that_aws_takes(network: IPv4Network, zones: int) -> None:
    plan = AddressPlan.of(network, zones)
    assert all(part.prefixlen <= 28 for part in subnets(plan))
    assert sum(part.num_addresses for part in plan.free) * 2 >= network.num_addresses


@settings(derandomize=True)
@given(network=networks, zones=st.integers(1, 3))
def test_another_zone_renumbers_nothing(network: IPv4Network, zones: int) -> None:
    assert AddressPlan.of(network, zones + 1).zones[:zones] == AddressPlan.of(network, zones).zones


def test_a_sixteen_gives_large_private_and_small_other_subnets() -> None:
    first, second = AddressPlan.of(IPv4Network("10.20.0.0/16"), 2).zones
    assert [str(part) for part in (first.private, first.public, first.intra, first.endpoints)] == [
        "10.20.0.0/20",
        "10.20.64.0/24",
        "10.20.72.0/24",
        "10.20.76.0/24",
    ]
    assert str(second.private) == "10.20.16.0/20"


@pytest.mark.parametrize(
    ("network", "zones", "message"),
    [
        ("10.0.0.0/21", 2, r"10\.0\.0\.0/21 is too small: use /20"),
        ("10.0.0.0/16", 5, "5 zones: the address plan holds 1 to 4"),
        ("10.0.0.0/16", 0, "0 zones"),
    ],
)
def test_refuses_what_does_not_fit(network: str, zones: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AddressPlan.of(IPv4Network(network), zones)
