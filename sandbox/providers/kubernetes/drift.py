"""Which inputs would make an object as the cluster has it now."""

import base64
from collections.abc import Mapping
from typing import Any, Final, cast

from sandbox.providers.kubernetes.objects import ObjectType
from sandbox.providers.schema import schema

_ABSENT: Final = object()
_SET_BY_SERVER: Final = frozenset(
    {
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
# what tells the items of a list apart, in the order of preference (x-kubernetes-list-map-keys)
_ITEM_KEYS: Final = (
    ("name",),
    ("mountPath",),
    ("devicePath",),
    ("containerPort", "protocol"),
    ("port", "protocol"),
    ("topologyKey",),
    ("uid",),
    ("ip",),
)
_NOTED_BY_OTHERS: Final = frozenset(
    {"deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"}
)


def refreshed_inputs(
    kind: ObjectType, inputs: Mapping[str, Any], before: Mapping[str, Any], live: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the inputs with every change that somebody else made to what they set, and with nothing else.

    What the live object has beyond the inputs (defaults, other managers' fields) is left out; where it says the same in
    other words (``500m`` for ``0.5``), the inputs' words stay.

    Args:
        kind: of the object.
        inputs: of the last run.
        before: the live object after the last run.
        live: the live object.
    """
    found = cast("dict[str, Any]", _refreshed(inputs, before, live))
    if kind.name == "v1/Secret" and isinstance(inputs.get("stringData"), Mapping):
        old, new = before.get("data") or {}, live.get("data") or {}
        texts = ((key, _secret_text(text, old.get(key), new.get(key))) for key, text in inputs["stringData"].items())
        found["stringData"] = {key: text for key, text in texts if text is not None}
    return found


def imported_inputs(kind: ObjectType, token: str, live: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of an object that was not made by us: what it says, without what the cluster adds."""
    names = schema(token).inputs.properties if kind.builtin else live.keys() - {"status"}
    inputs = {key: value for key, value in live.items() if key in names}
    metadata = {key: value for key, value in live["metadata"].items() if key not in _SET_BY_SERVER}
    annotations = metadata.get("annotations") or {}
    metadata["annotations"] = {key: value for key, value in annotations.items() if key not in _NOTED_BY_OTHERS}
    if not metadata["annotations"]:
        del metadata["annotations"]
    return {**inputs, "metadata": metadata}


def _refreshed(wanted: Any, before: Any, live: Any) -> Any:
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return _refreshed_mapping(wanted, before if isinstance(before, Mapping) else {}, live)
    if isinstance(wanted, list) and isinstance(live, list):
        return _refreshed_list(cast("list[Any]", wanted), before, cast("list[Any]", live))
    return wanted if live == before else live


def _refreshed_mapping(wanted: Mapping[str, Any], before: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in wanted.items():
        if key in live:
            found[key] = _refreshed(value, before.get(key, _ABSENT), live[key])
        elif key not in before:
            # the server never kept it: an empty list, a false, a stringData
            found[key] = value
    return found


def _refreshed_list(wanted: list[Any], before: Any, live: list[Any]) -> list[Any]:
    old = cast("list[Any]", before) if isinstance(before, list) else []
    names = next((names for names in _ITEM_KEYS if _tell_apart(names, wanted)), None)
    old_by_key, live_by_key = _by_key(names, old), _by_key(names, live)
    found: list[Any] = []
    for key, value in _by_key(names, wanted).items():
        if key in live_by_key:
            found.append(_refreshed(value, old_by_key.get(key, _ABSENT), live_by_key[key]))
        elif key not in old_by_key:
            found.append(value)
    return found


def _tell_apart(names: tuple[str, ...], items: list[Any]) -> bool:
    if not items or not all(isinstance(item, Mapping) and names[0] in item for item in items):
        return False
    return len({_key(names, item) for item in items}) == len(items)


def _by_key(names: tuple[str, ...] | None, items: list[Any]) -> dict[Any, Any]:
    """Return the items by what tells them apart; by their places where nothing does."""
    if names is None:
        return dict(enumerate(items))
    return {_key(names, item): item for item in items if isinstance(item, Mapping)}


def _key(names: tuple[str, ...], item: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(item.get(name, "TCP" if name == "protocol" else "")) for name in names)


def _secret_text(text: Any, before: str | None, live: str | None) -> Any:
    """Return a value of a Secret's ``stringData``; None where it has been deleted."""
    if live == before:
        return text
    return None if live is None else base64.b64decode(live).decode(errors="replace")
