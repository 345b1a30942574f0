"""Ownership and account that the component tests use."""

from components.account.aws import Account
from components.ownership import Ownership
from tests.unit.recording import ACCOUNT, REGION, RecordingEngine

OWNERSHIP = Ownership(cost_center="cc-test", owner="team", environment="dev", data_class="internal")
ACCOUNT_IN_REGION = Account(id=ACCOUNT, region=REGION)
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"

UNTAGGABLE = frozenset(
    {
        "aws:ec2/route:Route",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:kms/alias:Alias",
        "aws:cloudwatch/eventTarget:EventTarget",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketLogging:BucketLogging",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketNotification:BucketNotification",
        "aws:secretsmanager/secretVersion:SecretVersion",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:sns/topicPolicy:TopicPolicy",
    }
)


def untagged(engine: RecordingEngine) -> list[str]:
    """Every AWS resource that could carry the ownership tags and does not."""
    expected = OWNERSHIP.tags("any")
    return [
        f"{item.type} {item.name}"
        for item in engine.registrations
        if item.type.startswith("aws:")
        and item.type not in UNTAGGABLE
        and any(item.inputs.get("tags", {}).get(key) != expected[key] for key in expected if key != "component")
    ]
