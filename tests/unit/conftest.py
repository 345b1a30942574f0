"""Fixtures of the unit tests."""

from collections.abc import Iterator

import pytest

from tests.unit.recording import RecordingEngine


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingEngine]:
    """An engine that records; an Output in an f-string is an error, as in CI."""
    monkeypatch.setenv("PULUMI_ERROR_OUTPUT_STRING", "1")
    recording = RecordingEngine()
    yield recording
    recording.close()
