"""The sandbox's commands, one per target of the Makefile."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from sandbox import custom_kinds, journal, leftovers, openshift, summary, toolchain, user_cluster
from sandbox.cluster_api import ClusterApi
from sandbox.crds import PROVIDED
from sandbox.environment import CHECKOUT, environment, read_endpoints, sandbox_directory
from sandbox.errors import SandboxError
from sandbox.foreground import run
from sandbox.session import Session, nodes_of, open_session
from sandbox.stack import Stack, stack_file
from sandbox.stack_files import MIRROR, cloud_of, restore_after_kill
from sandbox.supervisor import Supervisor

if TYPE_CHECKING:
    from sandbox.event_log import Plan

ACCOUNT = "123456789012"
_CLOUDS = {"aws": "AWS", "azure": "Azure"}
EXCEPTIONS = Path("components") / "base" / "pod_security_exceptions.yaml"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="The embedded cloud of this project.")
    commands = {
        "up": (up, "deploy a stack into the sandbox, with the policy pack"),
        "preview": (preview, "show what an update would change, with the policy pack"),
        "destroy": (destroy, "remove a stack and ask the clouds whether anything is left"),
        "charts": (charts_command, "fill the chart mirror, and compare every digest"),
        "render": (render_command, "render every chart with a stack's values and have the API server judge it"),
        "shell": (shell, "open a shell in which pulumi, kubectl and aws see the sandbox"),
        "status": (status, "say which daemons run"),
        "down": (down, "end the sandbox's daemons; their contents stay"),
    }
    parser.add_argument("command", choices=commands, metavar="command", help=_help(commands))
    parser.add_argument("--stack", default="dev", help="name of the stack (default: dev)")
    parser.add_argument("--project", type=Path, default=CHECKOUT, help="folder of the Pulumi project")
    chosen = parser.parse_args(arguments)
    try:
        return commands[chosen.command][0](chosen.project.resolve(), chosen.stack)
    except SandboxError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; run the command again to go on.", file=sys.stderr)
        return 130


def up(project: Path, name: str) -> int:
    """Deploy a stack and show what has become of it."""
    started = time.monotonic()
    settings = stack_file(project, name)
    session = open_session(sandbox_directory(), nodes_of(settings), cloud_of(settings), say)
    stack = _stack(session, project, name)
    _refuse_second_stack(session, project, name)
    stack.make_ready(doubtful=not session.aws_intact)
    stack.create()
    api = ClusterApi(session.cluster)
    openshift.provide(api, stack.settings)
    custom_kinds.provide(api, project, stack.settings, say)
    result = stack.up()
    if result != 0:
        say(f"\nStack {name} is not up: see the errors above; `make up STACK={name}` goes on from here.")
        return result
    journal.clear(session.directory)
    pods = summary.await_pods(api)
    summary.show_resources(stack.resources(), say)
    summary.show_pods(pods, say)
    summary.show_outputs(stack.outputs(), say)
    missing = summary.missing_replicas(api)
    for sentence in missing:
        say(f"error: {sentence}.")
    _show_ways_in(session, name, time.monotonic() - started)
    return 0 if not missing and all(pod.settled for pod in pods) else 1


def preview(project: Path, name: str) -> int:
    """Show what an update would change."""
    cloud = cloud_of(stack_file(project, name))
    session = open_session(sandbox_directory(), None, cloud, say)
    stack = _stack(session, project, name)
    stack.make_ready(doubtful=not session.aws_intact)
    stack.create()
    openshift.provide(ClusterApi(session.cluster), stack.settings)
    return stack.preview()


def charts_command(_project: Path, _name: str) -> int:
    """Fill the chart mirror."""
    # the SDKs, which take a second to load, are for the commands on charts alone
    from sandbox import charts  # noqa: PLC0415

    charts.fill(toolchain.provide(["helm"], say)["helm"], say)
    return 0


def render_command(project: Path, name: str) -> int:
    """Render every chart of a stack and judge every object, in a sandbox of its own.

    A chart is rendered with what the foundation made, so the stack goes up first, its charts left empty.
    """
    from sandbox import charts, render, repeated_rendering  # noqa: PLC0415
    from sandbox.providers.kubernetes.helm import Capabilities  # noqa: PLC0415

    mirror = charts.verified_mirror(stack_file(project, name))
    os.environ.pop(MIRROR, None)
    # the event log is among the commands for debugging
    os.environ["PULUMI_DEBUG_COMMANDS"] = "true"
    directory = sandbox_directory() / "render"
    _end(directory)
    shutil.rmtree(directory, ignore_errors=True)
    settings = stack_file(project, name)
    session = open_session(directory, nodes_of(settings), cloud_of(settings), say)
    try:
        stack = _stack(session, project, name)
        stack.create()
        api = ClusterApi(session.cluster)
        openshift.provide(api, stack.settings)
        custom_kinds.provide(api, project, stack.settings, say)
        status = stack.up("--suppress-progress")
        if status != 0:
            return status
        os.environ[MIRROR] = str(mirror)
        custom_kinds.remove(api, PROVIDED)
        status, plan = _rendered(stack)
        os.environ["PATH"] = environment(directory)["PATH"]
        changes = repeated_rendering.changes(plan.renderings(), Capabilities(api.version(), api.served()))
        excepted = yaml.safe_load((project / EXCEPTIONS).read_text())
        problems = render.report(render.judge(plan, changes, api, excepted), say)
    finally:
        _end(directory)
    if problems or status:
        say(f"{problems} problems." if problems else "The preview failed: see the errors above.")
        return 1
    say("Every object is as it must be.")
    return 0


def destroy(project: Path, name: str) -> int:
    """Remove a stack's resources, then ask the other side."""
    cloud = cloud_of(stack_file(project, name))
    session = open_session(sandbox_directory(), None, cloud, say)
    stack = _stack(session, project, name)
    if not stack.exists:
        say(f"Stack {name} is not in this sandbox; nothing to destroy.")
    else:
        stack.make_ready(doubtful=not session.aws_intact)
        result = stack.destroy()
        if result != 0:
            return result
        journal.clear(session.directory)
        if user_cluster.VARIABLE not in os.environ:
            # kept on purpose by the program; the sandbox's cluster starts afresh
            custom_kinds.remove(ClusterApi(session.cluster), {"app.kubernetes.io/part-of": leftovers.PART_OF})
            custom_kinds.remove(ClusterApi(session.cluster), PROVIDED)
            openshift.remove(ClusterApi(session.cluster))
    left = [*_left_in_cloud(session.directory, cloud), *leftovers.in_cluster(ClusterApi(session.cluster))]
    for item in left:
        say(f"  left: {item}")
    asked = [*([_CLOUDS[cloud]] if cloud in _CLOUDS else []), "Kubernetes"]
    say(f"{len(left)} things are left in the clouds." if left else f"Asked of {' and '.join(asked)}: nothing is left.")
    return 1 if left else 0


