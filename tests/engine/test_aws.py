"""The AWS foundation of the deployed dev stack, and of stg, as boto3 finds it.

Source: SEC-1, SEC-15, CLU-4, CLU-5, CLU-17, LAKE-1..5, DB-1, BACKUP-8, NET-1.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox import moto_server
from sandbox.environment import ACCESS_KEY, REGION
from sandbox.providers.aws import store
from sandbox.supervisor import Supervisor
from tests.engine.conftest import ProgramMaker
from tests.engine.engine import Engine
from tests.unit.settings.configuration import stack_values

PREFIX = "biz-automation-dev"
BUCKETS = ("raw", "curated", "archive", "invoices", "velero-backups", "backups", "access-logs")
ZONES_OF_THE_LAKE = ("raw", "curated", "archive")
CONTROL_PLANE_LOGS = {"api", "audit", "authenticator", "controllerManager", "scheduler"}
NODE_POLICIES = {"AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"}
OWNERSHIP = {"cost-center": "cc-platform", "owner": "platform-team", "environment": "dev", "data-class": "internal"}
FOUNDATION_ALONE = """
import sys

sys.path.insert(0, {checkout!r})

from stacks import aws, settings

aws.build(settings.load())
"""

Client = Callable[[str], Any]


def client_maker(endpoint: str) -> Client:
    # typed loosely: the stubs want each service's name as a literal
    session: Any = boto3.Session(ACCESS_KEY, ACCESS_KEY, region_name=REGION)
    return lambda service: session.client(service, endpoint_url=endpoint)


@pytest.fixture(scope="session")
def cloud(deployed: Engine, aws_endpoint: str) -> Client:
    """Makes boto3 clients, once the dev stack is deployed."""
    assert deployed.program.is_dir()
    return client_maker(aws_endpoint)


def tags(items: list[dict[str, str]]) -> Mapping[str, str]:
    return {item["Key"]: item["Value"] for item in items}


def policy_of(bucket: str, cloud: Client) -> list[dict[str, Any]]:
    return json.loads(cloud("s3").get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]


@pytest.fixture(params=BUCKETS)
def bucket(request: pytest.FixtureRequest) -> str:
    return f"{PREFIX}-{request.param}"


def test_the_buckets_are_exactly_those_of_the_lake(cloud: Client) -> None:
    names = {item["Name"] for item in cloud("s3").list_buckets()["Buckets"]}
    assert {name for name in names if name.startswith(PREFIX)} == {f"{PREFIX}-{short}" for short in BUCKETS}


def test_a_bucket_is_closed_to_the_public(bucket: str, cloud: Client) -> None:
    block = cloud("s3").get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert len(block) == 4
    assert all(block.values())
    owner = cloud("s3").get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert owner == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_a_bucket_keeps_versions_and_has_a_lifecycle(bucket: str, cloud: Client) -> None:
    assert cloud("s3").get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    rules = cloud("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert all(rule["Status"] == "Enabled" for rule in rules)
    assert any("NoncurrentVersionExpiration" in rule for rule in rules)
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)


def test_a_bucket_takes_tls_only(bucket: str, cloud: Client) -> None:
    denied = [s for s in policy_of(bucket, cloud) if s["Effect"] == "Deny" and "Bool" in s.get("Condition", {})]
    assert denied
    assert denied[0]["Condition"]["Bool"] == {"aws:SecureTransport": "false"}
    assert set(denied[0]["Resource"]) == {f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"}


def test_a_bucket_is_tagged(bucket: str, cloud: Client) -> None:
    assert tags(cloud("s3").get_bucket_tagging(Bucket=bucket)["TagSet"]).items() >= OWNERSHIP.items()


@pytest.mark.parametrize("short", [short for short in BUCKETS if short != "access-logs"])
def test_data_is_encrypted_with_our_key_and_its_access_logged(short: str, cloud: Client) -> None:
    name = f"{PREFIX}-{short}"
    rule = cloud("s3").get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    default = rule["ApplyServerSideEncryptionByDefault"]
    assert (default["SSEAlgorithm"], rule["BucketKeyEnabled"]) == ("aws:kms", True)
    key = cloud("kms").describe_key(KeyId=default["KMSMasterKeyID"])["KeyMetadata"]
    assert key["KeyManager"] == "CUSTOMER"
    logged = cloud("s3").get_bucket_logging(Bucket=name)["LoggingEnabled"]
    assert (logged["TargetBucket"], logged["TargetPrefix"]) == (f"{PREFIX}-access-logs", f"{name}/")


def test_arriving_invoices_raise_an_event(cloud: Client, sandbox_directory: Path) -> None:
    # moto obeys the bucket's switch but does not show it; the stand-in remembers what it set
    assert store.read("s3/eventbridge", f"{PREFIX}-invoices", sandbox_directory / "aws-store.json")
    events = cloud("events")
    rule = next(item for item in events.list_rules()["Rules"] if PREFIX in item["Name"])
    pattern = json.loads(rule["EventPattern"])
    assert (pattern["source"], pattern["detail-type"]) == (["aws.s3"], ["Object Created"])
    assert pattern["detail"]["bucket"]["name"] == [f"{PREFIX}-invoices"]
    assert "incoming/" in json.dumps(pattern["detail"]["object"])
    topics = [item["TopicArn"] for item in cloud("sns").list_topics()["Topics"]]
    assert [target["Arn"] for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]] == topics


def test_data_over_plain_http_is_refused(bucket: str, cloud: Client) -> None:
    # moto applies bucket policies, and its own endpoint is plain HTTP
    with pytest.raises(ClientError, match="403"):
        cloud("s3").put_object(Bucket=bucket, Key="incoming/a.pdf", Body=b"%PDF")


def test_the_catalogue_has_a_database_per_zone(cloud: Client) -> None:
    names = {item["Name"] for item in cloud("glue").get_databases()["DatabaseList"]}
    for zone in ZONES_OF_THE_LAKE:
        assert any(zone in name for name in names), zone


def test_every_key_rotates(cloud: Client) -> None:
    aliases = [item for item in cloud("kms").list_aliases()["Aliases"] if PREFIX in item["AliasName"]]
    assert len(aliases) >= 5
    for alias in aliases:
        assert cloud("kms").get_key_rotation_status(KeyId=alias["TargetKeyId"])["KeyRotationEnabled"], alias[
            "AliasName"
        ]


def test_the_cluster_is_logged_encrypted_and_private(cloud: Client) -> None:
    cluster = cloud("eks").describe_cluster(name=PREFIX)["cluster"]
    assert cluster["version"] == "1.35"
    enabled = [item["types"] for item in cluster["logging"]["clusterLogging"] if item["enabled"]]
    assert {kind for kinds in enabled for kind in kinds} == CONTROL_PLANE_LOGS
    assert cluster["encryptionConfig"][0]["resources"] == ["secrets"]
    network = cluster["resourcesVpcConfig"]
    assert (network["endpointPrivateAccess"], network["endpointPublicAccess"]) == (True, False)
    assert cluster["tags"].items() >= OWNERSHIP.items()


def test_nodes_answer_metadata_to_themselves_only_and_encrypt_their_disks(cloud: Client) -> None:
    group = cloud("eks").describe_nodegroup(
        clusterName=PREFIX, nodegroupName=cloud("eks").list_nodegroups(clusterName=PREFIX)["nodegroups"][0]
    )["nodegroup"]
    assert group["scalingConfig"]["desiredSize"] == 3
    template = group["launchTemplate"]
    version = cloud("ec2").describe_launch_template_versions(LaunchTemplateId=template["id"], Versions=["$Latest"])
    data = version["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    disk = data["BlockDeviceMappings"][0]["Ebs"]
    assert (disk["Encrypted"], disk["VolumeType"]) == (True, "gp3")
    assert not any(item.get("AssociatePublicIpAddress") for item in data.get("NetworkInterfaces", []))
    role = group["nodeRole"].rsplit("/", 1)[1]
    attached = cloud("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert {item["PolicyName"] for item in attached} == NODE_POLICIES


def test_the_network_has_no_open_door(cloud: Client) -> None:
    ec2 = cloud("ec2")
    owned = [{"Name": "tag:environment", "Values": ["dev"]}]
    vpc = ec2.describe_vpcs(Filters=owned)["Vpcs"][0]
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    subnets = ec2.describe_subnets(Filters=inside)["Subnets"]
    assert len(subnets) == 8
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)
    groups = ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
    default = next(group for group in groups if group["GroupName"] == "default")
    assert (default["IpPermissions"], default["IpPermissionsEgress"]) == ([], [])
    for group in groups:
        for permission in group["IpPermissions"]:
            assert not any(item["CidrIp"] == "0.0.0.0/0" for item in permission["IpRanges"]), group["GroupName"]
    logs = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc["VpcId"]]}])["FlowLogs"]
    assert [item["TrafficType"] for item in logs] == ["ALL"]
    gateways = ec2.describe_nat_gateways(Filters=inside)["NatGateways"]
    assert [item["State"] for item in gateways] == ["available"]


def test_logs_are_encrypted_and_end(cloud: Client) -> None:
    groups = [group for group in cloud("logs").describe_log_groups()["logGroups"] if PREFIX in group["logGroupName"]]
    assert len(groups) >= 2
    for group in groups:
        assert group["kmsKeyId"], group["logGroupName"]
        assert group["retentionInDays"], group["logGroupName"]


def test_images_cannot_be_replaced_and_are_scanned(cloud: Client) -> None:
    repositories = [
        item
        for item in cloud("ecr").describe_repositories()["repositories"]
        if item["repositoryName"].startswith(PREFIX)
    ]
    assert repositories
    for item in repositories:
        assert item["imageTagMutability"] == "IMMUTABLE"
        assert item["imageScanningConfiguration"]["scanOnPush"] is True
        assert item["encryptionConfiguration"]["encryptionType"] == "KMS"


def test_secrets_have_our_key(cloud: Client) -> None:
    secrets = [item for item in cloud("secretsmanager").list_secrets()["SecretList"] if item["Name"].startswith(PREFIX)]
    assert secrets
    for item in secrets:
        key = cloud("kms").describe_key(KeyId=item["KmsKeyId"])["KeyMetadata"]
        assert key["KeyManager"] == "CUSTOMER", item["Name"]


def test_no_role_may_do_everything(cloud: Client) -> None:
    iam = cloud("iam")
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    assert len(roles) >= 5
    for role in roles:
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for statement in document["Statement"]:
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                assert not any(action == "*" or action.endswith(":*") for action in actions), (role, actions)


def test_the_budget_warns(cloud: Client) -> None:
    budgets = cloud("budgets").describe_budgets(AccountId="123456789012")["Budgets"]
    limits = [item["BudgetLimit"]["Amount"] for item in budgets if item["BudgetName"].startswith(PREFIX)]
    assert [float(limit) for limit in limits] == [1200.0]


@pytest.fixture
def another_account(tmp_path: Path) -> Iterator[str]:
    """Endpoint of a second AWS stand-in, for a stack beside dev."""
    directory = tmp_path / "another-account"
    yield moto_server.start(directory)
    Supervisor(directory).stop_all()


def test_the_database_of_stg_is_private_encrypted_and_recoverable(program: ProgramMaker, another_account: str) -> None:
    checkout = Path(__file__).resolve().parents[2]
    engine = program(FOUNDATION_ALONE.format(checkout=str(checkout)))
    (engine.program / "Pulumi.yaml").write_text("name: biz-automation\nruntime: python\n")
    configuration = {f"biz-automation:{key}": value for key, value in stack_values("stg").items()}
    (engine.program / "Pulumi.stg.yaml").write_text(json.dumps({"config": configuration}))
    engine.command("stack", "init", "stg").check()
    engine.up("stg", environment={"AWS_ENDPOINT_URL": another_account}).check()
    instances = client_maker(another_account)("rds").describe_db_instances()["DBInstances"]
    assert len(instances) == 1
    database = instances[0]
    assert database["MultiAZ"]
    assert database["StorageEncrypted"]
    assert not database["PubliclyAccessible"]
    assert database["DeletionProtection"]
    assert database["BackupRetentionPeriod"] >= 7
    assert database["Engine"] == "postgres"
