"""What a request refers to must be there: parents, ids, names of things inside others, and keys of vaults."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from components.tables import read_table
from sandbox.providers.azure import arm, paths
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.cloud import Cloud, Resources, not_found
from sandbox.providers.azure.resource_type import ResourceType, by_arm_type

_VAULT_URI: Final = re.compile(
    r"https://([^./]+)\.vault\.azure\.net/*(?:(keys|secrets)/([^/]+)(?:/([0-9a-f]{32}))?)?/?"
)
_PLACEHOLDER: Final = re.compile(r"{([\w.]+)}")
_ROLE: Final = re.compile(r".*/providers/Microsoft\.Authorization/roleDefinitions/([^/]+)", re.IGNORECASE)
# the vendor's own encryption scope, which every account has
_ALWAYS_THERE: Final = frozenset({"$account-encryption-key"})


def require(kind: ResourceType, resource_id: str, inputs: Mapping[str, Any], cloud: Cloud, there: Resources) -> None:
    """Refuse inputs that refer to what does not exist.

    Raises:
        ArmError: names the property and what it refers to.
    """
    cloud.require_subscription(resource_id)
    for parent in _parents(kind, resource_id):
        if not exists(there, parent):
            raise not_found(parent)
    for path, text in paths.texts({name: item for name, item in inputs.items() if name != "tags"}):
        if path != kind.makes:
            require_text(path, text, cloud, there)
    for path, template in kind.named.items():
        for target in _composed(path, template, resource_id, inputs):
            if not exists_text(there, target) and arm.name_of(target) not in _ALWAYS_THERE:
                raise _unresolved(path, target)


def require_text(path: str, text: str, cloud: Cloud, there: Resources) -> None:
    """Refuse a text that is an id or the address of a vault, where there is no such thing.

    Raises:
        ArmError: names the property and the text.
    """
    if arm.is_id(text):
        cloud.require_subscription(text)
    if not exists_text(there, text):
        raise _unresolved(path, text)


def exists_text(there: Resources, text: str) -> bool:
    """Tell whether what a text refers to is there; a text that refers to nothing is fine."""
    vault = _VAULT_URI.fullmatch(text)
    if vault:
        return vault_object(there, text) is not None
    return not arm.is_id(text) or exists(there, text)


def exists(there: Resources, resource_id: str) -> bool:
    """Tell whether a resource is there; some come with their parent, and roles may be Azure's own."""
    if arm.key(resource_id).count("/") <= 2 or there.find(resource_id) is not None:
        return True
    role = _ROLE.fullmatch(resource_id)
    if role:
        return role[1].lower() in built_in_roles() or role[1].lower() in _own_roles(there)
    kind = by_arm_type().get(arm.type_of(resource_id).lower())
    return kind is not None and kind.singleton and exists(there, arm.parent_of(resource_id))


def vault_object(there: Resources, uri: str) -> dict[str, Any] | None:
    """Give the vault, key or secret that an address names, or None."""
    match = _VAULT_URI.fullmatch(uri)
    if match is None:
        return None
    name, collection, item, _ = match.groups()
    for vault in there.of_type("Microsoft.KeyVault/vaults"):
        if arm.name_of(vault["id"]).lower() == name.lower():
            return there.find(f"{vault['id']}/{collection}/{item}") if collection else vault
    return None


@cache
def built_in_roles() -> Mapping[str, Mapping[str, Any]]:
    """Give Azure's own roles by UUID."""
    table = read_table(Path(__file__).with_name("roles.yaml"))
    return {row["id"]: row for row in table.values()}


def _own_roles(there: Resources) -> set[str]:
    return {arm.name_of(role["id"]).lower() for role in there.of_type("Microsoft.Authorization/roleDefinitions")}


def _parents(kind: ResourceType, resource_id: str) -> Iterator[str]:
    """Give what must exist first, outermost first: group or scope, then every parent whose name is an input."""
    parts = kind.id.split("/")
    own = resource_id.split("/")
    scope = "/".join(own[: len(own) - len(parts)]).removesuffix("/providers")
    if kind.below != "subscription":
        yield scope
    for position in range(2, len(parts) - 2, 2):
        if parts[position].startswith("{"):
            yield "/".join(own[: len(own) - len(parts) + position + 1])


def _composed(path: str, template: str, resource_id: str, inputs: Mapping[str, Any]) -> Iterator[str]:
    """Fill a template for each value of its last placeholder; nothing where a placeholder has no known value.

    A placeholder with a leading period is beside the path.
    """
    template = template.replace("{.", f"{{{path.rpartition('.')[0]}.")
    places = _PLACEHOLDER.findall(template)
    fixed = {"parent": arm.parent_of(resource_id), "account": arm.parent_of(arm.parent_of(resource_id))}
    for value in paths.values(inputs, places[-1]):
        known = {place: fixed.get(place) or paths.first(inputs, place) for place in places[:-1]}
        if all(known.values()):
            filled = _PLACEHOLDER.sub(lambda match, k=known, v=value: str(k.get(match[1]) or v).rstrip("/"), template)
            yield filled


def _unresolved(path: str, text: str) -> ArmError:
    if _VAULT_URI.fullmatch(text):
        return ArmError(404, "KeyVaultObjectNotFound", f"{path} names {text}, which is not in the vault.")
    if _ROLE.fullmatch(text):
        role = arm.name_of(text)
        return ArmError(
            404, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{role}' does not exist."
        )
    message = f"{path} names {text}, which was not found: create it first, or correct the id."
    code = "ResourceGroupNotFound" if arm.type_of(text).endswith("resourceGroups") else "InvalidResourceReference"
    return ArmError(404 if code == "ResourceGroupNotFound" else 400, code, message)