def shell(project: Path, name: str) -> int:
    """Run the user's shell in the sandbox; commands may come from standard input."""
    cloud = cloud_of(stack_file(project, name))
    session = open_session(sandbox_directory(), None, cloud, say)
    stack = _stack(session, project, name)
    stack.create()
    stack.select()
    variables = {**os.environ, **environment(session.directory), "SANDBOX_STACK": name}
    program = os.environ.get("SHELL") or shutil.which("bash") or "/bin/sh"
    if not sys.stdin.isatty():
        return run([program], variables, directory=project)
    say("Plain pulumi, kubectl and aws see the sandbox here; `exit` leaves it.")
    with tempfile.TemporaryDirectory() as folder:
        command = [program]
        if Path(program).name == "bash":
            # the user's own start-up file would put its prompt, and its search path, over ours
            startup = Path(folder) / "bashrc"
            path = variables["PATH"].replace("'", "'\\''")
            startup.write_text(f"[ -f ~/.bashrc ] && . ~/.bashrc\nPATH='{path}'\nPS1='(sandbox {name}) \\w \\$ '\n")
            command += ["--rcfile", str(startup)]
        else:
            variables["PS1"] = f"(sandbox {name}) $ "
        return run(command, variables, directory=project)


def status(_project: Path, _name: str) -> int:
    """Say which daemons run; exit status 1 where one was found dead."""
    supervisor = Supervisor(sandbox_directory(), say)
    records = supervisor.records()
    for record in records:
        state = f"runs (process {record.pid}, port {record.port})" if record.process() else "was found dead"
        say(f"{record.name} {state}; log: {supervisor.log(record.name)}")
    if not records:
        say("No daemon of this sandbox runs.")
    return 0 if all(record.process() for record in records) else 1


