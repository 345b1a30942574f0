"""The annotation ``pulumi.com/waitFor``: readiness as the user defines it."""

import json
import re
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final, cast

from sandbox.providers.kubernetes.api import Api, Manifest
from sandbox.providers.kubernetes.pods import condition, warnings
from sandbox.providers.kubernetes.readiness import Readiness, observed
from sandbox.providers.stand_in import StandInError

WAIT_FOR: Final = "pulumi.com/waitFor"
_ABSENT: Final = object()
_CONDITION: Final = re.compile(r"condition=(?P<type>[^=]+)(=(?P<status>.+))?")
_JSONPATH: Final = re.compile(r"jsonpath=(\{(?P<braced>.+?)\}|(?P<bare>[^={}]+))(=(?P<value>.*))?", re.DOTALL)
_STEP: Final = re.compile(
    r"""\[\?\(@\.(?P<key>\w+)\s*==\s*["'](?P<equal>[^"']*)["']\)\]"""  # an item of a list by one of its fields
    r"""|\[(?P<index>\d+)\]|\[["'](?P<quoted>[^"']+)["']\]|(?P<name>[^.\[\]]+)"""
)


def readiness_from(annotation: str) -> Readiness:
    """Return what the annotation asks for.

    Args:
        annotation: ``condition=Type[=Status]``, ``jsonpath={.path}[=value]``, or a JSON list of such, all of which must
            be fulfilled.

    Raises:
        StandInError: it cannot be read.
    """
    expressions = _expressions(annotation)
    checks = [(expression, _parse(expression)) for expression in expressions]

    def readiness(api: Api, live: Manifest) -> Iterable[str] | None:
        if not observed(live, reported=False):
            return ["The object's controller has not seen the change."]
        missing = [f"{WAIT_FOR}: {text} is asked for, {found}." for text, check in checks if (found := check(live))]
        return chain(missing, warnings(api, live)) if missing else None

    return readiness


def _expressions(annotation: str) -> list[str]:
    if not annotation.lstrip().startswith("["):
        return [annotation]
    try:
        expressions = json.loads(annotation)
    except ValueError as error:
        raise StandInError(f"{WAIT_FOR} is {annotation!r}, which is no JSON list of expressions ({error}).") from error
    if not expressions or not all(isinstance(item, str) for item in expressions):
        raise StandInError(f"{WAIT_FOR} is {annotation!r} and must list at least one expression, each a string.")
    return cast("list[str]", expressions)


class _Condition:
    def __init__(self, wanted: str, status: str) -> None:
        self._wanted = wanted
        self._status = status

    def __call__(self, live: Manifest) -> str | None:
        found = condition(live, self._wanted).get("status")
        if found is not None and found.lower() == self._status.lower():
            return None
        return f"the condition is {found}" if found else "there is no such condition"


class _JsonPath:
    def __init__(self, path: str, value: str | None) -> None:
        self._steps = list(_STEP.finditer(path))
        self._value = value

    def __call__(self, live: Manifest) -> str | None:
        found: Any = live
        for step in self._steps:
            found = _child(found, step)
        if found is _ABSENT:
            return "there is nothing"
        if self._value is None or _text(found) == self._value:
            return None
        return f"{_text(found)} is there"


def _parse(expression: str) -> _Condition | _JsonPath:
    if match := _CONDITION.fullmatch(expression):
        return _Condition(match["type"], match["status"] or "True")
    if match := _JSONPATH.fullmatch(expression):
        return _JsonPath(match["braced"] or match["bare"], match["value"])
    raise StandInError(
        f'{WAIT_FOR} has "{expression}", which is neither condition=TYPE[=STATUS] nor jsonpath={{.path}}[=VALUE].'
    )


def _child(value: Any, step: re.Match[str]) -> Any:
    if isinstance(value, Mapping):
        return value.get(step["quoted"] or step["name"], _ABSENT)
    items = cast("list[Any]", value) if isinstance(value, list) else []
    if step["key"]:
        matching = (item for item in items if isinstance(item, Mapping) and item.get(step["key"]) == step["equal"])
        return next(matching, _ABSENT)
    index = int(step["index"] or len(items))
    return items[index] if index < len(items) else _ABSENT


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
