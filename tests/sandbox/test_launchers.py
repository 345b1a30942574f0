"""What a shell in the sandbox finds first on its search path."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from sandbox import launchers
from sandbox.environment import KubernetesEndpoint, record_endpoint
from sandbox.providers.kubernetes import kubeconfig
from sandbox.providers.kubernetes.api import Api
from sandbox.user_cluster import read

REAL_CLI = """#!/bin/sh
echo "real $*"
printf 'config: {}\\nencryptionsalt: v1:abc=\\n' > Pulumi.dev.yaml
exit 7
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A sandbox whose `pulumi` is a script that behaves like the CLI does when it makes a stack."""
    real = tmp_path / "real-pulumi"
    real.write_text(REAL_CLI)
    real.chmod(0o700)
    launchers.install(tmp_path / "sandbox", {"pulumi": real, "helm": real})
    return tmp_path / "sandbox"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: project\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text("config: {}\n")
    return folder


def run(
    directory: Path, program: str, *arguments: str, cwd: Path | None = None, path: str | None = None
) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "PATH": path or os.environ["PATH"]}
    command = [str(directory / "bin" / program), *arguments]
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [[], ["--cwd", "."], ["-C", "../project"]])
def test_pulumi_is_the_real_one_and_leaves_the_checkout_clean(
    directory: Path, project: Path, arguments: list[str]
) -> None:
    result = run(directory, "pulumi", *arguments, "up", cwd=project)
    assert result.stdout == f"real {' '.join([*arguments, 'up'])}\n"
    assert result.returncode == 7
    assert (project / "Pulumi.dev.yaml").read_text() == "config: {}\n"


def test_pulumi_ends_by_the_signal_that_ended_it(directory: Path, project: Path, tmp_path: Path) -> None:
    (tmp_path / "real-pulumi").write_text("#!/bin/sh\nkill -TERM $$\n")
    assert run(directory, "pulumi", "up", cwd=project).returncode == 128 + signal.SIGTERM


def test_other_tools_are_linked(directory: Path, tmp_path: Path) -> None:
    assert (directory / "bin" / "helm").readlink() == tmp_path / "real-pulumi"


def test_get_token_gives_the_clusters_own(directory: Path, control_plane: KubernetesEndpoint) -> None:
    record_endpoint(directory, "kubernetes", control_plane.as_json())
    assert_connects(directory, control_plane)


def test_get_token_gives_a_client_certificate_where_the_cluster_wants_one(
    directory: Path, control_plane: KubernetesEndpoint, sandbox_directory: Path
) -> None:
    record_endpoint(directory, "kubernetes", read(sandbox_directory / "pki" / "kwok.kubeconfig").as_json())
    assert_connects(directory, control_plane)


def assert_connects(directory: Path, endpoint: KubernetesEndpoint) -> None:
    """Reach the cluster with the kubeconfig of an EKS cluster."""
    arguments = ["--region", "us-east-1", "eks", "get-token", "--output", "json", "--cluster-name", "any"]
    program = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": str(directory / "bin" / "aws")}
    document = endpoint.kubeconfig()
    document["users"][0]["user"] = {"exec": {**program, "args": arguments}}
    assert Api(kubeconfig.load(json.dumps(document))).get("/api/v1/namespaces/default")


def test_get_token_before_there_is_a_cluster(directory: Path) -> None:
    result = run(directory, "aws", "eks", "get-token")
    assert (result.returncode, result.stderr) == (1, "The sandbox has no cluster yet: run `make up` first.\n")


def test_no_aws_command_line_anywhere(directory: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "env").symlink_to(str(shutil.which("env")))
    result = run(directory, "aws", "s3", "ls", path=str(tools))
    assert result.returncode == 127
    assert result.stderr.startswith("There is no AWS CLI on PATH: install awscli")


def test_another_aws_command_line_sees_the_sandbox(directory: Path, tmp_path: Path) -> None:
    record_endpoint(directory, "aws", {"endpoint": "http://127.0.0.1:1"})
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "aws").write_text('#!/bin/sh\necho "$AWS_ENDPOINT_URL $*"\n')
    (tools / "aws").chmod(0o700)
    result = run(directory, "aws", "s3", "ls", path=f"{tools}{os.pathsep}{os.environ['PATH']}")
    assert result.stdout == "http://127.0.0.1:1 s3 ls\n"


def test_kubelogin_gives_the_clusters_own(directory: Path) -> None:
    endpoint = KubernetesEndpoint("https://127.0.0.1:6443", "Y2E=", token="secret")
    assert run(directory, "kubelogin", "get-token").returncode == 1
    record_endpoint(directory, "kubernetes", endpoint.as_json())
    answer = json.loads(run(directory, "kubelogin", "get-token", "--login", "azurecli").stdout)
    assert (answer["kind"], answer["status"]) == ("ExecCredential", {"token": "secret"})
    assert run(directory, "kubelogin", "convert-kubeconfig").returncode == 2
