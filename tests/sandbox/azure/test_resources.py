"""The life of resources: what is made with them, what holds them, and what ARM computes."""

from typing import Any

import pytest

from sandbox.providers.azure import arm, other_side
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.cloud import Cloud
from tests.sandbox.azure.driver import CRYPTO_USER, GROUP, AzureDriver, Made, reference, role

ACCOUNT = {"resourceGroupName": GROUP, "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}, "accountName": "lakea1b2c"}


def account(azure: AzureDriver, **more: Any) -> Made:
    return azure.make("storage:StorageAccount", "lake", **ACCOUNT, **more)


def test_a_storage_account_and_what_is_in_it(azure: AzureDriver) -> None:
    azure.group()
    lake = account(azure, isHnsEnabled=True)
    assert lake["primaryEndpoints"]["dfs"] == "https://lakea1b2c.dfs.core.windows.net/"
    assert lake["minimumTlsVersion"] == "TLS1_0"
    azure.update(lake, minimumTlsVersion="TLS1_2", allowSharedKeyAccess=False)
    inside = {"resourceGroupName": GROUP, "accountName": "lakea1b2c"}
    azure.make("storage:BlobContainer", "raw", **inside, containerName="raw")
    azure.make("storage:Queue", "arrivals", **inside, queueName="arrivals")
    retention = {"enabled": True, "days": 7}
    azure.make("storage:BlobServiceProperties", "blobs", **inside, deleteRetentionPolicy=retention)
    rule = {
        "name": "old",
        "type": "Lifecycle",
        "definition": {"actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 30}}}},
    }
    azure.make("storage:ManagementPolicy", "ages", **inside, policy={"rules": [rule]})
    topic = azure.make(
        "eventgrid:SystemTopic",
        "arrivals",
        resourceGroupName=GROUP,
        systemTopicName="arrivals",
        source=lake.id,
        topicType="Microsoft.Storage.StorageAccounts",
    )
    destination = {"endpointType": "StorageQueue", "resourceId": lake.id, "queueName": "arrivals"}
    azure.make(
        "eventgrid:SystemTopicEventSubscription",
        "pdf",
        resourceGroupName=GROUP,
        systemTopicName=topic["name"],
        eventSubscriptionName="pdf",
        destination=destination,
        filter={"includedEventTypes": ["Microsoft.Storage.BlobCreated"], "subjectEndsWith": ".pdf"},
    )
    azure.destroy()


def test_a_vault_keeps_its_name_when_it_is_deleted(azure: AzureDriver) -> None:
    azure.group()
    vault = azure.vault()
    key = azure.vault_key(vault)
    secret = azure.make(
        "keyvault:Secret",
        "password",
        resourceGroupName=GROUP,
        vaultName=vault["name"],
        secretName="password",
        properties={"value": "first"},
    )
    assert vault["properties"]["vaultUri"] == "https://vault-a1b2c.vault.azure.net/"
    assert key["keyUri"] == "https://vault-a1b2c.vault.azure.net/keys/lake"
    assert secret["properties"].keys() == {"secretUri", "secretUriWithVersion"}
    before = secret["properties"]["secretUriWithVersion"]
    azure.update(secret, properties={"value": "second"})
    assert secret["properties"]["secretUriWithVersion"] != before
    for made in (secret, key, vault):
        azure.delete(made)
    with pytest.raises(ArmError, match=r'"ConflictError" .*vault-a1b2c.*exists in deleted state until'):
        azure.vault()
    assert len(other_side.purge("vault-a1b2c")) == 3
    azure.vault_key(azure.vault())


def test_a_protected_vault_cannot_be_purged(azure: AzureDriver) -> None:
    azure.group()
    azure.delete(azure.vault(enablePurgeProtection=True))
    with pytest.raises(ArmError, match="purge protection"):
        other_side.purge("vault-a1b2c")


def test_a_name_comes_free_with_time(azure: AzureDriver) -> None:
    azure.group()
    azure.delete(azure.vault(enablePurgeProtection=True, softDeleteRetentionInDays=7))
    with Cloud().changing() as there:
        for record in there.deleted.values():
            record["deleted"] = "2020-01-01T00:00:00Z"
    azure.vault()


def test_a_key_that_the_identity_may_not_use(azure: AzureDriver) -> None:
    azure.group()
    identity = azure.identity()
    vault = azure.vault(enablePurgeProtection=True)
    azure.vault_key(vault)
    encryption = {
        "keySource": "Microsoft.Keyvault",
        "keyVaultProperties": {"keyVaultUri": vault["properties"]["vaultUri"], "keyName": "lake"},
        "encryptionIdentity": {"encryptionUserAssignedIdentity": identity.id},
    }
    assigned = {"type": "UserAssigned", "userAssignedIdentities": [identity.id]}
    with pytest.raises(ArmError, match=r'"KeyVaultAccessForbidden".*Key Vault Crypto Service Encryption User'):
        account(azure, encryption=encryption, identity=assigned)
    azure.allow(identity["principalId"], CRYPTO_USER, vault.id)
    lake = account(azure, encryption=encryption, identity=assigned)
    shown = lake["identity"]["userAssignedIdentities"][identity.id]
    assert shown == {"clientId": identity["clientId"], "principalId": identity["principalId"]}


def test_a_key_in_a_vault_that_could_be_purged(azure: AzureDriver) -> None:
    azure.group()
    identity = azure.identity()
    vault = azure.vault()
    key = azure.vault_key(vault)
    azure.allow(identity["principalId"], CRYPTO_USER, vault.id)
    with pytest.raises(ArmError, match="must have purge protection"):
        azure.make(
            "compute:DiskEncryptionSet",
            "disks",
            resourceGroupName=GROUP,
            activeKey={"keyUrl": key["keyUriWithVersion"], "sourceVault": {"id": vault.id}},
            identity={"type": "UserAssigned", "userAssignedIdentities": [identity.id]},
        )


def test_a_cluster_and_its_pools(azure: AzureDriver) -> None:
    azure.group()
    azure.network()
    subnet, identity = azure.subnet(), azure.identity()
    cluster = azure.cluster(subnet, identity)
    assert cluster["fqdn"].endswith(".hcp.westeurope.azmk8s.io")
    assert cluster["oidcIssuerProfile"]["issuerURL"].startswith("https://westeurope.oic.prod-aks.azure.com/")
    assert cluster["privateFQDN"] is None
    kubelet = cluster["identityProfile"]["kubeletidentity"]["objectId"]
    azure.allow(kubelet, "7f951dda-4ed3-4680-a7ca-43fe172d538d", azure.made[0].id)
    place = {"resourceGroupName": GROUP, "resourceName": "cluster"}
    pool = azure.make(
        "containerservice:AgentPool",
        "work",
        **place,
        agentPoolName="work",
        vmSize="Standard_D8s_v5",
        orchestratorVersion="1.34",
        enableAutoScaling=True,
        count=2,
        minCount=1,
        maxCount=6,
        vnetSubnetID=subnet.id,
    )
    pools = other_side.ids("Microsoft.ContainerService/managedClusters/agentPools")
    assert {arm.name_of(pool_id) for pool_id in pools} == {"system", "work"}
    azure.update(pool, maxCount=8)
    assert azure.diff(pool, vmSize="Standard_D4s_v5").replaces == ("vmSize",)
    with pytest.raises(ArmError, match=r'"PropertyChangeNotAllowed".*osDiskSizeGB'):
        azure.update(pool, osDiskSizeGB=200)
    with pytest.raises(ArmError, match="minor versions cannot be skipped"):
        azure.update(cluster, kubernetesVersion="1.36")
    with pytest.raises(ArmError, match=r"Node pool version 1.35 and control plane version 1.34"):
        azure.update(pool, orchestratorVersion="1.35")
    assert azure.diff(cluster, dnsPrefix="other").replaces == ("dnsPrefix",)
    for name in ("aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"):
        azure.make("containerservice:MaintenanceConfiguration", name, **place, configName=name)
    azure.make(
        "managedidentity:FederatedIdentityCredential",
        "external-secrets",
        resourceGroupName=GROUP,
        resourceName="cluster",
        issuer=cluster["oidcIssuerProfile"]["issuerURL"],
        subject="system:serviceaccount:external-secrets:external-secrets",
        audiences=["api://AzureADTokenExchange"],
    )
    with pytest.raises(ArmError, match=r'"InSubnetUseCannotBeDeleted".*nodes'):
        azure.delete(subnet)
    azure.destroy()
    assert not [made for made in other_side.ids() if "NetworkWatcherRG" not in made]


def test_the_last_system_pool_stays(azure: AzureDriver) -> None:
    azure.group()
    azure.network()
    azure.cluster(azure.subnet(), azure.identity())
    (pool_id,) = other_side.ids("Microsoft.ContainerService/managedClusters/agentPools")
    pool = Made(reference("azure-native:containerservice:AgentPool", "system"), pool_id, {}, {})
    with pytest.raises(ArmError, match="at least one system agent pool"):
        azure.delete(pool)


def test_a_private_cluster_has_a_private_name(azure: AzureDriver) -> None:
    azure.group()
    azure.network()
    profile = {"enablePrivateCluster": True}
    cluster = azure.cluster(azure.subnet(), azure.identity(), apiServerAccessProfile=profile)
    assert ".privatelink.westeurope.azmk8s.io" in cluster["privateFQDN"]


def test_deleting_a_group_takes_what_is_in_it(azure: AzureDriver) -> None:
    group = azure.group()
    azure.identity()
    lake = account(azure)
    azure.delete(group)
    assert other_side.ids() == []
    assert not azure.exists(lake)


def test_a_lock_holds_what_it_covers(azure: AzureDriver) -> None:
    group = azure.group()
    identity = azure.identity()
    lock = azure.make(
        "authorization:ManagementLockByScope", "keep", scope=identity.id, level="CanNotDelete", lockName="keep"
    )
    for held in (identity, group):
        with pytest.raises(ArmError, match=r'"ScopeLocked".*keep'):
            azure.delete(held)
    azure.update(identity, tags={"a": "b"})
    azure.delete(lock)
    azure.delete(identity)


def test_a_database_server(azure: AzureDriver) -> None:
    azure.group()
    network = azure.network()
    delegation = {"name": "postgresql", "serviceName": "Microsoft.DBforPostgreSQL/flexibleServers"}
    plain, delegated = azure.subnet(), azure.subnet("database", "10.0.16.0/24", delegations=[delegation])
    zone_name = "biz.private.postgres.database.azure.com"
    zone = azure.make(
        "privatedns:PrivateZone", "zone", resourceGroupName=GROUP, privateZoneName=zone_name, location="global"
    )
    azure.make(
        "privatedns:VirtualNetworkLink",
        "link",
        resourceGroupName=GROUP,
        privateZoneName=zone_name,
        location="global",
        virtualNetwork={"id": network.id},
        registrationEnabled=False,
    )
    server: dict[str, Any] = {
        "resourceGroupName": GROUP,
        "serverName": "orders-a1b2c",
        "version": "17",
        "sku": {"name": "Standard_D2ds_v5", "tier": "GeneralPurpose"},
        "storage": {"storageSizeGB": 64},
        "backup": {"backupRetentionDays": 14},
        "highAvailability": {"mode": "ZoneRedundant", "standbyAvailabilityZone": "2"},
        "availabilityZone": "1",
        "administratorLogin": "orders",
        "administratorLoginPassword": "canary",
        "network": {"delegatedSubnetResourceId": plain.id, "privateDnsZoneArmResourceId": zone.id},
    }
    with pytest.raises(ArmError, match=r'"SubnetNotDelegated".*nodes'):
        azure.make("dbforpostgresql:Server", "orders", **server)
    server["network"]["delegatedSubnetResourceId"] = delegated.id
    made = azure.make("dbforpostgresql:Server", "orders", **server)
    assert made["fullyQualifiedDomainName"] == "orders-a1b2c.postgres.database.azure.com"
    assert "canary" not in str(made.outputs)
    inside = {"resourceGroupName": GROUP, "serverName": "orders-a1b2c"}
    azure.make("dbforpostgresql:Database", "kestra", **inside, databaseName="kestra")
    setting = azure.make(
        "dbforpostgresql:Configuration", "tls", **inside, configurationName="require_secure_transport", value="on"
    )
    azure.update(setting, value="off")
    azure.update(made, storage={"storageSizeGB": 128})
    with pytest.raises(ArmError, match="Storage cannot shrink"):
        azure.update(made, storage={"storageSizeGB": 64})
    with pytest.raises(ArmError, match=r'"CannotDeleteResource".*nested.*link'):
        azure.delete(zone)
    azure.destroy()


def test_a_private_endpoint(azure: AzureDriver) -> None:
    azure.group()
    azure.network()
    subnet, lake = azure.subnet(), account(azure)

    def connection(group: str) -> dict[str, Any]:
        link = {"name": "lake", "privateLinkServiceId": lake.id, "groupIds": [group]}
        return {"subnet": {"id": subnet.id}, "privateLinkServiceConnections": [link]}

    with pytest.raises(ArmError, match=r"groupIds has 'vault', but a Microsoft.Storage/storageAccounts has blob, dfs"):
        azure.make("network:PrivateEndpoint", "lake", resourceGroupName=GROUP, **connection("vault"))
    endpoint = azure.make("network:PrivateEndpoint", "lake", resourceGroupName=GROUP, **connection("dfs"))
    zone = azure.make(
        "privatedns:PrivateZone",
        "dfs",
        resourceGroupName=GROUP,
        privateZoneName="privatelink.dfs.core.windows.net",
        location="global",
    )
    azure.make(
        "network:PrivateDnsZoneGroup",
        "default",
        resourceGroupName=GROUP,
        privateEndpointName=endpoint["name"],
        privateDnsZoneConfigs=[{"name": "dfs", "privateDnsZoneId": zone.id}],
    )
    assert azure.diff(endpoint, subnet={"id": f"{subnet.id}x"}).replaces == ("subnet",)
    azure.destroy()


def test_flow_logs_use_the_watcher_of_the_location(azure: AzureDriver) -> None:
    azure.group()
    network, lake = azure.network(), account(azure)
    with pytest.raises(ArmError, match="use that one"):
        azure.make("network:NetworkWatcher", "own", resourceGroupName=GROUP)
    azure.make(
        "network:FlowLog",
        "flows",
        resourceGroupName="NetworkWatcherRG",
        networkWatcherName="NetworkWatcher_westeurope",
        targetResourceId=network.id,
        storageId=lake.id,
    )
    azure.destroy()


def test_a_gateway_to_the_internet(azure: AzureDriver) -> None:
    azure.group()
    azure.network()
    address = azure.make(
        "network:PublicIPAddress",
        "nat",
        resourceGroupName=GROUP,
        sku={"name": "Standard"},
        publicIPAllocationMethod="Static",
        zones=["1"],
    )
    gateway = azure.make(
        "network:NatGateway",
        "nat",
        resourceGroupName=GROUP,
        sku={"name": "Standard"},
        publicIpAddresses=[{"id": address.id}],
        zones=["1"],
    )
    azure.subnet(natGateway={"id": gateway.id})
    with pytest.raises(ArmError, match=r"is in use by .*/natGateways/"):
        azure.delete(address)
    with pytest.raises(ArmError, match=r"is in use by .*/subnets/nodes"):
        azure.delete(gateway)
    azure.destroy()


def test_roles(azure: AzureDriver) -> None:
    group = azure.group()
    identity = azure.identity()
    custom = azure.make(
        "authorization:RoleDefinition",
        "reads-blobs",
        scope=group.id,
        roleName="reads blobs",
        assignableScopes=[group.id],
        permissions=[{"dataActions": ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]}],
    )
    given = azure.allow(identity["principalId"], custom["name"], group.id)
    with pytest.raises(ArmError, match="RoleDefinitionHasAssignments"):
        azure.delete(custom)
    with pytest.raises(ArmError, match="RoleAssignmentExists"):
        azure.make("authorization:RoleAssignment", "again", **{**given.inputs, "roleAssignmentName": None})
    with pytest.raises(ArmError, match="PrincipalNotFound"):
        azure.allow("11111111-1111-1111-1111-111111111111", CRYPTO_USER, group.id)
    with pytest.raises(ArmError, match="RoleDefinitionDoesNotExist"):
        azure.allow(identity["principalId"], "11111111-1111-1111-1111-111111111111", group.id)
    assert azure.diff(given, roleDefinitionId=role(CRYPTO_USER)).replaces == ("roleDefinitionId",)
    azure.destroy()


def test_what_watches(azure: AzureDriver) -> None:
    group = azure.group()
    vault = azure.vault()
    workspace = azure.make(
        "operationalinsights:Workspace", "logs", resourceGroupName=GROUP, sku={"name": "PerGB2018"}, retentionInDays=90
    )
    azure.make(
        "monitor:DiagnosticSetting",
        "audit",
        name="audit",
        resourceUri=vault.id,
        workspaceId=workspace.id,
        logs=[{"category": "AuditEvent", "enabled": True}],
    )
    receivers = [{"name": "owner", "emailAddress": "owner@example.com"}]
    azure.make(
        "monitor:ActionGroup",
        "owner",
        resourceGroupName=GROUP,
        location="global",
        enabled=True,
        groupShortName="owner",
        emailReceivers=receivers,
    )
    azure.make(
        "consumption:Budget",
        "month",
        scope=group.id,
        amount=1200,
        category="Cost",
        timeGrain="Monthly",
        timePeriod={"startDate": "2026-01-01T00:00:00Z"},
    )
    azure.destroy()


def test_a_registry(azure: AzureDriver) -> None:
    azure.group()
    registry = azure.make(
        "containerregistry:Registry",
        "images",
        resourceGroupName=GROUP,
        registryName="imagesA1b2c",
        sku={"name": "Premium"},
        adminUserEnabled=False,
    )
    assert registry["loginServer"] == "imagesa1b2c.azurecr.io"
    azure.destroy()


def test_a_cluster_that_encrypts_its_secrets(azure: AzureDriver) -> None:
    azure.group()
    azure.network()
    subnet, identity = azure.subnet(), azure.identity()
    vault = azure.vault()
    key = azure.vault_key(vault)
    encryption = {"enabled": True, "keyId": key["keyUriWithVersion"], "keyVaultResourceId": vault.id}
    profile = {"workloadIdentity": {"enabled": True}, "azureKeyVaultKms": encryption}
    azure.allow(identity["principalId"], CRYPTO_USER, key.id)
    with pytest.raises(ArmError, match=r"may not encrypt with .*, such as Key Vault Crypto User"):
        azure.cluster(subnet, identity, securityProfile=profile)
    azure.allow(identity["principalId"], "12338af0-0e69-4776-bea7-57ae8d297424", key.id)
    cluster = azure.cluster(subnet, identity, securityProfile=profile)
    assert cluster["securityProfile"]["azureKeyVaultKms"]["keyId"] == key["keyUriWithVersion"]


def test_the_subnets_of_a_cluster(azure: AzureDriver) -> None:
    azure.group()
    azure.network()
    subnet, identity = azure.subnet(), azure.identity()
    with pytest.raises(ArmError, match="subnet 'nodes' has no gateway"):
        azure.cluster(subnet, identity, networkProfile={"outboundType": "userAssignedNATGateway"})
    profile = {"enableVnetIntegration": True, "subnetId": subnet.id}
    with pytest.raises(ArmError, match=r"'nodes' must be delegated to Microsoft\.ContainerService/managedClusters"):
        azure.cluster(subnet, identity, apiServerAccessProfile=profile)


def test_the_nodes_of_a_cluster_may_have_an_identity_of_ours(azure: AzureDriver) -> None:
    azure.group()
    azure.network()
    kubelet = azure.identity("kubelet")
    profile = {"kubeletidentity": {"resourceId": kubelet.id}}
    cluster = azure.cluster(azure.subnet(), azure.identity(), identityProfile=profile)
    shown = cluster["identityProfile"]["kubeletidentity"]
    assert (shown["objectId"], shown["clientId"]) == (kubelet["principalId"], kubelet["clientId"])
