"""Configuration, names, places, previews, imports and functions."""

import base64
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.environment import KubernetesEndpoint, record_endpoint
from sandbox.providers import schema
from sandbox.providers.azure import arm, other_side
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.provider import AzureStandIn
from sandbox.providers.azure.resource_type import ResourceType, types
from sandbox.providers.stand_in import UNKNOWN, StandInError
from tests.sandbox.azure.driver import CRYPTO_USER, GROUP, TAGS, TIMEOUT, AzureDriver, reference

ACCOUNT = "azure-native:storage:StorageAccount"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
FOREIGN = "11111111-1111-1111-1111-111111111111"
PLAIN_ACCOUNT = {"resourceGroupName": GROUP, "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"subscriptionId": FOREIGN}, f'"SubscriptionNotFound" .*{FOREIGN}'),
        ({"subscriptionId": arm.SUBSCRIPTION, "tenantId": FOREIGN}, f"Tenant '{FOREIGN}' not found"),
    ],
)
def test_only_requests_find_out_that_subscription_or_tenant_is_foreign(
    azure: AzureDriver, config: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ARM_TENANT_ID", raising=False)
    group = azure.group()
    azure.provider.configure_provider(config)
    inputs = {"resourceGroupName": "other", "location": "westeurope"}
    assert azure.check("azure-native:resources:ResourceGroup", "other", **inputs) == []
    azure.provider.create_resource(
        reference("azure-native:resources:ResourceGroup", "other"), inputs, preview=True, timeout=TIMEOUT
    )
    scope = f"/subscriptions/{config['subscriptionId']}"
    requests = [
        lambda: azure.group("other"),
        lambda: azure.exists(group),
        lambda: azure.delete(group),
        lambda: azure.provider.invoke_function(
            "azure-native:authorization:getRoleDefinition", {"scope": scope, "roleDefinitionId": CRYPTO_USER}
        ),
    ]
    # what is in the own subscription is seen from any
    for request in requests if "tenantId" in config else (requests[0], requests[-1]):
        with pytest.raises(ArmError, match=message):
            request()


def test_a_provider_without_a_subscription_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARM_SUBSCRIPTION_ID", raising=False)
    with pytest.raises(StandInError, match="set the key azure-native:subscriptionId"):
        AzureStandIn().configure_provider({})


@pytest.mark.parametrize("kind", types().values(), ids=types().keys())
def test_the_tables_name_properties_of_the_sdk(kind: ResourceType) -> None:
    known = schema.schema(kind.token)
    inputs = {path.split(".")[0] for path in (*kind.replaces, *kind.fixed, *kind.references, *kind.named, *kind.zones)}
    inputs |= {path.split(".")[0] for path in (*kind.choices, *kind.write_only, *kind.inline)}
    inputs |= {path.split(".")[0] for role, path in kind.key_access.items() if role != "operation"}
    assert kind.identifying | inputs <= known.inputs.properties.keys()
    assert {*kind.outputs, *kind.defaults} <= set(known.outputs)
    assert all(token in types() for token in kind.inline.values())


def test_an_unknown_type_names_the_mend(azure: AzureDriver) -> None:
    with pytest.raises(StandInError, match="add a row to a table in sandbox/providers/azure/types"):
        azure.rejected("cdn:Profile", resourceGroupName=GROUP)


def test_names_are_made_up_and_stay(azure: AzureDriver) -> None:
    azure.group()
    identity = azure.make("managedidentity:UserAssignedIdentity", "worker", resourceGroupName=GROUP)
    assert identity["name"].startswith("worker")
    assert len(identity["name"]) == len("worker") + 8
    assert azure.diff(identity, tags={"a": "b"}).replaces == ()
    azure.network()
    place = {"resourceGroupName": GROUP, "virtualNetworkName": "network"}
    subnet = azure.make("network:Subnet", "pods", **place, addressPrefix="10.0.64.0/18")
    assert subnet["name"] == "pods"
    assignment = azure.make(
        "authorization:RoleAssignment",
        "reads",
        principalId=identity["principalId"],
        roleDefinitionId="/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
        scope=azure.made[0].id,
    )
    assert len(assignment["name"]) == 36


def test_who_keeps_a_name_goes_first(azure: AzureDriver) -> None:
    azure.group()
    named = azure.make("storage:StorageAccount", "lake", **PLAIN_ACCOUNT, accountName="lakea1b2c")
    made_up = azure.make("storage:StorageAccount", "other", **PLAIN_ACCOUNT)
    diff = azure.diff(named, isHnsEnabled=True)
    assert (diff.replaces, diff.delete_before_replace) == (("isHnsEnabled",), True)
    assert not azure.diff(made_up, isHnsEnabled=True).delete_before_replace
    moved = azure.diff(named, accountName="lakea1b2d")
    assert (moved.replaces, moved.delete_before_replace) == (("accountName",), False)


def test_a_resource_is_where_its_group_is(azure: AzureDriver) -> None:
    azure.group(location="West Europe")
    identity = azure.identity()
    assert identity["location"] == "westeurope"
    assert azure.diff(identity, location="westeurope").changed == ()
    assert azure.diff(identity, location="northeurope").replaces == ("location",)
    elsewhere = azure.provider.check_resource(reference(IDENTITY, "x"), {}, {"resourceGroupName": UNKNOWN})[0]
    assert elsewhere["location"] is UNKNOWN


def test_a_preview_tells_what_is_known(azure: AzureDriver) -> None:
    inputs = {"resourceGroupName": GROUP, "resourceName": "worker", "location": "westeurope", "tags": TAGS}
    resource_id, outputs = azure.provider.create_resource(
        reference(IDENTITY, "worker"), inputs, preview=True, timeout=TIMEOUT
    )
    assert resource_id == ""
    assert (outputs["name"], outputs["tags"], outputs["principalId"]) == ("worker", TAGS, UNKNOWN)
    assert other_side.ids() == []


def test_a_preview_of_an_update_keeps_what_stays(azure: AzureDriver) -> None:
    azure.group()
    identity = azure.identity()
    planned = azure.provider.update_resource(
        identity.reference,
        identity.id,
        identity.inputs,
        identity.outputs,
        {**identity.inputs, "tags": {}},
        preview=True,
        timeout=TIMEOUT,
    )
    assert (planned["principalId"], planned["tags"]) == (identity["principalId"], {})
    assert azure.shown(identity)["tags"] == TAGS


def test_a_preview_refuses_ids_of_another_subscription(azure: AzureDriver) -> None:
    there = f"/subscriptions/{FOREIGN}/resourceGroups/{GROUP}"
    inputs = {"scope": there, "level": "CanNotDelete", "lockName": "keep"}
    with pytest.raises(ArmError, match=f"The subscription '{FOREIGN}' could not be found"):
        azure.provider.create_resource(
            reference("azure-native:authorization:ManagementLockByScope", "keep"), inputs, preview=True, timeout=TIMEOUT
        )


def test_drift_shows_and_is_mended(azure: AzureDriver) -> None:
    azure.group()
    identity = azure.identity()
    other_side.change(identity.id, "tags.owner", "somebody")
    assert azure.drift(identity) == ("tags",)
    azure.update(identity, tags={"owner": "platform-team"})
    assert azure.shown(identity)["tags"] == {"owner": "platform-team"}
    other_side.delete(identity.id)
    assert not azure.exists(identity)
    azure.delete(identity)


def test_an_import_finds_inputs(azure: AzureDriver) -> None:
    azure.group()
    identity = azure.identity()
    found = azure.provider.read_resource(identity.reference, identity.id.upper().replace("/SUB", "/sub"), {}, {})
    assert found is not None
    assert (found.id, found.inputs) == (identity.id, identity.inputs)
    assert azure.provider.read_resource(identity.reference, f"{identity.id}x", {}, {}) is None


def test_the_store_bears_many_writers(azure: AzureDriver) -> None:
    azure.group()

    def write(number: int) -> None:
        inputs = {"resourceGroupName": GROUP, "resourceName": f"worker{number}", "location": "westeurope"}
        azure.provider.create_resource(reference(IDENTITY, f"w{number}"), inputs, preview=False, timeout=TIMEOUT)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(other_side.ids("Microsoft.ManagedIdentity/userAssignedIdentities")) == 20


def test_functions(azure: AzureDriver) -> None:
    ask = azure.provider.invoke_function
    config = ask("azure-native:authorization:getClientConfig", {})
    assert (config["subscriptionId"], config["tenantId"]) == (arm.SUBSCRIPTION, arm.TENANT)
    azure.group()
    identity = azure.identity()
    named = {"resourceGroupName": GROUP, "resourceName": "cluster"}
    found = ask("azure-native:managedidentity:getUserAssignedIdentity", named)
    assert found["principalId"] == identity["principalId"]
    with pytest.raises(ArmError, match=r'"ResourceNotFound" .*userAssignedIdentities/nobody'):
        ask("azure-native:managedidentity:getUserAssignedIdentity", {**named, "resourceName": "nobody"})
    role = {"scope": azure.made[0].id, "roleDefinitionId": CRYPTO_USER.upper()}
    assert ask("azure-native:authorization:getRoleDefinition", role)["name"] == CRYPTO_USER
    with pytest.raises(ArmError, match=r'"ResourceNotFound" .*roleDefinitions/none'):
        ask("azure-native:authorization:getRoleDefinition", {**role, "roleDefinitionId": "none"})
    with pytest.raises(StandInError, match="does not know the function azure-native:network:listSomething"):
        ask("azure-native:network:listSomething", {})


def credentials(azure: AzureDriver, who: str) -> Mapping[str, Any]:
    answer = azure.provider.invoke_function(
        f"azure-native:containerservice:listManagedCluster{who}Credentials",
        {"resourceGroupName": GROUP, "resourceName": "cluster"},
    )
    (kubeconfig,) = answer["kubeconfigs"]
    return yaml.safe_load(base64.b64decode(kubeconfig["value"]))


def test_credentials_lead_to_the_cluster_of_the_sandbox(azure: AzureDriver, tmp_path: Path) -> None:
    endpoint = KubernetesEndpoint("https://127.0.0.1:6443", "Y2E=", token="secret")
    record_endpoint(tmp_path, "kubernetes", endpoint.as_json())
    azure.group()
    azure.network()
    cluster = azure.cluster(azure.subnet(), azure.identity())
    user = credentials(azure, "User")
    assert user["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
    assert user["users"][0]["user"]["exec"]["command"] == "kubelogin"
    with pytest.raises(ArmError, match="set to disable local accounts"):
        credentials(azure, "Admin")
    azure.update(cluster, disableLocalAccounts=False)
    assert credentials(azure, "Admin")["users"][0]["user"] == {"token": "secret"}


def test_the_other_side_as_a_command(azure: AzureDriver, capsys: pytest.CaptureFixture[str]) -> None:
    group = azure.group()
    assert other_side.main(["set", group.id, "tags.owner", '"somebody"']) == 0
    assert other_side.main(["show", group.id]) == 0
    assert json.loads(capsys.readouterr().out)["tags"] == {**TAGS, "owner": "somebody"}
    assert other_side.main(["list"]) == 0
    assert json.loads(capsys.readouterr().out) == [group.id]
    assert other_side.main(["show", f"{group.id}x"]) == 1
    assert "ResourceGroupNotFound" in capsys.readouterr().err
    assert other_side.main(["delete", group.id]) == 0
    assert other_side.ids() == []
    assert other_side.main(["explode"]) == 2
