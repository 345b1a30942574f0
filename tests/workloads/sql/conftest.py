"""Fixtures of the SQL tests."""

from collections.abc import Iterator

import pytest

from tests.workloads.sql import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A running PostgreSQL; without the machine's packages the test is skipped, with the reason."""
    programs = postgres.binaries()
    if programs is None:
        pytest.skip(f"no PostgreSQL server in {postgres.PACKAGES}; install one (Debian: apt install postgresql)")
    with postgres.running(programs) as server:
        yield server
