"""Every case of every rule, judged by the running pack."""

import pytest

from policies.rules.pack.assembly import rules
from tests.policies.cases import CASES, Case, cases, expected
from tests.policies.pack import Pack, Violation

RULES = [rule.name for rule in rules()]
ALL = cases()


def judge(pack: Pack, case: Case) -> list[Violation]:
    return [
        violation
        for resource in case.resources()
        for violation in pack.analyze(*resource)
        if violation.policy == case.rule
    ]


@pytest.mark.parametrize("case", [case for case in ALL if case.allowed], ids=str)
def test_allowed_case_passes(pack: Pack, case: Case) -> None:
    assert judge(pack, case) == []


@pytest.mark.parametrize("case", [case for case in ALL if not case.allowed], ids=str)
def test_disallowed_case_is_refused_with_the_expected_messages(pack: Pack, case: Case) -> None:
    violations = judge(pack, case)
    left = [violation.message for violation in violations]
    for fragment in case.expected:
        message = next((message for message in left if fragment in message), None)
        assert message is not None, f"no violation says {fragment!r}; left are {left}"
        left.remove(message)
    assert left == [], "a violation that the case does not expect"
    assert violations
    assert all(violation.mandatory for violation in violations)


@pytest.mark.parametrize("case", [case for case in ALL if not case.allowed], ids=str)
def test_violations_name_the_resource(pack: Pack, case: Case) -> None:
    for resource_type, name, properties in case.resources():
        for violation in pack.analyze(resource_type, name, properties):
            assert f'{resource_type} "{name}": ' in violation.message


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_cases_and_every_case_an_expectation(rule: str) -> None:
    of_rule = [case for case in ALL if case.rule == rule]
    assert len([case for case in of_rule if case.allowed]) >= 15
    disallowed = {case.file.stem for case in of_rule if not case.allowed}
    assert len(disallowed) >= 25
    assert expected(rule).keys() == disallowed


def test_every_case_folder_is_a_rule() -> None:
    assert {folder.name for folder in CASES.iterdir()} == set(RULES)


def test_manifest_cases_hold_nothing_that_only_pulumi_knows() -> None:
    plain = [case for case in ALL if case.file.read_text(encoding="utf-8").startswith("apiVersion")]
    assert len(plain) > len(ALL) / 2
    assert [case.file.name for case in plain if "!unknown" in case.file.read_text(encoding="utf-8")] == []
