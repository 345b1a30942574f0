"""The platform on a simulated OpenShift, through the real engine, with its policy pack. Source: A-31, TGT-6."""

from collections.abc import Callable
from pathlib import Path

from tests.engine.engine import Engine, Report, type_name

STACK = "openshift-prod"
# the stack itself, and the engine's built-in provider, which reads the stack's outputs
ENGINES_OWN = {"pulumi:pulumi:Stack", "pulumi:providers:pulumi"}


def test_routes_and_one_constraint_are_planned(previews: Callable[[str], Report]) -> None:
    kinds = [type_name(urn).rpartition(":")[2] for urn in previews(STACK).operations]
    assert kinds.count("Route") > 5
    assert kinds.count("SecurityContextConstraints") == 1


def test_a_kubeconfig_without_a_cluster_ends_the_run_before_anything_is_declared(
    previews: Callable[[str], Report], on_openshift: Callable[[str], Engine], tmp_path: Path
) -> None:
    previews(STACK)
    engine = on_openshift(STACK)
    absent = tmp_path / "kubeconfig"
    path = ("config", "set", "--stack", STACK, "--path", "biz-automation:openshift.kubeconfig.path")
    engine.command(*path, str(absent)).check()
    report = engine.preview(STACK)
    engine.command("config", "rm", "--stack", STACK, "--path", path[-1]).check()
    assert report.exit_code != 0
    assert f"biz-automation:openshift.kubeconfig.path: {absent} cannot be read" in report.output
    assert {type_name(urn) for urn in report.operations} <= ENGINES_OWN
