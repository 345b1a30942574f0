"""Starts UiPath jobs on request and tells how they went: the only way from the platform to UiPath Orchestrator.

Settings come from the environment; ``UIPATH_ORCHESTRATOR_URL`` and ``UIPATH_TOKEN`` have no default.

    POST /jobs          {"ReleaseKey": "...", "InputArguments": {...}} -> the job: {"Id": 7, "State": "Pending"}
    GET  /jobs/<id>     how far it is -> {"Id": 7, "State": "Successful", "OutputArguments": {...}}
    GET  /status        {"AvailableRobots": 2, "RunningJobs": 1, "Queues": [...]}
    GET  /healthz       200 while the process serves
    GET  /metrics       counters, in Prometheus' text format

Source: INTEG-UIPATH-3, INTEG-UIPATH-7..9, INTEG-3, INTEG-4, INTEG-8, A-18, A-21, A-50, A-52.
"""

import json
import logging
import os
import re
import signal
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import Any, cast
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

PORT = 8080
# of one call; a job may take longer, and is asked about again and again
CALL_TIMEOUT_SECONDS = 30
LARGEST_BODY = 1 << 20
FINAL_STATES = frozenset({"Successful", "Faulted", "Stopped"})
COUNTERS = {
    "uipath_jobs_total": "Jobs that the bridge started",
    "uipath_jobs_success_total": "Jobs that ended well",
    "uipath_jobs_failed_total": "Jobs that could not be started, failed, were stopped, or took too long",
}

log = logging.getLogger("bridge")


@dataclass(frozen=True)
class Settings:
    """What the environment says."""

    orchestrator_url: str
    token: str
    base_path: str
    strategy: str
    max_retries: int
    timeout_seconds: float
    polling_interval_seconds: float
    backoff_seconds: float

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Read them.

        Raises:
            KeyError: one without a default is missing.
            ValueError: a number is none.
        """
        return cls(
            orchestrator_url=environment["UIPATH_ORCHESTRATOR_URL"].rstrip("/"),
            token=environment["UIPATH_TOKEN"],
            base_path=environment.get("UIPATH_BASE_PATH", "/api"),
            strategy=environment.get("UIPATH_DEFAULT_STRATEGY", "ModernJobsCount"),
            max_retries=int(environment.get("UIPATH_MAX_RETRIES", "3")),
            timeout_seconds=float(environment.get("UIPATH_TIMEOUT_SECONDS", "300")),
            polling_interval_seconds=float(environment.get("UIPATH_POLLING_INTERVAL_SECONDS", "5")),
            # before the first repetition, doubled before each further one
            backoff_seconds=float(environment.get("UIPATH_BACKOFF_SECONDS", "2")),
        )


class OrchestratorError(Exception):
    """Orchestrator refused, or cannot be reached."""


class Orchestrator:
    """UiPath Orchestrator's REST API."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def start(self, release_key: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Start a job; never repeated, since a second one might run (A-50)."""
        body = {"ReleaseKey": release_key, "InputArguments": arguments, "Strategy": self._settings.strategy}
        answer = self._call("/Jobs/Start", body)
        jobs = answer.get("value", [answer])
        if not jobs or "Id" not in jobs[0]:
            raise OrchestratorError("Orchestrator started no job")
        return {"Id": jobs[0]["Id"], "State": jobs[0].get("State", "Pending")}

    def job(self, job_id: int) -> dict[str, Any] | None:
        """A job with its state and, once it has ended well, its output; None: there is none."""
        found = self._list("/Jobs", f"Id eq {job_id}")
        if not found:
            return None
        job = {"Id": job_id, "State": found[0].get("State")}
        if job["State"] == "Successful":
            job["OutputArguments"] = self._read(f"/Jobs/{job_id}/OutputArguments")
        return job

    def status(self) -> dict[str, Any]:
        """Robots that are free, jobs that run, and the queues."""
        return {
            "AvailableRobots": len(self._list("/Robots", "State eq 'Available'")),
            "RunningJobs": len(self._list("/Jobs", "State eq 'Running'")),
            "Queues": self._list("/Queues"),
        }

    def _list(self, path: str, condition: str = "") -> list[dict[str, Any]]:
        return self._read(path + (f"?$filter={quote(condition)}" if condition else "")).get("value", [])

    def _read(self, path: str) -> dict[str, Any]:
        for attempt in range(self._settings.max_retries + 1):
            try:
                return self._call(path)
            except OrchestratorError:
                if attempt == self._settings.max_retries:
                    raise
                time.sleep(self._settings.backoff_seconds * 2**attempt)
        raise AssertionError

    def _call(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        request = Request(  # noqa: S310 - the address is the operator's
            f"{self._settings.orchestrator_url}{self._settings.base_path}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._settings.token}", "Content-Type": "application/json"},
        )
        try:
            with urlopen(request, timeout=CALL_TIMEOUT_SECONDS) as response:  # noqa: S310
                return cast("dict[str, Any]", json.load(response))
        except HTTPError as error:
            raise OrchestratorError(f"Orchestrator answered {error.code} to {path.partition('?')[0]}") from error
        except (URLError, TimeoutError, ValueError) as error:
            raise OrchestratorError(f"Orchestrator gave no answer to {path.partition('?')[0]}: {error}") from error


