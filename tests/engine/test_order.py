"""The order in which the shared deployment came to be, rule by rule, and the judge of it.

Source: design section 2 (ordering by gates); the rules are in ``order.yaml``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.engine import order
from tests.engine.engine import Report
from tests.engine.order import Rule, Selector, Step

PREFIX = "urn:pulumi:dev::test::pulumi:pulumi:Stack$"
SECRET = "kubernetes:external-secrets.io/v1:ExternalSecret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CERTIFICATE = "kubernetes:cert-manager.io/v1:Certificate"
CHART = "kubernetes:helm.sh/v4:Chart"


@pytest.fixture(scope="module")
def created(deployment: Report) -> Sequence[Step]:
    """What the first update created."""
    return order.steps(deployment.events)


@pytest.mark.parametrize("rule", order.rules(), ids=lambda rule: rule.why)
def test_what_others_need_stands_before_them(created: Sequence[Step], rule: Rule) -> None:
    verdict = order.judge(rule, created)

    assert verdict.pairs, "the rule is about nothing that the stack has"
    assert verdict.problems == []


def event(sequence: int, when: str, urn: str, **inputs: Any) -> Mapping[str, Any]:
    """An event of the engine."""
    resource = {"inputs": inputs}
    metadata = {"urn": f"{PREFIX}{urn}", "type": urn.partition("::")[0].rpartition("$")[2], "new": resource}
    return {"sequence": sequence, when: {"metadata": metadata}}


def history(*urns: str, at_once: bool = False, **inputs: Any) -> Sequence[Step]:
    """Steps one after the other, or all begun before the first one ends."""
    begin, end = "resourcePreEvent", "resOutputsEvent"
    numbers = {
        urn: (index, len(urns) + index) if at_once else (2 * index, 2 * index + 1) for index, urn in enumerate(urns)
    }
    return order.steps(
        event(number, when, urn, **inputs)
        for urn, (first, last) in numbers.items()
        for number, when in ((first, begin), (last, end))
    )


def rule_of(earlier: str, later: str, by: str = "everything", *, strict: bool = False) -> Rule:
    """A rule on two kinds."""
    return Rule("", Selector(kind=earlier), Selector(kind=later), by, strict)


def test_the_judge_sees_what_began_too_early() -> None:
    secret, pods = f"{SECRET}::secret", f"{DEPLOYMENT}::pods"
    rule = rule_of("ExternalSecret", "Deployment")
    early = ["pods (Deployment) began before secret (ExternalSecret) stood"]

    assert order.judge(rule, history(secret, pods)).problems == []
    assert order.judge(rule, history(pods, secret)).problems == early
    assert order.judge(rule, history(secret, pods, at_once=True)).problems == early


def test_the_judge_compares_only_what_belongs_together() -> None:
    metadata = {"namespace": "data", "name": "login"}
    spec = {"template": {"spec": {"volumes": [{"secret": {"secretName": "login"}}]}}}
    rule = rule_of("ExternalSecret", "Deployment", "secret")
    urns = (f"{DEPLOYMENT}::pods", f"{SECRET}::secret")

    assert order.judge(rule, history(*urns, metadata=metadata, spec=spec)).pairs == 1
    assert len(order.judge(rule, history(*urns, metadata=metadata, spec=spec)).problems) == 1
    assert order.judge(rule, history(*urns, metadata=metadata)).pairs == 0


@pytest.mark.parametrize(
    "source",
    [
        {"envFrom": [{"secretRef": {"name": "login"}}]},
        {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "login", "key": "a"}}}]},
        {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"key": "a", "name": "login", "optional": True}}}]},
    ],
)
def test_the_judge_finds_every_way_to_read_a_secret(source: Mapping[str, Any]) -> None:
    metadata = {"namespace": "data", "name": "login"}
    rule = rule_of("ExternalSecret", "Deployment", "secret")

    assert order.judge(rule, history(f"{SECRET}::a", f"{DEPLOYMENT}::b", metadata=metadata, spec=source)).pairs == 1


def test_the_judge_misses_what_does_not_come_at_all() -> None:
    rule = rule_of("Chart", "Certificate", "group", strict=True)

    assert order.judge(rule, history(f"{CHART}::cert-manager", f"{CERTIFICATE}::one")).problems == []
    assert order.judge(rule, history(f"{CHART}::loki", f"{CERTIFICATE}::one")).problems == [
        "one (Certificate): nothing of cert-manager.io stands before"
    ]