def down(_project: Path, _name: str) -> int:
    """End the daemons that this sandbox started, and nothing else."""
    directory = sandbox_directory()
    supervisor = Supervisor(directory, say)
    restore_after_kill(directory)
    with supervisor.exclusive():
        ended = supervisor.stop_all()
    say(
        f"Ended {', '.join(ended)}; their contents stay in {directory}." if ended else "No daemon of this sandbox runs."
    )
    return 0


def say(sentence: str) -> None:
    """Show a line at once, also through a pipe."""
    print(sentence, flush=True)


def _help(commands: Mapping[str, tuple[object, str]]) -> str:
    return "; ".join(f"{name}: {text}" for name, (_, text) in commands.items())


def _rendered(stack: Stack) -> "tuple[int, Plan]":
    """Preview a stack; the CLI's exit status and what it planned."""
    from sandbox import event_log  # noqa: PLC0415
    from sandbox.providers.kubernetes import helm  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.log"
        os.environ[helm.NOTES] = folder
        status = stack.preview("--suppress-progress", "--event-log", str(events))
        if not events.exists():
            raise SandboxError("The preview ended before it planned anything: see above.")
        return status, event_log.read(events, helm.noted(Path(folder)))


def _end(directory: Path) -> None:
    """End the daemons of a sandbox."""
    supervisor = Supervisor(directory, say)
    with supervisor.exclusive():
        supervisor.stop_all()


def _left_in_cloud(directory: Path, cloud: str) -> list[str]:
    if cloud != "aws":
        # a managed OpenShift cluster is in Azure, too
        return leftovers.in_azure(directory)
    endpoint = read_endpoints(directory)["aws"]["endpoint"]
    return [*leftovers.in_aws(endpoint, ACCOUNT), *leftovers.in_store(directory)]


def _stack(session: Session, project: Path, name: str) -> Stack:
    return Stack(name, project, session.directory, session.pulumi, say)


def _refuse_second_stack(session: Session, project: Path, name: str) -> None:
    """One sandbox is one cluster: two stacks in it would fight for the same namespaces."""
    for path in sorted(project.glob("Pulumi.*.yaml")):
        other = path.name.split(".")[1]
        if other != name and _stack(session, project, other).resources():
            raise SandboxError(
                f"Stack {other} is deployed in this sandbox, which has one cluster: run `make destroy STACK={other}` "
                f"first, or give {name} its own with SANDBOX_DIRECTORY."
            )


def _show_ways_in(session: Session, name: str, seconds: float) -> None:
    say(f"\nStack {name} is up after {seconds:.0f} s. To look around:")
    say(f"  make shell STACK={name}      plain pulumi, kubectl and aws, pointed at the sandbox")
    say(f"  kubectl --kubeconfig {session.directory / 'kubeconfig'} get pods -A")
    say(f"  logs of the daemons: {session.directory / 'logs'}")
    say("  make down                ends the daemons and keeps their contents")
