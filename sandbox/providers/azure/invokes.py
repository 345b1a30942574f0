"""Functions of the Azure Native provider."""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

import yaml

from sandbox.environment import KubernetesEndpoint, read_endpoints, sandbox_directory
from sandbox.providers.azure import arm
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.cloud import Cloud
from sandbox.providers.azure.references import built_in_roles
from sandbox.providers.azure.resource_type import PACKAGE, ResourceType, resource_type, types
from sandbox.providers.stand_in import StandInError

Answer = dict[str, Any]
# the application that stands for the API servers of all clusters with Entra sign-in
_SERVER_APPLICATION: Final = "6dae42f8-4368-4678-94ff-3960e28e3630"


def invoke(cloud: Cloud, token: str, arguments: dict[str, Any]) -> Answer:
    """Answer a function.

    Args:
        cloud: where to ask.
        token: e.g. ``azure-native:authorization:getClientConfig``; ``get`` and a type that the tables know, too.
        arguments: its arguments.

    Raises:
        StandInError: the sandbox does not know the function, or what it asks for is not there.
    """
    name = token.removeprefix(f"{PACKAGE}:")
    if name in _FUNCTIONS:
        return _FUNCTIONS[name](cloud, arguments)
    module, _, function = name.partition(":")
    kind = types().get(f"{PACKAGE}:{module}:{function.removeprefix('get')}") if function.startswith("get") else None
    if kind is None:
        raise StandInError(
            f"The sandbox does not know the function {token}; add it to sandbox/providers/azure/invokes.py."
            f" It knows {', '.join(sorted(_FUNCTIONS))}, and get with every resource type."
        )
    return _resource(cloud, kind, arguments)


def _resource(cloud: Cloud, kind: ResourceType, arguments: Answer) -> Answer:
    resource_id = kind.resource_id(cloud.subscription, arguments)
    cloud.require_subscription(resource_id)
    there = cloud.resources()
    record = there.get(resource_id)
    return {"id": record["id"], **there.show(record)}


def _client_config(cloud: Cloud, arguments: Answer) -> Answer:
    del arguments
    cloud.sign_in()
    return {
        "clientId": arm.CALLER,
        "objectId": arm.CALLER,
        "subscriptionId": cloud.subscription,
        "tenantId": cloud.tenant,
    }


def _cluster(cloud: Cloud, arguments: Answer, name: str = "containerservice:ManagedCluster") -> Answer:
    kind = resource_type(f"{PACKAGE}:{name}")
    resource_id = kind.resource_id(cloud.subscription, arguments)
    cloud.require_subscription(resource_id)
    return cloud.resources().get(resource_id)


def _role(cloud: Cloud, arguments: Answer) -> Answer:
    """Give a role definition; Azure's own are in every scope."""
    uuid, scope = arguments["roleDefinitionId"].lower(), arguments["scope"]
    if uuid not in built_in_roles():
        return _resource(cloud, resource_type(f"{PACKAGE}:authorization:RoleDefinition"), arguments)
    cloud.require_subscription(scope)
    name = f"Microsoft.Authorization/roleDefinitions/{uuid}"
    return {"id": f"{scope}/providers/{name}", "name": uuid, "type": name.rpartition("/")[0], "roleType": "BuiltInRole"}


def _user_credentials(cloud: Cloud, arguments: Answer) -> Answer:
    """Give the kubeconfig of a user: with Entra sign-in its credentials come from kubelogin."""
    cluster = _cluster(cloud, arguments)
    with_entra = bool((cluster["properties"].get("aadProfile") or {}).get("managed"))
    return _kubeconfigs("clusterUser", _entra(_endpoint()) if with_entra else _endpoint())


def _admin_credentials(cloud: Cloud, arguments: Answer) -> Answer:
    cluster = _cluster(cloud, arguments)
    if cluster["properties"].get("disableLocalAccounts"):
        raise ArmError(
            400,
            "BadRequest",
            "Getting static credential is not allowed because this cluster is set to disable local accounts.",
        )
    return _kubeconfigs("clusterAdmin", _endpoint())


def _openshift_credentials(cloud: Cloud, arguments: Answer) -> Answer:
    _cluster(cloud, arguments, "redhatopenshift:OpenShiftCluster")
    return {"kubeconfig": _encoded(_endpoint())}


def _endpoint() -> Answer:
    """Give the kubeconfig of the cluster that stands behind every cluster of the sandbox."""
    endpoint = read_endpoints(sandbox_directory()).get("kubernetes")
    if endpoint is None:
        raise StandInError("The sandbox has no cluster yet: run `make up` first.")
    return KubernetesEndpoint.from_json(endpoint).kubeconfig()


def _entra(kubeconfig: Answer) -> Answer:
    command = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "kubelogin",
        "args": [
            "get-token",
            *("--environment", "AzurePublicCloud"),
            *("--server-id", _SERVER_APPLICATION),
            *("--tenant-id", arm.TENANT),
            *("--login", "devicecode"),
        ],
        "provideClusterInfo": False,
    }
    return {**kubeconfig, "users": [{"name": user["name"], "user": {"exec": command}} for user in kubeconfig["users"]]}


def _kubeconfigs(name: str, kubeconfig: Answer) -> Answer:
    return {"kubeconfigs": [{"name": name, "value": _encoded(kubeconfig)}]}


def _encoded(kubeconfig: Answer) -> str:
    return base64.b64encode(yaml.safe_dump(kubeconfig, sort_keys=False).encode()).decode()


_FUNCTIONS: Mapping[str, Callable[[Cloud, Answer], Answer]] = {
    "authorization:getClientConfig": _client_config,
    "authorization:getRoleDefinition": _role,
    "containerservice:listManagedClusterAdminCredentials": _admin_credentials,
    "containerservice:listManagedClusterUserCredentials": _user_credentials,
    "redhatopenshift:listOpenShiftClusterAdminCredentials": _openshift_credentials,
}
