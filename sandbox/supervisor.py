"""Daemons of a sandbox: started once, found again by later commands, ended exactly.

Each daemon has a record `run/<name>.pid` with its process id and start time, so that a process id which the system has
given to somebody else meanwhile is never touched, and a log `logs/<name>.log`.
"""

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from sandbox.errors import SandboxError

POLL_SECONDS = 0.05
# an API server ends its watches first
STOP_SECONDS = 15.0
PORT_ATTEMPTS = 5
LAUNCHER = Path(__file__).with_name("launch.py")
PORT_TAKEN = "address already in use"
RELEASE_SECONDS = 2.0


@dataclass(frozen=True)
class Daemon:
    """A server to keep running.

    Attributes:
        name: of the record and the log.
        command: the argument list for a given port.
        healthy: whether the server answers on a port; must return soon.
        environment: variables on top of the caller's.
        seconds: how long it may take to become healthy.
    """

    name: str
    command: Callable[[int], Sequence[str]]
    healthy: Callable[[int], bool]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    seconds: float = 60.0


@dataclass(frozen=True)
class Record:
    """A started daemon; `started` (of the process) and `launched` (by whom it is on record) are epoch seconds."""

    name: str
    pid: int
    started: float
    launched: float
    port: int
    command: tuple[str, ...]

    def process(self) -> psutil.Process | None:
        """Return the process, unless it has ended or its id belongs to somebody else now."""
        try:
            process = psutil.Process(self.pid)
            # the system's boot time, which start times derive from, may be corrected by a second
            same = abs(process.create_time() - self.started) < 2.0
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_free(port: int) -> bool:
    """Whether a TCP port of 127.0.0.1 can be bound."""
    with socket.socket() as probe:
        # a server that ended a moment ago leaves connections behind that do not stand in the way
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def same_port_if_possible(port: int) -> int:
    """Return the port once it is free, or another one where somebody keeps it.

    The kernel takes a moment to close the sockets of a process that was killed.
    """
    deadline = time.monotonic() + RELEASE_SECONDS
    while not is_free(port):
        if time.monotonic() > deadline:
            return free_port()
        time.sleep(0.05)
    return port


