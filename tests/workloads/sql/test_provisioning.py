"""Roles and databases on a real server, as the Job of a managed database makes them. Source: DB-1, A-35, SEC-11."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.database.psql import SCRIPTS
from tests.workloads.sql.postgres import Server


@dataclass(frozen=True)
class Job:
    """The Job's files in a directory, and the server that it runs against."""

    server: Server
    directory: Path

    def run(self, **passwords: str) -> None:
        """Run it for databases that are called like their owners.

        Args:
            passwords: of each owner.
        """
        for name in ("provision.sh", "provision.sql"):
            shutil.copy(SCRIPTS / name, self.directory)
        lines = "".join(f"{owner} {owner}\n" for owner in passwords)
        (self.directory / "databases").write_text(lines, encoding="utf-8")
        for owner, password in passwords.items():
            (self.directory / owner).mkdir(exist_ok=True)
            (self.directory / owner / "password").write_text(password, encoding="utf-8")
        environment = {**self.server.environment("postgres"), "CREDENTIALS": str(self.directory)}
        done = self.server.run(self.directory / "provision.sh", environment)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def job(postgres_server: Server, tmp_path: Path) -> Job:
    return Job(postgres_server, tmp_path)


def test_each_owner_has_a_database_and_enters_no_other(job: Job) -> None:
    job.run(red="one", blue="two")

    job.server.query("CREATE TABLE mine (id int)", "red", "red", "one")
    with pytest.raises(AssertionError, match='permission denied for database "red"'):
        job.server.query("SELECT 1", "red", "blue", "two")


def test_a_second_run_changes_nothing_but_a_renewed_password(job: Job) -> None:
    job.run(green="one")
    job.server.query("CREATE TABLE kept AS SELECT 7 AS value", "green", "green", "one")

    job.run(green="two")

    assert job.server.query("SELECT value FROM kept", "green", "green", "two") == [["7"]]
    with pytest.raises(AssertionError, match="password authentication failed"):
        job.server.query("SELECT 1", "green", "green", "one")


def test_a_database_that_the_cloud_made_gets_its_owner(job: Job) -> None:
    job.server.query("CREATE DATABASE grey", "postgres")

    job.run(grey="one")

    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'grey'"
    assert job.server.query(owner, "postgres") == [["grey"]]
    job.server.query("CREATE TABLE mine (id int)", "grey", "grey", "one")
