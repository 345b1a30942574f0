"""Who reaches whom on the whole platform, as a policy engine of others reads its NetworkPolicies.

Source: SEC-1..5, NET-1, NET-9, ARCH-16, A-2..A-4, A-54.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from components.base import client_labels, destinations
from sandbox import toolchain
from tests.unit.platform import Deployment
from tests.unit.stacks.conftest import PlatformOf
from tests.unit.stacks.reachability.cyclonus import Cyclonus
from tests.unit.stacks.reachability.table import STACKS, Pod, Row, pods, rows

pytestmark = pytest.mark.sandbox

NAMESPACE_NAME = "kubernetes.io/metadata.name"
IDENTITY = client_labels("cloud-identity")
PODS, ROWS = pods(), rows()
CASES = [pytest.param(stack, row, id=f"{stack}: {row}") for row in ROWS for stack in row.stacks]

Verdicts = dict[Row, bool]


@pytest.fixture(scope="module")
def verdicts_of(platform_of: PlatformOf, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Verdicts]:
    """Judges the whole table of a stack in one run of the engine."""

    @cache
    def verdicts(stack: str) -> Verdicts:
        platform, lines = platform_of(stack), [row for row in ROWS if stack in row.stacks]
        engine = policy_engine(platform, tmp_path_factory.mktemp(stack))
        return dict(zip(lines, engine.judge([row.attempt(PODS, platform) for row in lines]), strict=True))

    return verdicts


@pytest.fixture(scope="module", params=STACKS)
def platform(request: pytest.FixtureRequest, platform_of: PlatformOf) -> Deployment:
    return platform_of(request.param)


def policy_engine(platform: Deployment, directory: Path) -> Cyclonus:
    namespaces = {name: item["metadata"]["labels"] for name, item in platform.of_kind("Namespace").items()}
    named = {name: {**labels, NAMESPACE_NAME: name} for name, labels in {**namespaces, "kube-system": {}}.items()}
    executable = toolchain.provide(["cyclonus"])["cyclonus"]
    return Cyclonus(executable, list(platform.of_kind("NetworkPolicy").values()), named, directory)


@pytest.mark.parametrize(("stack", "row"), CASES)
def test_policies_mean_what_the_table_says(verdicts_of: Callable[[str], Verdicts], stack: str, row: Row) -> None:
    assert verdicts_of(stack)[row] is row.allowed, row.rule


def test_the_table_refuses_as_much_as_it_allows() -> None:
    refusals = sum(not row.allowed for row in ROWS)
    assert len(ROWS) >= 60
    assert refusals >= len(ROWS) / 2


def test_every_line_is_there_once_and_every_pod_is_used() -> None:
    lines = [(row.source, row.target, row.port, row.protocol, stack) for row in ROWS for stack in row.stacks]
    assert len(lines) == len(set(lines))
    assert {name for row in ROWS for name in (row.source, row.target)} == PODS.keys()


def test_every_destination_is_called_and_refused(platform: Deployment) -> None:
    for name, destination in destinations().items():
        label = client_labels(name).items()
        at_its_ports = [
            row for row in ROWS if row.port in destination.ports and platform.settings.profile in row.stacks
        ]
        clients = {row: label <= PODS[row.source].peer(platform).labels.items() for row in at_its_ports}
        assert [row for row, is_client in clients.items() if is_client and row.allowed], f"nobody calls {name}"
        assert [row for row, is_client in clients.items() if not is_client and not row.allowed], f"{name} is for all"


def test_pods_of_an_account_that_the_cloud_knows_carry_its_label_and_no_others(platform: Deployment) -> None:
    accounts = {
        f"{item['metadata']['namespace']}/{item['spec']['template']['spec']['serviceAccountName']}": item["spec"][
            "template"
        ]["metadata"]["labels"]
        for kind in ("Deployment", "StatefulSet")
        for item in platform.of_kind(kind).values()
    }
    accounts |= {pod.account: pod.peer(platform).labels for pod in bound(platform)}
    carriers = {account for account, labels in accounts.items() if IDENTITY.items() <= labels.items()}
    assert carriers == platform.bound_accounts


def test_parts_of_a_chart_without_an_identity_lack_the_label(platform: Deployment) -> None:
    unbound = [name for name, pod in PODS.items() if pod.chart and not pod.account]
    assert len(unbound) > 10
    assert not [name for name in unbound if is_there(PODS[name], platform) and carries(PODS[name], platform)]


def bound(platform: Deployment) -> list[Pod]:
    return [pod for pod in PODS.values() if pod.account and is_there(pod, platform)]


def carries(pod: Pod, platform: Deployment) -> bool:
    return IDENTITY.items() <= pod.peer(platform).labels.items()


def is_there(pod: Pod, platform: Deployment) -> bool:
    try:
        pod.peer(platform)
    except KeyError:
        return False
    return True
