"""What charts that know no such values are patched with: replicas, priority and spread of a Deployment.

Source: CLU-14, A-57.
"""

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, Namespace, Priority, Size
from components.charts import Manifest, Patch, named


def placed(environment: Environment, deployment: str, size: Size, priority: Priority) -> Patch:
    """Give a Deployment of a chart its replicas, its priority and, outside dev, a spread over zones and nodes.

    Args:
        environment: the stack.
        deployment: name of the Deployment.
        size: how many replicas.
        priority: when there is no room for all.
    """

    def change(manifest: Manifest) -> None:
        spec = manifest["spec"]
        pod = spec["template"]["spec"]
        spec["replicas"] = size.replicas
        pod["priorityClassName"] = priority.value
        if environment.is_highly_available:
            pod["topologySpreadConstraints"] = environment.spread(spec["selector"]["matchLabels"])

    return named("Deployment", deployment, change)


def disruption_budget(
    name: str, environment: Environment, namespace: Namespace, selector: dict[str, str], opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Let a node drain take one pod at a time.

    Args:
        name: of the disruption budget.
        environment: the stack.
        namespace: of the pods.
        selector: their labels.
        opts: parent and gates.
    """
    return kubernetes.policy.v1.PodDisruptionBudget(
        name,
        metadata={"name": name, "namespace": namespace.name, "labels": environment.labels(name, "mlops")},
        spec={
            "max_unavailable": 1,
            "selector": {"match_labels": selector},
            "unhealthy_pod_eviction_policy": "AlwaysAllow",
        },
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(deleted_with=namespace.resource)),
    )
