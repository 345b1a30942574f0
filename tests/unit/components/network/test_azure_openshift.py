"""The network of an Azure Red Hat OpenShift cluster: who is where, and what the service needs of it."""

from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from components.account.azure import Account
from components.naming.azure import Names
from components.network.azure_openshift import Network, NetworkArgs
from tests.unit.azure_outputs import AZURE_OUTPUTS, SUBSCRIPTION
from tests.unit.components.ownership import OWNERSHIP
from tests.unit.recording import RecordingEngine, Registration, recording

ARGS = NetworkArgs(
    cidr=IPv4Network("10.40.0.0/16"),
    contributors={"cluster": "principal-of-the-cluster", "resource-provider": "principal-of-the-service"},
    account=Account(SUBSCRIPTION, SUBSCRIPTION, "westeurope", Names("biz", SUBSCRIPTION), OWNERSHIP),
)
SUBNET = "azure-native:network:Subnet"


def deploy(engine: RecordingEngine, args: NetworkArgs = ARGS) -> tuple[Network, Registration, Registration]:
    engine.outputs |= AZURE_OUTPUTS
    network = engine.deploy(lambda: Network("net", args))
    return network, engine.only(SUBNET, "net-control-plane"), engine.only(SUBNET, "net-workers")


@pytest.mark.parametrize(
    ("cidr", "workers", "control_plane"),
    [
        ("10.40.0.0/16", "10.40.0.0/17", "10.40.128.0/24"),
        ("10.40.0.0/18", "10.40.0.0/19", "10.40.32.0/26"),
        ("10.40.0.0/20", "10.40.0.0/21", "10.40.8.0/27"),
    ],
)
def test_workers_have_half_and_the_control_plane_a_small_part(
    engine: RecordingEngine, cidr: str, workers: str, control_plane: str
) -> None:
    network, masters, others = deploy(engine, replace(ARGS, cidr=IPv4Network(cidr)))
    assert (others.inputs["addressPrefix"], masters.inputs["addressPrefix"]) == (workers, control_plane)
    assert str(network.control_plane_network) == control_plane


def test_the_service_finds_what_it_asks_of_the_subnets(engine: RecordingEngine) -> None:
    _, masters, workers = deploy(engine)
    assert masters.inputs["privateLinkServiceNetworkPolicies"] == "Disabled"
    assert workers.inputs["privateLinkServiceNetworkPolicies"] == "Enabled"
    for subnet in (masters, workers):
        assert subnet.inputs["serviceEndpoints"] == [{"service": "Microsoft.ContainerRegistry"}]
        assert subnet.inputs["defaultOutboundAccess"] is False
        # the service refuses a subnet that has one, and puts its own there
        assert "networkSecurityGroup" not in subnet.inputs
        assert subnet.ignored_changes == ("networkSecurityGroup",)
    assert masters.urn in workers.dependencies


def test_assignments_keep_their_names_and_no_two_have_one() -> None:
    names = [_assignments(stem) for stem in ("biz", "biz", "other")]
    assert names[0] == names[1]
    assert len({*names[0], *names[2]}) == 4


def _assignments(stem: str) -> list[str]:
    with recording() as engine:
        deploy(engine, replace(ARGS, account=replace(ARGS.account, names=Names(stem, SUBSCRIPTION))))
        made = engine.of_type("azure-native:authorization:RoleAssignment")
        return [item.inputs["roleAssignmentName"] for item in made]
