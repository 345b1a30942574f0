"""The lake's buckets: closed, encrypted, versioned, logged; their objects' life; the announcement of invoices."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from components.datalake.aws import DataLake, DataLakeArgs
from components.datalake.lifecycle import Lifecycle, operational_lifecycles
from tests.unit.components.ownership import ACCOUNT_IN_REGION, KEY_ARN, OWNERSHIP, untagged
from tests.unit.recording import RecordingEngine, recording

ZONES = {
    "raw": Lifecycle(infrequent_access_days=30, archive_days=90),
    "curated": Lifecycle(infrequent_access_days=90),
    "archive": Lifecycle(expiration_days=2555, noncurrent_days=60),
}
ARGS = DataLakeArgs(
    prefix="biz-dev",
    zones=ZONES,
    log_retention_days=90,
    protect=False,
    key_arn=KEY_ARN,
    catalogue_prefix="biz-dev",
    account=ACCOUNT_IN_REGION,
    ownership=OWNERSHIP,
)
DATA = ["archive", "backups", "curated", "invoices", "raw", "velero-backups"]
LOGS = "access-logs"
BUCKET = "aws:s3/bucket:Bucket"


@pytest.fixture(scope="module")
def deployed() -> Iterator[tuple[RecordingEngine, DataLake]]:
    with recording() as recorder:
        yield recorder, recorder.deploy(lambda: DataLake("lake", ARGS))


@pytest.fixture
def lake(deployed: tuple[RecordingEngine, DataLake]) -> RecordingEngine:
    return deployed[0]


def of(engine: RecordingEngine, type_token: str) -> dict[str, dict[str, Any]]:
    """Inputs of each resource of a type, by the short name of its bucket."""
    return {item.inputs["bucket"].removeprefix("biz-dev-"): item.inputs for item in engine.of_type(type_token)}


def policies(engine: RecordingEngine) -> dict[str, dict[str, Any]]:
    return {
        bucket: {statement["Sid"]: statement for statement in json.loads(inputs["policy"])["Statement"]}
        for bucket, inputs in of(engine, "aws:s3/bucketPolicy:BucketPolicy").items()
    }


def test_has_the_zones_and_the_buckets_that_operators_rely_on(lake: RecordingEngine) -> None:
    assert sorted(of(lake, BUCKET)) == sorted([*DATA, LOGS])


def test_no_bucket_can_be_made_public(lake: RecordingEngine) -> None:
    blocks = of(lake, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    owners = of(lake, "aws:s3/bucketOwnershipControls:BucketOwnershipControls")
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert sorted(blocks) == sorted(owners) == sorted([*DATA, LOGS])
    assert all(block[switch] is True for block in blocks.values() for switch in switches)
    assert {item["rule"]["objectOwnership"] for item in owners.values()} == {"BucketOwnerEnforced"}


def test_data_is_encrypted_with_the_lakes_key(lake: RecordingEngine) -> None:
    rules = {
        bucket: inputs["rules"][0]
        for bucket, inputs in of(
            lake, "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
        ).items()
    }
    default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY_ARN}
    for bucket in DATA:
        assert rules[bucket] == {"applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": True}
    assert rules[LOGS]["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}


def test_every_bucket_keeps_versions(lake: RecordingEngine) -> None:
    versioning = of(lake, "aws:s3/bucketVersioning:BucketVersioning")
    assert sorted(versioning) == sorted([*DATA, LOGS])
    assert {item["versioningConfiguration"]["status"] for item in versioning.values()} == {"Enabled"}


def test_policies_deny_plain_http_and_other_keys(lake: RecordingEngine) -> None:
    for bucket, statements in policies(lake).items():
        whole = [f"arn:aws:s3:::biz-dev-{bucket}", f"arn:aws:s3:::biz-dev-{bucket}/*"]
        plain = statements["DenyPlainHttp"]
        assert (plain["Effect"], plain["Resource"], plain["Principal"]) == ("Deny", whole, {"AWS": "*"})
        assert plain["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert statements["DenyOldTls"]["Condition"] == {"NumericLessThan": {"s3:TlsVersion": "1.2"}}
        assert ("DenyOtherKey" in statements) is (bucket != LOGS)
    other_key = policies(lake)["raw"]["DenyOtherKey"]["Condition"]
    # without the Null test the denial would also meet writers that leave encryption to the bucket's default
    assert other_key["Null"] == {"s3:x-amz-server-side-encryption-aws-kms-key-id": "false"}
    assert other_key["StringNotEquals"] == {"s3:x-amz-server-side-encryption-aws-kms-key-id": KEY_ARN}


def test_access_is_logged_to_a_bucket_that_takes_logs_of_this_stack_only(lake: RecordingEngine) -> None:
    logging = of(lake, "aws:s3/bucketLogging:BucketLogging")
    assert sorted(logging) == DATA
    assert {item["targetBucket"] for item in logging.values()} == {"biz-dev-access-logs"}
    delivery = policies(lake)[LOGS]["AccessLogsOfThisStack"]
    assert delivery["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert delivery["Condition"]["ArnLike"] == {"aws:SourceArn": "arn:aws:s3:::biz-dev-*"}


def test_objects_move_and_end_as_the_lifecycles_say(lake: RecordingEngine) -> None:
    rules = {
        bucket: inputs["rules"][0]
        for bucket, inputs in of(lake, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").items()
    }
    assert rules["raw"]["transitions"] == [
        {"storageClass": "STANDARD_IA", "days": 30},
        {"storageClass": "GLACIER_IR", "days": 90},
    ]
    assert "expiration" not in rules["raw"]
    assert rules["archive"]["expiration"] == {"days": 2555}
    assert rules["archive"]["noncurrentVersionExpiration"] == {"noncurrentDays": 60}
    assert rules[LOGS]["expiration"] == {"days": 90}
    assert not rules["velero-backups"].get("transitions")
    assert {rule["abortIncompleteMultipartUpload"]["daysAfterInitiation"] for rule in rules.values()} == {7}


def test_chosen_lifecycles_keep_the_order_of_tiers() -> None:
    for name, lifecycle in operational_lifecycles().items():
        steps = [lifecycle.infrequent_access_days, lifecycle.archive_days, lifecycle.expiration_days]
        taken = [step for step in steps if step is not None]
        assert taken == sorted(set(taken)), name


def test_an_invoice_reaches_an_encrypted_topic(lake: RecordingEngine) -> None:
    assert list(of(lake, "aws:s3/bucketNotification:BucketNotification")) == ["invoices"]
    rule = lake.only("aws:cloudwatch/eventRule:EventRule").inputs
    pattern = json.loads(rule["eventPattern"])
    assert pattern["detail"] == {
        "bucket": {"name": ["biz-dev-invoices"]},
        "object": {"key": [{"wildcard": "incoming/*.pdf"}]},
    }
    target = lake.only("aws:cloudwatch/eventTarget:EventTarget").inputs
    topic = lake.only("aws:sns/topic:Topic").inputs
    assert topic["kmsMasterKeyId"] == KEY_ARN
    assert target["arn"].endswith(f":{topic['name']}")
    assert target["rule"] == rule["name"]
    grants = json.loads(lake.only("aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]
    assert [item["Resource"] for item in grants] == [target["arn"], KEY_ARN]


def test_zones_have_addresses_and_catalogue_databases(deployed: tuple[RecordingEngine, DataLake]) -> None:
    engine, lake = deployed
    assert {zone: engine.value(uri) for zone, uri in lake.zones.items()} == {
        zone: f"s3://biz-dev-{zone}" for zone in ZONES
    }
    databases = {
        item.inputs["name"]: item.inputs["locationUri"]
        for item in engine.of_type("aws:glue/catalogDatabase:CatalogDatabase")
    }
    assert databases == {f"biz_dev_{zone}": f"s3://biz-dev-{zone}" for zone in ZONES}


@pytest.mark.parametrize("protect", [True, False])
def test_data_outlives_the_stack_only_where_it_is_protected(engine: RecordingEngine, *, protect: bool) -> None:
    engine.deploy(lambda: DataLake("lake", replace(ARGS, protect=protect)))
    states = {(item.protect, item.retain_on_delete, item.inputs["forceDestroy"]) for item in engine.of_type(BUCKET)}
    assert states == {(protect, protect, not protect)}


def test_everything_carries_the_ownership_tags(lake: RecordingEngine) -> None:
    assert not untagged(lake)
