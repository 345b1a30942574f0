"""The platform on a simulated OpenShift, through the real engine, with its policy pack. Source: A-31, TGT-6."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import openshift
from sandbox.cluster_api import ClusterApi
from sandbox.environment import CHECKOUT, KubernetesEndpoint
from tests.engine.engine import Engine, Report

STACK = "openshift-prod"
# the stack itself, and the engine's built-in provider, which reads the stack's outputs
ENGINES_OWN = {"pulumi:pulumi:Stack", "pulumi:providers:pulumi"}


@pytest.fixture(scope="module")
def on_openshift(platform: Engine, control_plane: KubernetesEndpoint) -> Iterator[Engine]:
    """The engine, while the session's cluster is an OpenShift."""
    api = ClusterApi(control_plane)
    openshift.provide(api, CHECKOUT / f"Pulumi.{STACK}.yaml")
    platform.command("stack", "init", STACK).check()
    yield platform
    openshift.remove(api)


@pytest.fixture(scope="module")
def preview(on_openshift: Engine) -> Report:
    """What a first update of prod would do."""
    return on_openshift.preview(STACK).check()


def types_of(report: Report) -> list[str]:
    return [urn.split("::")[2].rpartition("$")[2] for urn in report.operations]


def test_every_policy_agrees(preview: Report) -> None:
    assert preview.violations == []


def test_nothing_of_another_cloud_is_planned(preview: Report) -> None:
    packages = {name.partition(":")[0] for name in types_of(preview)}
    assert packages == {"pulumi", "biz-automation", "kubernetes"}
    kinds = [name.rpartition(":")[2] for name in types_of(preview)]
    assert kinds.count("Route") > 5
    assert kinds.count("SecurityContextConstraints") == 1


def test_a_kubeconfig_without_a_cluster_ends_the_run_before_anything_is_declared(
    on_openshift: Engine, tmp_path: Path
) -> None:
    absent = tmp_path / "kubeconfig"
    path = ("config", "set", "--stack", STACK, "--path", "biz-automation:openshift.kubeconfig.path")
    on_openshift.command(*path, str(absent)).check()
    report = on_openshift.preview(STACK)
    on_openshift.command("config", "rm", "--stack", STACK, "--path", path[-1]).check()
    assert report.exit_code != 0
    assert f"biz-automation:openshift.kubeconfig.path: {absent} cannot be read" in report.output
    assert set(types_of(report)) <= ENGINES_OWN
