"""What a rule is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pulumi_policy import Severity

from ..inspection.resource import Resource  # noqa: TID252 - the pack runs as rules, tests import policies.rules


@dataclass(frozen=True)
class Rule:
    """One policy: what it demands and how it is judged.

    Args:
        name: the policy's name, unique in the pack; also its folder in ``cases``.
        title: a few words for lists.
        description: one sentence that every violation starts with.
        severity: how bad a violation is.
        requirement: the requirement that the rule implements.
        remediation: how a violation is mended.
        applies: whether the rule judges resources of a type; called first, so that other resources cost nothing.
        check: one sentence per violation, each naming the place, the value and the mend.
        configuration: JSON schema of each setting in the policy's configuration.
    """

    name: str
    title: str
    description: str
    severity: Severity
    requirement: str
    remediation: str
    applies: Callable[[str], bool]
    check: Callable[[Resource], Iterator[str]]
    configuration: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
