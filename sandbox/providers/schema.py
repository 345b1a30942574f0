"""Which properties a resource type has, and whether given inputs obey: a stand-in that guesses is worthless.

Reading a schema imports the vendor's SDK, up to a second per service; so what was read is kept in the user's cache by
package version, and the next process starts with it.
"""

import hashlib
import importlib.metadata
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final

import pulumi

from sandbox.environment import cache_directory, write_private
from sandbox.providers import schema_reader
from sandbox.providers.provider import Failures
from sandbox.providers.schema_reader import ObjectSchema, ResourceSchema, TypeExpression, resource_classes
from sandbox.providers.values import UNKNOWN

_SCALAR_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "asset": (pulumi.Asset, pulumi.Archive),
}
# elsewhere the vendor's enumerations are suggestions: the cloud knows values that the SDK does not
_CLOSED_ENUMERATIONS: Final = frozenset({"azure-native"})
_NAMES: Final[Mapping[type, str]] = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    list: "a list",
    dict: "an object",
}


def known(token: str) -> bool:
    """Whether the installed SDK has this type token."""
    return token in resource_classes(_sdk_package(token))


@cache
def schema(token: str) -> ResourceSchema:
    """Return the schema of a type token such as ``aws:s3/bucketVersioning:BucketVersioning``.

    Raises:
        KeyError: the SDK has no such type.
        ModuleNotFoundError: the SDK is not installed.
    """
    package = _sdk_package(token)
    if not known(token):
        raise KeyError(token)
    path = _cache_file(package, token)
    if path.exists():
        return ResourceSchema.from_json(path.read_text(encoding="utf-8"))
    read = schema_reader.read_schema(package, token)
    write_private(path, read.to_json())
    return read


def validate(token: str, inputs: Mapping[str, Any]) -> Failures:
    """Say what is wrong with the inputs of a resource: unknown type or property, missing or ill-typed value.

    Kubernetes custom resources have no class in the SDK and pass: their schema is the cluster's.

    Args:
        token: type token.
        inputs: plain inputs by their wire names; ``UNKNOWN`` passes everywhere.
    """
    if not known(token):
        if _sdk_package(token) == "pulumi_kubernetes":
            return []
        suggestion = _suggest(token, resource_classes(_sdk_package(token)))
        return [("", f"{_sdk_package(token)} has no resource type {token}{suggestion}.")]
    resource = schema(token)
    return list(_object_failures("", inputs, resource.inputs, resource))


def _object_failures(
    path: str, value: Mapping[str, Any], shape: ObjectSchema, resource: ResourceSchema
) -> Iterator[tuple[str, str]]:
    for name in shape.required:
        if value.get(name) is None:
            yield f"{path}{name}", f"Missing required property {path}{name} of {resource.token}."
    for name, item in value.items():
        if name in shape.properties:
            yield from _value_failures(f"{path}{name}", item, shape.properties[name], resource)
        elif not name.startswith("__"):
            suggestion = _suggest(name, shape.properties)
            yield f"{path}{name}", f"{resource.token} has no property {path}{name}{suggestion}."


def _value_failures(
    path: str, value: Any, expression: TypeExpression, resource: ResourceSchema
) -> Iterator[tuple[str, str]]:
    if value is None or value is UNKNOWN or expression == "any":
        return
    match expression:
        case ["union", *alternatives]:
            yield from _union_failures(path, value, _closed(alternatives, resource), resource)
        case ["enum", scalar, *allowed]:
            yield from _enum_failures(path, value, scalar, allowed if resource.package in _CLOSED_ENUMERATIONS else [])
        case ["list", element] if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _value_failures(f"{path}[{index}]", item, element, resource)
        case ["map", element] if isinstance(value, Mapping):
            for key, item in value.items():
                yield from _value_failures(f"{path}.{key}", item, element, resource)
        case ["object", name] if isinstance(value, Mapping):
            yield from _object_failures(f"{path}.", value, resource.types[name], resource)
        case str() if _is_scalar(value, expression):
            return
        case _:
            yield path, _mistyped(path, value, _describe(expression))


def _union_failures(
    path: str, value: Any, alternatives: list[TypeExpression], resource: ResourceSchema
) -> Iterator[tuple[str, str]]:
    """Give the failures of the alternative that fits best: none, else those inside the one of the same shape."""
    if len(alternatives) == 1:
        yield from _value_failures(path, value, alternatives[0], resource)
        return
    attempts = [list(_value_failures(path, value, alternative, resource)) for alternative in alternatives]
    if not all(attempts):
        return
    inside = [attempt for attempt in attempts if all(at != path for at, _ in attempt)]
    if inside:
        yield from min(inside, key=len)
        return
    yield path, _mistyped(path, value, " or ".join(dict.fromkeys(map(_describe, alternatives))))


def _enum_failures(path: str, value: Any, scalar: str, allowed: list[Any]) -> Iterator[tuple[str, str]]:
    if not _is_scalar(value, scalar):
        yield path, _mistyped(path, value, _describe(scalar))
    elif allowed and value not in allowed:
        yield path, f"{path} is {value!r} and must be one of {', '.join(map(str, allowed))}."


def _mistyped(path: str, value: Any, allowed: str) -> str:
    shown = _NAMES.get(type(value), f"a {type(value).__name__}")
    return f"{path} is {shown} ({_abridged(value)}) and must be {allowed}."


def _closed(alternatives: list[TypeExpression], resource: ResourceSchema) -> list[TypeExpression]:
    """Leave out the scalar beside an enumeration of it, where the enumeration is all that the cloud takes."""
    scalars = [alternative[1] for alternative in alternatives if alternative[0] == "enum"]
    closed = resource.package in _CLOSED_ENUMERATIONS
    return [alternative for alternative in alternatives if not (closed and alternative in scalars)]


def _is_scalar(value: Any, name: str) -> bool:
    # a boolean is an integer in Python, not on the wire
    return isinstance(value, _SCALAR_TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _describe(expression: TypeExpression) -> str:
    if isinstance(expression, list):
        if expression[0] == "union":
            return " or ".join(_describe(alternative) for alternative in expression[1:])
        if expression[0] == "enum":
            return _describe(expression[1])
        return {"list": "a list", "map": "an object", "object": "an object"}[expression[0]]
    return {"integer": "an integer", "asset": "an asset or archive"}.get(expression, f"a {expression}")


def _abridged(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _suggest(name: str, candidates: Mapping[str, Any]) -> str:
    close = get_close_matches(name, candidates, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _sdk_package(token: str) -> str:
    return f"pulumi_{token.partition(':')[0].replace('-', '_')}"


def _cache_file(package: str, token: str) -> Path:
    # a schema read by other code than this is not trusted
    reader = hashlib.sha256(Path(schema_reader.__file__).read_bytes()).hexdigest()[:12]
    folder = f"{package}-{importlib.metadata.version(package)}-{reader}"
    return cache_directory() / "schemas" / folder / f"{token.replace(':', '_').replace('/', '_')}.json"
