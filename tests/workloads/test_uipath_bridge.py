"""The UiPath bridge as a process, against an Orchestrator that answers over HTTP. Source: INTEG-UIPATH-7..9, A-18."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote
from urllib.request import Request, urlopen

import pytest

from components.integrations.uipath import PORT, VERSION

FOLDER = Path(__file__).parents[2] / "workloads" / "uipath-bridge"


@dataclass
class Stub:
    """An Orchestrator that has one job, and keeps what it was sent."""

    states: list[str] = field(default_factory=lambda: ["Running", "Successful"])
    failures: int = 0
    started: list[Any] = field(default_factory=list[Any])
    tokens: set[str] = field(default_factory=set[str])

    def answer(self, path: str, body: Any) -> tuple[int, Any]:
        """Status and content of an answer."""
        if self.failures:
            self.failures -= 1
            return 503, {}
        if path == "/api/Jobs/Start":
            self.started.append(body)
            return 201, {"value": [{"Id": 7, "State": "Pending"}]}
        if path == "/api/Jobs?$filter=Id eq 7":
            state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            return 200, {"value": [{"Id": 7, "State": state}]}
        lists = {
            "/api/Robots?$filter=State eq 'Available'": [{"Id": 1}, {"Id": 2}],
            "/api/Jobs?$filter=State eq 'Running'": [{"Id": 7}],
            "/api/Queues": [{"Name": "invoices"}],
        }
        if path == "/api/Jobs/7/OutputArguments":
            return 200, {"total": 12}
        return 200, {"value": lists.get(path, [])}


@dataclass
class Running:
    """A bridge and the Orchestrator behind it."""

    url: str
    stub: Stub
    process: subprocess.Popen[str]

    def ask(self, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of the bridge's answer."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data=data, headers={"X-Correlation-Id": "order-1"})
        try:
            with urlopen(request, timeout=10) as response:
                return response.status, json.load(response)
        except HTTPError as error:
            return error.code, json.load(error)

    def counters(self) -> dict[str, int]:
        """The metrics by name."""
        with urlopen(f"{self.url}/metrics", timeout=10) as response:
            lines = response.read().decode().splitlines()
        return {name: int(value) for name, value in (line.split() for line in lines if not line.startswith("#"))}

    def wait_for(self, counter: str) -> None:
        """Wait until a counter has counted."""
        ends = time.monotonic() + 15
        while not self.counters()[counter]:
            assert time.monotonic() < ends, f"{counter} never counted: {self.counters()}"
            time.sleep(0.05)


@contextmanager
def orchestrator(stub: Stub) -> Generator[str]:
    """Serve the stub."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.respond(None)

        def do_POST(self) -> None:
            self.respond(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def respond(self, body: Any) -> None:
            stub.tokens.add(self.headers["Authorization"])
            status, content = stub.answer(unquote(self.path), body)
            encoded = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def bridge(stub: Stub, **settings: str) -> Generator[Running]:
    """Run the bridge as the container does, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with orchestrator(stub) as address:
        environment = {
            "PATH": os.environ["PATH"],
            "UIPATH_ORCHESTRATOR_URL": address,
            "UIPATH_TOKEN": "secret-token",
            "UIPATH_POLLING_INTERVAL_SECONDS": "0.05",
            "UIPATH_BACKOFF_SECONDS": "0.05",
            "UIPATH_BRIDGE_PORT": str(port),
            **settings,
        }
        process = subprocess.Popen(
            [sys.executable, FOLDER / "bridge.py"], env=environment, stdout=subprocess.PIPE, text=True
        )
        running = Running(f"http://127.0.0.1:{port}", stub, process)
        try:
            _wait(running)
            yield running
        finally:
            process.terminate()
            process.communicate(timeout=10)


def _wait(running: Running) -> None:
    ends = time.monotonic() + 20
    while True:
        try:
            assert running.ask("/healthz") == (200, {"status": "ok"})
        except URLError:
            assert time.monotonic() < ends, "the bridge never answered"
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def running() -> Iterator[Running]:
    with bridge(Stub()) as process:
        yield process


def test_a_job_is_started_followed_and_counted(running: Running) -> None:
    assert running.ask("/jobs", {"ReleaseKey": "hello", "InputArguments": {"test": "data"}}) == (
        202,
        {"Id": 7, "State": "Pending"},
    )
    running.wait_for("uipath_jobs_success_total")

    assert running.stub.started == [
        {"ReleaseKey": "hello", "InputArguments": {"test": "data"}, "Strategy": "ModernJobsCount"}
    ]
    assert running.stub.tokens == {"Bearer secret-token"}
    assert running.counters() == {
        "uipath_jobs_total": 1,
        "uipath_jobs_success_total": 1,
        "uipath_jobs_failed_total": 0,
    }
    assert running.ask("/jobs/7") == (200, {"Id": 7, "State": "Successful", "OutputArguments": {"total": 12}})


def test_a_job_that_fails_counts_as_failed() -> None:
    with bridge(Stub(states=["Faulted"])) as running:
        running.ask("/jobs", {"ReleaseKey": "hello"})
        running.wait_for("uipath_jobs_failed_total")
        assert running.counters()["uipath_jobs_success_total"] == 0


def test_a_job_that_never_ends_counts_as_failed() -> None:
    with bridge(Stub(states=["Running"]), UIPATH_TIMEOUT_SECONDS="0.3") as running:
        running.ask("/jobs", {"ReleaseKey": "hello"})
        running.wait_for("uipath_jobs_failed_total")


def test_a_start_is_never_repeated_and_a_question_is() -> None:
    with bridge(Stub(failures=1), UIPATH_MAX_RETRIES="2") as running:
        status, answer = running.ask("/jobs", {"ReleaseKey": "hello"})
        assert (status, answer) == (502, {"error": "Orchestrator answered 503 to /Jobs/Start"})
        assert running.stub.started == []
        running.stub.failures = 1
        assert running.ask("/status") == (
            200,
            {"AvailableRobots": 2, "RunningJobs": 1, "Queues": [{"Name": "invoices"}]},
        )


def test_a_bad_request_is_refused_in_words(running: Running) -> None:
    bodies: list[Any] = [{}, {"ReleaseKey": ""}, {"ReleaseKey": "x", "InputArguments": []}, []]
    for body in bodies:
        status, answer = running.ask("/jobs", body)
        assert status == 400
        assert re.match("give|send", answer["error"])
    assert running.stub.started == []


def test_what_is_not_there_is_404(running: Running) -> None:
    assert [running.ask(path)[0] for path in ("/jobs/8", "/jobs/x", "/", "/jobs/../status")] == [404] * 4


def test_it_ends_when_told_to_and_logs_with_the_caller_s_id(running: Running) -> None:
    running.ask("/jobs", {"ReleaseKey": "hello"})
    running.wait_for("uipath_jobs_success_total")
    running.process.terminate()
    output, _ = running.process.communicate(timeout=10)
    entries = [json.loads(line) for line in output.splitlines()]

    assert running.process.returncode == 0
    assert {entry["correlationId"] for entry in entries} == {"order-1"}
    assert [entry["message"] for entry in entries] == ["job started", "job ended"]
    assert "secret-token" not in output


def test_without_settings_it_says_what_is_missing() -> None:
    ended = subprocess.run(
        [sys.executable, FOLDER / "bridge.py"], env={}, capture_output=True, text=True, timeout=20, check=False
    )

    assert ended.returncode == 1
    assert ended.stderr == "error: the environment lacks or misspells 'UIPATH_ORCHESTRATOR_URL'\n"


def test_the_image_is_the_one_that_the_platform_pulls() -> None:
    dockerfile = (FOLDER / "Dockerfile").read_text(encoding="utf-8")

    assert f"uipath-bridge:{VERSION} " in dockerfile
    assert f"EXPOSE {PORT}" in dockerfile
    assert re.search(r"^FROM python:3\.11\.\d+-slim-\w+$", dockerfile, re.MULTILINE)
    assert "USER 1000:1000" in dockerfile
