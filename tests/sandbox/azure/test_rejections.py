"""What Azure refuses: each case is right but for one thing, and the answer names that thing."""

from typing import Any

import pytest

from sandbox.providers.azure import arm
from sandbox.providers.azure.arm import ArmError
from tests.sandbox.azure.driver import GROUP, AzureDriver

PLACE = {"resourceGroupName": GROUP}
ACCOUNT = {**PLACE, "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}, "accountName": "lakea1b2c"}
VAULT = {"sku": {"family": "A", "name": "standard"}, "tenantId": arm.TENANT}
POOL = {"name": "system", "mode": "System", "vmSize": "Standard_D4s_v5", "count": 3}
CLUSTER: dict[str, Any] = {**PLACE, "resourceName": "c", "dnsPrefix": "c", "agentPoolProfiles": [POOL]}
AGENTS = {**PLACE, "resourceName": "c", "agentPoolName": "work", "vmSize": "Standard_D4s_v5"}
SERVER = {**PLACE, "serverName": "orders-a1b2c", "administratorLogin": "o", "administratorLoginPassword": "p"}
BUDGET = {"scope": f"/subscriptions/{arm.SUBSCRIPTION}", "amount": 1, "category": "Cost", "timeGrain": "Monthly"}
VAULT_ID = f"/subscriptions/{arm.SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"
LOGS = {
    "resourceUri": VAULT_ID,
    "name": "audit",
    "workspaceId": VAULT_ID.replace("KeyVault/vaults", "OperationalInsights/workspaces"),
}
NETWORK = {**PLACE, "virtualNetworkName": "network"}


@pytest.mark.parametrize(
    ("kind", "inputs", "path", "reason"),
    [
        ("storage:StorageAccount", {**ACCOUNT, "acessTier": "Hot"}, "acessTier", "did you mean accessTier"),
        ("storage:StorageAccount", {**ACCOUNT, "sku": None}, "sku", "Missing required property sku"),
        ("storage:StorageAccount", {**ACCOUNT, "isHnsEnabled": "yes"}, "isHnsEnabled", "must be a boolean"),
        ("storage:StorageAccount", {**ACCOUNT, "sku": {"name": "Standard_XRS"}}, "sku.name", "one of Standard_LRS"),
        (
            "storage:StorageAccount",
            {**ACCOUNT, "accountName": "lake-1"},
            "accountName",
            "lower-case letters and digits",
        ),
        ("storage:StorageAccount", {**ACCOUNT, "accountName": "l" * 25}, "accountName", "25 characters; 3 to 24"),
        ("storage:StorageAccount", {**ACCOUNT, "location": "europe"}, "location", "LocationNotAvailable"),
        ("storage:StorageAccount", {**ACCOUNT, "enableNfsV3": True}, "enableNfsV3", "needs isHnsEnabled"),
        (
            "storage:StorageAccount",
            {**ACCOUNT, "encryption": {"keySource": "Microsoft.Keyvault"}, "identity": {"type": "SystemAssigned"}},
            "encryption.keyVaultProperties",
            "keyVaultProperties is missing",
        ),
        ("storage:StorageAccount", {**ACCOUNT, "tags": {"a": "v" * 257}}, "tags", "257 characters; 256"),
        ("storage:StorageAccount", {**ACCOUNT, "tags": {"a/b": "c"}}, "tags", "has the name 'a/b'"),
        ("storage:BlobContainer", {**PLACE, "accountName": "l", "containerName": "Raw"}, "containerName", "lower-case"),
        (
            "keyvault:Vault",
            {**PLACE, "vaultName": "1vault", "properties": VAULT},
            "vaultName",
            "starting with a letter",
        ),
        (
            "keyvault:Vault",
            {**PLACE, "vaultName": "vault", "properties": {**VAULT, "tenantId": "t"}},
            "properties.tenantId",
            "the subscription is in",
        ),
        (
            "keyvault:Vault",
            {**PLACE, "vaultName": "vault", "properties": {**VAULT, "enablePurgeProtection": False}},
            "properties.enablePurgeProtection",
            "which Azure refuses",
        ),
        (
            "keyvault:Vault",
            {**PLACE, "vaultName": "vault", "properties": {**VAULT, "softDeleteRetentionInDays": 3}},
            "properties.softDeleteRetentionInDays",
            "from 7 to 90",
        ),
        (
            "network:VirtualNetwork",
            {**NETWORK, "addressSpace": {"addressPrefixes": ["10.0.0.1/16"]}},
            "addressSpace.addressPrefixes",
            "host bits",
        ),
        ("network:Subnet", {**NETWORK, "subnetName": "s"}, "addressPrefix", "is missing"),
        ("network:Subnet", {**NETWORK, "subnetName": "s", "addressPrefix": "10.0.0.0/30"}, "addressPrefix", "is /29"),
        (
            "network:Subnet",
            {**NETWORK, "subnetName": "s", "addressPrefix": "10.0.0.0/24", "natGateway": {"id": VAULT_ID}},
            "natGateway.id",
            "must be a Microsoft.Network/natGateways",
        ),
        (
            "network:Subnet",
            {**NETWORK, "subnetName": "s", "addressPrefix": "10.0.0.0/24", "natGateway": {"id": "nat"}},
            "natGateway.id",
            "which is no resource id",
        ),
        ("network:PublicIPAddress", {**PLACE, "location": "ukwest", "zones": ["1"]}, "zones", "no availability zones"),
        ("network:PublicIPAddress", {**PLACE, "location": "uksouth", "zones": ["4"]}, "zones", "the zones 1 to 3"),
        (
            "privatedns:PrivateZone",
            {**PLACE, "privateZoneName": "a.b", "location": "uksouth"},
            "location",
            "takes global",
        ),
        ("containerservice:ManagedCluster", {**CLUSTER, "dnsPrefix": None}, "dnsPrefix", "is missing"),
        (
            "containerservice:ManagedCluster",
            {**CLUSTER, "agentPoolProfiles": [{**POOL, "mode": "User"}]},
            "agentPoolProfiles",
            "no pool with the mode System",
        ),
        (
            "containerservice:ManagedCluster",
            {**CLUSTER, "securityProfile": {"workloadIdentity": {"enabled": True}}},
            "securityProfile.workloadIdentity.enabled",
            "needs oidcIssuerProfile.enabled",
        ),
        (
            "containerservice:ManagedCluster",
            {**CLUSTER, "disableLocalAccounts": True},
            "disableLocalAccounts",
            "aadProfile",
        ),
        (
            "containerservice:ManagedCluster",
            {**CLUSTER, "apiServerAccessProfile": {"enablePrivateCluster": True, "authorizedIPRanges": ["1.2.3.4/32"]}},
            "apiServerAccessProfile.authorizedIPRanges",
            "a private cluster takes none",
        ),
        ("containerservice:ManagedCluster", {**CLUSTER, "kubernetesVersion": "1.12"}, "kubernetesVersion", "versions"),
        ("containerservice:AgentPool", {**AGENTS, "vmSize": "m5.large"}, "vmSize", "none of the vm sizes"),
        ("containerservice:AgentPool", {**AGENTS, "agentPoolName": "work-load"}, "agentPoolName", "lower-case letters"),
        ("containerservice:AgentPool", {**AGENTS, "enableAutoScaling": True}, "minCount", "minCount and maxCount"),
        (
            "containerservice:AgentPool",
            {**AGENTS, "enableAutoScaling": True, "count": 5, "minCount": 1, "maxCount": 3},
            "count",
            "from minCount 1 to maxCount 3",
        ),
        (
            "containerservice:MaintenanceConfiguration",
            {**PLACE, "resourceName": "c", "configName": "nights"},
            "configName",
            "aksManagedNodeOSUpgradeSchedule",
        ),
        ("dbforpostgresql:Server", {**SERVER, "administratorLogin": None}, "administratorLogin", "is missing"),
        (
            "dbforpostgresql:Server",
            {**SERVER, "storage": {"storageSizeGB": 50}},
            "storage.storageSizeGB",
            "none of the",
        ),
        (
            "dbforpostgresql:Server",
            {**SERVER, "sku": {"name": "Standard_B2s", "tier": "Burstable"}, "highAvailability": {"mode": "SameZone"}},
            "highAvailability.mode",
            "Burstable does not have",
        ),
        (
            "consumption:Budget",
            {**BUDGET, "timePeriod": {"startDate": "2026-01-15"}},
            "timePeriod.startDate",
            "first day",
        ),
        (
            "monitor:DiagnosticSetting",
            {**LOGS, "logs": [{"category": "Audit", "enabled": True}]},
            "logs.category",
            "AuditEvent",
        ),
        ("monitor:DiagnosticSetting", LOGS, "logs", "needs logs or metrics"),
        (
            "authorization:RoleAssignment",
            {"scope": VAULT_ID, "principalId": "p", "roleDefinitionId": "Reader"},
            "roleDefinitionId",
            "the whole id of a role definition",
        ),
    ],
)
def test_refused_inputs(azure: AzureDriver, kind: str, inputs: dict[str, Any], path: str, reason: str) -> None:
    refused = azure.rejected(kind, **inputs)
    assert list(refused) == [path]
    assert reason in refused[path]


def test_the_group_must_exist(azure: AzureDriver) -> None:
    with pytest.raises(ArmError, match=r"Status=404 .*ResourceGroupNotFound.*'platform' could not be found"):
        azure.make("storage:StorageAccount", "lake", **ACCOUNT, location="westeurope")


def test_a_location_is_required_where_nothing_tells_it(azure: AzureDriver) -> None:
    with pytest.raises(ArmError, match="LocationRequired"):
        azure.make("storage:StorageAccount", "lake", **ACCOUNT)


def test_a_parent_must_exist(azure: AzureDriver) -> None:
    azure.group()
    with pytest.raises(ArmError, match=r'"ResourceNotFound" .*Microsoft.Network/virtualNetworks/network'):
        azure.subnet()


def test_an_id_must_exist(azure: AzureDriver) -> None:
    azure.group()
    network = azure.network()
    absent = f"{network.id.rpartition('/virtualNetworks/')[0]}/networkSecurityGroups/absent"
    with pytest.raises(ArmError, match=r'"InvalidResourceReference" .*networkSecurityGroup.id names .*/absent'):
        azure.subnet(networkSecurityGroup={"id": absent})


def test_a_key_must_be_in_its_vault(azure: AzureDriver) -> None:
    azure.group()
    vault = azure.vault()
    encryption = {
        "keySource": "Microsoft.Keyvault",
        "keyVaultProperties": {"keyVaultUri": vault["properties"]["vaultUri"], "keyName": "lake"},
    }
    identity = {"type": "SystemAssigned"}
    with pytest.raises(ArmError, match=r'"KeyVaultObjectNotFound" .*https://vault-a1b2c.vault.azure.net/keys/lake'):
        azure.make("storage:StorageAccount", "lake", **ACCOUNT, encryption=encryption, identity=identity)


def test_a_queue_must_be_in_its_account(azure: AzureDriver) -> None:
    azure.group()
    lake = azure.make("storage:StorageAccount", "lake", **ACCOUNT)
    topic = {**PLACE, "systemTopicName": "arrivals"}
    azure.make("eventgrid:SystemTopic", "a", **topic, source=lake.id, topicType="Microsoft.Storage.StorageAccounts")
    destination = {"endpointType": "StorageQueue", "resourceId": lake.id, "queueName": "arrivals"}
    with pytest.raises(ArmError, match=r"destination.queueName names .*/queues/arrivals, which was not found"):
        azure.make("eventgrid:SystemTopicEventSubscription", "pdf", **topic, destination=destination)


def test_global_names_are_unique(azure: AzureDriver) -> None:
    azure.group()
    azure.group("other")
    azure.make("storage:StorageAccount", "lake", **ACCOUNT)
    elsewhere = {**ACCOUNT, "resourceGroupName": "other"}
    with pytest.raises(ArmError, match="The name 'lakea1b2c' is already taken"):
        azure.make("storage:StorageAccount", "lake", **elsewhere)


def test_what_exists_is_not_created_again(azure: AzureDriver) -> None:
    azure.group()
    with pytest.raises(
        ArmError, match=r"cannot create already existing resource '/subscriptions/.*/resourceGroups/PLATFORM'"
    ):
        azure.group("PLATFORM")


def test_subnets_fit_into_their_network(azure: AzureDriver) -> None:
    azure.group()
    azure.network()
    azure.subnet()
    with pytest.raises(ArmError, match="NetcfgInvalidSubnet"):
        azure.subnet("outside", "10.1.0.0/24")
    with pytest.raises(ArmError, match="'pods' overlaps with subnet 'nodes'"):
        azure.subnet("pods", "10.0.8.0/24")


def test_versions_need_a_flat_namespace(azure: AzureDriver) -> None:
    azure.group()
    azure.make("storage:StorageAccount", "lake", **ACCOUNT, isHnsEnabled=True)
    place = {**PLACE, "accountName": ACCOUNT["accountName"]}
    with pytest.raises(ArmError, match="isVersioningEnabled is true, but 'lakea1b2c' has a hierarchical namespace"):
        azure.make("storage:BlobServiceProperties", "blobs", **place, isVersioningEnabled=True)


def test_a_vault_stays_protected(azure: AzureDriver) -> None:
    azure.group()
    vault = azure.vault(enablePurgeProtection=True)
    with pytest.raises(ArmError, match="cannot be taken away"):
        azure.update(vault, properties=VAULT)
