"""What AWS would reject: each case is a bad value and a part of the message that it must get."""

from typing import Any

import pytest

from sandbox.providers.stand_in import StandInError
from tests.sandbox.aws.documents import allow, policy, trust
from tests.sandbox.aws.driver import TIMEOUT, AwsDriver, reference

Inputs = dict[str, Any]
BUCKET = "aws:s3/bucket:Bucket"
CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ROLE = "aws:iam/role:Role"
INLINE = "aws:iam/rolePolicy:RolePolicy"
KEY = "aws:kms/key:Key"
DATABASE = "aws:rds/instance:Instance"
SECRET = "aws:secretsmanager/secret:Secret"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"

ROLE_ARN = "arn:aws:iam::123456789012:role/missing"
KEY_ARN = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
SUBNET = "subnet-0123456789abcdef0"
NODES: Inputs = {
    "clusterName": "c",
    "nodeRoleArn": ROLE_ARN,
    "subnetIds": [SUBNET],
    "scalingConfig": {"minSize": 1, "desiredSize": 1, "maxSize": 2},
}
PLANE: Inputs = {"roleArn": ROLE_ARN, "vpcConfig": {"subnetIds": [SUBNET]}}
POSTGRES: Inputs = {
    "engine": "postgres",
    "instanceClass": "db.t4g.medium",
    "allocatedStorage": 50,
    "username": "orders",
    "manageMasterUserPassword": True,
}


def rules(**rule: Any) -> Inputs:
    return {"bucket": "b", "rules": [{"id": "r", "status": "Enabled", **rule}]}


def of_role(*statements: dict[str, Any], **more: Any) -> Inputs:
    return {"role": "r", "policy": policy(*statements, **more)}


