"""Who may do what: role assignments and definitions, federated credentials, and the use of a vault's keys."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from components.tables import read_table
from sandbox.providers.azure import arm, outputs, paths, references
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.checks import Problem
from sandbox.providers.azure.cloud import Resources
from sandbox.providers.azure.rules.request import Request

_ASSIGNMENTS: Final = "Microsoft.Authorization/roleAssignments"
_KEY_ACTION: Final = "microsoft.keyvault/vaults/keys/{}/action"
# https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
_ROLES: Final = {"wrap": "Key Vault Crypto Service Encryption User", "encrypt": "Key Vault Crypto User"}
_MOST_CREDENTIALS: Final = 20
_PRINCIPAL_KEYS: Final = ("identity.principalId", "principalId", "identityProfile.*.objectId")


def principals(there: Resources) -> dict[str, str]:
    """Give the ids of the resources whose identities Entra knows, by principal id."""
    found = dict.fromkeys((arm.CALLER, *tenant_principals().values()), "")
    for record in there.live.values():
        shown = there.show(record) if _has_identity(record["token"], record["properties"]) else {}
        for path in _PRINCIPAL_KEYS:
            found |= {str(principal): record["id"] for principal in paths.values(shown, path)}
    return found


@cache
def tenant_principals() -> Mapping[str, str]:
    """Give the object ids of the tenant's own service principals, by client id."""
    table = read_table(Path(__file__).parents[1] / "principals.yaml")
    return {row["client_id"]: row["object_id"] for row in table.values()}


def roles_at(there: Resources, principal: str, resource_id: str) -> Iterator[str]:
    """Give the UUIDs of the roles that an identity has at a resource, or at what that is in."""
    for assignment in there.of_type(_ASSIGNMENTS):
        given = assignment["properties"]
        scope = arm.key(arm.parent_of(assignment["id"]))
        if f"{arm.key(resource_id)}/".startswith(f"{scope}/") and given["principalId"] == principal:
            yield arm.name_of(given["roleDefinitionId"]).lower()


def key_access(request: Request) -> Iterator[ArmError]:
    """Refuse encryption with a key that the given identity may not use, or whose vault could be purged."""
    rule = request.kind.key_access
    uri = _key_uri(request) if rule else None
    key = references.vault_object(request.there, uri) if uri else None
    if key is None:
        return
    vault = request.there.get(arm.parent_of(key["id"]))
    operation = rule.get("operation", "wrap")
    if operation == "wrap" and not paths.first(vault["properties"], "properties.enablePurgeProtection"):
        yield ArmError(
            400, "KeyVaultPropertiesInvalid", f"Vault '{arm.name_of(vault['id'])}' must have purge protection for that."
        )
    for principal in _clients(request):
        if not _may(operation, request.there, principal, key["id"]):
            yield ArmError(
                403,
                "KeyVaultAccessForbidden",
                f"The identity with the principal {principal} may not {operation} with {uri}: assign it a role there"
                f" first, such as {_ROLES[operation]}.",
            )


def _key_uri(request: Request) -> str | None:
    path = request.kind.key_access["key"]
    value = request.get(path)
    if value and path in request.kind.named:
        return f"{request.get('encryption.keyVaultProperties.keyVaultUri')}".rstrip("/") + f"/keys/{value}"
    return value


def _clients(request: Request) -> Iterator[str]:
    rule = request.kind.key_access
    for identity in paths.ids(request.inputs, rule["identity"]) if "identity" in rule else ():
        record = request.there.find(identity)
        if record:
            yield outputs.made_up(record, "principalId")
    for client in paths.ids(request.inputs, rule["client"]) if "client" in rule else ():
        for record in request.there.of_type("Microsoft.ManagedIdentity/userAssignedIdentities"):
            if outputs.made_up(record, "clientId") == client:
                yield outputs.made_up(record, "principalId")


def _may(operation: str, there: Resources, principal: str, key_id: str) -> bool:
    return any(_allows(operation, there, role) for role in roles_at(there, principal, key_id))


def _allows(operation: str, there: Resources, name: str) -> bool:
    built_in = references.built_in_roles().get(name)
    if built_in is not None:
        return operation in built_in.get("key_operations", ())
    for role in there.of_type("Microsoft.Authorization/roleDefinitions"):
        if arm.name_of(role["id"]).lower() == name:
            actions = {action.lower() for action in paths.values(role["properties"], "permissions.dataActions")}
            return _KEY_ACTION.format(operation) in actions
    return False


def _has_identity(token: str, properties: Mapping[str, Any]) -> bool:
    own = token in {"azure-native:managedidentity:UserAssignedIdentity", "azure-native:containerservice:ManagedCluster"}
    return own or "identity" in properties


def _assignment(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    role = inputs.get("roleDefinitionId")
    if isinstance(role, str) and "/roledefinitions/" not in role.lower():
        yield "roleDefinitionId", f"roleDefinitionId is {role!r} and must be the whole id of a role definition."


def _assignment_fits(request: Request) -> Iterator[ArmError]:
    principal = str(request.get("principalId"))
    people = request.get("principalType") in ("User", "Group", "ForeignGroup")
    if not people and principal not in principals(request.there):
        yield ArmError(
            400,
            "PrincipalNotFound",
            f"Principal {principal.replace('-', '')} does not exist in the directory {arm.TENANT}.",
        )
    role = arm.name_of(str(request.get("roleDefinitionId"))).lower()
    for other in request.there.children(arm.parent_of(request.id), _ASSIGNMENTS):
        given = other["properties"]
        same_role = arm.name_of(given["roleDefinitionId"]).lower() == role
        if arm.key(other["id"]) != arm.key(request.id) and same_role and given["principalId"] == principal:
            yield ArmError(409, "RoleAssignmentExists", "The role assignment already exists.")


def _definition_fits(request: Request) -> Iterator[ArmError]:
    for other in request.there.of_type("Microsoft.Authorization/roleDefinitions"):
        if arm.key(other["id"]) != arm.key(request.id) and other["properties"].get("roleName") == request.get(
            "roleName"
        ):
            name = request.get("roleName")
            yield ArmError(409, "RoleDefinitionWithSameNameExists", f"A custom role '{name}' already exists.")


def _definition_is_unused(request: Request) -> Iterator[ArmError]:
    name = arm.name_of(request.id).lower()
    for other in request.there.of_type(_ASSIGNMENTS):
        if arm.name_of(other["properties"]["roleDefinitionId"]).lower() == name:
            yield ArmError(400, "RoleDefinitionHasAssignments", "There are existing role assignments referencing role.")


def _credential_fits(request: Request) -> Iterator[ArmError]:
    others = [
        other["properties"]
        for other in request.there.children(arm.parent_of(request.id))
        if other["token"] == request.kind.token and arm.key(other["id"]) != arm.key(request.id)
    ]
    if len(others) >= _MOST_CREDENTIALS:
        yield ArmError(
            400, "FederatedIdentityCredentialsLimit", f"An identity has at most {_MOST_CREDENTIALS} credentials."
        )
    for other in others:
        if (other["issuer"], other["subject"]) == (request.get("issuer"), request.get("subject")):
            yield ArmError(
                409, "IssuerAndSubjectUsed", f"A credential for the subject '{other['subject']}' of that issuer exists."
            )


INPUT_RULES = {"authorization:RoleAssignment": _assignment}
REQUEST_RULES = {
    "authorization:RoleAssignment": _assignment_fits,
    "authorization:RoleDefinition": _definition_fits,
    "managedidentity:FederatedIdentityCredential": _credential_fits,
}
DELETION_RULES = {"authorization:RoleDefinition": _definition_is_unused}
