"""Times `pulumi preview` of the project and of the programs it is compared with, in a sandbox of its own."""

import json
import os
import shutil
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import yaml

from sandbox import control_plane, launchers, moto_server, plugins, toolchain
from sandbox.environment import environment
from sandbox.supervisor import Supervisor
from tests.bench.programs import CHECKOUT, PROJECT, floor_program, namespaces_program

STACK = "dev"


class PreviewBench:
    """A sandbox and the programs that are previewed in it.

    Args:
        directory: state directory of the sandbox, kept between runs.
        runs: how often each preview is timed, after one run that is not counted.
    """

    def __init__(self, directory: Path, runs: int) -> None:
        self._directory = directory
        self._runs = runs
        control_plane.start(directory)
        moto_server.start(directory)
        launchers.install(directory, toolchain.provide(["pulumi", "helm"]))
        plugins.install(directory)
        # the event log is among the commands for debugging
        self._environment = {**os.environ, **environment(directory), "PULUMI_DEBUG_COMMANDS": "true"}
        self._project = self._copy_of_the_project()

    def close(self) -> None:
        """End the sandbox's daemons."""
        Supervisor(self._directory).stop_all()

    def resource_types(self) -> Mapping[str, int]:
        """How many resources of each type a first preview of the stack plans."""
        events = self._directory / "events.json"
        events.unlink(missing_ok=True)
        self._pulumi(self._project, "preview", "--event-log", str(events))
        counts = Counter[str]()
        for line in events.read_text().splitlines():
            planned = json.loads(line).get("resourcePreEvent")
            if planned and planned["metadata"]["op"] == "create":
                counts[planned["metadata"]["type"]] += 1
        return counts

    def stack_preview(self, *, policies: bool) -> float:
        """Median seconds of a first preview of the project."""
        return self._median(self._project, policies=policies)

    def floor_preview(self, resource_types: Mapping[str, int], *, policies: bool) -> float:
        """Median seconds of a preview of as many plain resources."""
        settings = yaml.safe_load((CHECKOUT / f"Pulumi.{STACK}.yaml").read_text())["config"]
        cost_center = settings["biz-automation:organisation"]["costCenter"]
        return self._median(self._small_project("floor", floor_program(resource_types, cost_center)), policies=policies)

    def namespaces_preview(self, count: int) -> float:
        """Median seconds of a preview of ``count`` namespaces with their guard rails."""
        return self._median(self._small_project(f"namespaces-{count}", namespaces_program(count)), policies=False)

    def _median(self, project: Path, *, policies: bool) -> float:
        arguments = ["preview", *(["--policy-pack", str(CHECKOUT / "policies")] if policies else [])]
        seconds: list[float] = []
        for _ in range(self._runs + 1):
            started = time.perf_counter()
            self._pulumi(project, *arguments)
            seconds.append(time.perf_counter() - started)
        return statistics.median(seconds[1:])

    def _copy_of_the_project(self) -> Path:
        """The program by links, the stack files by copy: the checkout stays as it is."""
        project = self._directory / "projects" / "project"
        shutil.rmtree(project, ignore_errors=True)
        project.mkdir(parents=True)
        for name in ("__main__.py", "stacks", "components", "policies", "workloads"):
            if (CHECKOUT / name).exists():
                (project / name).symlink_to(CHECKOUT / name)
        for path in CHECKOUT.glob("Pulumi*.yaml"):
            shutil.copy(path, project)
        self._select_stack(project)
        return project

    def _small_project(self, name: str, program: str) -> Path:
        project = self._directory / "projects" / name
        shutil.rmtree(project, ignore_errors=True)
        project.mkdir(parents=True)
        (project / "Pulumi.yaml").write_text(PROJECT.replace("name: bench", f"name: bench-{name}"))
        (project / "__main__.py").write_text(program)
        configuration = yaml.safe_load((CHECKOUT / f"Pulumi.{STACK}.yaml").read_text())["config"]
        region = {"aws:region": configuration["biz-automation:cloud"]["region"]}
        cost_centers = {f"bench-{name}:organisation": configuration["biz-automation:organisation"]}
        (project / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump({"config": region | configuration | cost_centers}))
        self._select_stack(project)
        return project

    def _select_stack(self, project: Path) -> None:
        self._pulumi(project, "stack", "select", "--create", STACK)

    def _pulumi(self, project: Path, *arguments: str) -> None:
        command = ["pulumi", "--cwd", str(project), "--non-interactive", *arguments]
        if arguments[0] == "preview":
            command += ["--stack", STACK]
        finished = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        if finished.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{finished.stdout[-4000:]}{finished.stderr[-4000:]}")
