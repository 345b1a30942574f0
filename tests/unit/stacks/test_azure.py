"""The Azure foundation as each stack's file describes it."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pytest
from pulumi.runtime.rpc import is_rpc_secret

from policies.rules.inspection.taggable_types import is_taggable
from sandbox.providers.azure.checks import problems as problems_of
from sandbox.providers.azure.resource_type import types
from stacks.azure import build
from stacks.foundation import Access, BlobStore, Foundation, Grant, GrantError, IdentityBinding, ServiceAccountReference
from stacks.settings import Profile, Settings
from stacks.settings.loading import parse
from tests.unit.azure_outputs import AZURE_FUNCTIONS, AZURE_OUTPUTS, SUBSCRIPTION
from tests.unit.platform import settings_of
from tests.unit.recording import RecordingEngine, Registration, recording
from tests.unit.settings.configuration import patch, stack_values

STACKS = ("azure-dev", "azure-stg", "azure-prod")
DATA = {
    "azure-native:storage:StorageAccount",
    "azure-native:storage:BlobContainer",
    "azure-native:keyvault:Vault",
    "azure-native:keyvault:Key",
    "azure-native:containerservice:ManagedCluster",
    "azure-native:containerregistry:Registry",
}


@dataclass(frozen=True)
class Deployment:
    settings: Settings
    engine: RecordingEngine
    foundation: Foundation
    bindings: list[IdentityBinding]

    def of(self, kind: str) -> list[Registration]:
        """What is of a type that ends so, in the order of the names: registrations overtake each other."""
        found = [item for item in self.engine.registrations if item.type.startswith("azure")]
        return sorted((item for item in found if item.type.endswith(kind)), key=lambda item: item.name)

    def only(self, kind: str) -> dict[str, Any]:
        (found,) = self.of(kind)
        return found.inputs


def deploy(engine: RecordingEngine, settings: Settings, *grants: Grant) -> Deployment:
    engine.outputs |= AZURE_OUTPUTS
    engine.functions |= AZURE_FUNCTIONS
    bindings: list[IdentityBinding] = []

    def program() -> Foundation:
        foundation = build(settings)
        for position, grant in enumerate(grants):
            account = ServiceAccountReference("automation", f"pod-{position}")
            bindings.append(foundation.identity.bind(account, [grant]))
        return foundation

    return Deployment(settings, engine, engine.deploy(program), bindings)


GRANTS = (
    Grant("lake/raw", Access.READ),
    Grant("bucket/backups", Access.WRITE, "database/"),
    Grant("secret", Access.READ),
    Grant("secret/postgres", Access.READ),
    Grant("dns", Access.WRITE),
    Grant("dns/_acme-challenge", Access.WRITE),
    Grant("bucket/kestra", Access.WRITE),
)


@pytest.fixture(scope="module")
def deployments() -> Iterator[dict[str, Deployment]]:
    with recording("azure-dev") as dev, recording("azure-stg") as stg, recording("azure-prod") as prod:
        yield {engine.stack: deploy(engine, settings_of(engine.stack), *GRANTS) for engine in (dev, stg, prod)}


@pytest.fixture(params=STACKS)
def deployment(request: pytest.FixtureRequest, deployments: dict[str, Deployment]) -> Deployment:
    return deployments[request.param]


@pytest.fixture
def dev(deployments: dict[str, Deployment]) -> Deployment:
    return deployments["azure-dev"]


def test_the_network_grows_with_the_profile(deployments: dict[str, Deployment]) -> None:
    counts = {name: (len(item.of(":Subnet")), len(item.of(":NatGateway"))) for name, item in deployments.items()}
    assert counts == {"azure-dev": (4, 1), "azure-stg": (5, 1), "azure-prod": (5, 3)}


def test_every_zone_leaves_by_a_gateway_and_nothing_else_has_a_way_out(deployment: Deployment) -> None:
    subnets = {item.name: item.inputs for item in deployment.of(":Subnet")}
    leaving = {name for name, inputs in subnets.items() if inputs.get("natGateway")}
    assert leaving == {f"network-private-{zone + 1}" for zone in range(deployment.settings.network.zones)}
    assert all(inputs["defaultOutboundAccess"] is False for inputs in subnets.values())
    assert all(inputs["networkSecurityGroup"]["id"] for inputs in subnets.values())


def test_the_cloud_runs_the_database_except_in_dev(deployment: Deployment) -> None:
    managed = deployment.settings.profile is not Profile.DEV
    servers = deployment.of(":dbforpostgresql:Server")
    assert len(servers) == int(managed)
    assert (deployment.foundation.database is not None) is managed
    assert bool(deployment.foundation.database_backups) is not managed
    for server in servers:
        assert server.inputs["highAvailability"]["mode"] == "ZoneRedundant"
        assert server.inputs["network"]["publicNetworkAccess"] == "Disabled"
        assert server.inputs["dataEncryption"]["type"] == "AzureKeyVault"


def test_nothing_that_holds_data_is_public(deployment: Deployment) -> None:
    open_to_all = [
        item.name
        for kind in (":StorageAccount", ":containerregistry:Registry")
        for item in deployment.of(kind)
        if item.inputs["publicNetworkAccess"] != "Disabled"
    ]
    vaults = [item.inputs["properties"] for item in deployment.of(":keyvault:Vault")]
    assert open_to_all == []
    assert len(vaults) == 2
    assert all(vault["publicNetworkAccess"] == "Disabled" and vault["enablePurgeProtection"] for vault in vaults)
    for account in deployment.of(":StorageAccount"):
        assert account.inputs["allowBlobPublicAccess"] is account.inputs["allowSharedKeyAccess"] is False
        assert account.inputs["minimumTlsVersion"] == "TLS1_2"
        assert account.inputs["encryption"]["keySource"] == "Microsoft.Keyvault"


def test_whatever_is_closed_has_a_private_door(deployment: Deployment) -> None:
    doors = Counter(
        group
        for item in deployment.of(":PrivateEndpoint")
        for connection in item.inputs["privateLinkServiceConnections"]
        for group in connection["groupIds"]
    )
    expected = {"blob": 3, "dfs": 1, "queue": 1, "vault": 2, "registry": 1}
    assert doors == expected | ({"postgresqlServer": 1} if deployment.foundation.database else {})
    assert len(deployment.of(":PrivateDnsZoneGroup")) == doors.total()


def test_the_cluster_has_no_local_accounts_and_keeps_its_log(deployment: Deployment) -> None:
    cluster = deployment.only(":ManagedCluster")
    assert cluster["disableLocalAccounts"] is True
    assert cluster["aadProfile"]["enableAzureRBAC"] is True
    assert cluster["oidcIssuerProfile"]["enabled"] is cluster["securityProfile"]["workloadIdentity"]["enabled"] is True
    assert cluster["securityProfile"]["azureKeyVaultKms"]["keyVaultNetworkAccess"] == "Private"
    assert cluster["networkProfile"]["networkDataplane"] == "cilium"
    assert cluster["apiServerAccessProfile"]["enablePrivateCluster"] is True, "no network is named in the stack's file"
    logs = {item.name: item.inputs for item in deployment.of(":DiagnosticSetting")}
    assert logs["cluster-logs"]["logs"] == [{"categoryGroup": "allLogs", "enabled": True}]


def test_pools_are_one_per_zone_and_share_the_nodes(deployment: Deployment) -> None:
    (pool,) = deployment.settings.node_pools
    zones = deployment.settings.network.zones
    pools = [item.inputs for item in deployment.of(":AgentPool")]
    users = [item for item in pools if item["mode"] == "User"]
    assert len(users) == zones
    assert len(pools) == 2 * zones - 1, "the system's pool of the first zone is written in the cluster"
    assert [item["availabilityZones"] for item in users] == [[str(zone + 1)] for zone in range(zones)]
    assert len({item["vnetSubnetID"] for item in users}) == zones
    for size, key in ((pool.min_size, "minCount"), (pool.desired_size, "count"), (pool.max_size, "maxCount")):
        assert sum(item[key] for item in users) == size
    assert {item["upgradeSettings"]["maxSurge"] for item in pools} == {"33%"}
    assert all(item["enableAutoScaling"] and item["enableEncryptionAtHost"] for item in pools)


def test_the_kubeconfig_opens_nothing_by_itself(dev: Deployment) -> None:
    kubeconfig = json.loads(dev.engine.value(dev.foundation.outputs["kubeconfig"]))
    (user,) = kubeconfig["users"]
    assert user["user"].keys() == {"exec"}
    assert user["user"]["exec"]["command"] == "kubelogin"
    assert kubeconfig["clusters"][0]["cluster"] == {
        "server": "https://aks.example",
        "certificate-authority-data": "Q0E=",
    }


def test_data_is_protected_where_the_settings_say_so(deployment: Deployment) -> None:
    kept = {item.type for item in deployment.engine.registrations if item.protect}
    database = {"azure-native:dbforpostgresql:Server"} if deployment.foundation.database else set[str]()
    assert kept == (DATA | database if deployment.settings.lake.protect else set())


def test_one_provider_bound_to_the_subscription_makes_everything(deployment: Deployment) -> None:
    provider = deployment.engine.only("pulumi:providers:azure-native")
    assert provider.inputs["subscriptionId"] == SUBSCRIPTION
    strangers = [
        item.name
        for item in deployment.engine.registrations
        if item.type.startswith("azure-native:") and not item.provider.startswith(f"{provider.urn}::")
    ]
    assert strangers == []


def test_every_resource_that_can_says_who_pays(deployment: Deployment) -> None:
    taggable = [item for item in deployment.engine.registrations if is_taggable(item.type)]
    assert len(taggable) > 40
    assert {item.inputs["tags"]["cost-center"] for item in taggable} == {deployment.settings.organisation.cost_center}
    assert {item.inputs["tags"]["environment"] for item in taggable} == {deployment.settings.profile}


def role_assignments_of(deployment: Deployment) -> dict[str, str]:
    """What Azure calls the role assignments, by what the program calls them."""
    return {item.name: item.inputs["roleAssignmentName"] for item in deployment.of(":RoleAssignment")}


def test_role_assignments_have_names_of_their_own(deployments: dict[str, Deployment]) -> None:
    names = [name for deployment in deployments.values() for name in role_assignments_of(deployment).values()]
    assert len(set(names)) == len(names) > 45


def test_dev_opens_the_api_server_to_the_networks_that_it_names_and_changes_no_name(
    engine: RecordingEngine, dev: Deployment
) -> None:
    kubernetes = dev.settings.kubernetes.model_copy(update={"public_access_cidrs": (IPv4Network("203.0.113.0/24"),)})
    again = deploy(engine, dev.settings.model_copy(update={"kubernetes": kubernetes}), *GRANTS)
    profile = again.only(":ManagedCluster")["apiServerAccessProfile"]
    assert profile["enablePrivateCluster"] is False
    assert profile["authorizedIPRanges"] == ["203.0.113.0/24"]
    assert role_assignments_of(again) == role_assignments_of(dev)


def test_the_longest_names_that_settings_take_fit_every_type(engine: RecordingEngine) -> None:
    """Source: CFG-1; the sandbox's table of Azure's names, which is not the program's own."""
    longest = {"kubernetes.clusterName": "a" * 40, "lake.namePrefix": "b" * 13}
    settings, problems = parse(patch(stack_values("azure-prod"), longest, []), "azure-prod")
    assert settings is not None, problems
    _, longer = parse(patch(stack_values("azure-prod"), {key: f"{name}x" for key, name in longest.items()}, []), "prod")
    assert sorted(".".join(map(str, problem.path)) for problem in longer) == sorted(longest), "these are the longest"

    resources = [item for item in deploy(engine, settings, *GRANTS).engine.registrations if item.type in types()]
    judged = [(types()[item.type], item.inputs) for item in resources]
    assert len(judged) > 100
    refused = [text for kind, inputs in judged for path, text in problems_of(kind, inputs) if path == kind.own_name]
    assert refused == []


