"""Property values between the engine's wire format and plain Python.

The engine sends properties as protobuf structs in which secrets, unknowns, assets and resource references hide behind
signature keys and sentinel strings. The provider SDK's own ``PropertyValue`` knows no unknowns, which previews are made
of; hence this module.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final

import pulumi
from google.protobuf import struct_pb2

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a protocol constant, not a credential
ASSET_SIGNATURE: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE_SIGNATURE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE_SIGNATURE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_SENTINELS: Final = frozenset(
    {
        UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


class Unknown(Enum):
    """The type of ``UNKNOWN``: a value that the engine learns only when the resource exists."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN: Final = Unknown.UNKNOWN
_HASH: Final = "hash"


class Secret:
    """Marks where a tree of properties is secret: a whole value, or single keys of an object.

    Args:
        whole: the value itself is secret, with everything below.
        keys: the object's keys that hold a secret somewhere.
    """

    __slots__ = ("keys", "whole")

    def __init__(self, *, whole: bool = False, keys: Mapping[str, "Secret"] | None = None) -> None:
        self.whole = whole
        self.keys: Mapping[str, Secret] = keys or {}

    def __bool__(self) -> bool:
        return self.whole or bool(self.keys)


NOT_SECRET: Final = Secret()
WHOLLY_SECRET: Final = Secret(whole=True)


def from_wire(properties: struct_pb2.Struct) -> tuple[dict[str, Any], Secret]:
    """Turn the engine's properties into plain Python and the places where they were secret.

    Returns:
        Dicts, lists, strings, booleans, ``None``, integers (floats where there is a fraction), ``UNKNOWN`` and Pulumi
        assets; and the matching secrets.
    """
    return _object_from_wire(properties)


def to_wire(properties: Mapping[str, Any], secrets: Secret = NOT_SECRET) -> struct_pb2.Struct:
    """Turn plain Python into the engine's properties, marking again what was secret.

    Raises:
        TypeError: a value has no representation on the wire; names its path.
    """
    return struct_pb2.Struct(
        fields={key: _value_to_wire(value, secrets.keys.get(key, NOT_SECRET), key) for key, value in properties.items()}
    )


def contains_unknown(value: Any) -> bool:
    """Whether a plain value is unknown or has an unknown anywhere inside."""
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(contains_unknown(item) for item in value)
    return value is UNKNOWN


