"""When two values mean the same, and how drift is told in the program's own words."""

import json
from typing import Any

import pytest

from sandbox.providers.aws.comparison import overlay, reconcile, same

STATEMENT = {"Effect": "Allow", "Action": ["s3:Get", "s3:Put"], "Resource": "*"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (["a", "b"], ["b", "a"]),
        ({"a": None, "b": []}, {}),
        (None, {}),
        (document(STATEMENT), document({**STATEMENT, "Action": ["s3:Put", "s3:Get"], "Resource": ["*"]})),
        (document(STATEMENT), json.dumps({"Statement": {**STATEMENT, "Sid": ""}, "Version": "2012-10-17"})),
        (
            document({**STATEMENT, "Principal": "*", "Condition": {"Bool": {"a": False}}}),
            document({**STATEMENT, "Principal": {"AWS": "*"}, "Condition": {"Bool": {"a": ["false"]}}}),
        ),
    ],
)
def test_values_that_mean_the_same(left: Any, right: Any) -> None:
    assert same(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (["a"], ["a", "b"]),
        ("a", "A"),
        (False, None),
        (document(STATEMENT), document({**STATEMENT, "Effect": "Deny"})),
        (document(STATEMENT), document({**STATEMENT, "Sid": "named"})),
        ("{not json", "{not  json"),
    ],
)
def test_values_that_differ(left: Any, right: Any) -> None:
    assert not same(left, right)


def test_what_aws_fills_in_is_no_drift() -> None:
    wanted = {"subnetIds": ["b", "a"], "private": False}
    live = {"subnetIds": ["a", "b"], "vpcId": "vpc-1", "groups": [], "public": False}
    assert reconcile(wanted, live, "vpc", {"vpc.vpcId"}) is wanted
    assert reconcile(wanted, live, "vpc", set()) == {**wanted, "vpcId": "vpc-1"}


def test_items_are_matched_whatever_their_order() -> None:
    wanted = [{"id": "a", "days": 1}, {"id": "b", "days": 2}]
    assert reconcile(wanted, [{"id": "b", "days": 2}, {"id": "a", "days": 1}], "rules", set()) is wanted
    drifted = reconcile(wanted, [{"id": "b", "days": 3}, {"id": "a", "days": 1}], "rules", set())
    assert drifted == [{"id": "a", "days": 1}, {"id": "b", "days": 3}]
    assert reconcile(wanted, [{"id": "a", "days": 1}], "rules", set()) == [{"id": "a", "days": 1}]


def test_outputs_keep_the_program_s_spelling() -> None:
    live = {"policy": document(STATEMENT), "block": {"a": 1, "computed": 2}}
    said = {"policy": document({**STATEMENT, "Resource": ["*"]}), "block": {"a": 1}}
    assert overlay(live, said) == {"policy": said["policy"], "block": {"a": 1, "computed": 2}}
