"""The grammar of IAM policies, as far as AWS checks it when a policy is written.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html and, for sizes,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_VERSIONS = ("2012-10-17", "2008-10-17")
_DOCUMENT_KEYS = frozenset({"Version", "Id", "Statement"})
_STATEMENT_KEYS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_PRINCIPAL_KINDS = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_ARN = re.compile(r"\*|arn:[\w*?${}-]*:[\w*?${}.-]*:[\w*?${}.-]*:[\w*?${}.-]*:.+", re.DOTALL)
_OPERATOR = re.compile(
    r"(ForAllValues:|ForAnyValue:)?"
    r"(String(Not)?Equals(IgnoreCase)?|String(Not)?Like|Numeric(Not)?Equals|Numeric(Less|Greater)Than(Equals)?"
    r"|Date(Not)?Equals|Date(Less|Greater)Than(Equals)?|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))"
    r"(IfExists)?|Null"
)


@dataclass(frozen=True)
class PolicyKind:
    """Which elements a policy of one kind has.

    Attributes:
        principal: whether each statement must name who may (a resource's or role's policy), or must not (identity).
        resource: whether each statement must name a resource; None: it may.
        longest: most characters, white space not counted.
        actions: prefixes that every action must have, e.g. ``sts:``; empty: any.
    """

    principal: bool
    resource: bool | None
    longest: int
    actions: tuple[str, ...] = ()


MANAGED = PolicyKind(principal=False, resource=True, longest=6144)
INLINE = PolicyKind(principal=False, resource=True, longest=10240)
TRUST = PolicyKind(principal=True, resource=False, longest=2048, actions=("sts:", "*"))
BUCKET = PolicyKind(principal=True, resource=True, longest=20480, actions=("s3:", "*"))
KEY = PolicyKind(principal=True, resource=True, longest=32768, actions=("kms:", "*"))
TOPIC = PolicyKind(principal=True, resource=True, longest=30720)
QUEUE = PolicyKind(principal=True, resource=None, longest=30720)
SECRET = PolicyKind(principal=True, resource=True, longest=20480, actions=("secretsmanager:", "*"))
REPOSITORY = PolicyKind(principal=True, resource=None, longest=10240, actions=("ecr:", "*"))
ENDPOINT = PolicyKind(principal=True, resource=True, longest=20480)
LOGS = PolicyKind(principal=True, resource=True, longest=5120)


def problems(name: str, value: Any, kind: PolicyKind) -> Iterator[tuple[str, str]]:
    """Say what AWS would refuse about a policy.

    Args:
        name: property that holds the policy.
        value: JSON text; what is not text is left to the schema.
        kind: what the policy is for.
    """
    if not isinstance(value, str):
        return
    for reason in _document_problems(value, kind):
        yield name, f"is not a valid policy: {reason}"


def principals(value: Any) -> Iterator[str]:
    """Give the ARNs of the roles and users that a valid policy names as principals.

    Args:
        value: JSON text of the policy; anything else has none.
    """
    if not isinstance(value, str):
        return
    statements = json.loads(value)["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {})
        accounts: Any = principal.get("AWS", []) if isinstance(principal, dict) else []
        for name in accounts if isinstance(accounts, list) else [accounts]:
            if ":role/" in name or ":user/" in name:
                yield name


def services(value: Any) -> frozenset[str]:
    """Give the AWS services that a valid policy lets in, e.g. ``logs.us-east-1.amazonaws.com``.

    Args:
        value: JSON text of the policy, or the policy itself; anything else lets nobody in.
    """
    document: Any = json.loads(value) if isinstance(value, str) and value else value
    found: Any = document.get("Statement", []) if isinstance(document, dict) else []
    return frozenset(
        service
        for statement in (found if isinstance(found, list) else [found])
        if statement.get("Effect") == "Allow"
        for service in _named_services(statement.get("Principal"))
    )


def _named_services(principal: Any) -> list[str]:
    names: Any = principal.get("Service", []) if isinstance(principal, dict) else []
    return [names] if isinstance(names, str) else names


def _document_problems(text: str, kind: PolicyKind) -> Iterator[str]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        yield f"it is not JSON ({error})"
        return
    if not isinstance(document, dict):
        yield "it must be a JSON object with Version and Statement"
        return
    length = len(re.sub(r"\s", "", text))
    if length > kind.longest:
        yield f"it has {length} characters; AWS allows {kind.longest}"
    for key in document.keys() - _DOCUMENT_KEYS:
        yield f"unknown element {key!r}; a policy has Version, Id and Statement"
    if document.get("Version", _VERSIONS[1]) not in _VERSIONS:
        yield f"Version {document['Version']!r} is not one of {', '.join(_VERSIONS)}"
    statements: Any = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        yield "Statement is missing or empty"
        return
    for position, statement in enumerate(statements):
        for reason in _statement_problems(statement, kind):
            yield f"statement {position}: {reason}"
    yield from _identifier_problems(statements)


def _identifier_problems(statements: list[Any]) -> Iterator[str]:
    identifiers = [item["Sid"] for item in statements if isinstance(item, dict) and item.get("Sid")]
    for identifier in sorted({item for item in identifiers if identifiers.count(item) > 1}):
        yield f"the Sid {identifier!r} is used more than once"


def _statement_problems(statement: Any, kind: PolicyKind) -> Iterator[str]:
    if not isinstance(statement, dict):
        yield "it is not a JSON object"
        return
    for key in statement.keys() - _STATEMENT_KEYS:
        yield f"unknown element {key!r}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"Effect is {statement.get('Effect')!r}; it must be Allow or Deny"
    yield from _action_problems(statement, kind)
    yield from _resource_problems(statement, kind)
    yield from _principal_problems(statement, kind)
    yield from _condition_problems(statement.get("Condition", {}))


def _either(statement: dict[str, Any], element: str) -> list[Any] | None:
    """Give the values of an element or of its negation; None where there is not exactly one of both."""
    present = [key for key in (element, f"Not{element}") if key in statement]
    if len(present) != 1:
        return None
    value: Any = statement[present[0]]
    return value if isinstance(value, list) else [value]


def _action_problems(statement: dict[str, Any], kind: PolicyKind) -> Iterator[str]:
    actions = _either(statement, "Action")
    if not actions:
        yield "it needs exactly one of Action and NotAction, not empty"
        return
    for action in actions:
        if not isinstance(action, str) or not _ACTION.fullmatch(action):
            yield f"action {action!r} must look like service:Action"
        elif kind.actions and not action.lower().startswith(kind.actions):
            yield f"action {action!r} is not allowed here; actions start with {kind.actions[0]}"


def _resource_problems(statement: dict[str, Any], kind: PolicyKind) -> Iterator[str]:
    present = "Resource" in statement or "NotResource" in statement
    if kind.resource is False:
        if present:
            yield "a role's trust policy must not have Resource"
        return
    if not present and kind.resource is None:
        return
    resources = _either(statement, "Resource")
    if not resources:
        yield "it needs exactly one of Resource and NotResource, not empty"
        return
    for resource in resources:
        if not isinstance(resource, str) or not _ARN.fullmatch(resource):
            yield f"resource {resource!r} must be an ARN or *"


def _principal_problems(statement: dict[str, Any], kind: PolicyKind) -> Iterator[str]:
    present = "Principal" in statement or "NotPrincipal" in statement
    if not kind.principal:
        if present:
            yield "an identity's policy must not have Principal"
        return
    principals = _either(statement, "Principal")
    if not principals:
        yield "it needs exactly one of Principal and NotPrincipal"
        return
    principal = principals[0]
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal:
        yield f"Principal {principal!r} must be '*' or an object like {{'Service': '...'}}"
        return
    for key in principal.keys() - _PRINCIPAL_KINDS:
        yield f"Principal has the unknown kind {key!r}; allowed are {', '.join(sorted(_PRINCIPAL_KINDS))}"
    yield from _service_problems(principal.get("Service", []))


def _service_problems(services: Any) -> Iterator[str]:
    for service in services if isinstance(services, list) else [services]:
        if not isinstance(service, str) or not re.fullmatch(
            r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|aws\.internal)", service
        ):
            yield f"service principal {service!r} must look like ec2.amazonaws.com"


def _condition_problems(condition: Any) -> Iterator[str]:
    if not isinstance(condition, dict):
        yield "Condition must be an object of operators"
        return
    for operator, tests in condition.items():
        if not _OPERATOR.fullmatch(operator):
            yield f"unknown condition operator {operator!r}"
        if not isinstance(tests, dict) or not tests:
            yield f"condition operator {operator!r} must hold condition keys"
