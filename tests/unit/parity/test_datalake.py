"""The lake and the backups are kept alike on every cloud. Source: LAKE-1..8, BACKUP-2, BACKUP-4, BACKUP-8."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from components.datalake.lifecycle import operational_lifecycles
from tests.unit.conftest import Programs
from tests.unit.parity.claims import AWS, AZURE, Claim, IsGood, cases, failing, unlike
from tests.unit.parity.reading import LOCK, aws_key, unkept, unlogged
from tests.unit.programs import Program
from tests.unit.recording import Registration

# S3 delivers access logs only to a bucket that is encrypted with S3's own keys
ACCESS_LOGS = "lake-access-logs"
BUCKET = "aws:s3/bucket:Bucket"
ACCOUNT, CONTAINER = "azure-native:storage:StorageAccount", "azure-native:storage:BlobContainer"

Days = tuple[int | None, int | None, int | None]


def aws_buckets(program: Program) -> list[Registration]:
    """Every bucket, that of the access logs included."""
    return program.engine.of_type(BUCKET)


def of_data(program: Program) -> list[Registration]:
    """Buckets that hold data."""
    return [item for item in aws_buckets(program) if item.name != ACCESS_LOGS]


def of_buckets(program: Program, kind: str) -> dict[str, dict[str, Any]]:
    """What is set of each bucket, by the bucket's name."""
    found = program.engine.of_type(f"aws:s3/bucket{kind}:Bucket{kind}")
    return {item.inputs["bucket"]: item.inputs for item in found}


def each_bucket(program: Program, kind: str, is_good: IsGood, among: list[Registration] | None = None) -> list[str]:
    """Buckets (among all, or these) that are not set well."""
    settings = of_buckets(program, kind)
    buckets = aws_buckets(program) if among is None else among
    return failing(buckets, lambda bucket: is_good(settings.get(bucket["bucket"], {})))


def azure_accounts(program: Program) -> list[Registration]:
    """Every storage account, that of the flow logs included."""
    return program.engine.of_type(ACCOUNT)


def aws_encrypted(program: Program) -> list[str]:
    key = aws_key("lake")

    def is_encrypted(settings: Mapping[str, Any]) -> bool:
        (rule,) = settings["rules"]
        default = rule["applyServerSideEncryptionByDefault"]
        return (default["sseAlgorithm"], default["kmsMasterKeyId"]) == ("aws:kms", key)

    topics = program.engine.of_type("aws:sns/topic:Topic")
    return each_bucket(program, "ServerSideEncryptionConfiguration", is_encrypted, of_data(program)) + failing(
        topics, lambda topic: topic["kmsMasterKeyId"] == key
    )


def azure_encrypted(program: Program) -> list[str]:
    def is_encrypted(account: Mapping[str, Any]) -> bool:
        encryption = account["encryption"]
        key = encryption["keyVaultProperties"]
        return (encryption["keySource"], key["keyName"]) == ("Microsoft.Keyvault", "lake") and all(
            service["enabled"] for service in encryption["services"].values()
        )

    return failing(azure_accounts(program), is_encrypted)


def aws_closed(program: Program) -> list[str]:
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    owned = each_bucket(
        program, "OwnershipControls", lambda own: own["rule"]["objectOwnership"] == "BucketOwnerEnforced"
    )
    return owned + each_bucket(program, "PublicAccessBlock", lambda block: all(block[switch] for switch in switches))


def azure_closed(program: Program) -> list[str]:
    accounts = failing(
        azure_accounts(program),
        lambda account: (
            account["publicNetworkAccess"] == "Disabled"
            and not account["allowBlobPublicAccess"]
            and not account["allowSharedKeyAccess"]
            and account["networkRuleSet"]["defaultAction"] == "Deny"
        ),
    )
    return accounts + failing(program.engine.of_type(CONTAINER), lambda container: container["publicAccess"] == "None")


def aws_tls(program: Program) -> list[str]:
    def denies_old_tls(settings: Mapping[str, Any]) -> bool:
        statements = json.loads(settings["policy"])["Statement"]
        refused = [item["Condition"] for item in statements if item["Effect"] == "Deny" and item["Action"] == ["s3:*"]]
        return {"Bool": {"aws:SecureTransport": "false"}} in refused and {
            "NumericLessThan": {"s3:TlsVersion": "1.2"}
        } in refused

    return each_bucket(program, "Policy", denies_old_tls)


def azure_tls(program: Program) -> list[str]:
    return failing(
        azure_accounts(program),
        lambda account: account["enableHttpsTrafficOnly"] and account["minimumTlsVersion"] == "TLS1_2",
    )


def aws_logged(program: Program) -> list[str]:
    logged = of_data(program)
    return each_bucket(program, "Logging", lambda log: log["targetBucket"].endswith("-access-logs"), logged)


def azure_logged(program: Program) -> list[str]:
    """Blobs of every account, and the queue of announcements."""
    blobs = [f"{account.name}-blob-logs" for account in azure_accounts(program)]
    return unlogged(program, "lake-lake-queue-logs", *blobs)


def wanted_days(program: Program) -> dict[str, Days]:
    """Days until the infrequent tier, the archive and the end, by bucket."""
    rows = {**program.settings.lake.zones, **operational_lifecycles()}
    return {name: (row.infrequent_access_days, row.archive_days, row.expiration_days) for name, row in rows.items()}


