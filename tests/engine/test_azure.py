"""The Azure stand-in under the real engine: up, no change, drift, replacement, and destroy.

The other side is the store, past the provider.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sandbox import leftovers
from sandbox.environment import AZURE_ID, KubernetesEndpoint
from sandbox.providers.azure import other_side
from tests.engine.conftest import STACK, ProgramMaker
from tests.engine.engine import Engine

PROGRAM = """
import base64

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_azure_native import authorization, containerservice, keyvault, managedidentity, network, resources, storage

config = pulumi.Config()
client = authorization.get_client_config_output()
group = resources.ResourceGroup("platform", resource_group_name="platform", location="westeurope", tags={"owner": "a"})
place = {"resource_group_name": group.name}
vnet = network.VirtualNetwork(
    "network", virtual_network_name="network", address_space={"address_prefixes": ["10.0.0.0/16"]}, **place
)
subnet = network.Subnet(
    "nodes",
    subnet_name="nodes",
    virtual_network_name=vnet.name,
    address_prefix="10.0.0.0/20",
    **place,
)
identity = managedidentity.UserAssignedIdentity("cluster", resource_name_="cluster", **place)
vault = keyvault.Vault(
    "vault",
    vault_name="vault-a1b2c",
    properties={
        "sku": {"family": "A", "name": "standard"},
        "tenant_id": client.tenant_id,
        "enable_rbac_authorization": True,
        "enable_purge_protection": True,
    },
    **place,
)
keyvault.Secret(
    "password",
    secret_name="password",
    vault_name=vault.name,
    properties={"value": pulumi.Output.secret("canary")},
    **place,
)
lake = storage.StorageAccount(
    "lake",
    account_name="lakea1b2c",
    kind="StorageV2",
    sku={"name": "Standard_ZRS"},
    is_hns_enabled=config.get_bool("flat") is None,
    minimum_tls_version="TLS1_2",
    **place,
)
storage.BlobContainer("raw", container_name="raw", account_name=lake.name, **place)
cluster = containerservice.ManagedCluster(
    "cluster",
    resource_name_="cluster",
    dns_prefix="cluster",
    kubernetes_version="1.35",
    agent_pool_profiles=[
        {"name": "system", "mode": "System", "vm_size": "Standard_D4s_v5", "count": 3, "vnet_subnet_id": subnet.id}
    ],
    identity={"type": "UserAssigned", "user_assigned_identities": [identity.id]},
    aad_profile={"managed": True},
    oidc_issuer_profile={"enabled": True},
    **place,
)
credentials = containerservice.list_managed_cluster_user_credentials_output(
    resource_group_name=group.name, resource_name=cluster.name
)
kubeconfig = credentials.kubeconfigs.apply(lambda found: base64.b64decode(found[0].value).decode())
provider = kubernetes.Provider("cluster", kubeconfig=kubeconfig)
default = kubernetes.core.v1.Namespace.get("default", "default", opts=pulumi.ResourceOptions(provider=provider))
pulumi.export("namespace", default.metadata.name)
pulumi.export("endpoint", lake.primary_endpoints.dfs)
pulumi.export("client", identity.client_id)
pulumi.export("issuer", cluster.oidc_issuer_profile.issuer_url)
"""
GROUP_ALONE = """
from pulumi_azure_native import resources

resources.ResourceGroup("platform", location="westeurope")
"""
LAKE = f"/subscriptions/{AZURE_ID}/resourceGroups/platform/providers/Microsoft.Storage/storageAccounts/lakea1b2c"


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:{STACK}::small::azure-native:{token}::{name}"


@pytest.fixture
def azure(
    program: ProgramMaker, sandbox: Mapping[str, str], control_plane: KubernetesEndpoint
) -> Iterator[tuple[Engine, Path]]:
    """A small project, and the store of its Azure, which is empty again afterwards."""
    assert control_plane
    store = Path(sandbox["SANDBOX_DIRECTORY"]) / other_side.STORE
    store.unlink(missing_ok=True)
    engine = program(PROGRAM)
    engine.command("config", "set", "--stack", STACK, "azure-native:subscriptionId", AZURE_ID).check()
    yield engine, store
    store.unlink(missing_ok=True)


def test_the_life_of_a_small_stack(azure: tuple[Engine, Path]) -> None:
    engine, store = azure
    preview = engine.preview(STACK).check()
    assert not store.exists()
    up = engine.up(STACK).check()
    assert up.changes == preview.changes
    outputs = engine.outputs(STACK)
    assert outputs["namespace"] == "default"
    assert outputs["endpoint"] == "https://lakea1b2c.dfs.core.windows.net/"
    assert outputs["issuer"].startswith("https://westeurope.oic.prod-aks.azure.com/")
    assert other_side.show(LAKE, store)["minimumTlsVersion"] == "TLS1_2"
    assert "canary" not in engine.command("stack", "export", "--stack", STACK).output
    assert not engine.up(STACK, "--refresh").check().changed

    other_side.change(LAKE, "minimumTlsVersion", "TLS1_0", store)
    assert engine.refresh(STACK).check().changed == {urn("storage:StorageAccount", "lake"): "update"}
    engine.configure(STACK, flat="true")
    replaced = engine.up(STACK).check()
    assert set(replaced.changed) == {urn("storage:StorageAccount", "lake"), urn("storage:BlobContainer", "raw")}
    assert set(replaced.changed.values()) == {"replace"}
    shown = other_side.show(LAKE, store)
    assert (shown["isHnsEnabled"], shown["minimumTlsVersion"]) == (False, "TLS1_2")

    engine.destroy(STACK).check()
    assert leftovers.in_azure(store.parent) == []


def test_another_subscription_is_refused_by_its_first_request(program: ProgramMaker) -> None:
    engine = program(GROUP_ALONE)
    foreign = "11111111-1111-1111-1111-111111111111"
    engine.command("config", "set", "--stack", STACK, "azure-native:subscriptionId", foreign).check()
    engine.preview(STACK).check()
    refused = engine.up(STACK)
    assert refused.exit_code != 0
    assert f"The subscription '{foreign}' could not be found" in refused.output
