"""Every stack of every cloud previews through the real engine, with its policy pack. Source: TGT-6, CLU-1..3."""

from collections.abc import Callable

import pytest

from tests.engine.conftest import STACK
from tests.engine.engine import Report, type_name

PACKAGES = {"aws": {"aws"}, "azure": {"azure-native"}, "openshift": set[str]()}
# the engine's own, the program's components, the cluster, and passwords where no vault's owner makes them
OF_EVERY_CLOUD = {"pulumi", "biz-automation", "kubernetes", "random"}
PROFILES = ("dev", "stg", "prod")
STACKS = {cloud: [profile if cloud == "aws" else f"{cloud}-{profile}" for profile in PROFILES] for cloud in PACKAGES}


@pytest.mark.parametrize(("cloud", "stack"), [(cloud, stack) for cloud, stacks in STACKS.items() for stack in stacks])
def test_every_policy_agrees_and_nothing_of_another_cloud_is_planned(
    cloud: str, stack: str, previews: Callable[[str], Report], request: pytest.FixtureRequest
) -> None:
    report: Report = request.getfixturevalue("deployment") if stack == STACK else previews(stack)
    assert set(report.changes) == {"create"}
    assert report.violations == []
    packages = {type_name(urn).partition(":")[0] for urn in report.operations}
    assert packages - OF_EVERY_CLOUD == PACKAGES[cloud]