def permissions_of(deployment: Deployment, account: str) -> list[tuple[str, str]]:
    """Role and scope of every assignment of a service account, each by its last part."""
    principal = f"principal-of-{deployment.settings.kubernetes.cluster_name}-automation-{account}"
    return [
        (item.inputs["roleDefinitionId"].rpartition("/")[2], item.inputs["scope"])
        for item in deployment.of(":RoleAssignment")
        if item.inputs["principalId"] == principal
    ]


def test_service_accounts_get_what_their_grants_name_and_nothing_else(dev: Deployment) -> None:
    """Source: SEC-5: least privilege."""
    (reader,) = permissions_of(dev, "pod-0")
    assert reader == ("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "lake-lake-raw-id")
    (writer,) = permissions_of(dev, "pod-1")
    assert writer == ("ba92f5b4-2d11-453d-a403-e96b0029c9fe", "lake-backup-backups-id")
    (everything,) = permissions_of(dev, "pod-2")
    assert everything[0] == "4633458b-17de-408a-b874-0445c86b69e6"
    below = permissions_of(dev, "pod-3")
    assert below
    assert all("/secrets/postgres--" in scope for _, scope in below)
    (records,), (challenges,) = permissions_of(dev, "pod-4"), permissions_of(dev, "pod-5")
    assert records[1] == challenges[1]
    assert records[0] == "befefa01-2a29-4197-83a8-272ff33ce314"
    (files,) = permissions_of(dev, "pod-6")
    assert files == ("ba92f5b4-2d11-453d-a403-e96b0029c9fe", "lake-lake-kestra-id")
    (role,) = dev.of(":RoleDefinition")
    actions = {action for item in role.inputs["permissions"] for action in item["actions"]}
    assert all(action.startswith("Microsoft.Network/dnsZones/") for action in actions)
    assert {action.split("/")[2] for action in actions} == {"read", "TXT"}


def test_a_folder_narrows_the_role_by_a_condition(dev: Deployment) -> None:
    conditions = {
        item.inputs["condition"]: item.inputs["conditionVersion"]
        for item in dev.of(":RoleAssignment")
        if item.inputs.get("condition")
    }
    (condition,) = conditions
    assert conditions[condition] == "2.0"
    assert condition.count("StringStartsWith 'database/'") == 2


def test_pods_are_known_by_their_service_account(dev: Deployment) -> None:
    binding = dev.bindings[0]
    assert binding.pod_labels == {"azure.workload.identity/use": "true"}
    client = dev.engine.value(binding.annotations["azure.workload.identity/client-id"])
    assert client == "client-of-biz-automation-dev-automation-pod-0"
    trusted = [item.inputs for item in dev.of(":FederatedIdentityCredential")]
    assert trusted[0]["issuer"] == "https://oidc.example/tenant/id"
    assert trusted[0]["subject"] == "system:serviceaccount:automation:pod-0"


@pytest.mark.parametrize(
    "grant",
    [
        Grant("lake/nothing", Access.READ),
        Grant("secret", Access.WRITE),
        Grant("secret/nothing", Access.READ),
        Grant("bucket/backups", Access.READ, "no-slash"),
        Grant("queue", Access.READ),
    ],
    ids=lambda grant: grant.resource,
)
def test_a_grant_on_nothing_is_refused(dev: Deployment, grant: Grant) -> None:
    with pytest.raises(GrantError, match=grant.resource):
        dev.foundation.identity.bind(ServiceAccountReference("automation", "nobody"), [grant])


def test_hands_the_platform_what_it_needs(dev: Deployment) -> None:
    engine, foundation = dev.engine, dev.foundation
    account = next(item for item in dev.of(":StorageAccount") if item.inputs.get("isHnsEnabled")).inputs["accountName"]
    assert {zone: engine.value(uri) for zone, uri in foundation.lake.items()} == {
        zone: f"abfss://{zone}@{account}.dfs.core.windows.net" for zone in ("raw", "curated", "archive")
    }
    assert {name: engine.value(bucket) for name, bucket in foundation.backup.items()} == {
        name: name for name in ("velero-backups", "backups")
    }
    assert engine.value(foundation.registry).endswith(".azurecr.io")
    assert engine.value(foundation.secrets["postgres/analytics"]) == "postgres--analytics"
    assert engine.value(foundation.secrets["sso/client"]) == "sso--client", "people put it into the vault"
    assert foundation.dns_provider == "azure"
    assert json.loads(foundation.dns_files["azure.json"])["useWorkloadIdentityExtension"] is True
    assert isinstance(foundation.object_store, BlobStore)
    assert engine.value(foundation.object_store.host) == f"{account}.blob.core.windows.net"
    assert engine.value(foundation.database_backups["destinationPath"]).endswith(
        ".blob.core.windows.net/backups/database"
    )


def test_passwords_are_secret_on_their_way_into_the_vault(dev: Deployment) -> None:
    properties = [item.inputs["properties"] for item in dev.of(":keyvault:Secret")]
    assert len(properties) > 20
    assert all(is_rpc_secret(item) for item in properties)


def test_no_resource_waits_for_a_component(deployment: Deployment) -> None:
    components = {item.urn for item in deployment.engine.registrations if not item.custom}
    waiting = [item.name for item in deployment.engine.registrations if components & set(item.dependencies)]
    assert waiting == []


def test_a_first_preview_survives_what_it_cannot_know(engine: RecordingEngine) -> None:
    engine.preview = True
    assert len(deploy(engine, settings_of("azure-prod"), *GRANTS).of(":ManagedCluster")) == 1


def test_subscription_and_tenant_must_be_named(engine: RecordingEngine) -> None:
    settings = settings_of("azure-dev")
    nameless = settings.model_copy(update={"cloud": settings.cloud.model_copy(update={"tenant_id": None})})
    with pytest.raises(ValueError, match=r"cloud\.tenantId is missing"):
        engine.deploy(lambda: build(nameless))
