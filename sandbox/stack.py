"""One Pulumi stack in the sandbox's state: the CLI's commands, and what is in order before one may run."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from sandbox import journal
from sandbox.environment import environment, write_private
from sandbox.errors import SandboxError
from sandbox.foreground import run
from sandbox.operation import Operation, StackLock, end_orphan
from sandbox.stack_files import with_mirror, without_salt


@dataclass(frozen=True)
class Resource:
    """A resource of the state: its URN, type token, id and whether it is a component."""

    urn: str
    type: str
    custom: bool


class Stack:
    """A stack of a project, with the sandbox's file backend.

    Args:
        name: of the stack; its settings are in `Pulumi.<name>.yaml`.
        project: folder of the Pulumi.yaml.
        directory: state directory of the sandbox.
        executable: the real Pulumi CLI.
        say: shows one sentence to the user.

    Raises:
        SandboxError: the project has no such stack file.
    """

    def __init__(
        self, name: str, project: Path, directory: Path, executable: Path, say: Callable[[str], None] = print
    ) -> None:
        self.name = name
        self._project = project
        self._directory = directory
        self._executable = executable
        self._say = say
        self._settings = stack_file(project, name)
        self._folder = directory / "state" / ".pulumi"
        self._copies = directory / "stack-files"
        declared = yaml.safe_load((project / "Pulumi.yaml").read_text())
        self._project_name = cast("str", declared["name"])

    @property
    def exists(self) -> bool:
        """Whether the state has this stack."""
        return self._state_file.exists()

    def create(self) -> None:
        """Make the stack in the state, unless it is there."""
        if not self.exists:
            self._run("stack", "init", self.name, "--no-select")

    def select(self) -> None:
        """Make it the one that `pulumi` without `--stack` works on."""
        self._run("stack", "select", self.name, directory=self._project)

    def up(self, *arguments: str) -> int:
        """Update, with the policy pack; returns the CLI's exit status."""
        return self._operate("up", "--yes", "--skip-preview", "--suppress-outputs", *self._policies(), *arguments)

    def preview(self, *arguments: str) -> int:
        """Show what an update would change, with the policy pack; returns the CLI's exit status."""
        return self._operate("preview", *self._policies(), *arguments)

    def destroy(self) -> int:
        """Delete every resource; returns the CLI's exit status."""
        return self._operate("destroy", "--yes", "--skip-preview", "--suppress-outputs")

    def refresh(self, *arguments: str) -> int:
        """Take over what the clouds really hold; returns the CLI's exit status."""
        return self._operate("refresh", "--yes", "--skip-preview", "--suppress-outputs", *arguments)

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs, secrets hidden."""
        return cast("dict[str, Any]", json.loads(self._run("stack", "output", "--json", "--stack", self.name)))

    def resources(self) -> list[Resource]:
        """Return what the state holds."""
        return [
            Resource(entry["urn"], entry["type"], entry.get("custom", False))
            for entry in self._deployment().get("resources", [])
        ]

    def make_ready(self, *, doubtful: bool) -> None:
        """Clear away what an interrupted command has left, so that the next one converges.

        Args:
            doubtful: the AWS stand-in may have lost what the state holds.

        Raises:
            SandboxError: another command is at work on the stack, or the refresh fails.
        """
        if not self.exists:
            return
        self._release_lock()
        pending = self._deployment().get("pending_operations") or []
        if pending:
            self._say(
                f"Operations that an interrupted command has left unfinished: {len(pending)}; "
                "asking the clouds what came of them."
            )
        elif not (doubtful and self.resources()):
            return
        else:
            self._say("The AWS stand-in did not end in order; comparing the stack's state with what it still holds.")
        self._take_over_creations()
        if self.refresh("--clear-pending-creates") != 0:
            raise SandboxError(
                f"The state of stack {self.name} could not be compared with the clouds (see above); mend that and run "
                "the command again."
            )

    def _take_over_creations(self) -> None:
        """Write resources into the state that were created while nobody was left to do so; a refresh completes them."""
        content = self._export()
        deployment = content["deployment"]
        pending = deployment.get("pending_operations") or []
        creations = {entry["resource"]["urn"]: entry["resource"] for entry in pending if entry["type"] == "creating"}
        living = {entry["urn"]: entry for entry in deployment["resources"] if not entry.get("delete")}
        noted = journal.ids(self._directory, creations)
        # the note of an earlier creation says nothing about this one
        known = {urn: new for urn, new in noted.items() if living.get(urn, {}).get("id") != new}
        if not known:
            return
        for urn in living.keys() & known.keys():
            # it was being replaced; the engine deletes what is so marked
            living[urn]["delete"] = True
        deployment["resources"] += [
            {**creations[urn], "id": resource_id, "outputs": creations[urn].get("inputs", {})}
            for urn, resource_id in known.items()
        ]
        deployment["pending_operations"] = [entry for entry in pending if entry["resource"]["urn"] not in known]
        file = self._copies / f"{self.name}.json"
        write_private(file, json.dumps(content))
        self._run("stack", "import", "--stack", self.name, "--file", str(file))
        file.unlink()

    def _release_lock(self) -> None:
        end_orphan(self._directory, self._say)
        for lock in StackLock.find(self._folder / "locks" / "organization" / self._project_name / self.name):
            if lock.is_held():
                raise SandboxError(
                    f"Stack {self.name} is in use by process {lock.pid} since {lock.since:%H:%M:%S} UTC: "
                    "wait for its end, or end it with Ctrl-C where it runs."
                )
            self._say(f"Releasing the lock of stack {self.name}: process {lock.pid}, which took it, is gone.")
            self._run("cancel", self.name, "--yes")
            return

    def _deployment(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self._export()["deployment"] or {}) if self.exists else {}

    def _export(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self._run("stack", "export", "--stack", self.name)))

    @property
    def _state_file(self) -> Path:
        return self._folder / "stacks" / self._project_name / f"{self.name}.json"

    def _policies(self) -> list[str]:
        return ["--policy-pack", "policies"] if (self._project / "policies" / "PulumiPolicy.yaml").exists() else []

    def _operate(self, *arguments: str) -> int:
        """Run a command that may take long, its output streaming to the user."""
        common = [
            "--stack",
            self.name,
            "--config-file",
            str(self._copy_settings()),
            "--non-interactive",
            "--color",
            "auto",
        ]
        operation = Operation(self._directory)
        with operation.recorded():
            status = run(
                [str(self._executable), *arguments, *common],
                {**os.environ, **environment(self._directory)},
                directory=self._project,
                own_group=True,
                started=operation.engine_started,
            )
        return status if status >= 0 else 128 - status

    def _copy_settings(self) -> Path:
        """Give the CLI stack files of its own: it writes its secrets provider's salt into them.

        A salt in the checkout belongs to another backend.
        """
        self._copies.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._project / "Pulumi.yaml", self._copies / "Pulumi.yaml")
        copy = self._copies / self._settings.name
        copy.write_text(with_mirror(without_salt(self._settings.read_text()), self._project_name))
        return copy

    @property
    def settings(self) -> Path:
        """The stack's settings as the CLI gets them."""
        return self._copy_settings()

    def _run(self, *arguments: str, directory: Path | None = None) -> str:
        """Run a short command and return what it prints."""
        result = subprocess.run(
            [str(self._executable), *arguments, "--non-interactive"],
            env={**os.environ, **environment(self._directory)},
            cwd=directory or self._copy_settings().parent,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            last = (result.stderr.strip() or result.stdout.strip() or "it said nothing").splitlines()[-1]
            raise SandboxError(f"`pulumi {' '.join(arguments[:2])}` failed for stack {self.name}: {last}.")
        return result.stdout


def stack_file(project: Path, name: str) -> Path:
    """Return the settings file of a stack.

    Raises:
        SandboxError: there is none; the sentence lists those that exist.
    """
    path = project / f"Pulumi.{name}.yaml"
    if not path.exists():
        known = sorted(other.name.split(".")[1] for other in project.glob("Pulumi.*.yaml"))
        raise SandboxError(f"There is no stack {name!r}: {path.name} does not exist; STACK may be {', '.join(known)}.")
    return path