class Supervisor:
    """Starts and ends the daemons of one state directory.

    Args:
        directory: state directory of the sandbox.
        say: shows one sentence to the user.
    """

    def __init__(self, directory: Path, say: Callable[[str], None] = print) -> None:
        self.directory = directory
        self._say = say
        self._run = directory / "run"
        self._logs = directory / "logs"

    def log(self, name: str) -> Path:
        """Return the log of a daemon."""
        return self._logs / f"{name}.log"

    @contextmanager
    def exclusive(self) -> Generator[None]:
        """Hold the directory: nobody else starts or ends daemons meanwhile."""
        self._run.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._run / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._say("Another command is starting or ending the sandbox's daemons; waiting for it.")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def records(self) -> list[Record]:
        """Return what was started here and not ended by `stop`, oldest first; the processes need not live."""
        found = [self._record(path.stem) for path in self._run.glob("*.pid")]
        return sorted((record for record in found if record), key=lambda record: record.launched)

    def running(self, name: str) -> Record | None:
        """Return the record of a daemon whose process lives."""
        record = self._record(name)
        return record if record and record.process() else None

    def start(self, *daemons: Daemon) -> dict[str, int]:
        """Make sure that daemons run and answer; those that do are left alone.

        Args:
            daemons: started side by side.

        Returns:
            The port of each by name. A daemon keeps its port over restarts as long as nobody else takes it.

        Raises:
            SandboxError: one ended at once, or did not answer in time.
        """
        ports = {daemon.name: self._launch_unless_running(daemon) for daemon in daemons}
        for daemon in daemons:
            ports[daemon.name] = self._await(daemon, ports[daemon.name])
        return ports

    def stop(self, name: str) -> bool:
        """End one daemon and wait for its end; returns whether there was one to end."""
        record = self._record(name)
        process = record.process() if record else None
        if process:
            _end(process)
        (self._run / f"{name}.pid").unlink(missing_ok=True)
        return process is not None

    def stop_all(self) -> list[str]:
        """End every daemon on record, the youngest first; returns the names of those that were running."""
        return [record.name for record in reversed(self.records()) if self.stop(record.name)]

    def _record(self, name: str) -> Record | None:
        try:
            content = json.loads((self._run / f"{name}.pid").read_text())
        except FileNotFoundError:
            return None
        return Record(
            name=name,
            pid=content["pid"],
            started=content["started"],
            launched=content["launched"],
            port=content["port"],
            command=tuple(content["command"]),
        )

    def _launch_unless_running(self, daemon: Daemon) -> int:
        record = self._record(daemon.name)
        if record is None:
            return self._launch(daemon, self._remembered_port(daemon.name))
        alive = record.process() is not None
        if alive and record.command == tuple(daemon.command(record.port)):
            return record.port
        reason = "has other settings now" if alive else f"was found dead (log: {self.log(daemon.name)})"
        self._say(f"{daemon.name} {reason}; starting it again.")
        self.stop(daemon.name)
        # in its old place of the order: those that it serves must still end before it
        return self._launch(daemon, same_port_if_possible(record.port), record.launched)

    def _remembered_port(self, name: str) -> int:
        # kubeconfigs in a shell and addresses in stack outputs outlive a `make down`
        remembered = self._run / f"{name}.port"
        port = int(remembered.read_text()) if remembered.exists() else free_port()
        return same_port_if_possible(port)

    def _launch(self, daemon: Daemon, port: int, launched: float | None = None) -> int:
        self._run.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._logs.mkdir(parents=True, exist_ok=True)
        command = list(daemon.command(port))
        details = json.dumps({"launched": launched or time.time(), "port": port, "command": command})
        log = self.log(daemon.name)
        log.write_bytes(b"")
        record = self._run / f"{daemon.name}.pid"
        subprocess.run(
            [sys.executable, "-P", str(LAUNCHER), str(record), str(log), details, *command],
            env={**os.environ, **daemon.environment},
            start_new_session=True,
            check=True,
        )
        (self._run / f"{daemon.name}.port").write_text(str(port))
        return port

    def _listens(self, name: str, port: int) -> bool:
        # somebody else's server on the port may well look healthy
        record = self._record(name)
        process = record.process() if record else None
        try:
            sockets = process.net_connections("tcp") if process else []
        except psutil.NoSuchProcess:
            return False
        return any(socket.laddr.port == port for socket in sockets if socket.status == psutil.CONN_LISTEN)

    def _await(self, daemon: Daemon, port: int) -> int:
        deadline = time.monotonic() + daemon.seconds
        attempts = 1
        while not (self._listens(daemon.name, port) and daemon.healthy(port)):
            if not self.running(daemon.name):
                log = self.log(daemon.name).read_text(errors="replace")
                if PORT_TAKEN not in log.lower() or attempts == PORT_ATTEMPTS:
                    self.stop(daemon.name)
                    raise SandboxError(
                        f"{daemon.name} ended at once: {_last_words(log)} (log: {self.log(daemon.name)})."
                    )
                attempts += 1
                self._say(f"Port {port} was taken by somebody else; starting {daemon.name} on another one.")
                self.stop(daemon.name)
                port = self._launch(daemon, free_port())
            if time.monotonic() > deadline:
                self.stop(daemon.name)
                raise SandboxError(
                    f"{daemon.name} did not answer on port {port} within {daemon.seconds:.0f} s and was ended; "
                    f"its log is {self.log(daemon.name)}."
                )
            time.sleep(POLL_SECONDS)
        return port


def _end(process: psutil.Process) -> None:
    """Ask a process and its children to end; insist after a while."""
    try:
        family = [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return
    for member in family:
        _signal(member.terminate)
    for member in _survivors(family):
        _signal(member.kill)
    _survivors(family)


def _survivors(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Wait for processes to end and return those that do not."""
    deadline = time.monotonic() + STOP_SECONDS
    alive = list(processes)
    # psutil.wait_procs looks only every other second at processes that are not children
    while alive and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        alive = [process for process in alive if _lives(process)]
    return alive


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except psutil.NoSuchProcess:
        return


def _last_words(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E", "F", "Error", "error", "panic"))]
    return (errors or lines or ["it wrote nothing"])[-1][:300].rstrip(".")
