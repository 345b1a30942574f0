"""Azure Red Hat OpenShift: what a cluster needs around it, what changes it takes, and what Azure refuses."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.environment import KubernetesEndpoint, record_endpoint
from sandbox.providers.azure import arm, other_side
from sandbox.providers.azure.arm import ArmError
from tests.sandbox.azure.driver import GROUP, TAGS, AzureDriver, Made

KIND = "redhatopenshift:OpenShiftCluster"
CLIENT = "00000000-0000-0000-0000-000000000003"
PRINCIPALS = ("00000000-0000-0000-0000-000000000004", "00000000-0000-0000-0000-000000000002")
NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
MACHINES = f"/subscriptions/{arm.SUBSCRIPTION}/resourceGroups/machines"
NETWORKS = f"/subscriptions/{arm.SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Network"
SUBNETS = f"{NETWORKS}/virtualNetworks/network/subnets"
GUARD = f"{NETWORKS}/networkSecurityGroups/own"
WORKER = {
    "name": "worker",
    "vmSize": "Standard_D4s_v5",
    "diskSizeGB": 128,
    "count": 3,
    "subnetId": f"{SUBNETS}/workers",
}
INPUTS: dict[str, Any] = {
    "resourceGroupName": GROUP,
    "resourceName": "openshift",
    "clusterProfile": {"domain": "biz", "version": "4.20.8", "resourceGroupId": MACHINES, "pullSecret": "canary"},
    "servicePrincipalProfile": {"clientId": CLIENT, "clientSecret": "canary"},
    "networkProfile": {"podCidr": "10.128.0.0/14", "serviceCidr": "172.30.0.0/16"},
    "masterProfile": {"vmSize": "Standard_D8s_v5", "subnetId": f"{SUBNETS}/control-plane"},
    "workerProfiles": [WORKER],
    "apiserverProfile": {"visibility": "Private"},
    "ingressProfiles": [{"name": "default", "visibility": "Private"}],
    "tags": TAGS,
}


def surroundings(azure: AzureDriver, *, role: str = NETWORK_CONTRIBUTOR, **control_plane: Any) -> tuple[Made, Made]:
    """Network, subnets and roles; gives the network and the control plane's subnet."""
    azure.group()
    network = azure.network()
    azure.make("network:NetworkSecurityGroup", "own", resourceGroupName=GROUP, networkSecurityGroupName="own")
    subnet = azure.subnet("control-plane", **{"prefix": "10.0.0.0/27", **control_plane})
    azure.subnet("workers", "10.0.16.0/20")
    for principal in PRINCIPALS:
        azure.allow(principal, role, network.id)
    return network, subnet


def make(azure: AzureDriver, **changes: Any) -> Made:
    return azure.make(KIND, "openshift", **{**INPUTS, **changes})


def with_profile(name: str, **changes: Any) -> dict[str, Any]:
    return {name: {**INPUTS[name], **changes}}


def test_a_cluster_and_what_it_makes_for_itself(azure: AzureDriver) -> None:
    _, subnet = surroundings(azure)
    cluster = make(azure)
    assert cluster["apiserverProfile"]["url"] == "https://api.biz.westeurope.aroapp.io:6443/"
    assert cluster["consoleProfile"]["url"].startswith(
        "https://console-openshift-console.apps.biz.westeurope.aroapp.io"
    )
    assert "canary" not in str(azure.shown(cluster))
    group = other_side.show(MACHINES)
    assert (group["name"], group["location"], group["managedBy"]) == ("machines", "westeurope", cluster.id)
    with pytest.raises(ArmError, match=r'"InSubnetUseCannotBeDeleted".*control-plane'):
        azure.delete(subnet)
    azure.destroy()
    assert not [left for left in other_side.ids() if "NetworkWatcherRG" not in left]


def test_tags_and_the_secret_change_and_nothing_else(azure: AzureDriver) -> None:
    surroundings(azure)
    cluster = make(azure)
    azure.update(cluster, tags={**TAGS, "owner": "other"})
    azure.update(cluster, servicePrincipalProfile={"clientId": CLIENT, "clientSecret": "renewed"})
    for changes in (
        with_profile("clusterProfile", version="4.20.9"),
        with_profile("clusterProfile", domain="other"),
        with_profile("masterProfile", vmSize="Standard_D16s_v5"),
        with_profile("apiserverProfile", visibility="Public"),
        {"workerProfiles": [{**WORKER, "count": 5}]},
    ):
        with pytest.raises(ArmError, match=r'"PropertyChangeNotAllowed"'):
            azure.update(cluster, **changes)
    assert azure.diff(cluster, location="northeurope").replaces == ("location",)
    assert azure.diff(cluster, resourceName="other").replaces == ("resourceName",)


