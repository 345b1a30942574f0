"""What Azure would answer when the foundation's resources are created: only what the program reads of it."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from pulumi.runtime.rpc import unwrap_rpc_secret

Answer = Callable[[str, dict[str, Any]], dict[str, Any]]

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


def _group(_name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {"name": inputs["resourceGroupName"]}


def _named(key: str, **more: Any) -> Answer:
    return lambda _name, inputs: {"name": inputs[key], **more}


def _identity(_name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    name = inputs["resourceName"]
    return {"name": name, "principalId": f"principal-of-{name}", "clientId": f"client-of-{name}"}


def _vault(_name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    name = inputs["vaultName"]
    return {"name": name, "properties": {**inputs["properties"], "vaultUri": f"https://{name}.vault.azure.net/"}}


def _key(_name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    name = inputs["keyName"]
    uri = f"https://{inputs['vaultName']}.vault.azure.net/keys/{name}/1"
    return {"name": name, "keyUriWithVersion": uri}


def _database(_name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    name = inputs["serverName"]
    return {"name": name, "fullyQualifiedDomainName": f"{name}.postgres.database.azure.com"}


def _registry(_name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    name = inputs["registryName"]
    return {"name": name, "loginServer": f"{name}.azurecr.io"}


def _openshift(_name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    # one secret in it makes a secret of the whole profile
    domain = unwrap_rpc_secret(inputs["clusterProfile"])["domain"]
    url = f"https://api.{domain}.{inputs['location']}.aroapp.io:6443/"
    return {"name": inputs["resourceName"], "apiserverProfile": {**inputs["apiserverProfile"], "url": url}}


def _identified(answer: Answer) -> Answer:
    """Azure takes a list of identities and answers with what it knows of each."""

    def identified(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        identity = inputs["identity"]
        # in a preview they are unknown
        known = {item: {} for item in identity["userAssignedIdentities"] if isinstance(item, str)}
        return {**answer(name, inputs), "identity": {**identity, "userAssignedIdentities": known}}

    return identified


AZURE_OUTPUTS: Mapping[str, Answer] = {
    "azure-native:resources:ResourceGroup": _group,
    "azure-native:network:VirtualNetwork": _named("virtualNetworkName"),
    "azure-native:network:PrivateEndpoint": _named("privateEndpointName"),
    "azure-native:privatedns:PrivateZone": _named("privateZoneName"),
    "azure-native:managedidentity:UserAssignedIdentity": _identity,
    "azure-native:keyvault:Vault": _vault,
    "azure-native:keyvault:Key": _key,
    "azure-native:keyvault:Secret": _named("secretName"),
    "azure-native:storage:StorageAccount": _identified(_named("accountName")),
    "azure-native:compute:DiskEncryptionSet": _identified(_named("diskEncryptionSetName")),
    "azure-native:network:FlowLog": _identified(_named("flowLogName")),
    "azure-native:storage:BlobContainer": _named("containerName"),
    "azure-native:storage:Queue": _named("queueName"),
    "azure-native:eventgrid:SystemTopic": _named("systemTopicName"),
    "azure-native:containerregistry:Registry": _registry,
    "azure-native:dbforpostgresql:Server": _database,
    "azure-native:containerservice:ManagedCluster": _identified(
        _named("resourceName", oidcIssuerProfile={"enabled": True, "issuerURL": "https://oidc.example/tenant/id"})
    ),
    "azure-native:redhatopenshift:OpenShiftCluster": _openshift,
    "azure-native:dns:Zone": _named("zoneName", nameServers=["ns1.example."]),
    "random:index/randomPassword:RandomPassword": lambda _name, _inputs: {"result": "canary"},
}


def _credentials(_args: dict[str, Any]) -> dict[str, Any]:
    server = {"server": "https://aks.example", "certificate-authority-data": "Q0E="}
    kubeconfig = json.dumps({"clusters": [{"name": "aks", "cluster": server}]})
    return {"kubeconfigs": [{"name": "clusterUser", "value": base64.b64encode(kubeconfig.encode()).decode()}]}


def _admin_credentials(_args: dict[str, Any]) -> dict[str, Any]:
    server = {"server": "https://api.openshift.example:6443"}
    user = {"client-key-data": "canary-kubeconfig"}
    kubeconfig = json.dumps({"clusters": [{"name": "c", "cluster": server}], "users": [{"name": "u", "user": user}]})
    return {"kubeconfig": base64.b64encode(kubeconfig.encode()).decode()}


def _signed_in(_args: dict[str, Any]) -> dict[str, Any]:
    return {"subscriptionId": SUBSCRIPTION, "tenantId": SUBSCRIPTION}


AZURE_FUNCTIONS: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "azure-native:authorization:getClientConfig": _signed_in,
    "azure-native:authorization:getRoleDefinition": lambda args: {"name": args["roleDefinitionId"]},
    "azure-native:containerservice:listManagedClusterUserCredentials": _credentials,
    "azure-native:redhatopenshift:listOpenShiftClusterAdminCredentials": _admin_credentials,
}
