"""Whether a stack's nodes hold what its pods request, and its namespaces' quotas let them. Source: CLU-4, CLU-16, A-57.

Nothing in the cluster adds nodes, so what always runs must fit the desired nodes; the maximum is for autoscalers.
"""

from dataclasses import dataclass, replace

import pytest

from stacks.settings import Settings
from tests.unit.settings.configuration import STACKS
from tests.unit.stacks.capacity.demand import Demand, cores, demands, mebibytes
from tests.unit.stacks.capacity.nodes import Room, allocatable, nodes, sums, table, without_room
from tests.unit.stacks.conftest import ObjectsIn, PlatformOf
from tests.unit.stacks.references.objects import CHART, Objects

# one profile of each other cloud, and Azure's smallest, whose nodes have the least room
ELSEWHERE = ("azure-dev", "azure-prod", "openshift-prod")
SMALL = Demand("small", "data", 1, 1, 10, 10)


@dataclass(frozen=True)
class Stack:
    settings: Settings
    objects: Objects
    demands: list[Demand]


@pytest.fixture(scope="module", params=(*STACKS, *ELSEWHERE))
def stack(request: pytest.FixtureRequest, platform_of: PlatformOf, objects_in: ObjectsIn) -> Stack:
    settings, objects = platform_of(request.param).settings, objects_in(request.param)
    return Stack(settings, objects, demands(objects, settings.profile.value))


@pytest.mark.parametrize("peak", [False, True], ids=["desired nodes", "most nodes, autoscalers at their maximum"])
def test_pods_fit_the_nodes_with_one_node_lost(stack: Stack, peak: bool) -> None:
    there = nodes(stack.settings, at_most=peak, lost=1)
    shown = table(stack.demands, stack.settings, peak=peak, rooms=there)
    needed = sums(stack.demands, len(there), peak=peak)
    assert needed.cpu <= sum(room.cpu for room in there), shown
    assert needed.memory <= sum(room.memory for room in there), shown
    assert needed.pods <= sum(room.pods for room in there), shown
    assert without_room(stack.demands, there, peak=peak) == [], shown


@pytest.mark.parametrize("bound", ["requests", "limits"])
def test_pods_fit_the_quotas_with_autoscalers_at_their_maximum(stack: Stack, bound: str) -> None:
    everything = demands(stack.objects, stack.settings.profile.value, bound)
    count = len(nodes(stack.settings, at_most=True, lost=0))
    beyond: list[str] = []
    for quota in stack.objects.of_kind("ResourceQuota"):
        namespace, hard = quota["metadata"]["namespace"], quota["spec"]["hard"]
        needed = sums([item for item in everything if item.namespace == namespace], count, peak=True)
        allowed = Room(cores(hard[f"{bound}.cpu"]), mebibytes(hard[f"{bound}.memory"]), float(hard["pods"]))
        if needed.cpu > allowed.cpu or needed.memory > allowed.memory or needed.pods > allowed.pods:
            beyond.append(f"{namespace} needs {needed}, its quota allows {allowed}")
    assert beyond == []


def test_every_chart_and_workload_is_counted(stack: Stack) -> None:
    counted = {item.name for item in stack.demands}
    charts = {item["metadata"]["name"] for item in stack.objects.of_kind(CHART)}
    assert len({name for name in counted if name.startswith("chart ")}) > len(charts)
    own = {item.reference for item in stack.objects.pods if item.namespace == "workflows"}
    assert own <= counted


def test_a_chart_that_nobody_counted_is_an_error(stack: Stack) -> None:
    unknown = {"kind": CHART, "metadata": {"name": "unknown", "namespace": "data"}, "values": {}}
    with pytest.raises(KeyError, match="unknown"):
        demands(stack.objects.further(unknown), stack.settings.profile.value)


def test_sizes_that_moved_are_an_error(stack: Stack) -> None:
    moved = stack.objects.changed(CHART, "airflow", "values.scheduler.resources", None)
    with pytest.raises(AssertionError, match=r"scheduler\.resources"):
        demands(moved, stack.settings.profile.value)


def test_a_node_is_smaller_than_its_machine() -> None:
    room = allocatable("m5.xlarge")
    # 4 cores less 80 millicores; 16 GiB less 893 MiB of kube-reserved, 100 MiB of eviction threshold, and 7.5 percent
    assert (room.cpu, room.pods) == (3920, 58)
    assert room.memory == pytest.approx(16384 - (255 + 11 * 58) - 100 - 0.075 * 16384)


def test_two_halves_are_no_room_for_a_whole() -> None:
    halves = [Room(1000, 1000, 10), Room(1000, 1000, 10)]
    whole = replace(SMALL, memory=1500)
    assert sums([whole], 2, peak=False).memory <= sum(room.memory for room in halves)
    assert without_room([whole], halves, peak=False) == ["small"]


def test_a_daemon_takes_its_share_of_every_node() -> None:
    daemon = replace(SMALL, name="daemon", daemon=True, memory=600)
    rooms = [Room(1000, 1000, 10), Room(1000, 1000, 10)]
    assert without_room([daemon, replace(SMALL, memory=500)], rooms, peak=False) == ["small"]


def test_an_autoscaler_asks_for_more_at_its_maximum() -> None:
    assert sums([replace(SMALL, most=5)], 1, peak=True).pods == 5


def test_quantities_are_read_as_kubernetes_reads_them() -> None:
    assert [cores("250m"), cores("2"), cores("0.5")] == [250, 2000, 500]
    assert [mebibytes("1Gi"), mebibytes("512Mi"), mebibytes("2048Ki"), mebibytes("1048576")] == [1024, 512, 2, 1]
