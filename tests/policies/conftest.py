"""Fixtures of the policy tests."""

from collections.abc import Iterator

import pytest

from tests.policies.pack import COST_CENTERS, Pack, running


@pytest.fixture(scope="session")
def pack() -> Iterator[Pack]:
    """The pack, judging a stack that may charge `COST_CENTERS`."""
    with running() as started:
        started.configure_stack({"name": "example", "costCenters": list(COST_CENTERS)})
        yield started
