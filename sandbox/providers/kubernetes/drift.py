"""What of a live object contradicts the program: its own fields as the cluster has them now.

Fields that the program never set (server defaults, status, what controllers own) are no drift and are left out.
"""

import base64
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

QUANTITY: Final = re.compile(r"([+-]?\d+(?:\.\d+)?)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_FACTORS: Final[Mapping[str, Decimal]] = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{sign: Decimal(1000) ** power for power, sign in enumerate("kMGTPE", start=1)},
    **{f"{sign}i": Decimal(1024) ** power for power, sign in enumerate("KMGTPE", start=1)},
}
# the keys by which the API server merges lists of objects (x-kubernetes-list-map-keys)
_MERGE_KEYS: Final = (
    ("name",),
    ("mountPath",),
    ("devicePath",),
    ("containerPort", "protocol"),
    ("port", "protocol"),
    ("key",),
    ("topologyKey",),
    ("ip",),
    ("type",),
)


def live_inputs(inputs: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs with each of their values as it stands in the cluster.

    Args:
        inputs: what the program asked for.
        live: the object now.
    """
    if "stringData" in inputs:
        decoded = {key: _decode(value) for key, value in (live.get("data") or {}).items()}
        live = {**live, "stringData": decoded}
    return _project(inputs, live)


def imported_inputs(live: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of an object that no program has described yet."""
    metadata = {
        key: value
        for key, value in live["metadata"].items()
        if key in {"name", "namespace", "labels", "annotations", "finalizers"}
    }
    return {key: value for key, value in live.items() if key not in {"metadata", "status"}} | {"metadata": metadata}


def _project(asked: Any, live: Any) -> Any:
    if isinstance(asked, Mapping) and isinstance(live, Mapping):
        return {
            key: _project(value, live.get(key))
            for key, value in asked.items()
            if key in live or value is None or value in ({}, [])
        }
    if isinstance(asked, list) and isinstance(live, list):
        return _project_list(asked, live)
    if live is None and asked in ({}, [], "", None, False, 0):
        return asked
    return asked if _equivalent(asked, live) else live


def _project_list(asked: list[Any], live: list[Any]) -> list[Any]:
    keys = _merge_keys(asked, live)
    if keys:
        known = {_identity(item, keys): item for item in live}
        return [_project(item, known[_identity(item, keys)]) for item in asked if _identity(item, keys) in known]
    if len(asked) == len(live):
        return [_project(mine, theirs) for mine, theirs in zip(asked, live, strict=True)]
    return live


def _merge_keys(asked: list[Any], live: list[Any]) -> tuple[str, ...]:
    items = [*asked, *live]
    if not asked or not all(isinstance(item, Mapping) for item in items):
        return ()
    for keys in _MERGE_KEYS:
        identities = [_identity(item, keys) for item in asked]
        if all(keys[0] in item for item in items) and len(set(identities)) == len(identities):
            return keys
    return ()


def _identity(item: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(item.get(key, "TCP" if key == "protocol" else "")) for key in keys)


def _equivalent(asked: Any, live: Any) -> bool:
    """Whether the API server's way to write a value says the same: quantities, ports, numbers."""
    if asked == live:
        return True
    if isinstance(asked, bool) or isinstance(live, bool):
        return False
    mine, theirs = _quantity(asked), _quantity(live)
    return mine is not None and mine == theirs


def _quantity(value: Any) -> Decimal | None:
    if not isinstance(value, str | int | float):
        return None
    match = QUANTITY.fullmatch(str(value))
    return Decimal(match[1]) * _FACTORS[match[2] or ""] if match else None


def _decode(value: str) -> str:
    return base64.b64decode(value).decode(errors="replace")
