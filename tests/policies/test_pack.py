"""The pack as a whole: what it says of itself, how rules are found, where the allowed cost centres come from."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2

from policies.rules.pack.assembly import rules
from tests.policies.pack import POLICIES, Pack, running

BUCKET = "aws:s3/bucket:Bucket"


@pytest.fixture
def fresh() -> Iterator[Pack]:
    """A pack that knows nothing of any stack."""
    with running() as started:
        yield started


def tagged(cost_center: str) -> dict[str, Any]:
    return {"tags": {"cost-center": cost_center}}


def messages(pack: Pack, cost_center: str) -> list[str]:
    return [violation.message for violation in pack.analyze(BUCKET, "raw", tagged(cost_center))]


def test_every_rule_is_a_mandatory_policy_that_says_what_it_demands(pack: Pack) -> None:
    info = pack.stub.GetAnalyzerInfo(empty_pb2.Empty())
    assert info.name == "biz-automation"
    assert [policy.name for policy in info.policies] == [rule.name for rule in rules()]
    for policy in info.policies:
        assert policy.enforcementLevel == analyzer_pb2.MANDATORY
        assert policy.severity in {analyzer_pb2.POLICY_SEVERITY_MEDIUM, analyzer_pb2.POLICY_SEVERITY_HIGH}
        assert policy.policy_type == analyzer_pb2.POLICY_TYPE_RESOURCE
        assert policy.framework.reference.startswith("POL-")
        assert policy.description.endswith(".")
        assert policy.remediation_steps


def test_rules_have_the_names_of_their_files() -> None:
    files = {file.stem.replace("_", "-") for file in (POLICIES / "rules").glob("*.py")} - {"--init--"}
    assert {rule.name for rule in rules()} == files


def test_new_rule_is_one_file(tmp_path: Path) -> None:
    copied = Path(shutil.copytree(POLICIES, tmp_path / "policies", ignore=shutil.ignore_patterns("cases")))
    (copied / "rules" / "regions.py").write_text(
        "from pulumi_policy import Severity\n"
        "from .pack.rule import Rule\n"
        "RULE = Rule('regions', 'Regions', 'Nothing is in Mars.', Severity.LOW, 'POL-9', 'Move it.',\n"
        "            lambda kind: kind == 'mars:base:Base', lambda resource: iter(['it is there']))\n",
        encoding="utf-8",
    )
    with running(copied) as pack:
        assert [found.message for found in pack.analyze("mars:base:Base", "one", {})] == [
            'Nothing is in Mars.\nmars:base:Base "one": it is there'
        ]


def test_allowed_cost_centers_are_the_stacks_own(fresh: Pack) -> None:
    fresh.configure_stack({"costCenters": ["cc-one"]})
    assert messages(fresh, "cc-one") == []
    assert 'is "cc-two", which is no cost centre; allowed: cc-one' in messages(fresh, "cc-two")[0]


def test_project_may_have_any_name(fresh: Pack) -> None:
    fresh.configure_stack({"costCenters": ["cc-one"]}, project="elsewhere")
    assert messages(fresh, "cc-one") == []


def test_configuration_of_the_policy_comes_first(fresh: Pack) -> None:
    fresh.configure_stack({"costCenters": ["cc-one"]})
    fresh.configure("cost-center", costCenters=["cc-two"])
    assert messages(fresh, "cc-two") == []
    assert "allowed: cc-two" in messages(fresh, "cc-one")[0]


@pytest.mark.parametrize("organisation", [{}, {"costCenters": []}, {"costCenters": "cc-one"}, {"costCenters": [7]}])
def test_without_a_list_everything_is_refused(fresh: Pack, organisation: dict[str, Any]) -> None:
    assert "no list of allowed cost centres is known" in messages(fresh, "cc-one")[0]
    fresh.configure_stack(organisation)
    (message,) = messages(fresh, "cc-one")
    assert "no list of allowed cost centres is known; set organisation.costCenters of the stack" in message


def test_later_stack_replaces_the_list(fresh: Pack) -> None:
    fresh.configure_stack({"costCenters": ["cc-one"]})
    fresh.configure_stack({"costCenters": ["cc-two"]})
    assert messages(fresh, "cc-two") == []
    assert messages(fresh, "cc-one") != []


def test_resources_of_no_rule_are_left_alone(pack: Pack) -> None:
    for resource_type in ("random:index/randomPet:RandomPet", "pulumi:pulumi:Stack", "biz-automation:base:Namespace"):
        assert pack.analyze(resource_type, "one", {"tags": {}, "image": "busybox", "containers": []}) == []
