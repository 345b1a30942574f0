"""Bad settings end a run of the real engine before any resource is registered; what is immutable is remembered.

Source: CFG-1, CFG-2, CFG-5, CFG-6.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from sandbox.environment import CHECKOUT
from sandbox.stack_files import SALT
from tests.engine.engine import Engine, Report

STACK = "dev"
CREATED = {"project": "biz-automation", "cloud.provider": "aws", "kubernetes.clusterName": "biz-automation-dev"}
CLUSTER_NAME_REFUSED = (
    "1 setting of stack dev cannot change:\n"
    '  biz-automation:kubernetes.clusterName: "other" is not allowed; allowed: "biz-automation-dev", as the stack was '
    "created: the cluster would be destroyed with everything in it, and a new one created"
)
# the stack itself, and the engine's built-in provider, which reads the stack's outputs
ENGINES_OWN = {"pulumi:pulumi:Stack", "pulumi:providers:pulumi"}
SETTINGS_ALONE = """
from stacks import immutable, settings

recorded = immutable.keep()
immutable.check(settings.load(), recorded)
"""


@pytest.fixture
def project(tmp_path: Path, sandbox: Mapping[str, str]) -> Engine:
    """The platform's program with a state of its own, and no cloud behind it."""
    directory = tmp_path / "program"
    for name in ("stacks", "components"):
        shutil.copytree(CHECKOUT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__main__.py", "Pulumi.yaml"):
        shutil.copy2(CHECKOUT / name, directory)
    # a run that goes on in the checkout at this moment may have left its salt there
    stack_file = SALT.sub("", (CHECKOUT / "Pulumi.dev.yaml").read_text(encoding="utf-8"))
    (directory / "Pulumi.dev.yaml").write_text(stack_file, encoding="utf-8")
    (tmp_path / "state").mkdir()
    engine = Engine(directory, {**sandbox, "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}"})
    engine.command("stack", "init", STACK).check()
    return engine


@pytest.fixture
def settings_alone(project: Engine) -> Engine:
    """The same without foundation and platform, so that an update succeeds."""
    (project.program / "__main__.py").write_text(SETTINGS_ALONE, encoding="utf-8")
    return project


def set_value(engine: Engine, path: str, value: str) -> None:
    """Changes one value of the stack file as a user does."""
    engine.command("config", "set", "--stack", STACK, "--path", path, value).check()


def refusal(report: Report) -> str:
    """The one error, shown without a traceback, of a run that registered nothing of its own."""
    assert report.exit_code != 0
    assert "Traceback" not in report.output
    assert {urn.split("::")[2] for urn in report.operations} <= ENGINES_OWN
    (error,) = report.errors
    return error


@pytest.mark.parametrize("operation", ["preview", "up"])
def test_bad_settings_are_told_at_once_and_nothing_is_registered(project: Engine, operation: str) -> None:
    set_value(project, "cloud.provider", "gcp")
    set_value(project, "network.cidr", "8.8.0.0/16")
    set_value(project, "network.zones", "4")
    set_value(project, "networks.cidr", "10.0.0.0/16")

    error = refusal(project.operate(operation, STACK))

    heading, *problems = error.splitlines()
    assert heading == "4 problems in the settings of stack dev (Pulumi.dev.yaml):"
    assert [problem.split(": ")[0].strip() for problem in problems] == [
        "biz-automation:cloud.provider",
        "biz-automation:network.zones",
        "biz-automation:networks",
        "biz-automation:network.cidr",
    ]


def test_charts_that_cannot_be_used_are_told_at_once_too(project: Engine, tmp_path: Path) -> None:
    """Source: POL-4: with a mirror, nothing but the archives of the bill of materials is rendered."""
    bill = project.program / "components" / "charts.yaml"
    charts = yaml.safe_load(bill.read_text(encoding="utf-8"))
    charts["reloader"]["digest"] = "0" * 64
    bill.write_text(yaml.safe_dump(charts), encoding="utf-8")
    for name, chart in charts.items():
        (tmp_path / f"{name}-{chart['version']}.tgz").write_bytes(b"archive")
    missing = tmp_path / f"keda-{charts['keda']['version']}.tgz"
    missing.unlink()
    set_value(project, "charts.mirror", str(tmp_path))

    heading, *problems = refusal(project.up(STACK)).splitlines()

    assert heading == "2 problems in the settings of stack dev (Pulumi.dev.yaml):"
    (absent,) = [problem for problem in problems if "keda" in problem]
    (other,) = [problem for problem in problems if "reloader" in problem]
    assert absent.strip() == (
        f"biz-automation:charts.mirror: {missing} is missing; run `make charts`, or copy the archive there"
    )
    assert f"components/charts.yaml says {'0' * 64}" in other


def test_two_owners_of_an_api_group_are_told_before_anything_else(project: Engine) -> None:
    """Source: CLU-9."""
    bill = project.program / "components" / "charts.yaml"
    charts = yaml.safe_load(bill.read_text(encoding="utf-8"))
    charts["reloader"]["crdGroups"] = ["cert-manager.io"]
    bill.write_text(yaml.safe_dump(charts), encoding="utf-8")

    assert (
        "charts.yaml: the API group cert-manager.io has 2 owners: cert-manager, reloader; leave it with one chart"
    ) in refusal(project.preview(STACK))


def test_an_encrypted_value_does_not_leak_through_a_message(project: Engine) -> None:
    project.command("config", "set", "--stack", STACK, "--secret", "--path", "cloud.region", "sesame").check()

    error = refusal(project.preview(STACK))

    assert "biz-automation:cloud.region: [hidden] is not allowed" in error
    assert "sesame" not in project.preview(STACK).output


def test_what_cannot_change_is_refused_as_often_as_it_is_tried(settings_alone: Engine) -> None:
    engine = settings_alone
    engine.preview(STACK).check()
    engine.up(STACK).check()
    assert engine.outputs(STACK) == {"immutable": CREATED}
    assert engine.up(STACK).check().changed == {}

    set_value(engine, "kubernetes.clusterName", "other")
    for operation in ("preview", "up", "up", "preview"):
        assert refusal(engine.operate(operation, STACK)) == CLUSTER_NAME_REFUSED
    assert engine.outputs(STACK) == {"immutable": CREATED}

    set_value(engine, "kubernetes.clusterName", CREATED["kubernetes.clusterName"])
    assert engine.up(STACK).check().changed == {}


def test_bad_settings_do_not_make_the_stack_forget(settings_alone: Engine) -> None:
    engine = settings_alone
    engine.up(STACK).check()

    set_value(engine, "network.zones", "4")
    refusal(engine.up(STACK))
    set_value(engine, "network.zones", "2")
    set_value(engine, "kubernetes.clusterName", "other")

    assert refusal(engine.up(STACK)) == CLUSTER_NAME_REFUSED


def test_a_destroyed_stack_may_be_anything(settings_alone: Engine) -> None:
    engine = settings_alone
    engine.up(STACK).check()
    engine.destroy(STACK).check()

    set_value(engine, "kubernetes.clusterName", "other")

    engine.up(STACK).check()
    assert engine.outputs(STACK) == {"immutable": CREATED | {"kubernetes.clusterName": "other"}}
