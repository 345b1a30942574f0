"""PostgreSQL is kept alike, whether the cloud runs it or the cluster. Source: DB-1, DB-8, A-35, A-43."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.conftest import Programs
from tests.unit.parity.claims import AWS, AZURE, OPENSHIFT, Claim, cases, failing, unlike
from tests.unit.parity.reading import LOCK, aws_key, azure_key, log_groups, unkept, unlogged
from tests.unit.programs import Program
from tests.unit.recording import Registration

RDS, FLEXIBLE = "aws:rds/instance:Instance", "azure-native:dbforpostgresql:Server"
IN_CLUSTER = "kubernetes:postgresql.cnpg.io/v1:Cluster"
STORE = "kubernetes:barmancloud.cnpg.io/v1:ObjectStore"
DATABASE_LOGS = ("database-postgresql", "database-upgrade")
PROD = ("prod",)


@pytest.mark.parametrize("stack", ["azure-dev", "openshift-dev"])
def test_in_dev_the_cluster_runs_the_same_server_everywhere(programs: Programs, stack: str) -> None:
    assert portable(programs(stack)) == portable(programs("dev"))


@pytest.mark.parametrize("stack", ["dev", "azure-dev", "openshift-dev"])
def test_in_dev_volumes_go_with_their_claims(programs: Programs, stack: str) -> None:
    (default,) = [each.name for each in programs(stack).foundation.storage_classes if each.default]
    assert server(programs(stack)).inputs["spec"]["storage"]["storageClass"] == default


def portable(program: Program) -> Mapping[str, Any]:
    """A server's specification without what is the cloud's: the class of its volumes, and how it is known there."""
    (server,) = program.engine.of_type(IN_CLUSTER)
    spec = dict(server.inputs["spec"])
    labels = {key: spec["inheritedMetadata"]["labels"][key] for key in ("app", "cost-center", "environment")}
    hosts = [line.split()[0] for line in spec["postgresql"]["pg_hba"]]
    return {
        **{key: spec[key] for key in ("instances", "imageName", "bootstrap", "resources", "plugins", "affinity")},
        "parameters": spec["postgresql"]["parameters"],
        "labels": labels,
        "connections": set(hosts),
        "size": spec["storage"]["size"],
    }


def server(program: Program) -> Registration:
    """The server, whoever runs it."""
    (found,) = [item for kind in (RDS, FLEXIBLE, IN_CLUSTER) for item in program.engine.of_type(kind)]
    return found


def aws_encrypted(program: Program) -> list[str]:
    inputs = server(program).inputs
    found = (inputs["storageEncrypted"], inputs["kmsKeyId"], inputs["performanceInsightsKmsKeyId"])
    return unlike((True, aws_key("database"), aws_key("database")), found)


def azure_encrypted(program: Program) -> list[str]:
    encryption = server(program).inputs["dataEncryption"]
    return unlike(("AzureKeyVault", azure_key(program, "database")), (encryption["type"], encryption["primaryKeyURI"]))


def openshift_encrypted(program: Program) -> list[str]:
    """Its volumes are of a class that the program makes, and so encrypts."""
    name = server(program).inputs["spec"]["storage"]["storageClass"]
    return [] if name in program.of_kind("StorageClass") else [f"the owner's storage class {name}"]


def aws_closed(program: Program) -> list[str]:
    """Only the cluster's machines and pods reach it."""
    rules = [
        item
        for item in program.engine.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if item.name.startswith("database-")
    ]
    only_cluster = failing(rules, lambda rule: rule["referencedSecurityGroupId"] == "sg-cluster")
    return unlike(False, server(program).inputs["publiclyAccessible"]) + only_cluster


def azure_closed(program: Program) -> list[str]:
    return unlike("Disabled", server(program).inputs["network"]["publicNetworkAccess"])


def openshift_closed(program: Program) -> list[str]:
    (service,) = [item for name, item in program.of_kind("Service").items() if name == "data/postgres"]
    return unlike("ClusterIP", service["spec"]["type"])


def aws_tls(program: Program) -> list[str]:
    (group,) = program.engine.of_type("aws:rds/parameterGroup:ParameterGroup")
    found = {each["name"]: each["value"] for each in group.inputs["parameters"]}
    return unlike(("1", "TLSv1.2"), (found.get("rds.force_ssl"), found.get("ssl_min_protocol_version")))


def azure_configuration(program: Program) -> dict[str, str]:
    found = program.engine.of_type("azure-native:dbforpostgresql:Configuration")
    return {item.inputs["configurationName"]: item.inputs["value"] for item in found}


def azure_tls(program: Program) -> list[str]:
    found = azure_configuration(program)
    return unlike(("on", "TLSv1.2"), (found.get("require_secure_transport"), found.get("ssl_min_protocol_version")))


def openshift_tls(program: Program) -> list[str]:
    """The operator's default is TLS 1.3; what comes without TLS is refused."""
    *encrypted, last = server(program).inputs["spec"]["postgresql"]["pg_hba"]
    lines = [line for line in encrypted if not line.startswith("hostssl ")]
    return lines + unlike("host all all all reject", last)