def aws_lifecycles(program: Program) -> list[str]:
    prefix = f"{program.settings.lake.name_prefix}-"
    found: dict[str, Days] = {}
    for bucket, settings in of_buckets(program, "LifecycleConfiguration").items():
        (rule,) = settings["rules"]
        steps = {step["storageClass"]: step["days"] for step in rule.get("transitions", ())}
        end = (rule.get("expiration") or {}).get("days")
        found[bucket.removeprefix(prefix)] = (steps.get("STANDARD_IA"), steps.get("GLACIER_IR"), end)
    del found["access-logs"]
    return unlike(wanted_days(program), found)


def azure_lifecycles(program: Program) -> list[str]:
    found: dict[str, Days] = {}
    for item in program.engine.of_type("azure-native:storage:ManagementPolicy"):
        if not item.name.startswith("lake-"):
            continue
        for rule in item.inputs["policy"]["rules"]:
            base = rule["definition"]["actions"].get("baseBlob", {})
            days = [base.get(step, {}).get("daysAfterModificationGreaterThan") for step in STEPS]
            found[rule["name"]] = (days[0], days[1], days[2])
    # nothing in Kestra's own container moves or ends
    return unlike({**wanted_days(program), "kestra": (None, None, None)}, found)


STEPS: Sequence[str] = ("tierToCool", "tierToCold", "delete")


def aws_recoverable(program: Program) -> list[str]:
    """What is overwritten or deleted is kept as an older version."""
    versions = each_bucket(
        program, "Versioning", lambda settings: settings["versioningConfiguration"]["status"] == "Enabled"
    )
    kept = each_bucket(
        program,
        "LifecycleConfiguration",
        lambda settings: settings["rules"][0]["noncurrentVersionExpiration"]["noncurrentDays"] >= 30,
        of_data(program),
    )
    return versions + kept


def azure_recoverable(program: Program) -> list[str]:
    found = program.engine.of_type("azure-native:storage:BlobServiceProperties")
    kept = [item for item in found if item.name.startswith("lake-")]
    return failing(
        kept,
        lambda settings: all(
            settings[policy]["enabled"] and settings[policy]["days"] >= 30
            for policy in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy")
        ),
    )


def aws_versioned(program: Program) -> list[str]:
    return aws_recoverable(program)


def azure_versioned(program: Program) -> list[str]:
    found = program.engine.of_type("azure-native:storage:BlobServiceProperties")
    return failing([item for item in found if item.name.startswith("lake-")], lambda each: each["isVersioningEnabled"])


def aws_kept(program: Program) -> list[str]:
    return unkept(aws_buckets(program))


def aws_kept_by_cloud(program: Program) -> list[str]:
    """S3 deletes no bucket that holds objects."""
    return failing(aws_buckets(program), lambda bucket: bucket["forceDestroy"] is False)


def azure_kept_by_cloud(program: Program) -> list[str]:
    locks = [item for item in program.engine.of_type(LOCK) if item.inputs["scope"].startswith("lake-")]
    return failing(locks, lambda lock: lock["level"] == "CanNotDelete")


def azure_kept(program: Program) -> list[str]:
    return unkept([*azure_accounts(program), *program.engine.of_type(CONTAINER)])


def aws_announced(program: Program) -> list[str]:
    (rule,) = program.engine.of_type("aws:cloudwatch/eventRule:EventRule")
    detail = json.loads(rule.inputs["eventPattern"])["detail"]
    return unlike([{"wildcard": "incoming/*.pdf"}], detail["object"]["key"])


def azure_announced(program: Program) -> list[str]:
    (subscription,) = program.engine.of_type("azure-native:eventgrid:SystemTopicEventSubscription")
    chosen = subscription.inputs["filter"]
    start, end = chosen["subjectBeginsWith"], chosen["subjectEndsWith"]
    return unlike(("/blobs/incoming/", ".pdf"), (start[start.index("/blobs/") :], end))


CLAIMS = [
    Claim("datalake", "encrypted with a key of our own", {AWS: aws_encrypted, AZURE: azure_encrypted}),
    Claim("datalake", "closed to the public", {AWS: aws_closed, AZURE: azure_closed}),
    Claim("datalake", "speaks TLS 1.2 or newer", {AWS: aws_tls, AZURE: azure_tls}),
    Claim("datalake", "logs every access", {AWS: aws_logged, AZURE: azure_logged}),
    Claim("datalake", "objects move and end as the settings say", {AWS: aws_lifecycles, AZURE: azure_lifecycles}),
    Claim("datalake", "what was deleted can be brought back", {AWS: aws_recoverable, AZURE: azure_recoverable}),
    Claim("datalake", "keeps older versions", {AWS: aws_versioned, AZURE: azure_versioned}),
    Claim("datalake", "the engine refuses to delete it", {AWS: aws_kept, AZURE: azure_kept}, ("prod",)),
    Claim(
        "datalake",
        "the cloud refuses to delete it",
        {AWS: aws_kept_by_cloud, AZURE: azure_kept_by_cloud},
        ("prod",),
    ),
    Claim("datalake", "announces documents that arrive", {AWS: aws_announced, AZURE: azure_announced}),
]


@pytest.mark.parametrize(("claim", "stack"), cases(CLAIMS))
def test_datalake(claim: Claim, stack: str, programs: Programs) -> None:
    claim.judge(programs(stack))
