"""IAM policy documents made of typed statements, checked before they are registered.

Source: SEC-1, SEC-5, CLU-5.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi

from components.identity import policy_linter
from components.identity.policy_linter import PolicyKind

Values = pulumi.Input[str] | Sequence[pulumi.Input[str]]


@dataclass(frozen=True)
class Statement:
    """One statement of a policy.

    Args:
        sid: name of the statement, letters and digits.
        actions: IAM actions, e.g. ``s3:GetObject``.
        resources: ARNs; none in a trust policy.
        effect: whether the statement allows or denies.
        principals: principal type (``Service``, ``AWS``) -> who; none in an identity policy.
        conditions: operator -> condition key -> value or values.
    """

    sid: str
    actions: Sequence[str]
    resources: Sequence[pulumi.Input[str]] = ()
    effect: Literal["Allow", "Deny"] = "Allow"
    principals: Mapping[str, Values] = field(default_factory=dict[str, Values])
    conditions: Mapping[str, Mapping[str, Values]] = field(default_factory=dict[str, Mapping[str, Values]])

    def document(self) -> dict[str, Any]:
        """The statement in IAM's JSON grammar."""
        optional: dict[str, Any] = {
            "Principal": dict(self.principals),
            "Resource": self.resources[0] if len(self.resources) == 1 else list(self.resources),
            "Condition": {operator: dict(tests) for operator, tests in self.conditions.items()},
        }
        return {
            "Sid": self.sid,
            "Effect": self.effect,
            "Action": list(self.actions),
            **{key: value for key, value in optional.items() if value},
        }


def render(kind: PolicyKind, statements: Sequence[Statement]) -> pulumi.Output[str]:
    """Make the JSON of a policy and refuse it if it grants more than it names.

    What is known at once is judged at once, in previews too; what other resources contribute, when it is known.

    Args:
        kind: what the policy is attached to.
        statements: at least one.

    Raises:
        PolicyError: the policy is too wide.
    """
    document = {"Version": "2012-10-17", "Statement": [statement.document() for statement in statements]}
    policy_linter.check(document, kind)

    def checked(text: str) -> str:
        policy_linter.check(json.loads(text), kind)
        return text

    return pulumi.Output.json_dumps(document).apply(checked)


def service_trust(service: str, *conditions: tuple[str, str, Values]) -> pulumi.Output[str]:
    """Trust policy that lets one AWS service take a role.

    Args:
        service: service principal, e.g. ``ec2.amazonaws.com``.
        conditions: operator, condition key, value or values; all must hold.
    """
    tests: dict[str, dict[str, Values]] = {}
    for operator, key, values in conditions:
        tests.setdefault(operator, {})[key] = values
    statement = Statement(
        sid="TrustService", actions=["sts:AssumeRole"], principals={"Service": service}, conditions=tests
    )
    return render(PolicyKind.TRUST, [statement])
