"""Which pods go first when there is no room for all.

Source: A-57; values chosen (A-30).
"""

from dataclasses import dataclass
from enum import StrEnum

import pulumi
import pulumi_kubernetes as kubernetes

from components.ownership import Ownership


class Priority(StrEnum):
    """Priority classes of the platform, from the last to be evicted to the first."""

    CRITICAL = "platform-critical"
    HIGH = "platform-high"
    STANDARD = "platform-standard"
    BATCH = "platform-batch"


_VALUES = {Priority.CRITICAL: 1_000_000, Priority.HIGH: 100_000, Priority.STANDARD: 10_000, Priority.BATCH: 1_000}
_PURPOSES = {
    Priority.CRITICAL: "What the platform cannot work without: ingress, secrets, databases, brokers.",
    Priority.HIGH: "Engines and services that people and processes wait for.",
    Priority.STANDARD: "Everything that does not say otherwise.",
    Priority.BATCH: "Work that can wait: training, reports, backfills; evicts nothing.",
}


@dataclass(frozen=True)
class PriorityClassesArgs:
    """What the priority classes need.

    Args:
        ownership: labels.
    """

    ownership: Ownership


class PriorityClasses(pulumi.ComponentResource):
    """One PriorityClass per :class:`Priority`; ``platform-standard`` is the cluster's default.

    Args:
        name: logical name.
        args: labels.
        opts: carries the cluster's provider.

    Source: A-57.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: PriorityClassesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:base:PriorityClasses", name, None, opts)
        self._name, self._ownership = name, args.ownership
        others = [self._priority_class(priority) for priority in Priority if priority is not Priority.STANDARD]
        self.ready = self._priority_class(Priority.STANDARD, *others)
        self.register_outputs({})

    def _priority_class(self, priority: Priority, *after: pulumi.Resource) -> pulumi.Resource:
        return kubernetes.scheduling.v1.PriorityClass(
            f"{self._name}-{priority}",
            metadata={"name": priority.value, "labels": self._ownership.labels(priority, component="scheduling")},
            value=_VALUES[priority],
            description=_PURPOSES[priority],
            global_default=priority is Priority.STANDARD,
            preemption_policy="Never" if priority is Priority.BATCH else "PreemptLowerPriority",
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
