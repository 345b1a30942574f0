"""The schema of analytics on a real server. Source: DB-3..DB-10, A-27."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from components.database.psql import SCRIPTS
from tests.workloads.sql.postgres import Server

SQL = Path(__file__).parents[3] / "workloads" / "sql"
FILES = sorted(path.name for path in SQL.glob("*.sql"))
OWNER, PASSWORD = "analytics", "analytics-password"
_numbers = count()


@dataclass(frozen=True)
class Database:
    """A database of the server, whose owner is no superuser."""

    server: Server
    name: str

    def migrate(self, directory: Path = SQL) -> subprocess.CompletedProcess[str]:
        """Run the migrations of a directory."""
        environment = {**self.server.environment(self.name, OWNER, PASSWORD), "MIGRATIONS": str(directory)}
        return self.server.run(SCRIPTS / "migrate.sh", environment)

    def query(self, statement: str) -> list[list[str]]:
        """Rows of a statement, as the owner."""
        return self.server.query(statement, self.name, OWNER, PASSWORD)

    def column(self, statement: str) -> list[str]:
        """First column of a statement's rows."""
        return [row[0] for row in self.query(statement)]


@pytest.fixture(scope="module")
def server(postgres_server: Server) -> Server:
    """A server with the owner's role."""
    postgres_server.query(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'", "postgres")
    return postgres_server


def new_database(server: Server) -> Database:
    """An empty database of the owner."""
    name = f"analytics_{next(_numbers)}"
    server.query(f"CREATE DATABASE {name} OWNER {OWNER}", "postgres")
    return Database(server, name)


@pytest.fixture
def empty(server: Server) -> Database:
    return new_database(server)


@pytest.fixture(scope="module")
def migrated(server: Server) -> Database:
    database = new_database(server)
    done = database.migrate()
    assert done.returncode == 0, done.stderr
    return database


def test_each_file_runs_once(empty: Database) -> None:
    first, second = empty.migrate(), empty.migrate()

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert [f"applied {name}" for name in FILES] == first.stdout.splitlines()[:-1]
    assert second.stdout.splitlines() == ["the schema is up to date"]
    assert empty.column("SELECT name FROM schema_migrations ORDER BY name") == FILES


def test_a_database_that_lost_track_is_brought_up_to_date(empty: Database) -> None:
    empty.migrate()
    empty.query("INSERT INTO leads (email) VALUES ('a@example.com')")
    empty.query("DROP TABLE schema_migrations")

    done = empty.migrate()

    assert done.returncode == 0, done.stderr
    assert empty.column("SELECT email FROM leads") == ["a@example.com"]


def test_two_runs_at_once_do_the_work_once(empty: Database) -> None:
    with ThreadPoolExecutor() as both:
        runs = [run.result() for run in [both.submit(empty.migrate) for _ in range(2)]]

    assert [run.returncode for run in runs] == [0, 0], [run.stderr for run in runs]
    assert sorted(run.stdout.count("applied") for run in runs) == [0, len(FILES)]


def test_a_file_that_fails_leaves_nothing(empty: Database, tmp_path: Path) -> None:
    (tmp_path / "0001_good.sql").write_text("CREATE TABLE good (id int);", encoding="utf-8")
    (tmp_path / "0002_bad.sql").write_text("CREATE TABLE bad (id int); SELECT 1 / 0;", encoding="utf-8")

    done = empty.migrate(tmp_path)

    assert done.returncode != 0
    assert "division by zero" in done.stderr
    assert "up to date" not in done.stdout
    assert empty.column("SELECT name FROM schema_migrations") == ["0001_good.sql"]
    assert empty.column("SELECT to_regclass('good')") == ["good"]
    assert empty.column("SELECT coalesce(to_regclass('bad')::text, 'none')") == ["none"]


def test_a_file_that_was_changed_after_it_ran_is_an_error(empty: Database, tmp_path: Path) -> None:
    shutil.copytree(SQL, tmp_path / "sql")
    empty.migrate(tmp_path / "sql")
    with (tmp_path / "sql" / FILES[0]).open("a", encoding="utf-8") as file:
        file.write("SELECT 1;\n")

    done = empty.migrate(tmp_path / "sql")

    assert done.returncode != 0
    assert f"{FILES[0]} was changed after it ran" in done.stderr


def test_events_of_a_month_are_in_its_partition(migrated: Database) -> None:
    """Source: DB-8."""
    migrated.query(
        "INSERT INTO etl_improved_events (run_id, source, event_type, created_at) VALUES"
        " ('r1', 's', 'e', '2025-01-01 00:00Z'), ('r1', 's', 'e', '2025-02-01 00:00Z'), ('r1', 's', 'e', now())"
    )

    assert migrated.column("SELECT count(*) FROM etl_events_2025_01") == ["1"]
    assert migrated.column("SELECT count(*) FROM etl_events_default") == ["1"]
    bounds = "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'etl_events_2025_01'"
    assert migrated.query(f"SET timezone = 'UTC'; {bounds}") == [
        ["FOR VALUES FROM ('2025-01-01 00:00:00+00') TO ('2025-02-01 00:00:00+00')"]
    ]


def test_a_year_of_partitions_is_there_ahead(migrated: Database) -> None:
    partitions = migrated.column(
        "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent::regclass::text = 'etl_improved_events'"
    )

    assert len(partitions) == 15
    [last] = migrated.column(
        "SELECT 'etl_events_' || to_char((now() AT TIME ZONE 'UTC') + interval '12 months', 'YYYY_MM')"
    )
    assert last in partitions


def test_every_partition_has_both_indexes(migrated: Database) -> None:
    """Source: DB-7, A-27."""
    partitions = migrated.query("SELECT count(*) FROM pg_inherits WHERE inhparent = 'etl_improved_events'::regclass")
    indexes = migrated.query(
        "SELECT inhparent::regclass, count(*) FROM pg_inherits"
        " WHERE inhparent IN ('idx_events_created_at'::regclass, 'idx_events_status_created'::regclass)"
        " GROUP BY inhparent ORDER BY 1"
    )
    [[many]] = partitions
    assert indexes == [["idx_events_created_at", many], ["idx_events_status_created", many]]
    [definition] = migrated.query(
        "SELECT replace(indexdef, ',', ';') FROM pg_indexes WHERE indexname = 'idx_events_status_created'"
    )
    assert "(status; created_at DESC)" in definition[0]
    assert "'pending'::text; 'processing'::text" in definition[0]
    assert "done" not in definition[0]


def test_every_partition_is_vacuumed_early(migrated: Database) -> None:
    """Source: DB-9."""
    options = migrated.column(
        "SELECT array_to_string(reloptions, ' ') FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid "
        "WHERE inhparent = 'etl_improved_events'::regclass"
    )

    assert set(options) == {"autovacuum_vacuum_scale_factor=0.05 autovacuum_analyze_scale_factor=0.02"}


def test_a_further_month_gets_the_same(empty: Database) -> None:
    empty.migrate()

    assert empty.column("SELECT create_etl_partition('2031-05-17')") == ["etl_events_2031_05"]
    assert empty.column("SELECT create_etl_partition('2031-05-17')") == ["etl_events_2031_05"]
    [options] = empty.column(
        "SELECT array_to_string(reloptions, ' ') FROM pg_class WHERE relname = 'etl_events_2031_05'"
    )
    assert "autovacuum_vacuum_scale_factor=0.05" in options


def test_a_lead_is_the_same_however_its_address_is_spelt(migrated: Database) -> None:
    migrated.query(
        "INSERT INTO leads (email, score) VALUES ('Ada@Example.com', 10);"
        "INSERT INTO leads (email, score) VALUES ('ada@example.com', 90)"
        " ON CONFLICT (lower(email)) DO UPDATE SET score = excluded.score"
    )

    assert migrated.column("SELECT score FROM leads WHERE lower(email) = 'ada@example.com'") == ["90"]


def test_nobody_is_their_own_manager(migrated: Database) -> None:
    """Source: FLOW-ONBAF-1."""
    with pytest.raises(AssertionError, match="violates check constraint"):
        migrated.query(
            "INSERT INTO onboarding.employees (idempotency_key, email, full_name, manager_email, start_date)"
            " VALUES ('k', 'a@example.com', 'A', 'A@example.com', '2025-01-01')"
        )


def test_onboarding_has_its_four_tables(migrated: Database) -> None:
    """Source: DB-5."""
    tables = migrated.column("SELECT tablename FROM pg_tables WHERE schemaname = 'onboarding' ORDER BY 1")

    assert tables == ["accounts", "actions", "employees", "follow_up"]


def test_kpis_follow_payments_and_leads(empty: Database) -> None:
    """Source: DB-10, OBS-DASH-7."""
    empty.migrate()
    empty.query(
        "INSERT INTO leads (email, priority, created_at) VALUES"
        " ('a@example.com', 'high', '2025-03-01 10:00Z'), ('b@example.com', 'low', '2025-03-01 11:00Z');"
        "INSERT INTO payments (payment_id, amount, currency, status, customer_email, paid_at) VALUES"
        " ('pi_1', 1500, 'usd', 'succeeded', 'A@example.com', '2025-03-03 10:00Z'),"
        " ('pi_2', 500, 'usd', 'succeeded', 'b@example.com', '2025-03-20 10:00Z'),"
        " ('pi_3', 900, 'usd', 'failed', 'b@example.com', '2025-03-02 10:00Z')"
    )

    empty.query("SELECT refresh_kpis()")

    assert empty.query("SELECT leads, converted FROM kpi_conversion_daily") == [["2", "1"]]
    assert empty.column("SELECT sum(amount) FROM kpi_revenue_hourly") == ["2000"]
    assert empty.column("SELECT count(*) FROM kpi_leads_daily") == ["2"]
