"""Whatever preview does not know, no rule passes unseen and none turns into an advisory note."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from tests.policies.cases import SIGNATURE, Case, cases
from tests.policies.pack import Pack

ALL = cases()
# what identifies a manifest is always known
KNOWN = {"apiVersion", "kind"}
# an unknown value does not tell whether it is a text or holds half a chart; where no key tells either, only the
# deployment, which knows all values, refuses
FREE_FORM = {
    "images-disallowed-custom-resource-template": {"spec.deep", "spec.deep[0]", "spec.deep[0].down"},
    "images-disallowed-release-image-without-tag": {"values.controller"},
    "limits-disallowed-custom-resource-template": {"spec.deep", "spec.deep[0]", "spec.deep[0].down"},
    "cost-center-disallowed-custom-resource-template": {"spec.deep", "spec.deep[0]", "spec.deep[0].down"},
}


def with_one_unknown(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Copies of the value, each with another part, at the path, replaced by an unknown value."""
    if isinstance(value, dict) and SIGNATURE not in value:
        parts = [(key, f"{path}.{key}".lstrip(".")) for key in value if key not in KNOWN]
    else:
        parts = [(index, f"{path}[{index}]") for index in range(len(value))] if isinstance(value, list) else []
    for key, where in parts:
        for changed_path, changed in [(where, UNKNOWN_STRING_VALUE), *with_one_unknown(value[key], where)]:
            copied = deepcopy(value)
            copied[key] = changed
            yield changed_path, copied


@pytest.mark.parametrize("case", [case for case in ALL if not case.allowed], ids=str)
def test_no_unknown_value_hides_a_violation(pack: Pack, case: Case) -> None:
    passed: set[str] = set()
    for resource_type, name, properties in case.resources():
        if not any(found.policy == case.rule for found in pack.analyze(resource_type, name, properties)):
            continue
        for path, changed in with_one_unknown(properties):
            found = pack.analyze(resource_type, name, changed)
            assert all(violation.mandatory for violation in found), path
            if not any(violation.policy == case.rule for violation in found):
                passed.add(path)
    assert passed == FREE_FORM.get(str(case), set())


@pytest.mark.parametrize("case", [case for case in ALL if case.allowed], ids=str)
def test_unknown_values_never_turn_a_rule_into_a_note(pack: Pack, case: Case) -> None:
    for resource_type, name, properties in case.resources():
        for path, changed in with_one_unknown(properties):
            assert all(violation.mandatory for violation in pack.analyze(resource_type, name, changed)), path
