"""The policy linter: what it refuses, what it lets pass, and that each exception is in use."""

from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.identity import policy_linter
from components.identity.policy_document import Statement, render, service_trust
from components.identity.policy_linter import PolicyError, PolicyKind, check, lint
from tests.unit.recording import RecordingEngine

BUCKET = "arn:aws:s3:::biz-raw"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:biz/airflow/*"
ROOT = "arn:aws:iam::123456789012:root"


def document(**statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Sid": "One", "Effect": "Allow", **statement}]}


ALLOWED: dict[str, tuple[PolicyKind, dict[str, Any]]] = {
    "one action on one bucket": (PolicyKind.IDENTITY, document(Action="s3:ListBucket", Resource=BUCKET)),
    "objects of one bucket": (PolicyKind.IDENTITY, document(Action=["s3:GetObject"], Resource=[f"{BUCKET}/*"])),
    "secrets by prefix": (
        PolicyKind.IDENTITY,
        document(Action="secretsmanager:GetSecretValue", Resource=SECRET),
    ),
    "reading actions by pattern": (PolicyKind.IDENTITY, document(Action="s3:GetObject*", Resource=f"{BUCKET}/in*")),
    "an action without resource-level permission": (
        PolicyKind.IDENTITY,
        document(Action="logs:DescribeLogGroups", Resource="*"),
    ),
    "a denial of everything": (
        PolicyKind.RESOURCE,
        {"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*"}},
    ),
    "a trusted service": (
        PolicyKind.TRUST,
        document(Action="sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"}),
    ),
    "the account's own key policy": (
        PolicyKind.KEY,
        document(Action="kms:*", Resource="*", Principal={"AWS": ROOT}),
    ),
    "everybody of one account": (
        PolicyKind.KEY,
        document(
            Action="kms:Decrypt",
            Resource="*",
            Principal={"AWS": "*"},
            Condition={"StringEquals": {"kms:CallerAccount": "123456789012"}},
        ),
    ),
    "a service for one source": (
        PolicyKind.RESOURCE,
        document(
            Action="sns:Publish",
            Resource="arn:aws:sns:us-east-1:123456789012:biz",
            Principal={"Service": "events.amazonaws.com"},
            Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:events:us-east-1:123456789012:rule/biz"}},
        ),
    ),
    "whatever carries this tag": (
        PolicyKind.IDENTITY,
        document(
            Action="ec2:DeleteSecurityGroup",
            Resource="*",
            Condition={"StringEquals": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "biz"}},
        ),
    ),
}

DISALLOWED: dict[str, tuple[PolicyKind, dict[str, Any], str]] = {
    "every action": (PolicyKind.IDENTITY, document(Action="*", Resource=BUCKET), "names no service"),
    "every action of every service": (PolicyKind.IDENTITY, document(Action="*:*", Resource=BUCKET), "names no service"),
    "a whole service": (PolicyKind.IDENTITY, document(Action="s3:*", Resource=BUCKET), "'s3:\\*' covers actions"),
    "one of several actions": (
        PolicyKind.IDENTITY,
        document(Action=["s3:GetObject", "s3:Put*"], Resource=BUCKET),
        "'s3:Put\\*'",
    ),
    "a single-letter wildcard": (PolicyKind.IDENTITY, document(Action="s3:?utObject", Resource=BUCKET), "covers"),
    "a reading pattern that is not one": (PolicyKind.IDENTITY, document(Action="s3:G*", Resource=BUCKET), "covers"),
    "a reading pattern that goes on": (PolicyKind.IDENTITY, document(Action="s3:Get*x*", Resource=BUCKET), "covers"),
    "every resource": (PolicyKind.IDENTITY, document(Action="s3:GetObject", Resource="*"), "resource '\\*'"),
    "every resource for one action too many": (
        PolicyKind.IDENTITY,
        document(Action=["logs:DescribeLogGroups", "logs:DeleteLogGroup"], Resource="*"),
        "for logs:DeleteLogGroup",
    ),
    "whatever carries any tag": (
        PolicyKind.IDENTITY,
        document(
            Action="ec2:DeleteSecurityGroup",
            Resource="*",
            Condition={"StringLike": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "*"}},
        ),
        "covers resources",
    ),
    "what has this tag or none": (
        PolicyKind.IDENTITY,
        document(
            Action="ec2:DeleteSecurityGroup",
            Resource="*",
            Condition={"ForAllValues:StringEquals": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "biz"}},
        ),
        "covers resources",
    ),
    "every bucket": (
        PolicyKind.IDENTITY,
        document(Action="s3:GetObject", Resource="arn:aws:s3:::*"),
        "covers resources",
    ),
    "every bucket's objects": (
        PolicyKind.IDENTITY,
        document(Action="s3:GetObject", Resource="arn:aws:s3:::*/in"),
        "covers resources",
    ),
    "every role": (
        PolicyKind.IDENTITY,
        document(Action="iam:PassRole", Resource="arn:aws:iam::123456789012:role/*"),
        "covers resources",
    ),
    "every secret": (
        PolicyKind.IDENTITY,
        document(
            Action="secretsmanager:GetSecretValue", Resource="arn:aws:secretsmanager:us-east-1:123456789012:secret:*"
        ),
        "covers resources",
    ),
    "every region": (
        PolicyKind.IDENTITY,
        document(Action="sqs:SendMessage", Resource="arn:aws:sqs:*:123456789012:queue"),
        "covers resources",
    ),
    "every account": (
        PolicyKind.IDENTITY,
        document(Action="sts:AssumeRole", Resource="arn:aws:iam::*:role/x"),
        "covers resources",
    ),
    "half an ARN": (PolicyKind.IDENTITY, document(Action="s3:GetObject", Resource="arn:aws:s3*"), "covers resources"),
    "all but some actions": (PolicyKind.IDENTITY, document(NotAction="iam:*", Resource=BUCKET), "NotAction"),
    "all but some resources": (
        PolicyKind.IDENTITY,
        document(Action="s3:GetObject", NotResource=BUCKET),
        "NotResource",
    ),
    "no action": (PolicyKind.IDENTITY, document(Resource=BUCKET), "no Action"),
    "no resource": (PolicyKind.IDENTITY, document(Action="s3:GetObject"), "no Resource"),
    "no statement": (PolicyKind.IDENTITY, {"Statement": []}, "no statement"),
    "an unknown effect": (
        PolicyKind.IDENTITY,
        document(Effect="allow", Action="s3:GetObject", Resource=BUCKET),
        'Effect is "allow"',
    ),
    "trust in everybody": (PolicyKind.TRUST, document(Action="sts:AssumeRole", Principal="*"), "lets everybody in"),
    "trust in every account": (
        PolicyKind.TRUST,
        document(Action="sts:AssumeRole", Principal={"AWS": ["*"]}),
        "lets everybody in",
    ),
    "trust in nobody named": (PolicyKind.TRUST, document(Action="sts:AssumeRole"), "no Principal"),
    "trust narrowed by nothing": (
        PolicyKind.TRUST,
        document(Action="sts:AssumeRole", Principal="*", Condition={"StringEquals": {"aws:SourceAccount": "*"}}),
        "lets everybody in",
    ),
    "trust narrowed by a negation": (
        PolicyKind.TRUST,
        document(Action="sts:AssumeRole", Principal="*", Condition={"StringNotEquals": {"aws:SourceAccount": "1"}}),
        "lets everybody in",
    ),
    "trust narrowed only if the key is there": (
        PolicyKind.TRUST,
        document(
            Action="sts:AssumeRole", Principal="*", Condition={"StringEqualsIfExists": {"aws:SourceAccount": "1"}}
        ),
        "lets everybody in",
    ),
    "a service for any customer": (
        PolicyKind.RESOURCE,
        document(
            Action="sns:Publish",
            Resource="arn:aws:sns:us-east-1:123456789012:biz",
            Principal={"Service": "events.amazonaws.com"},
        ),
        "every customer of AWS",
    ),
    "the key exception outside a key policy": (
        PolicyKind.IDENTITY,
        document(Action="kms:*", Resource="arn:aws:kms:us-east-1:123456789012:key/x"),
        "covers actions",
    ),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_lets_pass(case: str) -> None:
    kind, policy = ALLOWED[case]
    assert lint(policy, kind) == []


