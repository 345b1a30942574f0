"""Azure's side of the sandbox, past the provider: what is there, and changes that nobody told Pulumi of.

Also a command: ``python -m sandbox.providers.azure.other_side list``, ``show ID``, ``set ID PATH JSON``,
``delete ID``, ``purge NAME``.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.providers.azure import arm, paths
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.cloud import STORE, Cloud, open_store

__all__ = ["STORE", "change", "delete", "ids", "purge", "show"]


def ids(arm_type: str = "", path: Path | None = None) -> list[str]:
    """Give the ids of what is there.

    Args:
        arm_type: e.g. ``Microsoft.Storage/storageAccounts``; empty: every type.
        path: the store's file; None: the one of the sandbox's directory.
    """
    there = _cloud(path).resources()
    records = there.of_type(arm_type) if arm_type else there.live.values()
    return [record["id"] for record in records]


def show(resource_id: str, path: Path | None = None) -> Mapping[str, Any]:
    """Give a resource as a GET of ARM shows it.

    Raises:
        ArmError: it is not there.
    """
    there = _cloud(path).resources()
    record = there.get(resource_id)
    return {"id": record["id"], **there.show(record)}


def change(resource_id: str, place: str, value: Any, path: Path | None = None) -> None:
    """Change one property of a resource, as somebody in the portal would.

    Args:
        resource_id: which one.
        place: dotted path of the property, e.g. ``tags.owner``.
        value: what it becomes; None takes it away.
        path: the store's file; None: the one of the sandbox's directory.
    """
    with _cloud(path).changing() as there:
        record = there.get(resource_id)
        paths.put(record["properties"], place, value)
        record["version"] += 1


def delete(resource_id: str, path: Path | None = None) -> None:
    """Take a resource away, with everything in it."""
    with _cloud(path).changing() as there:
        there.remove(resource_id)


def purge(name: str, path: Path | None = None) -> list[str]:
    """Forget what is deleted and keeps a name reserved, with everything that was in it; gives the ids.

    Raises:
        ArmError: a vault is protected from that.
    """
    with _cloud(path).changing() as there:
        gone = {key for key, record in there.deleted.items() if arm.name_of(record["id"]) == name}
        gone |= {key for key in there.deleted if any(key.startswith(f"{parent}/") for parent in gone)}
        for key in sorted(gone):
            record = there.deleted[key]
            if paths.first(record["properties"], "properties.enablePurgeProtection"):
                raise ArmError(403, "Forbidden", f"'{name}' has purge protection; its name comes free with time only.")
            del there.deleted[key]
    return sorted(gone)


def _cloud(path: Path | None) -> Cloud:
    return Cloud(store=open_store(path))


def _list(arm_type: str = "") -> list[str]:
    return ids(arm_type)


def _show(resource_id: str) -> Mapping[str, Any]:
    return show(resource_id)


def _set(resource_id: str, place: str, value: str) -> None:
    change(resource_id, place, json.loads(value))


def _delete(resource_id: str) -> None:
    delete(resource_id)


def _purge(name: str) -> list[str]:
    return purge(name)


_COMMANDS: Mapping[str, Callable[..., Any]] = {
    "list": _list,
    "show": _show,
    "set": _set,
    "delete": _delete,
    "purge": _purge,
}


def main(arguments: Sequence[str]) -> int:
    """Run one command and print what it gives."""
    if not arguments or arguments[0] not in _COMMANDS:
        print(f"usage: python -m sandbox.providers.azure.other_side {'|'.join(_COMMANDS)} ...", file=sys.stderr)
        return 2
    try:
        answer = _COMMANDS[arguments[0]](*arguments[1:])
    except ArmError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if answer is not None:
        print(json.dumps(answer, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
