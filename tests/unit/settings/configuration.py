"""Stack files as the CLI hands them to a program, and patches on them."""

import contextvars
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi.runtime.settings
import yaml

from stacks.settings import Settings, load

CHECKOUT = Path(__file__).resolve().parents[3]
PROJECT = "biz-automation"
STACKS = ("dev", "stg", "prod")
COMMITTED = tuple(sorted(path.name.split(".")[1] for path in CHECKOUT.glob("Pulumi.*.yaml")))

CASES = Path(__file__).with_name("cases")

Values = dict[str, Any]


def stack_values(stack: str) -> Values:
    """The project's keys of a committed stack file, without their namespace."""
    content = yaml.safe_load((CHECKOUT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    return {key.removeprefix(f"{PROJECT}:"): value for key, value in content["config"].items()}


def patch(values: Values, change: Mapping[str, Any], remove: list[str]) -> Values:
    """Sets and removes values by their path: keys and list positions, joined by dots; one past the end appends."""
    for path, value in change.items():
        parent, last = _place(values, path)
        if isinstance(parent, list) and last == len(parent):
            parent.append(value)
        else:
            parent[last] = value
    for path in remove:
        parent, last = _place(values, path)
        del parent[last]
    return values


def _place(values: Values, path: str) -> tuple[Any, Any]:
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
    parent: Any = values
    for step in steps:
        parent = parent[step]
    return parent, last


def as_handed_over(values: Mapping[str, Any]) -> dict[str, str]:
    """Encodes values as the CLI does: text as it stands, everything else as JSON."""
    return {f"{PROJECT}:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def values_of(name: str) -> tuple[Values, list[str]]:
    """The project's keys of a committed stack, or of a case file (``dev.ok.managed``), and which are encrypted."""
    return case(name) if "." in name else (stack_values(name), [])


def case(name: str) -> tuple[Values, list[str]]:
    """What a case file makes of its stack's values, and the keys that are encrypted.

    Args:
        name: of the file in ``cases`` without ``.yaml``; a file that says ``after`` goes on from another one's.
    """
    content: dict[str, Any] = yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))
    values, encrypted = values_of(content.get("after", name.partition(".")[0]))
    changed = patch(values, content.get("change", {}), content.get("remove", []))
    return changed, content.get("encrypted", encrypted)


def load_from(config: dict[str, str], stack: str, secret_keys: list[str] | None = None) -> Settings:
    """Loads settings in a context of their own, as a language host gives one to each program."""

    def run() -> Settings:
        pulumi.runtime.settings.reset_options(project=PROJECT, stack=stack)
        pulumi.runtime.set_all_config(config, secret_keys or [])
        return load()

    return contextvars.copy_context().run(run)
