"""Refuses IAM policies that grant more than they name.

Every policy document of the program passes here before it is registered: identity policies, trust policies, resource
policies and key policies. What may be wider, and why, is data: ``wildcards.yaml``.

Source: SEC-1, SEC-5, CLU-5.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from components.tables import read_table

_READING = re.compile(r"(BatchGet|Describe|Get|List)[A-Za-z]*\*")
_CALLER = re.compile(
    "aws:principalaccount|aws:principalarn|aws:principalorgid|aws:sourceaccount|aws:sourcearn|kms:calleraccount"
    "|kms:encryptioncontext:aws:logs:arn"
)
# the resource's own tag, or the one that it is created with: it is found by what it is instead of what it is called
_TAG = re.compile("aws:(resource|request)tag/.+")
# not ForAllValues, which also holds where the request has no such key
_POSITIVE_OPERATOR = re.compile(r"(ForAnyValue:)?(String|Arn)(Equals|EqualsIgnoreCase|Like)")


class PolicyKind(StrEnum):
    """What a policy is attached to; the same words mean more or less there."""

    IDENTITY = "identity"
    TRUST = "trust"
    RESOURCE = "resource"
    KEY = "key"


class PolicyError(ValueError):
    """A policy grants more than it names; the message lists every finding."""


def check(document: Mapping[str, Any], kind: PolicyKind) -> None:
    """Refuse a policy document that has findings.

    Args:
        document: the policy as IAM's JSON grammar has it; a value that is not text (yet) is not judged.
        kind: what the policy is attached to.

    Raises:
        PolicyError: it grants too much, or is malformed.
    """
    findings = lint(document, kind)
    if findings:
        raise PolicyError("; ".join(findings))


def lint(document: Mapping[str, Any], kind: PolicyKind) -> list[str]:
    """List what is wrong with a policy document, one sentence a finding.

    Args:
        document: the policy as IAM's JSON grammar has it.
        kind: what the policy is attached to.
    """
    statements = [item for item in _many(document.get("Statement")) if isinstance(item, Mapping)]
    if not statements:
        return [f"the {kind} policy has no statement; give it one, or no policy at all"]
    return [
        f"statement {statement.get('Sid', position)!r}: {finding}"
        for position, statement in enumerate(statements)
        for finding in _findings(statement, kind)
    ]


def _findings(statement: Mapping[str, Any], kind: PolicyKind) -> Iterator[str]:
    if statement.get("Effect") == "Deny":
        return
    if statement.get("Effect") != "Allow":
        yield f"Effect is {json.dumps(statement.get('Effect'))}; use Allow or Deny"
    for inverse in ("NotAction", "NotResource", "NotPrincipal"):
        if inverse in statement:
            yield f"{inverse} allows everything but a list; name what is allowed instead"
    yield from _action_findings(_many(statement.get("Action")), kind)
    if kind in {PolicyKind.IDENTITY, PolicyKind.RESOURCE}:
        yield from _resource_findings(statement)
    if kind is not PolicyKind.IDENTITY:
        yield from _principal_findings(statement, kind)


def _action_findings(actions: Sequence[Any], kind: PolicyKind) -> Iterator[str]:
    if not actions:
        yield "no Action; name the actions that are needed"
    for action in actions:
        service, separator, operation = str(action).partition(":")
        if "*" in service or not separator:
            yield f"action {action!r} names no service; name each action"
        elif action in _permitted_actions(kind):
            continue
        elif ("*" in operation or "?" in operation) and not _READING.fullmatch(operation):
            yield f"action {action!r} covers actions that it does not name; name each action"


def _resource_findings(statement: Mapping[str, Any]) -> Iterator[str]:
    resources = _many(statement.get("Resource"))
    if not resources:
        yield "no Resource; name the resources that are needed"
    if _is_narrowed(statement.get("Condition"), _TAG):
        return
    narrow = [action for action in _many(statement.get("Action")) if action not in _permitted_resources()]
    for resource in resources:
        if isinstance(resource, str) and _is_wide(resource) and narrow:
            yield (
                f"resource {resource!r} covers resources that it does not name, for {', '.join(map(str, narrow))}; "
                "name the resource, or list the action with a reason in wildcards.yaml"
            )


def _is_wide(resource: str) -> bool:
    """Tell whether a resource pattern fixes neither a name nor a prefix of one."""
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return "*" in resource or "?" in resource
    service, region, account, name = parts[2:]
    if any(wildcard in f"{service}{region}{account}" for wildcard in "*?"):
        return True
    own_name = re.split(r"[:/]", name, maxsplit=1)[-1] if service != "s3" else name
    return own_name.lstrip("/")[:1] in {"*", "?"}


def _principal_findings(statement: Mapping[str, Any], kind: PolicyKind) -> Iterator[str]:
    principal = statement.get("Principal")
    if not principal:
        yield "no Principal; name who is let in"
        return
    narrowed = _is_narrowed(statement.get("Condition"), _CALLER)
    members: list[tuple[str, Any]] = (
        [(str(family), name) for family, names in principal.items() for name in _many(names)]
        if isinstance(principal, Mapping)
        else [("AWS", principal)]
    )
    for family, name in members:
        if name == "*" and not narrowed:
            yield "Principal '*' lets everybody in; name who, or narrow it by account, organisation or source"
        elif family == "Service" and kind is not PolicyKind.TRUST and not narrowed:
            yield (f"service {name!r} acts for every customer of AWS; narrow it by aws:SourceAccount or aws:SourceArn")


def _is_narrowed(condition: Any, keys: re.Pattern[str]) -> bool:
    if not isinstance(condition, Mapping):
        return False
    return any(
        keys.fullmatch(str(key).lower()) and "*" not in _many(values)
        for operator, tests in condition.items()
        if _POSITIVE_OPERATOR.fullmatch(str(operator))
        for key, values in tests.items()
    )


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


@cache
def _exceptions() -> Mapping[str, Any]:
    return read_table(Path(__file__).with_name("wildcards.yaml"))


def _permitted_resources() -> Mapping[str, str]:
    return _exceptions()["resources"]


def _permitted_actions(kind: PolicyKind) -> Mapping[str, str]:
    return _exceptions()["actions"].get(kind.value, {})
