"""From the stack's Pulumi configuration to `Settings`, or to every problem at once.

Source: CFG-1, CFG-8.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config, get_config_env, get_config_secret_keys_env, is_config_secret
from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from stacks.settings.model import Profile, Settings
from stacks.settings.problems import Problem, SettingsError, dotted, explain, nested_model, refuse
from stacks.settings.rules import check
from stacks.settings.salvage import salvage

ENCRYPTED = {
    key: f"`pulumi config set --secret biz-automation:{key}`"
    for key in ("openshiftToken", "openshiftClientSecret", "openshiftPullSecret")
}


def load() -> Settings:
    """The stack's settings, read once from the Pulumi configuration.

    Raises:
        SettingsError: with every problem, before any resource is registered.
    """
    project, stack = pulumi.get_project(), pulumi.get_stack()
    texts, secrets = _texts(project)
    settings, problems = parse(_decode(texts), stack)
    problems += _readable_secrets(texts, secrets)
    if settings is None or problems:
        lines = [_line(project, problem, secrets) for problem in problems]
        count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
        raise SettingsError(f"{count} in the settings of stack {stack} (Pulumi.{stack}.yaml):", lines)
    return settings


def parse(values: Mapping[str, Any], stack: str) -> tuple[Settings | None, list[Problem]]:
    """Judges decoded configuration.

    Args:
        values: one entry per top-level key, as decoded from JSON.
        stack: the stack's name; one that ends in a profile's name must have that profile.

    Returns:
        The settings and no problems, or None and at least one problem.
    """
    try:
        settings = Settings.model_validate_json(to_json(values), by_alias=True, by_name=False)
        problems: list[Problem] = []
    except ValidationError as error:
        errors = _innermost(error.errors(include_url=False))
        problems = [explain(item) for item in errors]
        settings = salvage(Settings, values, [item["loc"] for item in errors])
    problems += [*check(settings), *_profile_of_stack(settings, stack)]
    return (None, problems) if problems else (settings, [])


def _innermost(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without the errors of lists that pydantic calls too short because their items are in error."""
    paths = [error["loc"] for error in errors]
    return [
        error
        for error in errors
        if error["type"] != "too_short"
        or not any(path != error["loc"] and path[: len(error["loc"])] == error["loc"] for path in paths)
    ]


def _texts(project: str) -> tuple[dict[str, str], set[str]]:
    """The raw values of the project's keys, and which of them are secret.

    `pulumi.Config` has no listing, and a key that nobody reads is how a typing error goes unseen. Language hosts hand
    the configuration over in one of the two places that `pulumi.runtime.config` reads: its context or PULUMI_CONFIG.
    """
    prefix = f"{project}:"
    names = {name.removeprefix(prefix) for name in (*CONFIG.get(), *get_config_env()) if name.startswith(prefix)}
    names |= {field.alias for field in Settings.model_fields.values() if field.alias}
    found = {name: get_config(prefix + name) for name in sorted(names)}
    texts = {name: str(text) for name, text in found.items() if text is not None}
    secret_keys = get_config_secret_keys_env()
    return texts, {name for name in texts if is_config_secret(prefix + name) or prefix + name in secret_keys}


def _readable_secrets(texts: Mapping[str, str], secrets: set[str]) -> list[Problem]:
    """A value that must be encrypted, and stands in the stack file as it is."""
    return [
        Problem((key,), f"it is not encrypted, so whoever reads the stack file has it; allowed: {ENCRYPTED[key]}")
        for key in ENCRYPTED
        if texts.get(key) and key not in secrets
    ]


def _decode(texts: Mapping[str, str]) -> dict[str, Any]:
    """Pulumi hands scalars over as they stand and everything else as JSON."""
    structured = {field.alias for field in Settings.model_fields.values() if nested_model(field)}
    # a section that may be absent, and for which the engine gives an empty object; a validator before the model's own
    # would hide from it that the values come from JSON
    absent = {name for name in ("openshift",) if texts.get(name) == "{}"}
    return {
        name: _structure(text) if name in structured else text for name, text in texts.items() if name not in absent
    }


def _structure(text: str) -> Any:
    try:
        return from_json(text)
    except ValueError:
        return text


def _line(project: str, problem: Problem, secrets: set[str]) -> str:
    if problem.path and problem.path[0] in secrets:
        allowed = problem.text.rpartition("allowed: ")[2]
        return f"{project}:{dotted(problem.path)}: [hidden] is not allowed; allowed: {allowed}"
    return f"{project}:{problem}"


def _profile_of_stack(settings: Settings, stack: str) -> list[Problem]:
    expected = stack.rpartition("-")[2]
    profile = getattr(settings, "profile", None)
    if profile is None or expected not in set(Profile) or profile == expected:
        return []
    return [refuse(("profile",), profile, expected, because=f"the stack is called {stack}")]
