"""Problems with the settings, each told in one line that names the key, the value and what is allowed.

Source: CFG-1, CFG-12.
"""

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import pulumi
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from stacks.settings.base_model import SettingsModel
from stacks.settings.fields import allowed, element_allowed
from stacks.settings.model import Settings

Path = tuple[str | int, ...]

_SECRET_KEY = re.compile(r"password|passwd|passphrase|secret|token|credential|private.?key|api.?key", re.IGNORECASE)
_SECRET_VALUE = re.compile(
    r"-----BEGIN|\b(AKIA|ASIA)[A-Z0-9]{12,}|\bgh[pousr]_|\bxox[abprs]-|\beyJ[A-Za-z0-9_-]{8,}|://[^/\s]*:[^/\s]*@"
)
_RANDOM_VALUE = re.compile(r"(?=[^\s]*[a-z])(?=[^\s]*[A-Z])(?=[^\s]*[0-9])[A-Za-z0-9+/=_-]{20,}")
_ORDINARY_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_HIDDEN = "[hidden]"
_LONGEST_VALUE = 60
_KINDS = {
    str: "text",
    bool: "a boolean",
    int: "a number",
    float: "a decimal number",
    list: "a list",
    dict: "an object",
}
_REASONS: dict[tuple[object, ...], str] = {
    ("cloud", "provider", "gcp"): "Google Cloud is named among the accesses but has no foundation in this platform",
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one key.

    Args:
        path: the key's path below the project's namespace, as in the YAML.
        text: what is wrong and what is allowed.
    """

    path: Path
    text: str

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.text}"


class SettingsError(pulumi.RunError):
    """The settings cannot be used. The CLI prints the message alone and exits non-zero."""

    def __init__(self, heading: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([heading, *(f"  {problem}" for problem in problems)]))


def dotted(path: Path) -> str:
    """The path as people write it: ``nodePools[0].minSize``; odd keys in brackets, as a message may show them."""
    return "".join(_step(step) for step in path).removeprefix(".")


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    as_value = shown(step)
    return f".{step}" if _ORDINARY_KEY.fullmatch(step) and as_value != _HIDDEN else f"[{as_value}]"


def shown(value: Any, path: Path = ()) -> str:
    """The value as a message may show it: short, on one line, never one that looks like a secret."""
    text = str(value)
    if any(_SECRET_KEY.search(str(step)) for step in path) or _SECRET_VALUE.search(text) or _RANDOM_VALUE.search(text):
        return _HIDDEN
    if len(text) > _LONGEST_VALUE:
        return json.dumps(text[:_LONGEST_VALUE] + "...")
    is_scalar = value is None or isinstance(value, bool | int | float)
    return json.dumps(value if is_scalar else text, ensure_ascii=not text.isprintable())


def refuse(path: Path, value: Any, allowed_text: str, *, because: str = "", hint: str = "") -> Problem:
    """A value that has the right type and is not allowed."""
    reason = f": {because}" if because else ""
    return Problem(path, f"{shown(value, path)} is not allowed{reason};{hint} allowed: {allowed_text}")


def closest(name: str, known: Iterable[str]) -> str:
    """A hint at the known name that is meant, with a space before it, or nothing."""
    matches = difflib.get_close_matches(name, list(known), n=1)
    return f' did you mean "{matches[0]}"?' if matches else ""


def explain(error: ErrorDetails) -> Problem:
    """One of pydantic's errors in the words of this project."""
    path = error["loc"]
    if error["type"] == "extra_forbidden":
        return Problem(path, _unknown_key(path))
    if error["type"] == "missing":
        return Problem(path, f"missing; allowed: {_allowed_at(path)}")
    value = error["input"]
    if value is None or isinstance(value, list | dict):
        return Problem(path, f"{_sort_of(value, error['type'])} is not allowed; allowed: {_allowed_at(path)}")
    if error["type"].endswith("_type"):
        return Problem(path, f"{shown(value, path)} is {_KINDS[type(value)]}; allowed: {_allowed_at(path)}")
    return refuse(path, value, _allowed_at(path), because=_REASONS.get((*path, value), ""))


def _sort_of(value: list[object] | dict[str, object] | None, error_type: str) -> str:
    if not value:
        return "an empty list" if isinstance(value, list) else "an empty value"
    return f"a list of {len(value)}" if error_type == "too_long" else _KINDS[type(value)]


def _unknown_key(path: Path) -> str:
    model, _ = _locate(path[:-1])
    known = [field.alias or name for name, field in model.model_fields.items()]
    hint = closest(str(path[-1]), known)
    return f"unknown key;{hint or ' known here: ' + ', '.join(known)}"


def _allowed_at(path: Path) -> str:
    _, field = _locate(path)
    if field is None:
        return "an object"
    return element_allowed(field) if isinstance(path[-1], int) else allowed(field)


def _locate(path: Path) -> tuple[type[SettingsModel], FieldInfo | None]:
    """The innermost model on the path, and the field that the path ends in, if it ends in one."""
    model: type[SettingsModel] = Settings
    field: FieldInfo | None = None
    for step in path:
        if isinstance(step, str):
            field = next(item for name, item in model.model_fields.items() if step in {name, item.alias})
        nested = nested_model(field)
        if nested and (isinstance(step, int) or not is_list(field)):
            model, field = nested, None
    return model, field


def is_list(field: FieldInfo | None) -> bool:
    """Whether the field holds a list."""
    return field is not None and bool(get_args(field.annotation)) and Ellipsis in get_args(field.annotation)


def nested_model(field: FieldInfo | None) -> type[SettingsModel] | None:
    """The settings model that the field holds: alone, in a list, or as something that may be absent."""
    if field is None:
        return None
    candidates = get_args(field.annotation) or (field.annotation,)
    models = [item for item in candidates if isinstance(item, type) and issubclass(item, SettingsModel)]
    return models[0] if models else None
