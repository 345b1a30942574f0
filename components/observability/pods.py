"""What the layer's pods have in common, whoever makes them: a chart, an operator or the program.

Source: CLU-18, NET-9, POL-1, COST-9; Pod Security "restricted".
"""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment
from components.charts import Manifest

NAMESPACE = "observability"
COMPONENT = "observability"
POD_SECURITY: Mapping[str, Any] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
CONTAINER_SECURITY: Mapping[str, Any] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
# an operator sets the other labels of its pods itself, and selects them by those
_OWN_LABELS = ("app", "app.kubernetes.io/part-of", "cost-center", "environment")
_SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}


def pod_labels(environment: Environment, app: str, *destinations: str) -> dict[str, str]:
    """Labels of a pod that neither the program nor a chart makes.

    Args:
        environment: the stack that it is part of.
        app: what operators find it by.
        destinations: names of what it may call.
    """
    labels = environment.labels(app, COMPONENT)
    return {**{key: labels[key] for key in _OWN_LABELS}, **environment.client_labels(*destinations)}


def volume_claim(environment: Environment, size: str) -> dict[str, Any]:
    """Specification of the claim of a volume of a pod's own."""
    return {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": environment.storage_class,
        "resources": {"requests": {"storage": size}},
    }


def wait_for_no_pods(manifest: Manifest) -> None:
    """Patch of a chart's Services whose pods its operator makes later, or the cluster itself."""
    if manifest["kind"] == "Service":
        metadata = manifest["metadata"]
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **_SKIP_AWAIT}


def alias_service(
    name: str,
    environment: Environment,
    ports: tuple[int, int | str],
    selected: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> kubernetes.core.v1.Service:
    """A Service of the name that people and workloads use, beside the one that a chart or an operator makes.

    Args:
        name: of the Service.
        environment: the stack that it is part of.
        ports: of the Service and of the pods.
        selected: labels of the pods.
        opts: parent and gates.

    Source: A-12, NET-9, NET-12.
    """
    port, target_port = ports
    return kubernetes.core.v1.Service(
        name,
        metadata={
            "name": name,
            "namespace": NAMESPACE,
            "labels": environment.labels(name, COMPONENT),
            "annotations": _SKIP_AWAIT,
        },
        spec={
            "type": "ClusterIP",
            "selector": dict(selected),
            "ports": [{"name": "http", "port": port, "target_port": target_port, "protocol": "TCP"}],
        },
        opts=opts,
    )
