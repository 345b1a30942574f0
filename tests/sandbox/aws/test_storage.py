"""S3, ECR, Glue and secrets: what the stand-in says and what AWS has."""

import json
from typing import Any

import pytest

from sandbox.providers.stand_in import StandInError
from tests.sandbox.aws.documents import allow, key_policy, policy, trust
from tests.sandbox.aws.driver import TIMEOUT, AwsDriver, Made, reference

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
NOTIFICATION = "aws:s3/bucketNotification:BucketNotification"
RULE: dict[str, Any] = {
    "id": "tiers",
    "status": "Enabled",
    "filter": {"prefix": ""},
    "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}, {"days": 90, "storageClass": "GLACIER_IR"}],
    "expiration": {"days": 365},
    "noncurrentVersionExpiration": {"noncurrentDays": 30},
    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
}


@pytest.fixture
def key(aws: AwsDriver) -> Made:
    return aws.create("aws:kms/key:Key", "data", policy=key_policy())


@pytest.fixture
def bucket(aws: AwsDriver) -> Made:
    return aws.create(BUCKET, "Lake", forceDestroy=True, tags={"a": "b"})


def test_a_bucket_gets_a_name_and_tags(aws: AwsDriver, bucket: Made) -> None:
    assert bucket.id.startswith("lake-")
    assert bucket["arn"] == f"arn:aws:s3:::{bucket.id}"
    aws.update(bucket, tags={"c": "d"})
    tags = aws.client("s3").get_bucket_tagging(Bucket=bucket.id)["TagSet"]
    assert tags == [{"Key": "c", "Value": "d"}]
    aws.client("s3").put_object(Bucket=bucket.id, Key="invoice.pdf", Body=b"%PDF")
    aws.destroy()
    assert bucket.id not in {item["Name"] for item in aws.client("s3").list_buckets()["Buckets"]}


def test_a_bucket_with_objects_is_not_deleted(aws: AwsDriver) -> None:
    full = aws.create(BUCKET, "full")
    aws.client("s3").put_object(Bucket=full.id, Key="invoice.pdf", Body=b"%PDF")
    with pytest.raises(StandInError, match=r"BucketNotEmpty.*set forceDestroy"):
        aws.delete(full)
    aws.client("s3").delete_object(Bucket=full.id, Key="invoice.pdf")


def test_the_same_name_twice(aws: AwsDriver, bucket: Made) -> None:
    with pytest.raises(StandInError, match="BucketAlreadyExists"):
        aws.create(BUCKET, "again", bucket=bucket.id)


def test_the_settings_of_a_bucket(aws: AwsDriver, bucket: Made, key: Made) -> None:
    s3, name = aws.client("s3"), bucket.id
    versioning = aws.create(VERSIONING, "versions", bucket=name, versioningConfiguration={"status": "Enabled"})
    aws.create(LIFECYCLE, "lifecycle", bucket=name, rules=[RULE])
    aws.create(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "owner",
        bucket=name,
        rule={"objectOwnership": "BucketOwnerEnforced"},
    )
    block = aws.create(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "closed",
        bucket=name,
        blockPublicAcls=True,
        blockPublicPolicy=True,
        ignorePublicAcls=True,
        restrictPublicBuckets=True,
    )
    tls = allow("s3:*", f"{bucket['arn']}/*", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    aws.create("aws:s3/bucketPolicy:BucketPolicy", "tls", bucket=name, policy=policy({**tls, "Effect": "Deny"}))
    aws.create(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "encrypted",
        bucket=name,
        rules=[
            {
                "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key["arn"]},
                "bucketKeyEnabled": True,
            }
        ],
    )
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key["arn"]
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    aws.update(versioning, versioningConfiguration={"status": "Suspended"})
    aws.update(block, blockPublicAcls=None)
    assert not s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]["BlockPublicAcls"]
    aws.destroy(staying=(VERSIONING,))


def test_a_changed_lifecycle_is_the_only_drift(aws: AwsDriver, bucket: Made) -> None:
    by_tag = {"id": "tag", "status": "Enabled", "filter": {"and": {"prefix": "x/", "tags": {"a": "b"}}}}
    lifecycle = aws.create(
        LIFECYCLE, "lifecycle", bucket=bucket.id, rules=[RULE, {**by_tag, "expiration": {"days": 5}}]
    )
    versions = aws.create(VERSIONING, "versions", bucket=bucket.id, versioningConfiguration={"status": "Enabled"})
    rule = {"ID": "tiers", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 7}}
    aws.client("s3").put_bucket_lifecycle_configuration(Bucket=bucket.id, LifecycleConfiguration={"Rules": [rule]})
    assert aws.drift(lifecycle) == ("rules",)
    assert aws.drift(versions) == aws.drift(bucket) == ()
    aws.client("s3").delete_bucket_lifecycle(Bucket=bucket.id)
    assert not aws.exists(lifecycle)


def test_foreign_tags_are_drift(aws: AwsDriver, bucket: Made) -> None:
    tag = {"Key": "foreign", "Value": "tag"}
    aws.client("s3").put_bucket_tagging(Bucket=bucket.id, Tagging={"TagSet": [tag, {"Key": "a", "Value": "b"}]})
    assert aws.drift(bucket) == ("tags",)


