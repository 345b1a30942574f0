"""The whole program on each cloud."""

from collections.abc import Sequence

import pytest

from tests.unit.conftest import Programs
from tests.unit.programs import Program

# what differs between stg and prod is sizes
STACKS = ("dev", "prod", "azure-dev", "azure-prod", "openshift-dev", "openshift-prod")


@pytest.fixture(scope="session")
def everything(programs: Programs) -> Sequence[Program]:
    """The programs of all clouds, in dev and in prod."""
    return [programs(stack) for stack in STACKS]