LOGGED = {"log_connections": "on", "log_disconnections": "on", "log_min_duration_statement": "1000"}


def of_logging(found: Mapping[str, str]) -> dict[str, str]:
    """Settings of the log; AWS writes 1 for on."""
    return {key: value.replace("1", "on") if value == "1" else value for key, value in found.items() if key in LOGGED}


def aws_logged(program: Program) -> list[str]:
    (group,) = program.engine.of_type("aws:rds/parameterGroup:ParameterGroup")
    found = of_logging({each["name"]: each["value"] for each in group.inputs["parameters"]})
    days = program.settings.kubernetes.log_retention_days
    return unlike(LOGGED, found) + failing(
        log_groups(program, *DATABASE_LOGS),
        lambda each: (each["retentionInDays"], each["kmsKeyId"]) == (days, aws_key("logs")),
    )


def azure_logged(program: Program) -> list[str]:
    return unlike(LOGGED, of_logging(azure_configuration(program))) + unlogged(program, "database-logs")


def openshift_logged(program: Program) -> list[str]:
    """Its pods' log is collected with all others."""
    collector = [] if program.settings.components.fluent_bit else ["nothing collects logs"]
    return unlike(LOGGED, of_logging(server(program).inputs["spec"]["postgresql"]["parameters"])) + collector


def aws_backed_up(program: Program) -> list[str]:
    wanted = program.settings.database.backup_retention_days
    return unlike(wanted, server(program).inputs["backupRetentionPeriod"])


def azure_backed_up(program: Program) -> list[str]:
    wanted = program.settings.database.backup_retention_days
    return unlike(wanted, server(program).inputs["backup"]["backupRetentionDays"])


def openshift_backed_up(program: Program) -> list[str]:
    wanted = f"{program.settings.database.backup_retention_days}d"
    return failing(program.engine.of_type(STORE), lambda store: store["spec"]["retentionPolicy"] == wanted)


def aws_survives(program: Program) -> list[str]:
    return unlike(True, server(program).inputs["multiAz"])


def azure_survives(program: Program) -> list[str]:
    return unlike("ZoneRedundant", server(program).inputs["highAvailability"]["mode"])


def openshift_survives(program: Program) -> list[str]:
    spec = server(program).inputs["spec"]
    spread = (spec["instances"] > 1, spec["enablePDB"], spec["affinity"]["topologyKey"])
    return unlike((True, True, "topology.kubernetes.io/zone"), spread)


def kept(program: Program) -> list[str]:
    return unkept([server(program)])


def openshift_kept(program: Program) -> list[str]:
    """It ends with its namespace, so there is nothing to leave behind."""
    return unkept([server(program)], retained=False)


def aws_kept_by_cloud(program: Program) -> list[str]:
    inputs = server(program).inputs
    return unlike((True, False), (inputs["deletionProtection"], inputs["skipFinalSnapshot"]))


def azure_kept_by_cloud(program: Program) -> list[str]:
    locks = [item for item in program.engine.of_type(LOCK) if item.inputs["scope"] == "database-id"]
    return failing(locks, lambda lock: lock["level"] == "CanNotDelete")


def openshift_kept_by_cloud(program: Program) -> list[str]:
    """Its volumes are of a class that outlives their claims."""
    retained = {each.name for each in program.foundation.storage_classes if each.retain}
    name = server(program).inputs["spec"]["storage"]["storageClass"]
    return [] if name in retained else [f"storage class {name}"]


CLAIMS = [
    Claim(
        "database",
        "encrypted with a key of our own",
        {AWS: aws_encrypted, AZURE: azure_encrypted, OPENSHIFT: openshift_encrypted},
        PROD,
    ),
    Claim(
        "database", "closed to the public", {AWS: aws_closed, AZURE: azure_closed, OPENSHIFT: openshift_closed}, PROD
    ),
    Claim("database", "speaks TLS 1.2 or newer", {AWS: aws_tls, AZURE: azure_tls, OPENSHIFT: openshift_tls}, PROD),
    Claim("database", "its log is kept", {AWS: aws_logged, AZURE: azure_logged, OPENSHIFT: openshift_logged}, PROD),
    Claim(
        "database",
        "restorable to any moment as long as the settings say",
        {AWS: aws_backed_up, AZURE: azure_backed_up, OPENSHIFT: openshift_backed_up},
        PROD,
    ),
    Claim(
        "database",
        "survives the loss of a zone",
        {AWS: aws_survives, AZURE: azure_survives, OPENSHIFT: openshift_survives},
        PROD,
    ),
    Claim("database", "the engine refuses to delete it", {AWS: kept, AZURE: kept, OPENSHIFT: openshift_kept}, PROD),
    Claim(
        "database",
        "its data outlives an order to delete it",
        {AWS: aws_kept_by_cloud, AZURE: azure_kept_by_cloud, OPENSHIFT: openshift_kept_by_cloud},
        PROD,
    ),
]


@pytest.mark.parametrize(("claim", "stack"), cases(CLAIMS))
def test_database(claim: Claim, stack: str, programs: Programs) -> None:
    claim.judge(programs(stack))
