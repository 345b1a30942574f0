"""Reads a resource's schema out of the vendor's Python SDK: its classes know every property, type and obligation."""

import importlib
import importlib.util
import inspect
import json
import re
import sys
import typing
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pulumi

# the names and types of input classes have no public reader
from pulumi import _types as sdk_types  # pyright: ignore[reportPrivateUsage]

TypeExpression = str | list[Any]
"""``string``, ``boolean``, ``integer``, ``number``, ``asset`` or ``any``; ``["list", element]``, ``["map", element]``,
``["object", type name]``, ``["enum", scalar, value, ...]`` or ``["union", alternative, ...]``."""

_SCALARS: Final[Mapping[type, str]] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    pulumi.Asset: "asset",
    pulumi.Archive: "asset",
}
_ABSENT_OR_LATER: Final = frozenset({type(None), Awaitable, pulumi.Output})


@dataclass(frozen=True)
class ObjectSchema:
    """Properties of an object by their wire names, and those of them that must be given."""

    properties: Mapping[str, TypeExpression]
    required: Sequence[str]


@dataclass(frozen=True)
class ResourceSchema:
    """What a resource takes and returns.

    ``types`` holds the objects that ``inputs`` refers to, by the names of their classes.
    """

    token: str
    inputs: ObjectSchema
    outputs: Sequence[str]
    types: Mapping[str, ObjectSchema] = field(default_factory=dict[str, ObjectSchema])

    @property
    def package(self) -> str:
        """The package of the type: ``aws``, ``azure-native``, ``kubernetes``."""
        return self.token.partition(":")[0]

    def to_json(self) -> str:
        """Return the schema as it is kept in the cache."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "ResourceSchema":
        """Make a schema from what ``to_json`` wrote."""
        values: dict[str, Any] = json.loads(text)
        return cls(
            token=values["token"],
            inputs=ObjectSchema(**values["inputs"]),
            outputs=values["outputs"],
            types={name: ObjectSchema(**value) for name, value in values["types"].items()},
        )


@cache
def resource_classes(package: str) -> Mapping[str, tuple[str, str]]:
    """Return module and class of every type token of an SDK package such as ``pulumi_aws``, without importing it."""
    specification = importlib.util.find_spec(package)
    if specification is None or specification.origin is None:
        raise ModuleNotFoundError(f"The package {package} is not installed.")
    source = Path(specification.origin).read_text(encoding="utf-8")
    table = re.search(r'resource_modules="""(.*?)"""', source, re.DOTALL)
    modules: list[dict[str, Any]] = json.loads(table.group(1)) if table else []
    return {token: (module["fqn"], class_name) for module in modules for token, class_name in module["classes"].items()}


def read_schema(package: str, token: str) -> ResourceSchema:
    """Import the module of a type token and read its schema.

    Raises:
        KeyError: the SDK has no such type.
    """
    module_name, class_name = resource_classes(package)[token]
    resource = getattr(importlib.import_module(module_name), class_name)
    arguments = _arguments_class(sys.modules[resource.__module__], class_name)
    types: dict[str, ObjectSchema] = {}
    inputs = _read_object(arguments, types)
    outputs = sorted(sdk_types.resource_py_to_pulumi_names(resource).values())
    return ResourceSchema(token=token, inputs=inputs, outputs=outputs, types=types)


def _arguments_class(module: ModuleType, class_name: str) -> type:
    for name in (f"{class_name}Args", f"{class_name}InitArgs"):
        candidate = getattr(module, name, None)
        if name in module.__all__ and isinstance(candidate, type):
            return candidate
    raise LookupError(f"{module.__name__} has no arguments class for {class_name}.")


def _read_object(arguments: type, types: dict[str, ObjectSchema]) -> ObjectSchema:
    """Read one class of arguments; the classes that it refers to are added to ``types``."""
    hints = typing.get_type_hints(arguments.__init__, localns={"Output": pulumi.Output, "T": Any})
    parameters = inspect.signature(arguments.__init__).parameters
    properties: dict[str, TypeExpression] = {}
    required: list[str] = []
    for python_name, wire_name in sdk_types.input_type_py_to_pulumi_names(arguments).items():
        properties[wire_name] = _expression(hints[python_name], types)
        if parameters[python_name].default is inspect.Parameter.empty:
            required.append(wire_name)
    return ObjectSchema(properties=properties, required=required)


def _expression(hint: Any, types: dict[str, ObjectSchema]) -> TypeExpression:
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin is typing.Union:
        return _union(arguments, types)
    if origin is typing.Literal:
        return _expression(type(arguments[0]), types)
    if origin in {Sequence, list}:
        return ["list", _expression(arguments[0], types)]
    if origin in {Mapping, dict}:
        return ["map", _expression(arguments[1], types)]
    return _class_expression(hint, types) if isinstance(hint, type) else "any"


def _union(alternatives: tuple[Any, ...], types: dict[str, ObjectSchema]) -> TypeExpression:
    expressions: list[TypeExpression] = []
    for alternative in alternatives:
        if alternative in _ABSENT_OR_LATER or typing.get_origin(alternative) in _ABSENT_OR_LATER:
            continue
        expression = _expression(alternative, types)
        if expression not in expressions:
            expressions.append(expression)
    return expressions[0] if len(expressions) == 1 else ["union", *expressions]


def _class_expression(hint: type, types: dict[str, ObjectSchema]) -> TypeExpression:
    if sdk_types.is_input_type(hint):
        name = f"{hint.__module__}.{hint.__qualname__}"
        if name not in types:
            # the type may refer to itself
            types[name] = ObjectSchema(properties={}, required=[])
            types[name] = _read_object(hint, types)
        return ["object", name]
    if issubclass(hint, Enum):
        values = [member.value for member in hint]
        return ["enum", _SCALARS[type(values[0])], *values]
    if issubclass(hint, pulumi.Resource):
        return "string"
    return next((scalar for python_type, scalar in _SCALARS.items() if issubclass(hint, python_type)), "any")
