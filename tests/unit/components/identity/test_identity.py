"""Service accounts in the cloud: each gets what its grants name, and no other pod gets its role."""

import json
from typing import Any

import pytest

from components.identity.aws import GrantableBucket, Identity, IdentityArgs
from components.identity.grants import Access, Grant, GrantError, IdentityBinding, ServiceAccountReference
from tests.unit.components.ownership import ACCOUNT_IN_REGION, KEY_ARN, OWNERSHIP, untagged
from tests.unit.recording import ACCOUNT, RecordingEngine

ARGS = IdentityArgs(
    cluster_name="biz",
    cluster="biz",
    zones={"raw": GrantableBucket("arn:aws:s3:::biz-raw", KEY_ARN)},
    buckets={"backups": GrantableBucket("arn:aws:s3:::biz-backups", KEY_ARN)},
    secret_prefix="biz",
    secret_key_arn=KEY_ARN + "-secrets",
    base_domain="dev.automation.example.com",
    account=ACCOUNT_IN_REGION,
    ownership=OWNERSHIP,
    further_secrets=["arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-1"],
)
AIRFLOW = ServiceAccountReference("data", "airflow")


def bind(engine: RecordingEngine, *grants: Grant) -> IdentityBinding:
    return engine.deploy(lambda: Identity("identity", ARGS).bind(AIRFLOW, grants))


