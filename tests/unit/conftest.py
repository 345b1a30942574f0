"""Fixtures of the unit tests."""

from collections.abc import Iterator

import pytest

from tests.unit.recording import RecordingEngine, recording


@pytest.fixture
def engine() -> Iterator[RecordingEngine]:
    """An engine of the test's own."""
    with recording() as fresh:
        yield fresh