def test_the_administrators_credentials_lead_to_the_cluster_of_the_sandbox(azure: AzureDriver, tmp_path: Path) -> None:
    endpoint = KubernetesEndpoint("https://127.0.0.1:6443", "Y2E=", token="secret")
    record_endpoint(tmp_path, "kubernetes", endpoint.as_json())
    ask = azure.provider.invoke_function
    token = "azure-native:redhatopenshift:listOpenShiftClusterAdminCredentials"
    named = {"resourceGroupName": GROUP, "resourceName": "openshift"}
    surroundings(azure)
    with pytest.raises(ArmError, match=r'"ResourceNotFound".*openShiftClusters/openshift'):
        ask(token, named)
    make(azure)
    kubeconfig = yaml.safe_load(base64.b64decode(ask(token, named)["kubeconfig"]))
    assert kubeconfig["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
    assert kubeconfig["users"][0]["user"] == {"token": "secret"}


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"resourceName": "o" * 31}, "resourceName", "31 characters; 1 to 30"),
        ({"servicePrincipalProfile": None}, "servicePrincipalProfile.clientId", "is missing"),
        (
            with_profile("servicePrincipalProfile", clientSecret=None),
            "servicePrincipalProfile.clientSecret",
            "is missing",
        ),
        (with_profile("clusterProfile", resourceGroupId=None), "clusterProfile.resourceGroupId", "is missing"),
        (
            with_profile("clusterProfile", resourceGroupId="machines"),
            "clusterProfile.resourceGroupId",
            "no resource id",
        ),
        (with_profile("clusterProfile", version="4.9.1"), "clusterProfile.version", "none of the openshift versions"),
        (with_profile("clusterProfile", domain="a.example.com"), "clusterProfile.domain", "one label"),
        (with_profile("clusterProfile", fipsValidatedModules="On"), "clusterProfile.fipsValidatedModules", "Disabled"),
        (with_profile("networkProfile", podCidr="10.128.0.0/19"), "networkProfile.podCidr", "must be /18 or larger"),
        (with_profile("networkProfile", serviceCidr="172.30.0.0/23"), "networkProfile.serviceCidr", "/22 or larger"),
        (with_profile("networkProfile", podCidr="100.64.0.0/15"), "networkProfile.podCidr", "InvalidCIDRRange"),
        (with_profile("networkProfile", podCidr="10.128.0.1/14"), "networkProfile.podCidr", "host bits"),
        (
            {
                **with_profile("networkProfile", outboundType="UserDefinedRouting"),
                "apiserverProfile": {"visibility": "Public"},
            },
            "networkProfile.outboundType",
            "to be Private",
        ),
        (with_profile("masterProfile", vmSize="Standard_D4s_v5"), "masterProfile.vmSize", "control plane sizes"),
        ({"workerProfiles": [{**WORKER, "vmSize": "Standard_D2s_v5"}]}, "workerProfiles.vmSize", "worker sizes"),
        ({"workerProfiles": [{**WORKER, "diskSizeGB": 100}]}, "workerProfiles.diskSizeGB", "must be 128 or more"),
        ({"workerProfiles": [{**WORKER, "count": 1}]}, "workerProfiles.count", "2 to 50"),
        ({"workerProfiles": [{**WORKER, "name": "jobs"}]}, "workerProfiles.name", "must be 'worker'"),
        ({"workerProfiles": [WORKER, WORKER]}, "workerProfiles", "exactly one"),
        ({"ingressProfiles": []}, "ingressProfiles", "exactly one"),
        ({"apiserverProfile": {"visibility": "Internal"}}, "apiserverProfile.visibility", "one of Private, Public"),
    ],
)
def test_what_is_refused_of_the_inputs_alone(
    azure: AzureDriver, changes: dict[str, Any], path: str, reason: str
) -> None:
    assert azure.rejected(KIND, **INPUTS) == {}
    found = azure.rejected(KIND, **{**INPUTS, **changes})
    assert reason in found[path]


@pytest.mark.parametrize(
    ("around", "changes", "message"),
    [
        ({"role": READER}, {}, r'"InvalidServicePrincipalPermissions".*Network Contributor'),
        ({"prefix": "10.0.0.0/28"}, {}, r"control-plane' must be /27 or larger"),
        ({}, {"location": "northeurope"}, r"location 'westeurope' must match the cluster location 'northeurope'"),
        ({}, {"workerProfiles": [{**WORKER, "subnetId": f"{SUBNETS}/control-plane"}]}, "must be different to master"),
        ({}, {"workerProfiles": [{**WORKER, "subnetId": f"{SUBNETS}/others"}]}, r"subnets/others, which was not found"),
        (
            {},
            with_profile("servicePrincipalProfile", clientId=PRINCIPALS[0]),
            r'"InvalidServicePrincipalCredentials".*no application',
        ),
        (
            {},
            with_profile("clusterProfile", resourceGroupId=MACHINES.replace("machines", GROUP)),
            r'"ClusterResourceGroupAlreadyExists"',
        ),
    ],
)
def test_what_is_refused_of_what_is_around(
    azure: AzureDriver, around: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    surroundings(azure, **around)
    with pytest.raises(ArmError, match=message):
        make(azure, **changes)


def test_the_service_itself_needs_the_network(azure: AzureDriver) -> None:
    surroundings(azure)
    (assignment,) = [made for made in azure.made if made.inputs.get("principalId") == PRINCIPALS[1]]
    azure.delete(assignment)
    with pytest.raises(ArmError, match=r'"InvalidResourceProviderPermissions".*resource provider service principal'):
        make(azure)


def test_a_subnet_with_a_security_group_is_refused_unless_that_is_said(azure: AzureDriver) -> None:
    surroundings(azure, networkSecurityGroup={"id": GUARD})
    with pytest.raises(ArmError, match=r"control-plane' must not have a network security group"):
        make(azure)
    make(azure, **with_profile("networkProfile", preconfiguredNSG="Enabled"))
    azure.destroy()