VALUES: list[tuple[str, Inputs, str]] = [
    ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/8"}, "AWS takes /16 to /28"),
    ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.1/16"}, "has host bits set"),
    ("aws:ec2/vpc:Vpc", {}, "cidrBlock is missing"),
    ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "tags": {"aws:x": "y"}}, "prefix 'aws:'"),
    ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "tags": {f"t{n}": "" for n in range(51)}}, "has 51 tags"),
    ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "tags": {"k": "v" * 257}}, "at most 256"),
    ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "tags": {"k<": "v"}}, "tag key 'k<'"),
    ("aws:ec2/vpc:Vpc", {"cidrBlok": "10.0.0.0/16"}, "did you mean cidrBlock?"),
    ("aws:ec2/vpc:Vpc", {"cidrBlock": 10}, "must be a string"),
    ("aws:ec2/subnet:Subnet", {"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/29"}, "prefix length /29"),
    ("aws:ec2/subnet:Subnet", {"cidrBlock": "10.0.0.0/24"}, "Missing required property vpcId"),
    ("aws:ec2/natGateway:NatGateway", {"subnetId": SUBNET}, "a public NAT gateway needs an Elastic IP"),
    ("aws:ec2/route:Route", {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0"}, "exactly one target"),
    ("aws:ec2/routeTableAssociation:RouteTableAssociation", {"routeTableId": "rtb-1"}, "exactly one of subnetId"),
    ("aws:ec2/securityGroup:SecurityGroup", {"name": "sg-own"}, "not starting with sg-"),
    (INGRESS, {"securityGroupId": "sg-1", "ipProtocol": "tcp", "fromPort": 1, "toPort": 2}, "exactly one of cidrIpv4"),
    (
        INGRESS,
        {"securityGroupId": "sg-1", "ipProtocol": "-1", "fromPort": 1, "cidrIpv4": "10.0.0.0/8"},
        "must be absent where ipProtocol is -1",
    ),
    (
        INGRESS,
        {"securityGroupId": "sg-1", "ipProtocol": "tcp", "fromPort": 9, "toPort": 8, "cidrIpv4": "10.0.0.0/8"},
        "less than fromPort 9",
    ),
    (ENDPOINT, {"vpcId": "vpc-1", "serviceName": "com.amazonaws.us-east-1.ecr.api"}, "has no gateway endpoint"),
    (ENDPOINT, {"vpcId": "vpc-1", "serviceName": "s3"}, "must look like com.amazonaws"),
    ("aws:ec2/flowLog:FlowLog", {"vpcId": "vpc-1", "logDestination": "x"}, "trafficType is missing"),
    ("aws:ec2/launchTemplate:LaunchTemplate", {"userData": "#!/bin/sh"}, "is not base64"),
    ("aws:ec2/launchTemplate:LaunchTemplate", {"metadataOptions": {"httpPutResponseHopLimit": 65}}, "range 1 to 64"),
    (ROLE, {"name": "r" * 65, "assumeRolePolicy": trust("ec2.amazonaws.com")}, "1 to 64 are allowed"),
    (ROLE, {"assumeRolePolicy": trust("ec2")}, "must look like ec2.amazonaws.com"),
    (ROLE, {"assumeRolePolicy": policy(allow("sts:AssumeRole"))}, "must not have Resource"),
    (ROLE, {"assumeRolePolicy": "{"}, "it is not JSON"),
    (ROLE, {"assumeRolePolicy": trust("ec2.amazonaws.com"), "maxSessionDuration": 60}, "range 3600 to 43200"),
    (INLINE, of_role({"Effect": "allow", "Action": "s3:*", "Resource": "*"}), "must be Allow or Deny"),
    (INLINE, of_role({"Effect": "Allow", "Action": "s3:*"}), "exactly one of Resource and NotResource"),
    (INLINE, of_role(allow("s3:*", "lake")), "must be an ARN or *"),
    (INLINE, of_role(allow("GetObject")), "must look like service:Action"),
    (INLINE, of_role(allow("s3:*", Principal="*")), "must not have Principal"),
    (INLINE, of_role(allow("s3:*", Condition={"Equals": {"a": "b"}})), "unknown condition operator 'Equals'"),
    (INLINE, of_role(allow("s3:*", Sid="x"), allow("s3:*", Sid="x")), "used more than once"),
    (INLINE, of_role(allow("s3:*"), version="2020-01-01"), "is not one of 2012-10-17"),
    (INLINE, of_role(), "Statement is missing or empty"),
    (INLINE, of_role(allow("s3:*", Efect="Allow")), "unknown element 'Efect'"),
    (INLINE, of_role(allow("s3:*", "arn:aws:s3:::" + "x" * 10240)), "AWS allows 10240"),
    (KEY, {"deletionWindowInDays": 5}, "range 7 to 30"),
    (KEY, {"policy": policy(allow("kms:Decrypt", Principal={"AWS": "*"}))}, "lets nobody of the account change it"),
    (KEY, {"customerMasterKeySpec": "RSA_2048", "enableKeyRotation": True}, "cannot rotate"),
    ("aws:kms/alias:Alias", {"name": "lake", "targetKeyId": "k"}, "'alias/'"),
    (BUCKET, {"bucket": "Invoices"}, "lower-case letters"),
    (BUCKET, {"bucket": "192.168.0.1"}, "not like an IP address"),
    (BUCKET, {"bucket": "ab"}, "3 to 63 are allowed"),
    (LIFECYCLE, rules(transitions=[{"days": 7, "storageClass": "STANDARD_IA"}]), "after 30 days at the earliest"),
    (
        LIFECYCLE,
        rules(
            transitions=[{"days": 90, "storageClass": "STANDARD_IA"}, {"days": 60, "storageClass": "GLACIER"}],
        ),
        "S3 wants more days for GLACIER",
    ),
    (
        LIFECYCLE,
        rules(transitions=[{"days": 90, "storageClass": "GLACIER"}], expiration={"days": 30}),
        "expire them later",
    ),
    (LIFECYCLE, rules(), "it does nothing"),
    (LIFECYCLE, {"bucket": "b", "rules": []}, "is empty"),
    (
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": "b", "versioningConfiguration": {"status": "On"}},
        "is not one of Enabled",
    ),
    (CLUSTER, {**PLANE, "version": "1.20"}, "EKS offers 1.33"),
    (CLUSTER, {**PLANE, "name": "-c"}, "a letter or digit"),
    (CLUSTER, {**PLANE, "enabledClusterLogTypes": ["all"]}, "is not one of api, audit"),
    (
        CLUSTER,
        {**PLANE, "vpcConfig": {"subnetIds": [SUBNET], "endpointPublicAccess": False}},
        "nobody could reach the cluster",
    ),
    (NODE_GROUP, {**NODES, "scalingConfig": {"minSize": 3, "desiredSize": 1, "maxSize": 2}}, "must rise in this order"),
    (
        NODE_GROUP,
        {**NODES, "diskSize": 20, "launchTemplate": {"id": "lt", "version": "1"}},
        "absent beside launchTempl",
    ),
    (NODE_GROUP, {**NODES, "taints": [{"key": "a", "effect": "NoSchedule"}]}, "is not one of NO_SCHEDULE"),
    ("aws:eks/addon:Addon", {"clusterName": "c", "addonName": "cni"}, "'cni' is not one of"),
    ("aws:eks/addon:Addon", {"clusterName": "c", "addonName": "coredns", "addonVersion": "1.14"}, "-eksbuild."),
    (
        "aws:eks/accessEntry:AccessEntry",
        {"clusterName": "c", "principalArn": ROLE_ARN, "kubernetesGroups": ["system:masters"]},
        "EKS keeps for itself",
    ),
    (
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        {"clusterName": "c", "principalArn": ROLE_ARN, "policyArn": ROLE_ARN, "accessScope": {"type": "cluster"}},
        "is not an access policy of EKS",
    ),
    (DATABASE, {**POSTGRES, "identifier": "Orders"}, "lower-case letters"),
    (DATABASE, {**POSTGRES, "engineVersion": "9.6"}, "is not a PostgreSQL of RDS"),
    (DATABASE, {**POSTGRES, "password": "hunter2!"}, "must be absent where manageMasterUserPassword"),
    (DATABASE, {**POSTGRES, "kmsKeyId": KEY_ARN}, "needs storageEncrypted = true"),
    (DATABASE, {**POSTGRES, "backupRetentionPeriod": 36}, "range 0 to 35"),
    (DATABASE, {**POSTGRES, "maxAllocatedStorage": 50}, "at least a tenth more"),
    (SECRET, {"name": "a b"}, "is not a valid name"),
    (SECRET, {"recoveryWindowInDays": 3}, "0 (delete at once) or 7 to 30"),
    (LOG_GROUP, {"retentionInDays": 31}, "31 is not one of"),
    (LOG_GROUP, {"kmsKeyId": "alias/logs"}, "must be the ARN of a key"),
    ("aws:ecr/repository:Repository", {"name": "Team/App"}, "lower-case letters and digits"),
    ("aws:ecr/lifecyclePolicy:LifecyclePolicy", {"repository": "r", "policy": '{"rules": []}'}, "missing or empty"),
    ("aws:glue/catalogDatabase:CatalogDatabase", {"name": "Raw"}, "no upper-case letters"),
    ("aws:sqs/queue:Queue", {"name": "work.fifo"}, "belong together"),
    ("aws:sns/topicSubscription:TopicSubscription", {"topic": "t", "protocol": "mail", "endpoint": "x"}, "not one of"),
    ("aws:cloudwatch/eventRule:EventRule", {"eventPattern": '{"source": "aws.s3"}'}, "must hold a list of values"),
    ("aws:cloudwatch/eventRule:EventRule", {}, "give eventPattern or scheduleExpression"),
    ("aws:budgets/budget:Budget", {"budgetType": "COST", "timeUnit": "WEEKLY"}, "is not one of DAILY"),
]


@pytest.mark.parametrize(
    ("token", "inputs", "message"), VALUES, ids=[f"{case[0].split(':')[2]}-{case[2]}" for case in VALUES]
)
def test_a_bad_value_is_named_before_anything_is_made(aws: AwsDriver, token: str, inputs: Inputs, message: str) -> None:
    failures = aws.check(token, "bad", **inputs)
    assert message in " | ".join(f"{path} {reason}" for path, reason in failures)


REFERENCES: list[tuple[str, Inputs, str]] = [
    ("aws:ec2/subnet:Subnet", {"vpcId": "vpc-0123456789abcdef0", "cidrBlock": "10.0.0.0/24"}, "VPC"),
    (
        "aws:ec2/natGateway:NatGateway",
        {"subnetId": SUBNET, "allocationId": "eipalloc-0123456789abcdef0"},
        "subnet",
    ),
    (
        INGRESS,
        {"securityGroupId": "sg-0123456789abcdef0", "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"},
        "security group",
    ),
    ("aws:kms/alias:Alias", {"name": "alias/x", "targetKeyId": KEY_ARN}, "KMS key"),
    (LOG_GROUP, {"kmsKeyId": KEY_ARN}, "KMS key"),
    (SECRET, {"kmsKeyId": KEY_ARN}, "KMS key"),
    (NODE_GROUP, {**NODES, "launchTemplate": {"id": "lt-0123456789abcdef0", "version": "1"}}, "EKS cluster"),
    (CLUSTER, PLANE, "IAM role"),
    (INLINE, of_role(allow("s3:*")), "IAM role"),
    (
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "missing", "policyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"},
        "IAM role",
    ),
    (LIFECYCLE, rules(expiration={"days": 5}), "bucket"),
    (
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        {"repository": "missing", "policy": '{"rules": [{}]}'},
        "ECR repository",
    ),
    (
        "aws:sns/topicSubscription:TopicSubscription",
        {"topic": "arn:aws:sns:us-east-1:123456789012:missing", "protocol": "email", "endpoint": "a@example.com"},
        "SNS topic",
    ),
    (
        "aws:cloudwatch/eventTarget:EventTarget",
        {"rule": "missing", "arn": "arn:aws:sqs:us-east-1:123456789012:missing"},
        "event rule",
    ),
    (DATABASE, {**POSTGRES, "dbSubnetGroupName": "missing"}, "DB subnet group"),
    (
        "aws:ec2/flowLog:FlowLog",
        {
            "vpcId": "vpc-0123456789abcdef0",
            "trafficType": "ALL",
            "iamRoleArn": ROLE_ARN,
            "logDestination": "arn:aws:logs:us-east-1:123456789012:log-group:missing",
        },
        "VPC",
    ),
]


