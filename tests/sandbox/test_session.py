"""What a sandbox starts for a stack, and the machines that it simulates."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import control_plane, launchers, moto_server, toolchain
from sandbox.environment import KubernetesEndpoint, environment, record_endpoint
from sandbox.nodes import machine
from sandbox.session import nodes_of, open_session
from sandbox.stack_files import cloud_of

ENDPOINT = KubernetesEndpoint("https://127.0.0.1:6443", "Y2E=", token="t")


@pytest.fixture
def stack_file(tmp_path: Path) -> Path:
    path = tmp_path / "Pulumi.azure-dev.yaml"
    path.write_text(
        "config:\n"
        "  biz-automation:cloud: {provider: azure, region: westeurope}\n"
        "  biz-automation:network: {zones: 2}\n"
        "  biz-automation:nodePools:\n"
        "    - {name: work, instanceType: Standard_D8s_v5, desiredSize: 3}\n"
    )
    return path


@pytest.mark.parametrize(("cloud", "started"), [("aws", ["moto"]), ("azure", []), ("openshift", [])])
def test_only_the_stacks_own_cloud_is_started(
    cloud: str, started: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    tools = {"pulumi": tmp_path, "helm": tmp_path}

    def start_moto(directory: Path, say: object) -> None:
        del directory, say
        begun.append("moto")

    def answer(result: object) -> Callable[..., object]:
        return lambda *arguments: arguments and result

    monkeypatch.setattr(moto_server, "start", start_moto)
    monkeypatch.setattr(control_plane, "start", answer(ENDPOINT))
    monkeypatch.setattr(toolchain, "provide", answer(tools))
    monkeypatch.setattr(launchers, "install", answer(None))
    opened = open_session(tmp_path, None, cloud, say=lambda _: None)
    assert begun == started
    assert opened.aws_intact == (cloud != "aws")
    assert list((tmp_path / "pulumi" / "plugins").glob("resource-azure-native-*/pulumi-resource-azure-native"))


def test_the_cloud_of_a_stack(stack_file: Path) -> None:
    assert cloud_of(stack_file) == "azure"
    stack_file.write_text("config: {}\n")
    assert cloud_of(stack_file) == "aws"


def test_machines_of_azure(stack_file: Path) -> None:
    nodes = nodes_of(stack_file)
    manifests = [node.manifest() for node in nodes]
    labels = manifests[1]["metadata"]["labels"]
    assert [node.zone for node in nodes] == ["westeurope-1", "westeurope-2", "westeurope-1"]
    assert labels["topology.kubernetes.io/region"] == "westeurope"
    assert labels["kubernetes.azure.com/agentpool"] == "work"
    assert not any(label.startswith("eks.") for label in labels)
    assert manifests[0]["spec"]["providerID"].startswith("azure://")
    assert nodes[0].status()["allocatable"]["memory"] == f"{32 * 1024 - 5050 - 100}Mi"


@pytest.mark.parametrize(
    ("name", "capacity"),
    [
        ("Standard_D4s_v5", (4, 16)),
        ("Standard_E8ds_v5", (8, 64)),
        ("m5.large", (2, 8)),
        ("Standard_X4s_v5", None),
        ("m9.large", None),
    ],
)
def test_capacities(name: str, capacity: tuple[int, int] | None) -> None:
    found = machine(name)
    assert (found and (found.cpus, found.memory_gib)) == capacity


def test_the_environment_of_a_sandbox_without_aws_reaches_no_aws(tmp_path: Path) -> None:
    record_endpoint(tmp_path, "kubernetes", ENDPOINT.as_json())
    assert environment(tmp_path)["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