class Bridge:
    """Starts jobs, follows each to its end, and counts."""

    def __init__(self, settings: Settings) -> None:
        self.orchestrator = Orchestrator(settings)
        self._settings = settings
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def start(self, body: Mapping[str, Any], correlation: str) -> dict[str, Any]:
        """Start a job and follow it in the background.

        Raises:
            ValueError: the request names no release.
            OrchestratorError: Orchestrator did not start it.
        """
        release_key, arguments = body.get("ReleaseKey"), body.get("InputArguments", {})
        if not isinstance(release_key, str) or not release_key or not isinstance(arguments, dict):
            raise ValueError('give {"ReleaseKey": "<key>", "InputArguments": {...}}')
        self._count("uipath_jobs_total")
        try:
            job = self.orchestrator.start(release_key, cast("dict[str, Any]", arguments))
        except OrchestratorError:
            self._count("uipath_jobs_failed_total")
            raise
        _say(logging.INFO, "job started", correlation, job=job["Id"])
        threading.Thread(target=self._follow, args=(int(job["Id"]), correlation), daemon=True).start()
        return job

    def metrics(self) -> str:
        """Counters in Prometheus' text format."""
        with self._lock:
            counts = dict(self._counts)
        lines = [
            f"# HELP {name} {text}\n# TYPE {name} counter\n{name} {counts.get(name, 0)}\n"
            for name, text in COUNTERS.items()
        ]
        return "".join(lines)

    def _follow(self, job_id: int, correlation: str) -> None:
        ends, state = time.monotonic() + self._settings.timeout_seconds, "Pending"
        while state not in FINAL_STATES and time.monotonic() < ends:
            time.sleep(self._settings.polling_interval_seconds)
            try:
                job = self.orchestrator.job(job_id)
            except OrchestratorError as error:
                _say(logging.WARNING, str(error), correlation, job=job_id)
                continue
            state = job["State"] if job else "Stopped"
        successful = state == "Successful"
        self._count("uipath_jobs_success_total" if successful else "uipath_jobs_failed_total")
        _say(logging.INFO if successful else logging.ERROR, "job ended", correlation, job=job_id, state=state)

    def _count(self, name: str) -> None:
        with self._lock:
            self._counts[name] += 1


class Handler(BaseHTTPRequestHandler):
    """The requests that a bridge answers."""

    protocol_version = "HTTP/1.1"
    timeout = CALL_TIMEOUT_SECONDS

    def __init__(self, bridge: Bridge, *connection: Any) -> None:
        self._bridge = bridge
        super().__init__(*connection)

    def do_GET(self) -> None:
        """Answer a question."""
        if self.path == "/healthz":
            self._answer(HTTPStatus.OK, {"status": "ok"})
        elif self.path == "/metrics":
            self._send(HTTPStatus.OK, self._bridge.metrics().encode(), "text/plain; version=0.0.4")
        elif self.path == "/status":
            self._attempt(self._bridge.orchestrator.status)
        elif found := re.fullmatch(r"/jobs/(\d{1,18})", self.path):
            job_id = int(found[1])
            self._attempt(lambda: self._bridge.orchestrator.job(job_id))
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "no such path"})

    def do_POST(self) -> None:
        """Start a job."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"send at most {LARGEST_BODY} bytes"})
            return
        content = self.rfile.read(int(length))
        if self.path != "/jobs":
            self._answer(HTTPStatus.NOT_FOUND, {"error": "no such path"})
            return
        correlation = self.headers.get("X-Correlation-Id") or str(uuid.uuid4())
        self._attempt(lambda: self._bridge.start(_object(content), correlation), HTTPStatus.ACCEPTED)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Probes and scrapes are no news."""

    def _attempt(self, action: Callable[[], Mapping[str, Any] | None], status: HTTPStatus = HTTPStatus.OK) -> None:
        try:
            answer = action()
        except ValueError as error:
            self._answer(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        except OrchestratorError as error:
            self._answer(HTTPStatus.BAD_GATEWAY, {"error": str(error)})
        else:
            if answer is None:
                self._answer(HTTPStatus.NOT_FOUND, {"error": "no such job"})
            else:
                self._answer(status, answer)

    def _answer(self, status: HTTPStatus, content: Mapping[str, Any]) -> None:
        self._send(status, json.dumps(content).encode(), "application/json")

    def _send(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _object(content: bytes) -> Mapping[str, Any]:
    body = json.loads(content)
    if not isinstance(body, dict):
        raise ValueError("send a JSON object")  # noqa: TRY004 - the caller's mistake, not the program's
    return cast("dict[str, Any]", body)


def _say(level: int, message: str, correlation: str, **details: object) -> None:
    entry = {"level": logging.getLevelName(level), "message": message, "correlationId": correlation, **details}
    log.log(level, json.dumps(entry))


def main() -> None:
    """Serve until told to stop."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    try:
        settings = Settings.of(os.environ)
    except (KeyError, ValueError) as error:
        sys.exit(f"error: the environment lacks or misspells {error}")
    port = int(os.environ.get("UIPATH_BRIDGE_PORT", str(PORT)))
    server = ThreadingHTTPServer(("", port), partial(Handler, Bridge(settings)))

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the loop that this very thread runs
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    server.serve_forever()


if __name__ == "__main__":
    main()
