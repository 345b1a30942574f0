"""Daemons: found again, restarted, ended exactly."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from sandbox import supervisor as supervision
from sandbox.errors import SandboxError
from sandbox.health import answers
from sandbox.supervisor import Daemon, Supervisor

pytestmark = pytest.mark.sandbox

DEAF_SERVER = """
import http.server, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def web_server(name: str = "web") -> Daemon:
    return Daemon(
        name,
        command=lambda port: [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)],
        healthy=lambda port: answers(port, "/"),
    )


@pytest.fixture
def sentences() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, sentences: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path, sentences.append)
    yield supervisor
    supervisor.stop_all()


def pid_of(supervisor: Supervisor, name: str = "web") -> int:
    record = supervisor.running(name)
    assert record
    return record.pid


def await_end(pid: int) -> None:
    psutil.wait_procs([psutil.Process(pid)], timeout=10)


def test_a_running_daemon_is_left_alone(supervisor: Supervisor, sentences: list[str]) -> None:
    ports = supervisor.start(web_server())
    pid = pid_of(supervisor)
    assert supervisor.start(web_server()) == ports
    assert pid_of(supervisor) == pid
    assert sentences == []


def test_a_killed_daemon_is_started_again_on_its_port(supervisor: Supervisor, sentences: list[str]) -> None:
    ports = supervisor.start(web_server())
    pid = pid_of(supervisor)
    os.kill(pid, signal.SIGKILL)
    await_end(pid)
    assert supervisor.start(web_server()) == ports
    assert pid_of(supervisor) != pid
    assert sentences == [f"web was found dead (log: {supervisor.log('web')}); starting it again."]


def test_a_daemon_that_was_started_again_keeps_its_place_in_the_order(supervisor: Supervisor) -> None:
    supervisor.start(web_server("server"))
    supervisor.start(web_server("client"))
    pid = pid_of(supervisor, "server")
    os.kill(pid, signal.SIGKILL)
    await_end(pid)
    supervisor.start(web_server("server"))
    assert supervisor.stop_all() == ["client", "server"]


def test_a_daemon_with_other_settings_is_replaced(supervisor: Supervisor, sentences: list[str]) -> None:
    supervisor.start(web_server())
    pid = pid_of(supervisor)
    changed = web_server()
    supervisor.start(Daemon("web", lambda port: [*changed.command(port), "--directory", "/"], changed.healthy))
    assert pid_of(supervisor) != pid
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert sentences == ["web has other settings now; starting it again."]


def test_a_port_that_is_lost_to_somebody_else(
    supervisor: Supervisor, sentences: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as other:
        # it even answers like the daemon
        threading.Thread(target=other.serve_forever, daemon=True).start()
        taken = other.server_address[1]
        choices = iter([taken, supervision.free_port()])
        monkeypatch.setattr(supervision, "free_port", lambda: next(choices))
        # between the choice and the start somebody else comes first
        monkeypatch.setattr(supervision, "is_free", bool)
        (port,) = supervisor.start(web_server()).values()
        other.shutdown()
    assert port != taken
    assert answers(port, "/")
    assert sentences == [f"Port {taken} was taken by somebody else; starting web on another one."]


def test_a_remembered_port_that_somebody_else_uses(supervisor: Supervisor) -> None:
    (port,) = supervisor.start(web_server()).values()
    supervisor.stop("web")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        (second,) = supervisor.start(web_server()).values()
    assert second != port


def test_a_recycled_process_id_is_not_ended(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(web_server())
    record = tmp_path / "run" / "web.pid"
    content = json.loads(record.read_text())
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as innocent:
        record.write_text(json.dumps({**content, "pid": innocent.pid, "started": content["started"] - 60}))
        assert supervisor.running("web") is None
        assert supervisor.stop_all() == []
        assert innocent.poll() is None
        record.write_text(json.dumps(content))
        assert supervisor.stop_all() == ["web"]
        innocent.communicate()
    assert innocent.returncode == 0


def test_down_ends_all_in_reverse_order_and_nothing_else(supervisor: Supervisor, tmp_path: Path) -> None:
    other = Supervisor(tmp_path / "other")
    other.start(web_server())
    try:
        supervisor.start(web_server("first"))
        supervisor.start(web_server("second"))
        pids = [pid_of(supervisor, "first"), pid_of(supervisor, "second")]
        assert supervisor.stop_all() == ["second", "first"]
        assert [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"] == []
        assert supervisor.records() == []
        assert other.running("web")
    finally:
        other.stop_all()


def test_a_daemon_that_does_not_listen_to_requests_to_end(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "STOP_SECONDS", 0.3)
    deaf = Daemon("deaf", lambda port: [sys.executable, "-c", DEAF_SERVER, str(port)], lambda port: answers(port, "/"))
    (port,) = supervisor.start(deaf).values()
    assert supervisor.stop("deaf")
    assert not answers(port, "/")


def test_a_daemon_that_ends_at_once(supervisor: Supervisor) -> None:
    broken = Daemon("broken", lambda _port: [sys.executable, "-c", "raise SystemExit('no such flag')"], lambda _: False)
    with pytest.raises(SandboxError, match=r"broken ended at once: no such flag \(log: .*broken\.log\)\.") as caught:
        supervisor.start(broken)
    assert "\n" not in str(caught.value)
    assert supervisor.records() == []


def test_a_program_that_does_not_exist(supervisor: Supervisor, tmp_path: Path) -> None:
    missing = Daemon("missing", lambda _port: [str(tmp_path / "nothing")], lambda _: False)
    with pytest.raises(SandboxError, match=r"missing ended at once: .*No such file"):
        supervisor.start(missing)


def test_a_daemon_that_never_answers_is_ended(supervisor: Supervisor) -> None:
    silent = [sys.executable, "-c", "import signal; signal.pause()"]
    with pytest.raises(SandboxError, match=r"silent did not answer on port .* within 1 s and was ended"):
        supervisor.start(Daemon("silent", lambda _port: silent, lambda _: False, seconds=1.0))
    assert supervisor.records() == []


def test_a_daemon_outlives_its_killed_starter_on_record(supervisor: Supervisor, tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from sandbox.supervisor import Supervisor; "
        "from tests.sandbox.test_supervisor import web_server; "
        "Supervisor(Path(sys.argv[1])).start(web_server()); os.kill(os.getpid(), signal.SIGKILL)"
    )
    checkout = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=checkout, check=False)
    assert result.returncode == -signal.SIGKILL
    pid = pid_of(supervisor)
    supervisor.start(web_server())
    assert pid_of(supervisor) == pid
    assert supervisor.stop_all() == ["web"]


def test_one_command_at_a_time(supervisor: Supervisor, tmp_path: Path) -> None:
    told = threading.Event()
    second = Supervisor(tmp_path, lambda _sentence: told.set())
    entered = threading.Event()

    def enter() -> None:
        with second.exclusive():
            entered.set()

    waiting = threading.Thread(target=enter)
    with supervisor.exclusive():
        waiting.start()
        assert told.wait(10)
        assert not entered.is_set()
    waiting.join(10)
    assert entered.is_set()