@pytest.mark.parametrize("case", DISALLOWED)
def test_refuses(case: str) -> None:
    kind, policy, message = DISALLOWED[case]
    with pytest.raises(PolicyError, match=message):
        check(policy, kind)


def test_lists_every_finding_with_its_statement() -> None:
    policy = {
        "Statement": [
            {"Sid": "First", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},
            {"Effect": "Allow", "Action": "*", "Resource": BUCKET},
        ]
    }
    findings = lint(policy, PolicyKind.IDENTITY)
    assert [finding.split(":")[0] for finding in findings] == ["statement 'First'", "statement 'First'", "statement 1"]


def test_an_output_is_judged_when_it_is_known(engine: RecordingEngine) -> None:
    def program() -> pulumi.Output[str]:
        late = Statement(sid="Late", actions=["s3:GetObject"], resources=[pulumi.Output.from_input("*")])
        return render(PolicyKind.IDENTITY, [late])

    with pytest.raises(PolicyError, match="statement 'Late': resource"):
        engine.deploy(program)


def test_a_trust_policy_names_service_and_conditions(engine: RecordingEngine) -> None:
    output = engine.deploy(
        lambda: service_trust("eks.amazonaws.com", ("StringEquals", "aws:SourceAccount", "123456789012"))
    )
    assert yaml.safe_load(engine.value(output))["Statement"] == [
        {
            "Sid": "TrustService",
            "Effect": "Allow",
            "Action": ["sts:AssumeRole"],
            "Principal": {"Service": "eks.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
        }
    ]


def test_every_exception_has_a_reason_and_a_user() -> None:
    components = Path(policy_linter.__file__).parents[1]
    sources = "".join(path.read_text(encoding="utf-8") for path in components.rglob("*.py"))
    table = yaml.safe_load(Path(policy_linter.__file__).with_name("wildcards.yaml").read_text(encoding="utf-8"))
    exceptions = dict(table["resources"]) | {
        action: reason for actions in table["actions"].values() for action, reason in actions.items()
    }
    assert all(len(reason) > 30 for reason in exceptions.values())
    assert [action for action in exceptions if f'"{action}"' not in sources] == []
