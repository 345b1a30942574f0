"""Backups have the same places on every cloud, and somebody makes them. Source: BACKUP-2..4, BACKUP-6, A-43."""

import pytest

from stacks.foundation import Access, Grant
from tests.unit.conftest import Programs
from tests.unit.parity.conftest import STACKS

ZONES = {"raw", "curated", "archive"}
BACKUPS = {"velero-backups", "backups"}


@pytest.mark.parametrize("stack", STACKS)
def test_lake_and_backups_have_the_same_places(programs: Programs, stack: str) -> None:
    program = programs(stack)
    assert set(program.foundation.lake) == set(program.outputs["lake"]) == ZONES
    assert set(program.foundation.backup) == BACKUPS
    assert set(program.outputs["buckets"]) == {*ZONES, *BACKUPS, "invoices"}


@pytest.mark.parametrize("stack", STACKS)
def test_the_database_is_backed_up_by_whoever_runs_it(programs: Programs, stack: str) -> None:
    program = programs(stack)
    by_cluster = program.foundation.database is None
    assert bool(program.foundation.database_backups) is by_cluster
    assert ("ScheduledBackup" in {item.type.rpartition(":")[2] for item in program.objects}) is by_cluster
    writers = {
        account
        for account, binding in program.bindings.items()
        if Grant("bucket/backups", Access.WRITE) in binding.grants
    }
    assert writers == ({"data/postgres"} if by_cluster else set())
