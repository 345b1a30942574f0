"""A PostgreSQL server of the tests' own, from the machine's packages, on a free port of 127.0.0.1."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PACKAGES = Path("/usr/lib/postgresql")
SUPERUSER, PASSWORD = "postgres", "superuser-password"


def binaries() -> Path | None:
    """Where the newest server's programs are; None: there is none."""
    found = [path.parent for path in PACKAGES.glob("*/bin/initdb")]
    return max(found, key=lambda path: int(path.parent.name)) if found else None


@dataclass(frozen=True)
class Server:
    """A running server.

    Args:
        programs: where its programs are.
        port: that it listens on.
    """

    programs: Path
    port: int

    def environment(self, database: str, user: str = SUPERUSER, password: str = PASSWORD) -> dict[str, str]:
        """Environment of a client that logs in."""
        return {
            **os.environ,
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGDATABASE": database,
            "PGUSER": user,
            "PGPASSWORD": password,
            "PGSSLMODE": "disable",
        }

    def run(self, script: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a shell script against it."""
        return subprocess.run(
            ["sh", str(script)], env=dict(environment), capture_output=True, text=True, timeout=60, check=False
        )

    def query(self, statement: str, database: str, user: str = SUPERUSER, password: str = PASSWORD) -> list[list[str]]:
        """Rows of a statement.

        Raises:
            AssertionError: the server refuses it; the message is the server's.
        """
        command = ["psql", "--no-psqlrc", "--quiet", "--csv", "--tuples-only", "--set=ON_ERROR_STOP=1"]
        done = subprocess.run(
            [*command, f"--command={statement}"],
            env=self.environment(database, user, password),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [line.split(",") for line in done.stdout.splitlines()]


@contextmanager
def running(programs: Path) -> Generator[Server]:
    """Start a server with an empty directory, and end it.

    Args:
        programs: where its programs are.
    """
    owner = _owner()
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        directory = Path(name)
        passwords = directory / "password"
        passwords.write_text(PASSWORD, encoding="utf-8")
        for path in (directory, passwords):
            shutil.chown(path, owner.pw_uid, owner.pw_gid)
        data = directory / "data"
        options = ["--username", SUPERUSER, "--pwfile", str(passwords), "--auth=scram-sha-256", "--no-sync"]
        _as(owner, [str(programs / "initdb"), "--pgdata", str(data), "--encoding=UTF8", "--locale=C", *options])
        port = _free_port()
        settings = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c fsync=off"
        control = [str(programs / "pg_ctl"), "--pgdata", str(data), "--wait"]
        _as(owner, [*control, "--options", settings, "--log", str(directory / "log"), "start"])
        try:
            yield Server(programs, port)
        finally:
            _as(owner, [*control, "--mode=immediate", "stop"])


def _owner() -> pwd.struct_passwd:
    """Who runs the server: this user, unless it is root, which PostgreSQL refuses."""
    return pwd.getpwnam(SUPERUSER) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _as(owner: pwd.struct_passwd, command: list[str]) -> None:
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=120,
        cwd="/",
        user=owner.pw_uid,
        group=owner.pw_gid,
        extra_groups=[] if os.geteuid() == 0 else None,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
