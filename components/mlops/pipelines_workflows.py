"""Argo Workflows, which runs the steps of Kubeflow's pipelines.

Source: MLOPS-1; docs/adr/0016.
"""

from collections.abc import Mapping
from typing import Any

from components.base import Environment, Priority

SELECTOR = {
    "app.kubernetes.io/name": "argo-workflows-workflow-controller",
    "app.kubernetes.io/instance": "argo-workflows",
}
_HARDENED: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def workflow_values(
    environment: Environment,
    runner: str,
    identity_labels: Mapping[str, str],
    archive: Mapping[str, Any],
    *,
    static_keys: bool,
) -> dict[str, Any]:
    """Values of the chart: a controller for one namespace, without a server of its own.

    Args:
        environment: the stack.
        runner: service account of the steps.
        identity_labels: of its pods, by which the cloud knows them.
        archive: where the logs of steps are kept, in the chart's own form.
        static_keys: whether that names keys.
    """
    size = environment.size("argo-workflows")
    monitored = environment.monitors is not None
    # what a step may call: the API server reports its state, the lake has its data
    step_labels = {**environment.client_labels("api-server", "object-store"), **identity_labels}
    return {
        "images": {"pullPolicy": "IfNotPresent"},
        "crds": {"install": True, "keep": True},
        "createAggregateRoles": False,
        "singleNamespace": True,
        "server": {"enabled": False},
        "workflow": {"rbac": {"create": False}},
        "useStaticCredentials": static_keys,
        "artifactRepository": {"archiveLogs": True, "s3": archive},
        "controller": {
            "replicas": size.replicas,
            "resources": size.resources,
            "priorityClassName": Priority.HIGH.value,
            "podLabels": {"app": "argo-workflows"},
            "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "pdb": {"enabled": size.replicas > 1, "minAvailable": 1},
            "topologySpreadConstraints": environment.spread(SELECTOR),
            "clusterWorkflowTemplates": {"enabled": False},
            "metricsConfig": {"enabled": monitored},
            "serviceMonitor": {"enabled": monitored},
            "workflowDefaults": {
                "spec": {
                    "serviceAccountName": runner,
                    "podMetadata": {"labels": step_labels},
                    "podPriorityClassName": Priority.BATCH.value,
                    "podGC": {"strategy": "OnPodCompletion", "deleteDelayDuration": "10m"},
                    "ttlStrategy": {"secondsAfterCompletion": 604800},
                }
            },
        },
        "mainContainer": {"resources": environment.size("pipelines-step").resources, "securityContext": _HARDENED},
        "executor": {"resources": environment.size("pipelines-executor").resources, "securityContext": _HARDENED},
    }
