"""PostgreSQL in the cluster: what the operator is told."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.database import (
    DatabaseCredentials,
    DatabaseCredentialsArgs,
    DatabaseOperator,
    DatabaseOperatorArgs,
    DatabaseServer,
    Postgres,
    PostgresArgs,
    databases,
    postgres_image,
)
from components.identity import Access, Grant
from tests.unit.components.environment import NotedIdentity, environment, gate
from tests.unit.recording import RecordingEngine, Registration, recording

CHART = "kubernetes:helm.sh/v4:Chart"
SERVICE = "kubernetes:core/v1:Service"
BACKUPS = {"destinationPath": "s3://backups/database/", "s3Credentials": {"inheritFromIAMRole": True}}
IDENTITIES: dict[str, NotedIdentity] = {}


def deploy(engine: RecordingEngine, profile: str = "dev", *, backed_up: bool = True) -> DatabaseServer:
    """Deploy operator, credentials and server."""

    def program() -> DatabaseServer:
        stack = environment(profile)
        assert isinstance(stack.identity, NotedIdentity)
        IDENTITIES[profile] = stack.identity
        operator = DatabaseOperator("operator", DatabaseOperatorArgs(stack, gate("certificates")))
        credentials = DatabaseCredentials("credentials", DatabaseCredentialsArgs(stack, databases()))
        args = PostgresArgs(
            environment=stack,
            image=postgres_image("17"),
            storage_gib=20,
            storage_class="standard",
            protect=profile == "prod",
            rows=databases(),
            backups=BACKUPS if backed_up else {},
            backup_retention_days=7,
            operator=operator.ready,
            credentials=credentials.ready,
        )
        return Postgres("postgres", args).server

    return engine.deploy(program)


@pytest.fixture(scope="module")
def dev() -> Iterator[RecordingEngine]:
    with recording() as engine:
        deploy(engine)
        yield engine


def custom(engine: RecordingEngine, kind: str, name: str = "postgres") -> Registration:
    """One custom resource, by kind and Kubernetes name."""
    found = [
        item
        for item in engine.registrations
        if item.custom and item.type.rpartition(":")[2] == kind and item.inputs["metadata"]["name"] == name
    ]
    assert len(found) == 1
    return found[0]


def spec(engine: RecordingEngine, kind: str, name: str = "postgres") -> dict[str, Any]:
    """Its specification."""
    return custom(engine, kind, name).inputs["spec"]


def test_the_service_leads_to_the_primary(dev: RecordingEngine) -> None:
    """Source: DB-1, CLU-7."""
    service = dev.only(SERVICE, "postgres").inputs

    assert (service["metadata"]["namespace"], service["metadata"]["name"]) == ("data", "postgres")
    assert service["spec"]["selector"] == {"cnpg.io/cluster": "postgres", "cnpg.io/instanceRole": "primary"}
    assert [(port["port"], port["targetPort"]) for port in service["spec"]["ports"]] == [(5432, "postgresql")]


def test_pods_are_found_as_those_of_the_deployment_that_operators_expect(dev: RecordingEngine) -> None:
    """Source: CLU-18, CLU-19, POL-2."""
    labels = spec(dev, "Cluster")["inheritedMetadata"]["labels"]

    assert labels["app"] == "postgres"
    assert labels["cost-center"]


def test_dev_is_one_instance_with_an_exact_image_and_bounds(dev: RecordingEngine) -> None:
    cluster = spec(dev, "Cluster")

    assert (cluster["instances"], cluster["enablePDB"]) == (1, False)
    assert cluster["storage"] == {"storageClass": "standard", "size": "20Gi"}
    assert cluster["imageName"].startswith("ghcr.io/cloudnative-pg/postgresql:17.")
    assert cluster["resources"]["limits"].keys() == {"cpu", "memory"}


def test_every_database_has_its_owner_and_the_owner_a_password_from_the_vault(dev: RecordingEngine) -> None:
    for name, row in databases().items():
        role, database = spec(dev, "DatabaseRole", row.owner), spec(dev, "Database", name)
        secret = role["passwordSecret"]["name"]
        assert (database["name"], database["owner"], role["name"]) == (name, row.owner, row.owner)
        external = spec(dev, "ExternalSecret", secret)
        assert {item["secretKey"] for item in external["data"]} == {"username", "password"}
        assert external["target"]["template"]["type"] == "kubernetes.io/basic-auth"
        assert external["target"]["template"]["metadata"]["labels"]["cnpg.io/reload"] == "true"
        assert custom(dev, "DatabaseRole", row.owner).urn in custom(dev, "Database", name).dependencies


def test_operators_find_the_password_of_analytics(dev: RecordingEngine) -> None:
    """Source: DB-2."""
    [item] = spec(dev, "ExternalSecret", "postgres-credentials")["data"]

    assert item == {
        "secretKey": "password",
        "remoteRef": {"key": "biz/postgres/analytics", "property": "password"},
    }


def test_connections_are_encrypted_and_owners_see_only_their_own(dev: RecordingEngine) -> None:
    rules = spec(dev, "Cluster")["postgresql"]["pg_hba"]

    assert "hostssl kestra kestra all scram-sha-256" in rules
    assert rules[-1] == "host all all all reject"
    assert all(rule.startswith("hostssl ") for rule in rules[:-1])


def test_any_moment_of_the_last_days_can_be_restored(dev: RecordingEngine) -> None:
    """Source: A-43, BACKUP-6."""
    store = spec(dev, "ObjectStore")
    [plugin] = spec(dev, "Cluster")["plugins"]

    assert store["configuration"]["destinationPath"] == "s3://backups/database/"
    assert store["retentionPolicy"] == "7d"
    assert (plugin["isWALArchiver"], plugin["parameters"]["barmanObjectName"]) == (True, "postgres")
    assert spec(dev, "ScheduledBackup")["schedule"] == "0 0 2 * * *"
    assert IDENTITIES["dev"].grants["data/postgres"] == [Grant("bucket/backups", Access.WRITE)]


def test_instances_reach_the_api_server_their_identity_and_the_store_of_backups(dev: RecordingEngine) -> None:
    policy = dev.only("kubernetes:networking.k8s.io/v1:NetworkPolicy", "data-postgres-instances").inputs["spec"]

    assert policy["podSelector"] == {"matchLabels": {"cnpg.io/cluster": "postgres"}}
    assert policy["policyTypes"] == ["Egress"]
    assert {port["port"] for rule in policy["egress"] for port in rule["ports"]} == {443, 6443, 80}


def test_each_part_waits_for_what_it_needs(dev: RecordingEngine) -> None:
    operator, plugin = dev.only(CHART, "cloudnative-pg"), dev.only(CHART, "plugin-barman-cloud")
    cluster = custom(dev, "Cluster")

    assert operator.urn in plugin.dependencies
    assert any("certificates" in urn for urn in plugin.dependencies)
    assert any("monitors" in urn for urn in operator.dependencies)
    assert plugin.urn in cluster.dependencies
    assert custom(dev, "ObjectStore").urn in cluster.dependencies
    assert custom(dev, "ExternalSecret", "postgres-kestra").urn in cluster.dependencies
    assert custom(dev, "Database", "kestra").urn in dev.only(SERVICE, "postgres").dependencies


def test_metrics_of_instances_are_scraped(dev: RecordingEngine) -> None:
    monitor = spec(dev, "PodMonitor")

    assert monitor["selector"]["matchLabels"] == {"cnpg.io/cluster": "postgres"}
    assert [item["port"] for item in monitor["podMetricsEndpoints"]] == ["metrics"]


def test_the_operator_looks_after_its_own_namespace_only(dev: RecordingEngine) -> None:
    assert dev.only(CHART, "cloudnative-pg").inputs["values"]["config"] == {"clusterWide": False}


def test_prod_stands_when_an_instance_goes(engine: RecordingEngine) -> None:
    deploy(engine, "prod")
    cluster = spec(engine, "Cluster")

    assert (cluster["instances"], cluster["enablePDB"]) == (3, True)
    assert engine.only(CHART, "cloudnative-pg").inputs["values"]["replicaCount"] == 2
    assert engine.only("kubernetes:policy/v1:PodDisruptionBudget", "cloudnative-pg")


def test_without_a_store_there_are_no_backups(engine: RecordingEngine) -> None:
    deploy(engine, backed_up=False)

    assert "plugins" not in spec(engine, "Cluster")
    assert not [item for item in engine.registrations if item.type.endswith(("ScheduledBackup", "ObjectStore"))]


def test_an_unknown_version_is_named() -> None:
    with pytest.raises(ValueError, match="no image of PostgreSQL 12"):
        postgres_image("12")
