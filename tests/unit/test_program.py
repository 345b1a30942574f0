"""The program's entry: short, and with nothing of another cloud than the settings choose. Source: ARCH-12, TGT-6."""

import re
import subprocess
import sys
from collections.abc import Iterable

import pytest

from tests.unit.entry_point import ENTRY
from tests.unit.settings.configuration import CHECKOUT

CLOUDS = ("aws", "azure", "openshift")
# a case of the settings' tests
MANAGED_OPENSHIFT = "openshift-dev.ok.managed"
SDKS = {"aws": "pulumi_aws", "azure": "pulumi_azure_native"}
# one of the ways in, which edge.controller chooses; it takes no SDK of its own
SHARED = "components.edge.openshift_router"


def imported(stack: str) -> set[str]:
    """Every module that a run of a stack imports.

    ``-X importtime`` writes one as it is imported, also if it is forgotten later, but not those that are imported by
    ``importlib.import_module``; what is there at the end has these as well.
    """
    command = [sys.executable, "-X", "importtime", "-m", "tests.unit.entry_point", stack]
    ran = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    timed = re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", ran.stderr, re.MULTILINE)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert len(timed) > 500
    return {*timed, *ran.stdout.split()}


def of_others(modules: Iterable[str], *clouds: str) -> list[str]:
    """The modules that belong to another cloud: its SDK, its foundation, its components."""
    others = [name for name in CLOUDS if name not in clouds]
    sdks = "|".join(SDKS[name] for name in others if name in SDKS)
    pattern = re.compile(rf"({sdks}|(components\.\w+|stacks)\.({'|'.join(others)})(_\w+)?)(\..*)?")
    return sorted(name for name in modules if pattern.fullmatch(name) and name != SHARED)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_run_imports_nothing_of_another_cloud(cloud: str) -> None:
    modules = imported("prod" if cloud == "aws" else f"{cloud}-prod")
    assert of_others(modules, cloud) == []
    own = {f"stacks.{cloud}", f"components.identity.{cloud}", *([SDKS[cloud]] if cloud in SDKS else [])}
    assert own <= modules, "the run did not build its own cloud, so it proves nothing"
    assert {"pulumi_kubernetes", "stacks.platform", "stacks.layers.mlops"} <= modules


def test_azure_comes_only_with_an_openshift_cluster_that_the_stack_makes() -> None:
    modules = imported(MANAGED_OPENSHIFT)
    assert of_others(modules, "openshift", "azure") == []
    own = {"stacks.openshift", "stacks.openshift_managed", "components.cluster.azure_openshift", SDKS["azure"]}
    assert own <= modules, "the run did not make its cluster, so it proves nothing"
    assert {"stacks.azure", "components.cluster.azure"}.isdisjoint(modules)


def test_the_entry_fits_a_screen() -> None:
    assert len(ENTRY.read_text(encoding="utf-8").splitlines()) < 40
