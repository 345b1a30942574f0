"""The policy pack on every run: a bad pod stops the preview and the update, and never reaches the API server."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from kubernetes import client, config

from sandbox.environment import CHECKOUT, KubernetesEndpoint
from tests.engine.conftest import STACK, ProgramMaker
from tests.engine.engine import Engine, Report

POD = "kubernetes:core/v1:Pod"
PROGRAM = """
import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_random as random

suffix = random.RandomPet("suffix").id
labels = {"cost-center": "cc-platform"}
amounts = {"cpu": "10m", "memory": "16Mi"}
resources = {"requests": amounts, "limits": amounts}
environment = [{"name": "SUFFIX", "value": suffix}]
image = "busybox:1.37.0"
pods = {
    "good": (labels, {"image": image, "resources": resources, "env": environment}),
    "latest": (labels, {"image": "busybox:latest", "resources": resources}),
    "unlimited": (labels, {"image": image}),
    "unlabelled": ({}, {"image": image, "resources": resources}),
    "uncharged": ({"cost-center": "cc-nobody"}, {"image": image, "resources": resources}),
    "unknown": (labels, {"image": suffix.apply(lambda suffix: "busybox:latest"), "resources": resources}),
}
for name in pulumi.Config().require("pods").split(","):
    pod_labels, container = pods[name]
    metadata = {"name": name, "namespace": "default", "labels": pod_labels}
    kubernetes.core.v1.Pod(name, metadata=metadata, spec={"containers": [{"name": "app", **container}]})
"""
REFUSED = {
    "latest": ("images", '"busybox:latest" has the moving tag latest; write busybox:<tag> with an exact tag'),
    "unlimited": ("limits", 'spec.containers[0] "app" has no requests.cpu, requests.memory, limits.cpu, limits.memory'),
    "unlabelled": ("cost-center", "metadata.labels has no cost-center; add the label, one of: cc-platform"),
    "uncharged": ("cost-center", 'metadata.labels.cost-center is "cc-nobody", which is no cost centre'),
}
UNKNOWN = ("images", 'the image of spec.containers[0] "app" is unknown at preview; give it as a plain value')


@pytest.fixture
def engine(program: ProgramMaker, control_plane: KubernetesEndpoint) -> Engine:
    assert control_plane
    made = program(PROGRAM).with_policy_pack(CHECKOUT / "policies")
    made.command("config", "set", "--stack", STACK, "--path", "organisation.costCenters[0]", "cc-platform").check()
    return made


def found(report: Report) -> dict[str, tuple[str, str]]:
    """Rule and message of each violation, by the resource's name."""
    assert {violation.level for violation in report.violations} <= {"mandatory"}
    return {violation.urn.rpartition("::")[2]: (violation.policy, violation.message) for violation in report.violations}


def assert_refused(report: Report, name: str, expected: tuple[str, str]) -> None:
    rule, message = found(report)[name]
    assert rule == expected[0]
    assert f'{POD} "{name}": ' in message
    assert expected[1] in message
    assert report.exit_code != 0


def pods(sandbox: Mapping[str, str]) -> set[str]:
    """Names of the pods that the API server has."""
    config.load_kube_config(sandbox["KUBECONFIG"])
    found = client.CoreV1Api().list_namespaced_pod("default").items
    return {pod.metadata.name for pod in found if pod.metadata and pod.metadata.name}


def test_preview_names_every_bad_pod(engine: Engine) -> None:
    engine.configure(STACK, pods=",".join(["good", "unknown", *REFUSED]))
    report = engine.preview(STACK)
    for name, expected in {**REFUSED, "unknown": UNKNOWN}.items():
        assert_refused(report, name, expected)
    assert len(report.violations) == len(REFUSED) + 1


def test_update_creates_no_bad_pod(engine: Engine, sandbox: Mapping[str, str]) -> None:
    engine.configure(STACK, pods=",".join(REFUSED))
    report = engine.up(STACK)
    assert report.violations
    for name in found(report):
        assert_refused(report, name, REFUSED[name])
    assert not pods(sandbox) & REFUSED.keys()


def test_update_refuses_what_the_preview_could_not_know(engine: Engine, sandbox: Mapping[str, str]) -> None:
    engine.configure(STACK, pods="unknown")
    assert_refused(engine.up(STACK), "unknown", REFUSED["latest"])
    assert "unknown" not in pods(sandbox)


def test_good_pod_is_deployed_and_its_state_passes_too(
    engine: Engine, sandbox: Mapping[str, str], tmp_path: Path
) -> None:
    engine.configure(STACK, pods="good")
    assert engine.preview(STACK).check().violations == []
    assert engine.up(STACK).check().violations == []
    assert "good" in pods(sandbox)

    state, configuration = tmp_path / "state.json", tmp_path / "cost-centers.json"
    state.write_text(engine.command("stack", "export", "--stack", STACK).check().output)
    configuration.write_text('{"cost-center": {"costCenters": ["cc-platform"]}}')
    analyze = ("policy", "analyze", "--file", str(state), "--policy-pack", str(CHECKOUT / "policies"))
    engine.command(*analyze, "--policy-pack-config", str(configuration)).check()
    refused = engine.command(*analyze)
    assert refused.exit_code != 0
    assert "no list of allowed cost centres is known" in refused.output
    engine.destroy(STACK).check()
