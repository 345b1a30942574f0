"""The Job that brings a schema up to date."""

from pathlib import Path

import pytest

from components.database import Migrations, MigrationsArgs, postgres_image
from tests.unit.components.database.server import database_server
from tests.unit.components.environment import environment
from tests.unit.recording import RecordingEngine, recording

JOB = "kubernetes:batch/v1:Job"


def deploy(engine: RecordingEngine, *files: Path) -> Migrations:
    """Deploy the migrations of analytics."""
    return engine.deploy(
        lambda: Migrations(
            "migrations", MigrationsArgs(environment(), database_server(), "analytics", files, postgres_image("17"))
        )
    )


def written(directory: Path, text: str) -> Path:
    """A migration with this text."""
    file = directory / "0001_base.sql"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_files_reach_a_job_of_the_databases_owner(engine: RecordingEngine, tmp_path: Path) -> None:
    migrations = deploy(engine, written(tmp_path, "SELECT 1;\n"))
    job = engine.only(JOB)
    [container] = job.inputs["spec"]["template"]["spec"]["containers"]
    env = {item["name"]: item for item in container["env"]}

    files = engine.only("kubernetes:core/v1:ConfigMap", "analytics-migrations-migrations").inputs["data"]
    assert files == {"0001_base.sql": "SELECT 1;\n"}
    assert env["PGDATABASE"]["value"] == "analytics"
    assert env["PGUSER"]["valueFrom"]["secretKeyRef"] == {"name": "postgres-analytics", "key": "username"}
    assert any("database" in urn for urn in job.dependencies)
    assert job.create_timeout == "1800s"
    assert engine.value(migrations.ready.urn) == job.urn


def test_another_file_makes_another_job(tmp_path: Path) -> None:
    names: set[str] = set()
    for text in ("SELECT 1;\n", "SELECT 2;\n", "SELECT 1;\n"):
        with recording() as engine:
            deploy(engine, written(tmp_path, text))
            names.add(engine.only(JOB).inputs["metadata"]["name"])

    assert len(names) == 2
    assert all(name.startswith("analytics-migrations-") for name in names)


def test_no_file_is_an_error(engine: RecordingEngine) -> None:
    with pytest.raises(ValueError, match="analytics has no migrations"):
        deploy(engine)
