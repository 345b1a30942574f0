"""Kubeflow Trainer: training jobs over several nodes.

Source: MLOPS-1, MLOPS-4; docs/adr/0016.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import TLS_WITH_TOKEN, Environment, PlatformChart, PlatformChartArgs, Priority, service_monitor
from components.mlops.placement import disruption_budget, placed

TRAINER = "kubeflow-trainer-controller-manager"
JOBSET = "jobset-controller"
RUNTIME = "torch-distributed"
_IMAGE = "pytorch/pytorch:2.13.0-cuda13.0-cudnn9-runtime"
# where training records what it does
_RELEASE = "kubeflow-trainer"


@dataclass(frozen=True)
class TrainerArgs:
    """What Trainer needs.

    Args:
        environment: the stack that it is part of.
        tracking_uri: of MLflow, for training code to record in; None: there is none.
    """

    environment: Environment
    tracking_uri: str | None


class Trainer(pulumi.ComponentResource):
    """Trainer with JobSet, and the runtime ``torch-distributed`` that TrainJobs refer to.

    Args:
        name: logical name.
        args: environment.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: a TrainJob is accepted, and there is a runtime for it.

    Source: MLOPS-1, MLOPS-4.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: TrainerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:mlops:Trainer", name, None, opts)
        self._environment, self._namespace = args.environment, args.environment.namespaces["ml"]
        sizes = {TRAINER: self._environment.size("kubeflow-trainer"), JOBSET: self._environment.size("jobset")}
        chart = PlatformChart(
            name,
            PlatformChartArgs(
                environment=self._environment,
                chart="kubeflow-trainer",
                release=_RELEASE,
                namespace=self._namespace,
                values=_values(self._environment),
                component="mlops",
                destinations=["api-server"],
                patches=[
                    placed(self._environment, deployment, size, Priority.STANDARD) for deployment, size in sizes.items()
                ],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        for deployment, size in sizes.items():
            if size.replicas > 1:
                disruption_budget(
                    deployment,
                    self._environment,
                    self._namespace,
                    _selector(deployment),
                    pulumi.ResourceOptions(parent=self),
                )
        if self._environment.monitors:
            self._monitor(TRAINER, "monitoring-port", [self._environment.monitors])
            self._monitor(JOBSET, "https", [self._environment.monitors])
        self.ready = self._runtime(chart.ready, args.tracking_uri)
        self.register_outputs({})

    def _monitor(self, name: str, port: str, gates: Sequence[pulumi.Resource]) -> None:
        labels = self._environment.labels(name, "mlops")
        service_monitor(
            name,
            {"name": name, "namespace": self._namespace.name, "labels": labels},
            pulumi.ResourceOptions(
                parent=self, depends_on=[self._namespace.ready, *gates], deleted_with=self._namespace.resource
            ),
            selected=_selector(name),
            port=port,
            endpoint=TLS_WITH_TOKEN,
        )

    def _runtime(self, after: pulumi.Resource, tracking_uri: str | None) -> pulumi.Resource:
        labels = self._environment.labels(RUNTIME, "mlops")
        step = {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}
        pod_labels = {**labels, **self._environment.client_labels("object-store")}
        job = {"template": {"metadata": {"labels": pod_labels}, "spec": _training_pod(self._environment, tracking_uri)}}
        return kubernetes.apiextensions.CustomResource(
            RUNTIME,
            api_version="trainer.kubeflow.org/v1alpha1",
            kind="ClusterTrainingRuntime",
            metadata={"name": RUNTIME, "labels": {**labels, "trainer.kubeflow.org/framework": "torch"}},
            spec={
                "mlPolicy": {"numNodes": 1, "torch": {}},
                "template": {
                    "spec": {
                        "replicatedJobs": [{"name": "node", "template": {"metadata": {"labels": step}, "spec": job}}]
                    }
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after]),
        )


def _selector(deployment: str) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": "jobset" if deployment == JOBSET else _RELEASE,
        "app.kubernetes.io/instance": _RELEASE,
        "app.kubernetes.io/component": "controller" if deployment == JOBSET else "manager",
    }


def _training_pod(environment: Environment, tracking_uri: str | None) -> dict[str, Any]:
    return {
        "priorityClassName": Priority.BATCH.value,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "runAsGroup": 1000,
            "fsGroup": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "node",
                "image": _IMAGE,
                "imagePullPolicy": "IfNotPresent",
                # the image's user has no home
                "env": [
                    {"name": "HOME", "value": "/tmp"},  # noqa: S108 - the pod's own
                    *([{"name": "MLFLOW_TRACKING_URI", "value": tracking_uri}] if tracking_uri else []),
                ],
                "resources": environment.size("training-node").resources,
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    }


def _values(environment: Environment) -> dict[str, Any]:
    trainer, jobset = environment.size("kubeflow-trainer"), environment.size("jobset")
    return {
        "manager": {
            "replicas": trainer.replicas,
            "resources": trainer.resources,
            "labels": {"app": TRAINER},
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        },
        "jobset": {
            "install": True,
            "fullnameOverride": "jobset",
            "commonLabels": {"app": JOBSET},
            "controller": {"replicas": jobset.replicas, "resources": jobset.resources},
        },
        # hooks would apply the chart's own runtimes; ours is an object of the program
        "runtimes": {"defaultEnabled": False},
    }