def same(old: Any, new: Any) -> bool:
    """Whether two plain values are equal; assets are equal when their contents have the same hash."""
    if isinstance(old, pulumi.Asset | pulumi.Archive) and isinstance(new, pulumi.Asset | pulumi.Archive):
        return bool(vars(old).get(_HASH)) and vars(old).get(_HASH) == vars(new).get(_HASH)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(same(item, new[key]) for key, item in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(same(first, second) for first, second in zip(old, new, strict=True))
    return old is not UNKNOWN and new is not UNKNOWN and type(old) is type(new) and old == new


def _object_from_wire(struct: struct_pb2.Struct) -> tuple[dict[str, Any], Secret]:
    plain: dict[str, Any] = {}
    secrets: dict[str, Secret] = {}
    for key, wire in struct.fields.items():
        plain[key], secret = _value_from_wire(wire)
        if secret:
            secrets[key] = secret
    return plain, Secret(keys=secrets) if secrets else NOT_SECRET


def _value_from_wire(wire: struct_pb2.Value) -> tuple[Any, Secret]:
    match wire.WhichOneof("kind"):
        case "list_value":
            items = [_value_from_wire(item) for item in wire.list_value.values]
            # Providers may reorder lists, so one secret item conceals the whole list, as in the engine.
            secret = WHOLLY_SECRET if any(secret for _, secret in items) else NOT_SECRET
            return [item for item, _ in items], secret
        case "struct_value" if SIGNATURE_KEY in wire.struct_value.fields:
            return _signed_from_wire(wire.struct_value)
        case "struct_value":
            return _object_from_wire(wire.struct_value)
        case _:
            return _scalar_from_wire(wire), NOT_SECRET


def _scalar_from_wire(wire: struct_pb2.Value) -> Any:
    match wire.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if wire.string_value in UNKNOWN_SENTINELS else wire.string_value
        case "bool_value":
            return wire.bool_value
        case "number_value":
            number = wire.number_value
            return int(number) if number.is_integer() else number
        case _:
            return None


def _signed_from_wire(struct: struct_pb2.Struct) -> tuple[Any, Secret]:
    fields = struct.fields
    signature = fields[SIGNATURE_KEY].string_value
    if signature == SECRET_SIGNATURE:
        return _value_from_wire(fields["value"])[0], WHOLLY_SECRET
    if signature == OUTPUT_SIGNATURE:
        value, secret = _value_from_wire(fields["value"]) if "value" in fields else (UNKNOWN, NOT_SECRET)
        return value, WHOLLY_SECRET if "secret" in fields and fields["secret"].bool_value else secret
    if signature == RESOURCE_SIGNATURE:
        return _value_from_wire(fields["id" if "id" in fields else "urn"])
    if signature in {ASSET_SIGNATURE, ARCHIVE_SIGNATURE}:
        return _asset_from_wire(fields, archive=signature == ARCHIVE_SIGNATURE), NOT_SECRET
    raise ValueError(f"The engine sent a value with the unknown signature {signature!r}.")


def _asset_from_wire(fields: Mapping[str, struct_pb2.Value], *, archive: bool) -> pulumi.Asset | pulumi.Archive:
    texts = {key: wire.string_value for key, wire in fields.items()}
    path, uri = texts.get("path"), texts.get("uri")
    asset: pulumi.Asset | pulumi.Archive
    if archive and "assets" in fields:
        members = {key: _value_from_wire(wire)[0] for key, wire in fields["assets"].struct_value.fields.items()}
        asset = pulumi.AssetArchive(members)
    elif path:
        asset = pulumi.FileArchive(path) if archive else pulumi.FileAsset(path)
    elif uri:
        asset = pulumi.RemoteArchive(uri) if archive else pulumi.RemoteAsset(uri)
    else:
        asset = pulumi.AssetArchive({}) if archive else pulumi.StringAsset(texts.get("text", ""))
    # The engine elides the contents of unchanged assets and compares hashes; the SDK's classes have no such field.
    vars(asset)[_HASH] = texts.get("hash", "")
    return asset


def _value_to_wire(value: Any, secret: Secret, path: str) -> struct_pb2.Value:
    if secret.whole:
        return _signed_to_wire(SECRET_SIGNATURE, value=_value_to_wire(value, NOT_SECRET, path))
    if isinstance(value, Mapping):
        fields = {
            str(key): _value_to_wire(item, secret.keys.get(str(key), NOT_SECRET), f"{path}.{key}")
            for key, item in value.items()
        }
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=fields))
    if secret:
        # The input was an object with a secret inside and the output has another shape: conceal all of it.
        return _value_to_wire(value, WHOLLY_SECRET, path)
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = [_value_to_wire(item, NOT_SECRET, f"{path}[{index}]") for index, item in enumerate(value)]
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
    if isinstance(value, pulumi.Asset | pulumi.Archive):
        return _asset_to_wire(value, path)
    return _scalar_to_wire(value, path)


def _scalar_to_wire(value: Any, path: str) -> struct_pb2.Value:
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=UNKNOWN_STRING)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    raise TypeError(f"Property {path}: a {type(value).__name__} cannot be sent to the engine.")


def _asset_to_wire(asset: pulumi.Asset | pulumi.Archive, path: str) -> struct_pb2.Value:
    fields: dict[str, struct_pb2.Value] = {}
    for key, value in vars(asset).items():
        if isinstance(value, Mapping):
            members = {name: _value_to_wire(item, NOT_SECRET, f"{path}.{name}") for name, item in value.items()}
            fields[key] = struct_pb2.Value(struct_value=struct_pb2.Struct(fields=members))
        elif value:
            fields[key] = struct_pb2.Value(string_value=str(value))
    return _signed_to_wire(ARCHIVE_SIGNATURE if isinstance(asset, pulumi.Archive) else ASSET_SIGNATURE, **fields)


def _signed_to_wire(signature: str, **fields: struct_pb2.Value) -> struct_pb2.Value:
    signed = {SIGNATURE_KEY: struct_pb2.Value(string_value=signature), **fields}
    return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=signed))