@pytest.mark.parametrize(("token", "inputs", "kind"), REFERENCES, ids=[case[0].split(":")[2] for case in REFERENCES])
def test_a_reference_to_nothing_is_named(aws: AwsDriver, token: str, inputs: Inputs, kind: str) -> None:
    resource = reference(token, "dangling")
    checked, failures = aws.provider.check_resource(resource, {}, inputs)
    assert failures == []
    with pytest.raises(StandInError, match=rf"\(dangling\).* names the {kind} .* does not exist"):
        aws.provider.create_resource(resource, checked, preview=False, timeout=TIMEOUT)


def test_a_preview_trusts_chosen_names_and_checks_generated_ones(aws: AwsDriver) -> None:
    later = reference(LIFECYCLE, "later")
    inputs, _ = aws.provider.check_resource(later, {}, rules(expiration={"days": 5}))
    assert aws.provider.create_resource(later, inputs, preview=True, timeout=TIMEOUT)[1]["bucket"] == "b"
    gone = reference("aws:ec2/subnet:Subnet", "gone")
    inputs, _ = aws.provider.check_resource(gone, {}, {"vpcId": "vpc-0123456789abcdef0", "cidrBlock": "10.0.0.0/24"})
    with pytest.raises(StandInError, match="does not exist"):
        aws.provider.create_resource(gone, inputs, preview=True, timeout=TIMEOUT)