def test_notifications_and_logs(aws: AwsDriver, bucket: Made) -> None:
    queue = aws.create("aws:sqs/queue:Queue", "arrivals")
    target = aws.create(BUCKET, "logs", forceDestroy=True)
    allowed = allow("s3:PutObject", f"{target['arn']}/*", Principal={"Service": "logging.s3.amazonaws.com"})
    aws.create("aws:s3/bucketPolicy:BucketPolicy", "logs", bucket=target.id, policy=policy(allowed))
    logging = aws.create(
        "aws:s3/bucketLogging:BucketLogging", "log", bucket=bucket.id, targetBucket=target.id, targetPrefix="lake/"
    )
    events = aws.create(NOTIFICATION, "events", bucket=bucket.id, eventbridge=True)
    queues = [{"queueArn": queue["arn"], "events": ["s3:ObjectCreated:*"], "filterSuffix": ".pdf"}]
    resource = reference(NOTIFICATION, "closed")
    with pytest.raises(StandInError, match=r"let s3\.amazonaws\.com send to it"):
        aws.provider.create_resource(resource, {"bucket": bucket.id, "queues": queues}, preview=False, timeout=TIMEOUT)
    aws.create(
        "aws:sqs/queuePolicy:QueuePolicy",
        "open",
        queueUrl=queue.id,
        policy=policy(allow("sqs:SendMessage", queue["arn"], Principal={"Service": "s3.amazonaws.com"})),
    )
    aws.update(events, eventbridge=None, queues=queues)
    configuration = aws.client("s3").get_bucket_notification_configuration(Bucket=bucket.id)
    assert configuration["QueueConfigurations"][0]["QueueArn"] == queue["arn"]
    assert aws.client("s3").get_bucket_logging(Bucket=bucket.id)["LoggingEnabled"]["TargetBucket"] == target.id
    assert logging["targetBucket"] == target.id
    aws.destroy()


def test_a_registry(aws: AwsDriver, key: Made) -> None:
    repository = aws.create(
        "aws:ecr/repository:Repository",
        "images",
        name="team/app",
        imageTagMutability="IMMUTABLE",
        imageScanningConfiguration={"scanOnPush": True},
        encryptionConfigurations=[{"encryptionType": "KMS", "kmsKey": key["arn"]}],
        forceDelete=True,
    )
    selection = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 7}
    rules = [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]
    aws.create(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "old",
        repository=repository["name"],
        policy=json.dumps({"rules": rules}),
    )
    puller = aws.create("aws:iam/role:Role", "puller", assumeRolePolicy=trust("ec2.amazonaws.com"))
    pull = {"Effect": "Allow", "Principal": {"AWS": puller["arn"]}, "Action": ["ecr:BatchGetImage"]}
    aws.create("aws:ecr/repositoryPolicy:RepositoryPolicy", "pull", repository=repository["name"], policy=policy(pull))
    found = aws.client("ecr").describe_repositories(repositoryNames=["team/app"])["repositories"][0]
    assert found["imageTagMutability"] == "IMMUTABLE"
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}
    aws.update(repository, imageTagMutability="MUTABLE", tags={"a": "b"})
    assert aws.diff(repository, name="team/other").replaces == ("name",)
    assert aws.diff(repository, name="team/app", encryptionConfigurations=None).delete_before_replace
    aws.destroy()


def test_a_secret_and_its_value(aws: AwsDriver, key: Made) -> None:
    secret = aws.create(
        "aws:secretsmanager/secret:Secret",
        "password",
        name="stack/password",
        kmsKeyId=key["arn"],
        recoveryWindowInDays=0,
    )
    version = aws.create(
        "aws:secretsmanager/secretVersion:SecretVersion", "value", secretId=secret.id, secretString="hunter2!"
    )
    reader = aws.create("aws:iam/role:Role", "reader", assumeRolePolicy=trust("ec2.amazonaws.com"))
    aws.create(
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        "reader",
        secretArn=secret["arn"],
        policy=policy(allow("secretsmanager:GetSecretValue", Principal={"AWS": reader["arn"]})),
    )
    assert aws.client("secretsmanager").get_secret_value(SecretId="stack/password")["SecretString"] == "hunter2!"
    assert aws.diff(version, secretString="other").replaces == ("secretString",)
    assert "secretString" in aws.provider.secret_outputs(version.reference.type)
    aws.update(secret, description="of the database", tags={"a": "b"})
    aws.destroy(staying=(version.reference.type,))
    assert not aws.exists(secret)


def test_a_catalogue_database(aws: AwsDriver) -> None:
    database = aws.create(
        "aws:glue/catalogDatabase:CatalogDatabase", "raw", name="raw", description="zone", locationUri="s3://lake/"
    )
    aws.update(database, description="changed", tags={"a": "b"})
    assert aws.client("glue").get_database(Name="raw")["Database"]["Description"] == "changed"
    aws.destroy()
