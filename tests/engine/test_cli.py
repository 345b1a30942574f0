"""The sandbox's commands with the real engine, also when they are killed in the middle."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from sandbox import journal, moto_server
from sandbox.environment import ACCESS_KEY, CHECKOUT, REGION, KubernetesEndpoint, read_endpoints
from sandbox.supervisor import Supervisor

PROGRAM = """
import pulumi, pulumi_aws as aws, pulumi_random as random

cloud = aws.Provider("aws", region="us-east-1", skip_credentials_validation=True, skip_requesting_account_id=True)
first = aws.kms.Key("first", description="{name}", opts=pulumi.ResourceOptions(provider=cloud))
second = random.RandomPassword("second", length=12, opts=pulumi.ResourceOptions(depends_on=[first]))
pulumi.export("key", first.key_id)
pulumi.export("password", second.result)
"""
SLOW_PASSWORD = [{"provider": "random", "operation": "create", "fault": "delay", "seconds": 300}]


@dataclass(frozen=True)
class Project:
    """A small project and the commands on it."""

    folder: Path
    environment: Mapping[str, str]

    def command(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        line = self._line(arguments)
        return subprocess.run(
            line, cwd=CHECKOUT, env=self.environment, input=stdin, capture_output=True, text=True, check=False
        )

    def succeed(self, *arguments: str, stdin: str = "") -> str:
        result = self.command(*arguments, stdin=stdin)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def start(self, *arguments: str, faults: list[dict[str, Any]]) -> "subprocess.Popen[str]":
        plan = self.folder / "faults.json"
        plan.write_text(json.dumps(faults))
        variables = {**self.environment, "SANDBOX_FAULTS": str(plan)}
        return subprocess.Popen(self._line(arguments), cwd=CHECKOUT, env=variables, stdout=subprocess.PIPE, text=True)

    def _line(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "sandbox", *arguments, "--project", str(self.folder)]

    @property
    def directory(self) -> Path:
        return Path(self.environment["SANDBOX_DIRECTORY"])

    @property
    def state_file(self) -> Path:
        return self.directory / "state" / ".pulumi" / "stacks" / self.folder.name / "dev.json"

    def state(self) -> dict[str, Any]:
        """Return the state as the engine has written it down so far."""
        return json.loads(self.state_file.read_text())["checkpoint"].get("latest") or {}

    def keys(self) -> list[str]:
        """Ids of the KMS keys that this project has made, as AWS tells them."""
        keys = [self.aws("kms").describe_key(KeyId=key["KeyId"]) for key in self.aws("kms").list_keys()["Keys"]]
        living = [key["KeyMetadata"] for key in keys if key["KeyMetadata"]["KeyState"] == "Enabled"]
        return [key["KeyId"] for key in living if key["Description"] == self.folder.name]

    def aws(self, service: str) -> Any:
        session = boto3.Session(ACCESS_KEY, ACCESS_KEY, region_name=REGION)
        endpoint = read_endpoints(self.directory)["aws"]["endpoint"]
        return session.client(service, endpoint_url=endpoint)  # pyright: ignore[reportCallIssue, reportArgumentType]


@pytest.fixture(scope="module")
def own_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("commands")
    yield directory
    Supervisor(directory).stop_all()


@pytest.fixture
def project(
    own_directory: Path,
    control_plane: KubernetesEndpoint,
    sandbox_directory: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Project:
    """A project of its own in a sandbox that uses a cluster of "the user's own", the session's."""
    assert control_plane
    name = str(request.function.__name__).removeprefix("test_").replace("_", "-")
    folder = tmp_path / name
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text("config: {}  # the author's layout\n")
    (folder / "__main__.py").write_text(PROGRAM.format(name=name))
    variables = {
        **os.environ,
        "SANDBOX_DIRECTORY": str(own_directory),
        "SANDBOX_KUBECONFIG": str(sandbox_directory / "kubeconfig"),
    }
    return Project(folder, variables)


def read_until(process: "subprocess.Popen[str]", text: str) -> None:
    assert process.stdout
    seen: list[str] = []
    for line in process.stdout:
        seen.append(line)
        if text in line:
            return
    raise AssertionError(f"{text!r} was never shown:\n{''.join(seen)}")


def engine_of(process: "subprocess.Popen[str]") -> psutil.Process:
    return next(child for child in psutil.Process(process.pid).children() if child.name() == "pulumi")


def close(process: "subprocess.Popen[str]") -> int:
    process.communicate()
    return process.returncode


