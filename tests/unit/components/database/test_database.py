"""Managed PostgreSQL: out of reach, encrypted, TLS only, restorable."""

from dataclasses import replace
from ipaddress import IPv4Network

from components.database.aws import Database, DatabaseArgs
from tests.unit.components.ownership import KEY_ARN, OWNERSHIP, untagged
from tests.unit.recording import RecordingEngine

ARGS = DatabaseArgs(
    identifier="biz",
    database="analytics",
    version="17",
    instance_class="db.m7g.large",
    storage_gib=50,
    backup_retention_days=14,
    multi_zone=True,
    networks=[IPv4Network("10.10.72.0/24")],
    subnet_ids=["intra-a", "intra-b"],
    vpc_id="vpc",
    client_security_group_id="sg-cluster",
    data_key_arn=KEY_ARN + "-data",
    secret_key_arn=KEY_ARN + "-secrets",
    log_key_arn=KEY_ARN + "-logs",
    log_retention_days=90,
    protect=True,
    ownership=OWNERSHIP,
)
INSTANCE = "aws:rds/instance:Instance"


def deploy(engine: RecordingEngine, args: DatabaseArgs = ARGS) -> Database:
    engine.outputs[INSTANCE] = lambda _name, _inputs: {
        "address": "biz.rds.example",
        "masterUserSecrets": [{"secretArn": "arn:secret"}],
    }
    return engine.deploy(lambda: Database("database", args))


def test_it_is_encrypted_and_out_of_reach(engine: RecordingEngine) -> None:
    deploy(engine)
    instance = engine.only(INSTANCE).inputs
    assert (instance["storageEncrypted"], instance["kmsKeyId"]) == (True, KEY_ARN + "-data")
    assert instance["publiclyAccessible"] is False
    assert engine.only("aws:rds/subnetGroup:SubnetGroup").inputs["subnetIds"] == ["intra-a", "intra-b"]


def test_only_the_cluster_may_connect_and_only_with_tls(engine: RecordingEngine) -> None:
    deploy(engine)
    rule = engine.only("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").inputs
    assert (rule["referencedSecurityGroupId"], rule["fromPort"], rule["toPort"]) == ("sg-cluster", 5432, 5432)
    assert "cidrIpv4" not in rule
    group = engine.only("aws:rds/parameterGroup:ParameterGroup").inputs
    parameters = {item["name"]: item["value"] for item in group["parameters"]}
    assert (group["family"], parameters["rds.force_ssl"]) == ("postgres17", "1")


def test_any_moment_can_be_restored_and_a_zone_may_fail(engine: RecordingEngine) -> None:
    deploy(engine)
    instance = engine.only(INSTANCE).inputs
    assert (instance["backupRetentionPeriod"], instance["multiAz"]) == (14, True)


def test_no_program_holds_the_superusers_password(engine: RecordingEngine) -> None:
    database = deploy(engine)
    instance = engine.only(INSTANCE).inputs
    assert instance["manageMasterUserPassword"] is True
    assert instance["masterUserSecretKmsKeyId"] == KEY_ARN + "-secrets"
    assert "password" not in instance
    assert engine.value(database.endpoint.secret_name) == "arn:secret"


def test_a_protected_database_is_kept_and_leaves_a_snapshot(engine: RecordingEngine) -> None:
    deploy(engine)
    item = engine.only(INSTANCE)
    assert (item.protect, item.inputs["deletionProtection"], item.inputs["deleteAutomatedBackups"]) == (
        True,
        True,
        False,
    )
    assert (item.inputs["skipFinalSnapshot"], item.inputs["finalSnapshotIdentifier"]) == (False, "biz-final")


def test_an_unprotected_database_goes_without_trace(engine: RecordingEngine) -> None:
    deploy(engine, replace(ARGS, protect=False))
    item = engine.only(INSTANCE)
    assert (item.protect, item.inputs["deletionProtection"], item.inputs["skipFinalSnapshot"]) == (False, False, True)


def test_logs_are_exported_to_groups_made_before(engine: RecordingEngine) -> None:
    deploy(engine)
    groups = engine.of_type("aws:cloudwatch/logGroup:LogGroup")
    assert [item.inputs["name"] for item in groups] == [
        "/aws/rds/instance/biz/postgresql",
        "/aws/rds/instance/biz/upgrade",
    ]
    assert {item.inputs["kmsKeyId"] for item in groups} == {KEY_ARN + "-logs"}
    instance = engine.only(INSTANCE)
    assert {item.urn for item in groups} <= set(instance.dependencies)
    assert instance.inputs["enabledCloudwatchLogsExports"] == ["postgresql", "upgrade"]


def test_everything_carries_the_ownership_tags(engine: RecordingEngine) -> None:
    deploy(engine)
    assert not untagged(engine)
