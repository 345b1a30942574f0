"""Every stack of every cloud previews through the real engine, with its policy pack. Source: TGT-6, CLU-1..3."""

from collections import Counter
from collections.abc import Callable, Mapping

import pytest

from tests.engine.engine import Report, type_name

PACKAGES = {"aws": {"aws"}, "azure": {"azure-native"}, "openshift": set[str]()}
# the engine's own, the program's components, the cluster, and passwords where no vault's owner makes them
OF_EVERY_CLOUD = {"pulumi", "biz-automation", "kubernetes", "random"}
PROFILES = ("dev", "stg", "prod")
STACKS = {cloud: [profile if cloud == "aws" else f"{cloud}-{profile}" for profile in PROFILES] for cloud in PACKAGES}


@pytest.mark.parametrize(("cloud", "stack"), [(cloud, stack) for cloud, stacks in STACKS.items() for stack in stacks])
def test_every_policy_agrees_and_nothing_of_another_cloud_is_planned(
    cloud: str, stack: str, previews: Callable[[str], Report]
) -> None:
    report = previews(stack)
    assert set(report.changes) == {"create"}
    assert report.violations == []
    packages = {type_name(urn).partition(":")[0] for urn in report.operations}
    assert packages - OF_EVERY_CLOUD == PACKAGES[cloud]


def planned(report: Report) -> Mapping[str, int]:
    """How many resources of each type a preview creates, by the type's last part."""
    urns = [urn for urn, operation in report.operations.items() if operation == "create"]
    return Counter(type_name(urn).rpartition(":")[2] for urn in urns)


def test_the_stacks_differ_as_their_profiles_say(previews: Callable[[str], Report]) -> None:
    dev, stg, prod = (planned(previews(stack)) for stack in PROFILES)
    assert [counts["Subnet"] for counts in (dev, stg, prod)] == [8, 12, 12]
    assert [counts["NatGateway"] for counts in (dev, stg, prod)] == [1, 1, 3]
    # PostgreSQL runs in the cluster in dev
    assert [counts["Instance"] for counts in (dev, stg, prod)] == [0, 1, 1]
    assert [counts["Namespace"] for counts in (dev, stg, prod)] == [16, 16, 16], "eight components, eight namespaces"
