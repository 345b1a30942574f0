"""What a stack's nodes have room for, and whether pods find it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sandbox.nodes import Node
from stacks.settings import Settings
from tests.unit.stacks.capacity.demand import Demand, cores, mebibytes

# The operating system sees less memory than the instance type is sold with.
# Source: Karpenter's default of vmMemoryOverheadPercent.
_UNSEEN_SHARE = 0.075


@dataclass
class Room:
    """Millicores, MiB and pods: what a node has left, or what several have together."""

    cpu: float
    memory: float
    pods: float

    def holds(self, demand: Demand) -> bool:
        return self.cpu >= demand.cpu and self.memory >= demand.memory and self.pods >= 1

    def take(self, demand: Demand, times: int = 1) -> None:
        self.cpu -= times * demand.cpu
        self.memory -= times * demand.memory
        self.pods -= times


def nodes(settings: Settings, *, at_most: bool, lost: int) -> list[Room]:
    """The nodes of all pools, at their desired or greatest number, without some of the largest.

    Args:
        settings: of the stack.
        at_most: the greatest number.
        lost: how many are lost.
    """
    rooms = [
        allocatable(pool.instance_type)
        for pool in settings.node_pools
        for _ in range(pool.max_size if at_most else pool.desired_size)
    ]
    return sorted(rooms, key=lambda room: room.memory)[: len(rooms) - lost]


def allocatable(instance_type: str) -> Room:
    """What EKS leaves of a machine: kube-reserved, the eviction threshold and the unseen memory are gone."""
    status = Node("judged", instance_type).status()
    left, whole = status["allocatable"], mebibytes(status["capacity"]["memory"])
    return Room(cores(left["cpu"]), mebibytes(left["memory"]) - _UNSEEN_SHARE * whole, float(left["pods"]))


def sums(demands: Iterable[Demand], count: int, *, peak: bool) -> Room:
    """What all pods need together on a number of nodes."""
    needed = Room(0, 0, 0)
    for demand in demands:
        needed.take(demand, -_times(demand, count, peak=peak))
    return needed


def without_room(demands: Sequence[Demand], rooms: list[Room], *, peak: bool) -> list[str]:
    """Names of the pods that find no node, once for each pod, when the largest choose first.

    A sum alone would call two nodes with half a pod's room each enough.
    """
    for daemon in (item for item in demands if item.daemon):
        for room in rooms:
            room.take(daemon)
    pods = [item for item in demands if not item.daemon for _ in range(_times(item, len(rooms), peak=peak))]
    homeless: list[str] = []
    for pod in sorted(pods, key=lambda item: (item.memory, item.cpu), reverse=True):
        # spread out, as the scheduler scores it
        free = [room for room in rooms if room.holds(pod)]
        if free:
            max(free, key=lambda room: room.memory).take(pod)
        else:
            homeless.append(pod.name)
    return homeless


def table(demands: Sequence[Demand], settings: Settings, *, peak: bool, rooms: list[Room]) -> str:
    """Every demand, what they come to, and what there is."""
    count = len(rooms)
    lines = [f"{'pods':>5} {'cpu m':>8} {'MiB':>9}"]
    for item in sorted(demands, key=lambda demand: -demand.memory * _times(demand, count, peak=peak)):
        times = _times(item, count, peak=peak)
        lines.append(f"{times:>5} {times * item.cpu:>8.0f} {times * item.memory:>9.0f}  {item.name}")
    needed = sums(demands, count, peak=peak)
    there = Room(sum(r.cpu for r in rooms), sum(r.memory for r in rooms), sum(r.pods for r in rooms))
    for name, room in (("needed", needed), (f"{count} nodes of {settings.profile} have", there)):
        lines.append(f"{room.pods:>5.0f} {room.cpu:>8.0f} {room.memory:>9.0f}  {name}")
    return "\n".join(lines)


def _times(demand: Demand, count: int, *, peak: bool) -> int:
    return count if demand.daemon else demand.most if peak else demand.replicas
