"""Who owns which fields of an object: server-side apply's field managers.

The vendor's provider creates objects as the manager ``pulumi-kubernetes`` and applies changes as a manager of the
resource's own, to which it hands the first one's fields over.
"""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from sandbox.providers.kubernetes.api import Api, ApiError, Manifest
from sandbox.providers.kubernetes.objects import annotation, metadata

CREATOR: Final = "pulumi-kubernetes"
PATCH_FORCE: Final = "pulumi.com/patchForce"
_PATCH_FIELD_MANAGER: Final = "pulumi.com/patchFieldManager"
_HANDED_OVER: Final = frozenset(
    {
        (CREATOR, "Update"),
        ("before-first-apply", "Update"),
        ("kubectl", "Apply"),
        ("kubectl", "Update"),
        ("pulumi-resource-kubernetes", "Update"),
    }
)


def manager_of(inputs: Mapping[str, Any], kept: str | None) -> str:
    """Return the manager that applies a resource's changes.

    Args:
        inputs: of the resource; an annotation may name the manager.
        kept: the one in the state.
    """
    return annotation(inputs, _PATCH_FIELD_MANAGER) or kept or f"{CREATOR}-{secrets.token_hex(4)}"


def is_created_by_us(live: Manifest) -> bool:
    """Whether fields are still those of the creation, so that a real update would take them over first."""
    return any(_owner(entry) == (CREATOR, "Update") for entry in metadata(live).get("managedFields") or [])


def hand_over(api: Api, path: str, live: Manifest, manager: str) -> Manifest:
    """Give a manager the fields that the creation and client-side tools have left, and return the object."""
    entries: list[dict[str, Any]] = metadata(live).get("managedFields") or []
    taken = [entry for entry in entries if _owner(entry) in _HANDED_OVER]
    if not taken:
        return live
    own = [entry for entry in entries if _owner(entry) == (manager, "Apply")]
    fields: dict[str, Any] = {}
    for entry in [*own, *taken]:
        fields = _union(fields, entry.get("fieldsV1") or {})
    kept = [entry for entry in entries if entry not in own and entry not in taken]
    merged = {**taken[0], "manager": manager, "operation": "Apply", "fieldsV1": fields}
    return api.patch(
        path,
        [
            {"op": "replace", "path": "/metadata/managedFields", "value": [merged, *kept]},
            # nobody may have changed it since
            {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata(live)["resourceVersion"]},
        ],
    )


def relinquish(api: Api, path: str, live: Manifest, manager: str) -> None:
    """Let a manager own nothing of an object any more; fields without any manager fall back to their defaults."""
    identity = {key: value for key, value in metadata(live).items() if key in {"name", "namespace"}}
    nothing = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": identity}
    api.apply(path, nothing, manager=manager)


def conflict(error: ApiError) -> str | None:
    """Return one sentence on who owns contested fields and what to do; None where it is no such conflict."""
    if error.status != HTTPStatus.CONFLICT or not error.causes:
        return None
    contested = ", ".join(f"{field} ({message})" for message, field in error.causes)
    return (
        f"somebody else owns {contested}. Leave these fields out of the program, or take them over with the annotation "
        f'{PATCH_FORCE}: "true"'
    )


def _owner(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    return None if entry.get("subresource") else (entry.get("manager", ""), entry.get("operation", ""))


def _union(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    both = first.keys() & second.keys()
    return {**first, **second, **{key: _union(first[key], second[key]) for key in both}}