def test_a_policy_for_nobody(aws: AwsDriver) -> None:
    bucket = aws.create(BUCKET, "data")
    statement = allow("s3:GetObject", f"{bucket['arn']}/*", Principal={"AWS": ROLE_ARN})
    with pytest.raises(StandInError, match=r"has the principal .*missing.*, which does not exist"):
        aws.create("aws:s3/bucketPolicy:BucketPolicy", "open", bucket=bucket.id, policy=policy(statement))


def test_a_policy_of_another_bucket(aws: AwsDriver) -> None:
    bucket = aws.create(BUCKET, "data")
    statement = allow("s3:GetObject", "arn:aws:s3:::other/*", Principal="*")
    with pytest.raises(StandInError, match="invalid resource 'arn:aws:s3:::other/"):
        aws.create("aws:s3/bucketPolicy:BucketPolicy", "open", bucket=bucket.id, policy=policy(statement))


def test_overlapping_subnets(aws: AwsDriver) -> None:
    vpc = aws.create("aws:ec2/vpc:Vpc", "main", cidrBlock="10.0.0.0/16")
    aws.create("aws:ec2/subnet:Subnet", "first", vpcId=vpc.id, cidrBlock="10.0.0.0/24")
    with pytest.raises(StandInError, match=r"InvalidSubnet\.Conflict"):
        aws.create("aws:ec2/subnet:Subnet", "second", vpcId=vpc.id, cidrBlock="10.0.0.0/25")
    with pytest.raises(StandInError, match=r"InvalidSubnet\.Range"):
        aws.create("aws:ec2/subnet:Subnet", "outside", vpcId=vpc.id, cidrBlock="10.1.0.0/24")


def test_a_property_that_the_sandbox_would_lose(aws: AwsDriver) -> None:
    resource = reference("aws:ec2/vpc:Vpc", "metered")
    inputs, failures = aws.provider.check_resource(
        resource, {}, {"cidrBlock": "10.0.0.0/16", "ipv6CidrBlockNetworkBorderGroup": "us-east-1"}
    )
    assert failures == []
    with pytest.raises(StandInError, match="does not know what to do with ipv6CidrBlockNetworkBorderGroup"):
        aws.provider.create_resource(resource, inputs, preview=False, timeout=TIMEOUT)


def test_a_type_that_the_sandbox_does_not_know(aws: AwsDriver) -> None:
    with pytest.raises(
        StandInError, match=r"does not know aws:lambda/function:Function; add a handler in .*lambda\.py"
    ):
        aws.check("aws:lambda/function:Function", "f")
