"""How many replicas a workload has where load decides.

Source: CLU-13, CLU-14.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi_kubernetes as kubernetes

from components.base.sizes import Size


@dataclass(frozen=True)
class Autoscaling:
    """Bounds of a HorizontalPodAutoscaler.

    Args:
        minimum: replicas that are always there.
        maximum: replicas at most.
        cpu_percent: mean use of the requested CPU that it aims at.
        memory_percent: likewise of memory.
        pod_metrics: metric of each pod, from the custom metrics API -> its mean that it aims at.
        behavior: scaling behaviour in Kubernetes' own form.
        name: of the autoscaler; the workload's where None.
        initial: replicas that a new Deployment starts with; the autoscaler owns their number from then on.
    """

    minimum: int
    maximum: int
    cpu_percent: int = 70
    memory_percent: int = 80
    pod_metrics: Mapping[str, int] = field(default_factory=dict[str, int])
    behavior: kubernetes.autoscaling.v2.HorizontalPodAutoscalerBehaviorArgsDict | None = None
    name: str | None = None
    initial: int | None = None

    @classmethod
    def of(cls, size: Size) -> "Autoscaling | None":
        """Between the replicas of a row of ``components/sizes.yaml``; None where the row has no maximum."""
        return cls(size.replicas, size.max_replicas) if size.max_replicas else None

    def specification(self, deployment: str) -> kubernetes.autoscaling.v2.HorizontalPodAutoscalerSpecArgsDict:
        """The autoscaler of a Deployment, in Kubernetes' own form.

        Args:
            deployment: its name.
        """
        utilisation = {"cpu": self.cpu_percent, "memory": self.memory_percent}
        return {
            "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": deployment},
            "min_replicas": self.minimum,
            "max_replicas": self.maximum,
            "metrics": [
                *(_utilisation(*target) for target in utilisation.items()),
                *(_pod_metric(*target) for target in self.pod_metrics.items()),
            ],
            "behavior": self.behavior,
        }


def _utilisation(name: str, percent: int) -> kubernetes.autoscaling.v2.MetricSpecArgsDict:
    target: kubernetes.autoscaling.v2.MetricTargetArgsDict = {"type": "Utilization", "average_utilization": percent}
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def _pod_metric(name: str, average: int) -> kubernetes.autoscaling.v2.MetricSpecArgsDict:
    target: kubernetes.autoscaling.v2.MetricTargetArgsDict = {"type": "AverageValue", "average_value": str(average)}
    return {"type": "Pods", "pods": {"metric": {"name": name}, "target": target}}
