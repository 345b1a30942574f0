"""PostgreSQL that the cloud runs: its name in the cluster, and the Job that makes roles and databases."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pytest

from components.database import (
    DatabaseCredentials,
    DatabaseCredentialsArgs,
    DatabaseServer,
    ManagedDatabase,
    ManagedPostgres,
    ManagedPostgresArgs,
    databases,
    databases_of,
    postgres_image,
)
from tests.unit.components.environment import environment
from tests.unit.recording import RecordingEngine, recording

JOB = "kubernetes:batch/v1:Job"
CRON_JOB = "kubernetes:batch/v1:CronJob"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


def deploy(engine: RecordingEngine, *components: str) -> DatabaseServer:
    """Deploy credentials and the cloud's server.

    Args:
        engine: records it.
        components: that are on; none: all of them.
    """

    def program() -> DatabaseServer:
        stack = environment("prod")
        rows = databases_of(components) if components else databases()
        database = ManagedDatabase(
            host=pulumi.Output.from_input("biz.abc.us-east-1.rds.amazonaws.com"),
            port=pulumi.Output.from_input(5432),
            name="analytics",
            networks=[IPv4Network("10.30.72.0/24")],
            secret_name=pulumi.Output.from_input("rds!db-1"),
        )
        credentials = DatabaseCredentials("credentials", DatabaseCredentialsArgs(stack, rows))
        args = ManagedPostgresArgs(stack, database, postgres_image("17"), rows, credentials.ready)
        return ManagedPostgres("postgres", args).server

    return engine.deploy(program)


@pytest.fixture(scope="module")
def prod() -> Iterator[RecordingEngine]:
    with recording("prod") as engine:
        deploy(engine)
        yield engine


def pod(engine: RecordingEngine) -> dict[str, Any]:
    """Specification of the Job's pods."""
    return engine.only(JOB).inputs["spec"]["template"]["spec"]


def test_applications_find_it_under_the_same_name_as_in_the_cluster(prod: RecordingEngine) -> None:
    """Source: A-35."""
    service = prod.only("kubernetes:core/v1:Service").inputs

    assert (service["metadata"]["namespace"], service["metadata"]["name"]) == ("data", "postgres")
    assert service["spec"]["type"] == "ExternalName"
    assert service["spec"]["externalName"] == "biz.abc.us-east-1.rds.amazonaws.com"


def test_the_job_makes_every_database_and_its_owner(prod: RecordingEngine) -> None:
    files = prod.only(CONFIG_MAP).inputs["data"]

    assert files["databases"].splitlines() == [f"{name} {row.owner}" for name, row in databases().items()]
    assert files.keys() == {"databases", "provision.sh", "provision.sql"}
    [container] = pod(prod)["containers"]
    assert container["command"] == ["/bin/sh", "/scripts/provision.sh"]


def test_passwords_reach_the_job_by_reference_only(prod: RecordingEngine) -> None:
    [container] = pod(prod)["containers"]
    env = {item["name"]: item for item in container["env"]}

    assert env["PGPASSWORD"]["valueFrom"]["secretKeyRef"] == {"name": "postgres-superuser", "key": "password"}
    assert env["PGSSLMODE"]["value"] == "require"
    mounted = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    secrets = {volume["name"]: volume["secret"]["secretName"] for volume in pod(prod)["volumes"] if "secret" in volume}
    for row in databases().values():
        assert secrets[mounted[f"/credentials/{row.owner}"]] == f"postgres-{row.owner}"


def test_the_job_may_call_the_database_and_is_hardened(prod: RecordingEngine) -> None:
    job = prod.only(JOB).inputs["spec"]
    [container] = pod(prod)["containers"]

    assert job["template"]["metadata"]["labels"]["biz-automation/database"] == "client"
    assert pod(prod)["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert container["resources"]["limits"].keys() == {"cpu", "memory"}
    assert "ttlSecondsAfterFinished" not in job


def test_a_further_database_runs_it_again(engine: RecordingEngine, prod: RecordingEngine) -> None:
    deploy(engine, "kestra")
    few, all_of_them = (item.only(JOB).inputs["metadata"]["name"] for item in (engine, prod))

    assert few.startswith("postgres-databases-")
    assert few != all_of_them


def test_renewed_passwords_are_set_within_the_hour(prod: RecordingEngine) -> None:
    """Source: SEC-11."""
    cron_job, job = prod.only(CRON_JOB), prod.only(JOB)

    assert cron_job.inputs["spec"]["schedule"] == "30 * * * *"
    assert cron_job.inputs["spec"]["jobTemplate"]["spec"] == job.inputs["spec"]
    assert job.urn in cron_job.dependencies


def test_the_gate_is_the_job(engine: RecordingEngine) -> None:
    server = deploy(engine)

    assert engine.value(server.ready.urn) == engine.only(JOB).urn