def allowed(engine: RecordingEngine) -> dict[str, set[str]]:
    """Resource -> actions of the one policy that was made."""
    policy = json.loads(engine.only("aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    result: dict[str, set[str]] = {}
    for statement in policy["Statement"]:
        resources = statement["Resource"]
        for resource in [resources] if isinstance(resources, str) else resources:
            result.setdefault(resource, set()).update(statement["Action"])
    return result


def test_reading_a_zone_allows_no_writing(engine: RecordingEngine) -> None:
    bind(engine, Grant("lake/raw", Access.READ))
    actions = allowed(engine)
    assert actions.keys() == {"arn:aws:s3:::biz-raw", "arn:aws:s3:::biz-raw/*", KEY_ARN}
    assert actions["arn:aws:s3:::biz-raw/*"] == {"s3:GetObject", "s3:GetObjectVersion"}
    assert actions[KEY_ARN] == {"kms:Decrypt"}


def test_writing_includes_reading(engine: RecordingEngine) -> None:
    bind(engine, Grant("bucket/backups", Access.WRITE))
    actions = allowed(engine)
    assert {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"} <= actions["arn:aws:s3:::biz-backups/*"]
    assert actions[KEY_ARN] == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_a_prefix_opens_one_folder_only(engine: RecordingEngine) -> None:
    bind(engine, Grant("lake/raw", Access.WRITE, "teams/growth/"))
    actions = allowed(engine)
    assert actions.keys() == {"arn:aws:s3:::biz-raw", "arn:aws:s3:::biz-raw/teams/growth/*", KEY_ARN}
    policy = json.loads(engine.only("aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    (listing,) = (item for item in policy["Statement"] if "s3:ListBucket" in item["Action"])
    assert listing["Condition"] == {"StringLike": {"s3:prefix": "teams/growth/*"}}


def test_secrets_are_read_below_their_prefix(engine: RecordingEngine) -> None:
    bind(engine, Grant("secret/airflow", Access.READ))
    assert allowed(engine).keys() == {
        f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:biz/airflow/*",
        KEY_ARN + "-secrets",
    }


def test_all_secrets_include_those_that_services_made(engine: RecordingEngine) -> None:
    bind(engine, Grant("secret", Access.READ))
    assert {f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:biz/*", *ARGS.further_secrets} < allowed(engine).keys()


def change_conditions(engine: RecordingEngine) -> dict[str, dict[str, list[str]]]:
    """What bounds changes of DNS records."""
    policy = json.loads(engine.only("aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    return next(item["Condition"] for item in policy["Statement"] if item["Sid"].startswith("ChangeRecords"))


def test_dns_records_are_changed_under_the_base_domain_alone(engine: RecordingEngine) -> None:
    bind(engine, Grant("dns", Access.WRITE))
    names, types = change_conditions(engine).values()
    assert names == {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": [ARGS.base_domain, f"*.{ARGS.base_domain}"]
    }
    assert types == {"route53:ChangeResourceRecordSetsRecordTypes": ["A", "AAAA", "CNAME", "TXT"]}


def test_a_challenge_is_met_by_its_own_text_records(engine: RecordingEngine) -> None:
    bind(engine, Grant("dns/_acme-challenge", Access.WRITE))
    names, types = change_conditions(engine).values()
    assert names["route53:ChangeResourceRecordSetsNormalizedRecordNames"] == [
        f"_acme-challenge.{ARGS.base_domain}",
        f"_acme-challenge.*.{ARGS.base_domain}",
    ]
    assert types["route53:ChangeResourceRecordSetsRecordTypes"] == ["TXT"]


def test_reading_dns_changes_nothing(engine: RecordingEngine) -> None:
    bind(engine, Grant("dns", Access.READ))
    assert not any(
        "Change" in action for actions in allowed(engine).values() for action in actions if "Get" not in action
    )


def test_only_the_service_accounts_own_pods_get_the_role(engine: RecordingEngine) -> None:
    binding = bind(engine, Grant("lake/raw", Access.READ))
    role = engine.only("aws:iam/role:Role").inputs
    (statement,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {
            "aws:SourceAccount": ACCOUNT,
            "aws:RequestTag/kubernetes-namespace": "data",
            "aws:RequestTag/kubernetes-service-account": "airflow",
        },
        "ArnEquals": {"aws:SourceArn": f"arn:aws:eks:us-east-1:{ACCOUNT}:cluster/biz"},
    }
    association = engine.only("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert (association.inputs["namespace"], association.inputs["serviceAccount"]) == ("data", "airflow")
    assert engine.only("aws:iam/rolePolicy:RolePolicy").urn in association.dependencies
    assert binding.pod_labels == {"biz-automation/cloud-identity": "client"}
    assert binding.ready is not None
    assert engine.value(binding.ready.urn) == association.urn
    assert not untagged(engine)


@pytest.mark.parametrize(
    ("grants", "message"),
    [
        ([Grant("lake/gold", Access.READ)], "there is no 'gold'; allowed are raw"),
        ([Grant("bucket/raw", Access.READ)], "there is no 'raw'; allowed are backups"),
        ([Grant("queue/x", Access.READ)], "'queue/x': allowed are lake/<zone>"),
        ([Grant("secret/airflow", Access.WRITE)], "secrets can be read only"),
        ([Grant("secret/airflow", Access.READ, "x/")], "'secret/airflow': allowed are lake/<zone>"),
        ([Grant("lake/raw", Access.READ, "teams/growth")], "prefix 'teams/growth'; allowed are names"),
        ([Grant("lake/raw", Access.READ, "teams/*/")], "prefix 'teams/\\*/'; allowed are names"),
        ([], "data/airflow: no grants"),
    ],
)
def test_refuses_what_the_foundation_does_not_have(engine: RecordingEngine, grants: list[Grant], message: str) -> None:
    with pytest.raises(GrantError, match=message):
        bind(engine, *grants)


def test_two_accounts_have_two_roles(engine: RecordingEngine) -> None:
    def program() -> None:
        identity: Any = Identity("identity", ARGS)
        identity.bind(AIRFLOW, [Grant("lake/raw", Access.READ)])
        identity.bind(ServiceAccountReference("workflows", "kestra"), [Grant("lake/raw", Access.READ)])

    engine.deploy(program)
    assert [item.name for item in engine.of_type("aws:iam/role:Role")] == [
        "identity-data-airflow",
        "identity-workflows-kestra",
    ]
