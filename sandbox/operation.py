"""Who is at work on a stack: the CLI's lock files, and the sandbox's own note of the engine that it started."""

import datetime as dt
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from sandbox.environment import write_private

# an engine that is asked to stop lets running operations finish
ORPHAN_SECONDS = 300.0


@dataclass(frozen=True)
class StackLock:
    """A lock file of the file backend: who took it, and when."""

    pid: int
    host: str
    since: dt.datetime

    @classmethod
    def find(cls, folder: Path) -> "list[StackLock]":
        """Return the locks of a stack."""
        return [cls._read(path) for path in sorted(folder.glob("*.json"))]

    @classmethod
    def _read(cls, path: Path) -> "StackLock":
        content = json.loads(path.read_text())
        written = dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC)
        return cls(content["pid"], content["hostname"], written)

    def is_held(self) -> bool:
        """Whether the process that took it lives; one on another host is taken to live."""
        if self.host != socket.gethostname():
            return True
        try:
            return psutil.Process(self.pid).create_time() <= self.since.timestamp() + 2
        except psutil.NoSuchProcess:
            return False


@dataclass(frozen=True)
class _Process:
    """A process that cannot be mistaken for a later one with the same id."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "_Process":
        return cls(pid, psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 2.0
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


class Operation:
    """The note of a command that runs an engine.

    Args:
        directory: state directory of the sandbox.
    """

    def __init__(self, directory: Path) -> None:
        self._file = _folder(directory) / f"{os.getpid()}.json"

    def engine_started(self, pid: int) -> None:
        """Write down which engine this process waits for."""
        with suppress(psutil.NoSuchProcess):
            command, engine = _Process.of(os.getpid()), _Process.of(pid)
            write_private(self._file, json.dumps({"command": vars(command), "engine": vars(engine)}))

    @contextmanager
    def recorded(self) -> Generator[None]:
        """Remove the note at the end."""
        try:
            yield
        finally:
            self._file.unlink(missing_ok=True)


def end_orphan(directory: Path, say: Callable[[str], None]) -> None:
    """End engines whose command was killed, in order: what they have begun gets finished and saved.

    Args:
        directory: state directory of the sandbox.
        say: shows one sentence to the user.
    """
    for file in _folder(directory).glob("*.json"):
        content = json.loads(file.read_text())
        if _Process(**content["command"]).find():
            continue
        engine = _Process(**content["engine"]).find()
        if engine:
            say(f"The engine of a command that was killed (process {engine.pid}) is still at work; ending it in order.")
            with suppress(psutil.NoSuchProcess):
                engine.send_signal(signal.SIGINT)
                _await_end(engine)
        file.unlink(missing_ok=True)


def _await_end(process: psutil.Process) -> None:
    deadline = time.monotonic() + ORPHAN_SECONDS
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            process.kill()
        time.sleep(0.1)


def _folder(directory: Path) -> Path:
    return directory / "run" / "operations"
