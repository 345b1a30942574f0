"""Named destinations: what a cloud may add to them, and who may call them. Source: SEC-3, A-54."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

import pytest
from pydantic import ValidationError

from components import base
from components.base.destinations import ways_to
from components.base.traffic import PRIVATE_NETWORKS, Network
from tests.unit.components.environment import AGENT, environment
from tests.unit.recording import RecordingEngine

ENDPOINTS = (IPv4Network("10.10.76.0/24"),)


def policies(engine: RecordingEngine, networks: Mapping[str, Sequence[Network]]) -> dict[str, dict[str, Any]]:
    """Specifications by ``namespace-name``."""
    engine.deploy(lambda: base.Destinations("destinations", base.DestinationsArgs(environment().namespaces, networks)))
    return {item.name: item.inputs["spec"] for item in engine.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy")}


def test_what_only_the_cloud_knows_is_closed_where_it_names_nothing(engine: RecordingEngine) -> None:
    found = policies(engine, {})
    assert "data-to-internet" in found
    assert not [name for name in found if "cloud-identity" in name]


def test_what_only_the_cloud_knows_is_opened_to_exactly_its_addresses(engine: RecordingEngine) -> None:
    found = policies(engine, {"cloud-identity": AGENT})
    policy = found["workflows-to-cloud-identity"]
    assert policy["podSelector"] == {"matchLabels": {"biz-automation/cloud-identity": "client"}}
    assert policy["egress"] == [
        {
            "to": [{"ipBlock": {"cidr": "169.254.170.23/32"}}, {"ipBlock": {"cidr": "fd00:ec2::23/128"}}],
            "ports": [{"protocol": "TCP", "port": 80}],
        }
    ]
    # healthz lives there, and nothing with an identity
    assert "integration-to-cloud-identity" not in found


def test_private_endpoints_are_opened_beside_the_internet_on_its_port(engine: RecordingEngine) -> None:
    found = policies(engine, {"internet": ENDPOINTS})
    internet, endpoints = found["security-to-internet"]["egress"]
    assert internet["to"] == [{"ipBlock": {"cidr": "0.0.0.0/0", "except": list(PRIVATE_NETWORKS)}}]
    assert endpoints == {
        "to": [{"ipBlock": {"cidr": "10.10.76.0/24"}}],
        "ports": [{"protocol": "TCP", "port": 443}],
    }
    assert len(found["data-to-object-store"]["egress"]) == 1, "each destination has its own"


def test_what_the_cloud_runs_is_not_in_the_cluster(engine: RecordingEngine) -> None:
    found = policies(engine, {"database": ENDPOINTS})
    (way,) = found["workflows-to-database"]["egress"]
    assert way["to"] == [{"ipBlock": {"cidr": "10.10.76.0/24"}}]
    assert "data-from-database-clients" not in found


def test_ways_can_be_had_for_pods_that_carry_no_labels() -> None:
    assert ways_to("cloud-identity", {}) == []
    assert len(ways_to("object-store", {"object-store": ENDPOINTS})) == 2


@pytest.mark.parametrize(
    "row",
    [{}, {"internet": True, "cloud": True}, {"cloud": True, "namespace": "data", "pods": {"app": "redis"}}],
)
def test_a_destination_is_in_one_place(row: Mapping[str, Any]) -> None:
    with pytest.raises(ValidationError, match="give one of internet: true, cloud: true, or namespace and pods"):
        base.Destination.model_validate({"ports": [443], "clients": ["data"], **row})
