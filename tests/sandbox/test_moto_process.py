"""Every change that the AWS stand-in has answered is in its file once a save returns."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from sandbox.moto_memory import Memory
from sandbox.moto_process import RememberingApplication

WRITING = {"REQUEST_METHOD": "POST"}
SECONDS = 10.0


class SlowMemory(Memory):
    """Saves nothing, and takes until it is let go."""

    def __init__(self) -> None:
        super().__init__(Path("unused"))
        self.begun = threading.Event()
        self.let_go = threading.Event()
        self.saved = 0
        self.failures: list[OSError] = []

    def save(self) -> None:
        self.begun.set()
        assert self.let_go.wait(SECONDS)
        if self.failures:
            raise self.failures.pop()
        self.saved += 1


def answer(_environ: dict[str, Any], _start: Callable[..., Any]) -> Iterable[bytes]:
    return [b""]


@pytest.fixture
def memory() -> SlowMemory:
    return SlowMemory()


@pytest.fixture
def application(memory: SlowMemory) -> RememberingApplication:
    changed = RememberingApplication(answer, memory)
    changed(WRITING, print)
    return changed


def test_an_end_waits_for_the_save_that_is_under_way(application: RememberingApplication, memory: SlowMemory) -> None:
    periodic = threading.Thread(target=application.save, daemon=True)
    periodic.start()
    assert memory.begun.wait(SECONDS)
    last = threading.Thread(target=application.save, daemon=True)
    last.start()
    last.join(0.2)
    # the process ends when this save returns, and the other one with it
    assert last.is_alive()
    memory.let_go.set()
    last.join(SECONDS)
    assert not last.is_alive()
    assert memory.saved == 1


def test_what_changes_during_a_save_is_saved_by_the_next(
    application: RememberingApplication, memory: SlowMemory
) -> None:
    periodic = threading.Thread(target=application.save, daemon=True)
    periodic.start()
    assert memory.begun.wait(SECONDS)
    application(WRITING, print)
    memory.let_go.set()
    periodic.join(SECONDS)
    application.save()
    assert memory.saved == 2
    application.save()
    assert memory.saved == 2


def test_a_save_that_fails_is_tried_again(application: RememberingApplication, memory: SlowMemory) -> None:
    memory.let_go.set()
    memory.failures = [OSError("no space left on device")]
    with pytest.raises(OSError, match="no space left"):
        application.save()
    application.save()
    assert memory.saved == 1
