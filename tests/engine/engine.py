"""The real Pulumi CLI on a program, and what it reported."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 900


def type_name(urn: str) -> str:
    """Return a resource's own type, without those of its parents."""
    return urn.split("::")[2].rpartition("$")[2]


@dataclass(frozen=True)
class Diagnostic:
    """A message of the engine; ``urn`` is empty where it belongs to no resource."""

    severity: str
    message: str
    urn: str


@dataclass(frozen=True)
class Violation:
    """What a policy says of a resource."""

    policy: str
    urn: str
    level: str
    message: str


@dataclass(frozen=True)
class Report:
    """The end of one CLI command: exit code, everything it printed, and the engine's own events."""

    exit_code: int
    output: str
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @cached_property
    def operations(self) -> dict[str, str]:
        """What is done to each resource, by URN: ``create``, ``same``, ``update``, ``replace``, ``delete``, ..."""
        operations: dict[str, str] = {}
        for step in self._steps():
            # a replacement has three steps, a refresh says only at its end what it found
            operations[step["urn"]] = "replace" if "replace" in step["op"] else step["op"]
        return operations

    @cached_property
    def changed(self) -> dict[str, str]:
        """The operations but those that leave a resource as it is."""
        return {urn: operation for urn, operation in self.operations.items() if operation not in {"same", "read"}}

    @cached_property
    def changes(self) -> dict[str, int]:
        """How many resources are created, updated, left the same, ..."""
        return next((event["summaryEvent"]["resourceChanges"] for event in self.events if "summaryEvent" in event), {})

    @cached_property
    def diagnostics(self) -> list[Diagnostic]:
        """Messages of the program, the providers and the engine, without its debug messages."""
        found = [event["diagnosticEvent"] for event in self.events if "diagnosticEvent" in event]
        return [
            Diagnostic(item["severity"], item["message"].strip(), item.get("urn", ""))
            for item in found
            if item["severity"] != "debug"
        ]

    @cached_property
    def errors(self) -> list[str]:
        """The error messages."""
        return [item.message for item in self.diagnostics if item.severity == "error"]

    @cached_property
    def violations(self) -> list[Violation]:
        """What the policy packs say."""
        found = [event["policyEvent"] for event in self.events if "policyEvent" in event]
        return [
            Violation(
                item["policyName"], item.get("resourceUrn", ""), item["enforcementLevel"], item["message"].strip()
            )
            for item in found
        ]

    def detailed_diff(self, urn: str) -> dict[str, str]:
        """Return the kind of change of each property path of a resource."""
        details = [step["detailedDiff"] for step in self._steps() if step["urn"] == urn and step.get("detailedDiff")]
        return {path: item["diffKind"] for path, item in (details[-1] if details else {}).items()}

    def _steps(self) -> Iterator[dict[str, Any]]:
        for event in self.events:
            step = event.get("resourcePreEvent") or event.get("resOutputsEvent") or event.get("resOpFailedEvent")
            if step:
                yield step["metadata"]

    def check(self) -> "Report":
        """Return this report, and fail with everything that was printed where the command failed."""
        assert self.exit_code == 0, self.output
        return self


class Engine:
    """Runs the CLI in a program's directory, with a sandbox's environment."""

    def __init__(self, program: Path, environment: Mapping[str, str], policy_pack: Path | None = None) -> None:
        self.program = program
        self._environment = {**os.environ, **environment, "PULUMI_DEBUG_COMMANDS": "true"}
        self._policy_pack = policy_pack

    @property
    def sandbox_directory(self) -> Path:
        """State directory of the sandbox that the CLI sees."""
        return Path(self._environment["SANDBOX_DIRECTORY"])

    def with_policy_pack(self, policy_pack: Path) -> "Engine":
        """Return the same engine, judging with a policy pack."""
        return Engine(self.program, self._environment, policy_pack)

    def command(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Report:
        """Run a command without events, such as ``stack init`` or ``config set``."""
        completed = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.program,
            env={**self._environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
        return Report(completed.returncode, completed.stdout)

    def operate(
        self, operation: str, stack: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> Report:
        """Run ``preview``, ``up``, ``refresh`` or ``destroy`` without asking and without a preview before it."""
        log = self.program / f".events-{stack}-{operation}.json"
        log.unlink(missing_ok=True)
        flags = ["--stack", stack, "--color", "never", "--event-log", str(log)]
        if operation != "preview":
            flags += ["--yes", "--skip-preview"]
        if self._policy_pack and operation in {"preview", "up"}:
            flags += ["--policy-pack", str(self._policy_pack)]
        report = self.command(operation, *flags, *arguments, environment=environment)
        events = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return Report(report.exit_code, report.output, events)

    def start(
        self, operation: str, stack: str, environment: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[str]":
        """Start an operation that the test interrupts; its output is a pipe."""
        return subprocess.Popen(
            ["pulumi", operation, "--stack", stack, "--yes", "--skip-preview", "--non-interactive"],
            cwd=self.program,
            env={**self._environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # a group of its own, which the test can interrupt as a terminal does
            process_group=0,
        )

    def preview(self, stack: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Report:
        """Preview an update."""
        return self.operate("preview", stack, *arguments, environment=environment)

    def up(self, stack: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Report:
        """Update a stack."""
        return self.operate("up", stack, *arguments, environment=environment)

    def refresh(self, stack: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Report:
        """Bring a stack's state in line with the clouds."""
        return self.operate("refresh", stack, *arguments, environment=environment)

    def destroy(self, stack: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Report:
        """Delete everything in a stack."""
        return self.operate("destroy", stack, *arguments, environment=environment)

    def configure(self, stack: str, **values: str) -> None:
        """Set configuration values of the project."""
        for key, value in values.items():
            self.command("config", "set", "--stack", stack, key, value).check()

    def outputs(self, stack: str) -> dict[str, Any]:
        """Return a stack's outputs, secrets in clear text."""
        return json.loads(self.command("stack", "output", "--stack", stack, "--json", "--show-secrets").check().output)

    def resources(self, stack: str) -> list[dict[str, Any]]:
        """Return the resources in a stack's state, secrets encrypted."""
        exported = json.loads(self.command("stack", "export", "--stack", stack).check().output)
        return exported["deployment"].get("resources") or []