def assert_ended(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=30)
    left = [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
    assert left == []


def test_up_shows_what_there_is_and_a_second_one_changes_nothing(project: Project) -> None:
    first = project.succeed("up")
    assert "Resources: 2, in 0 components" in first
    assert "Using the cluster of " in first
    (key,) = project.keys()
    assert key in first
    assert "[secret]" in first
    assert list(project.state_file.parent.glob("*.attrs")) == [], "digests that nobody reads"
    second = project.succeed("up")
    assert "unchanged" in second
    assert "created" not in second
    assert project.keys() == [key]
    assert (project.folder / "Pulumi.dev.yaml").read_text() == "config: {}  # the author's layout\n"


def test_engine_and_command_killed_in_the_middle(project: Project) -> None:
    process = project.start("up", faults=SLOW_PASSWORD)
    read_until(process, "RandomPassword second creating")
    while not project.state().get("pending_operations"):
        # the engine shows an operation a moment before it writes it down
        assert process.poll() is None
    engine = engine_of(process)
    plugins = engine.children(recursive=True)
    engine.kill()
    process.kill()
    close(process)
    assert_ended([engine, *plugins])
    (key,) = project.keys()
    output = project.succeed("up")
    assert f"Releasing the lock of stack dev: process {engine.pid}, which took it, is gone." in output
    assert "Operations that an interrupted command has left unfinished: 1; asking the clouds" in output
    assert project.keys() == [key]
    assert "unchanged" in project.succeed("up")


def test_command_alone_killed_in_the_middle(project: Project) -> None:
    process = project.start("up", faults=SLOW_PASSWORD)
    read_until(process, "RandomPassword second creating")
    engine = engine_of(process)
    process.kill()
    process.wait()
    output = project.succeed("up")
    assert f"The engine of a command that was killed (process {engine.pid}) is still at work" in output
    assert_ended([engine])
    close(process)
    assert len(project.keys()) == 1


def test_interrupted_in_the_middle(project: Project) -> None:
    process = project.start("up", faults=SLOW_PASSWORD)
    read_until(process, "RandomPassword second creating")
    engine = engine_of(process)
    plugins = engine.children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert close(process) != 0
    assert_ended([engine, *plugins])
    output = project.succeed("up")
    assert "Releasing the lock" not in output
    assert len(project.keys()) == 1


def test_a_creation_that_the_engine_could_not_write_down_is_taken_over(project: Project) -> None:
    project.succeed("up")
    (key,) = project.keys()
    content = json.loads(project.state_file.read_text())
    deployment = content["checkpoint"]["latest"]
    (made,) = [entry for entry in deployment["resources"] if entry["type"] == "aws:kms/key:Key"]
    names = ("urn", "custom", "type", "inputs", "parent", "provider", "dependencies")
    pending = {name: made[name] for name in names if name in made}
    kept = ("pulumi:pulumi:Stack", "pulumi:providers:aws")
    deployment["resources"] = [entry for entry in deployment["resources"] if entry["type"] in kept]
    deployment["pending_operations"] = [{"resource": pending, "type": "creating"}]
    project.state_file.write_text(json.dumps(content))
    journal.note(project.directory, made["urn"], key)
    output = project.succeed("up")
    assert "left unfinished: 1" in output
    assert "kms:Key first creating" not in output, output
    assert project.keys() == [key]


def test_a_stack_in_use_is_left_alone(project: Project) -> None:
    project.succeed("up")
    lock = project.directory / "state" / ".pulumi" / "locks" / "organization" / project.folder.name / "dev" / "1.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    holder = {"pid": os.getpid(), "username": "me", "hostname": socket.gethostname()}
    lock.write_text(json.dumps({**holder, "timestamp": "2026-01-01T00:00:00Z"}))
    result = project.command("up")
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: Stack dev is in use by process {os.getpid()} since ")
    assert result.stderr.count("\n") == 1
    assert lock.exists()


def test_a_cloud_that_did_not_end_in_order_is_compared(project: Project) -> None:
    project.succeed("up")
    (key,) = project.keys()
    record = Supervisor(project.directory).running(moto_server.NAME)
    assert record
    project.aws("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    process = psutil.Process(record.pid)
    process.kill()
    assert_ended([process])
    output = project.succeed("up")
    assert "moto was found dead" in output
    assert "The AWS stand-in did not end in order; comparing the stack's state with what it still holds." in output
    assert len(project.keys()) == 1


def test_destroy_asks_the_clouds(project: Project) -> None:
    project.succeed("up")
    project.aws("s3").create_bucket(Bucket="not-of-the-stack")
    result = project.command("destroy")
    assert project.keys() == []
    assert result.returncode == 1
    assert "left: s3 not-of-the-stack" in result.stdout
    project.aws("s3").delete_bucket(Bucket="not-of-the-stack")


def test_a_failing_program_is_said_and_the_status_tells(project: Project) -> None:
    (project.folder / "__main__.py").write_text("raise ValueError('the program is wrong')\n")
    result = project.command("up")
    assert result.returncode != 0
    assert "the program is wrong" in result.stdout
    assert "Stack dev is not up" in result.stdout


def test_a_stack_that_does_not_exist(project: Project) -> None:
    result = project.command("preview", "--stack", "test")
    assert result.returncode == 1
    assert result.stderr == "error: There is no stack 'test': Pulumi.test.yaml does not exist; STACK may be dev.\n"


def test_a_second_stack_does_not_go_into_the_same_cluster(project: Project) -> None:
    (project.folder / "Pulumi.two.yaml").write_text("config: {}\n")
    project.succeed("up")
    result = project.command("up", "--stack", "two")
    assert result.returncode == 1
    assert "Stack dev is deployed in this sandbox, which has one cluster: run `make destroy STACK=dev`" in result.stderr
    assert "4 to create" in project.succeed("preview", "--stack", "two")


def test_commands_in_the_shell(project: Project) -> None:
    project.succeed("up")
    commands = "pulumi stack --show-name; pulumi stack output key; echo $AWS_ENDPOINT_URL"
    name, key, endpoint = project.succeed("shell", stdin=commands).splitlines()[-3:]
    assert name == "dev"
    assert project.keys() == [key]
    assert endpoint == read_endpoints(project.directory)["aws"]["endpoint"]
    assert (project.folder / "Pulumi.dev.yaml").read_text() == "config: {}  # the author's layout\n"


def test_down_ends_what_was_started_and_keeps_its_contents(project: Project) -> None:
    project.succeed("up")
    keys = project.keys()
    record = Supervisor(project.directory).running(moto_server.NAME)
    assert record
    assert project.succeed("down") == f"Ended moto; their contents stay in {project.directory}.\n"
    assert not psutil.pid_exists(record.pid) or psutil.Process(record.pid).status() == psutil.STATUS_ZOMBIE
    assert project.succeed("status") == "No daemon of this sandbox runs.\n"
    assert project.succeed("down") == "No daemon of this sandbox runs.\n"
    output = project.succeed("up")
    assert "did not end in order" not in output
    assert project.keys() == keys
