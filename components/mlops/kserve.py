"""KServe: model servers from one short object each.

Source: MLOPS-3, MLOPS-5, A-53; docs/adr/0016.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import (
    TLS_WITH_TOKEN,
    Environment,
    PlatformChart,
    PlatformChartArgs,
    Priority,
    pod_monitor,
    service_monitor,
)
from components.charts import Manifest, Patch, containers, named
from components.mlops.placement import disruption_budget, placed
from components.mlops.serving import ServingRuntime, serving_runtimes

CONTROLLER = "kserve-controller-manager"
# of every pod that KServe makes for a model
PREDICTOR = {"component": "predictor"}
PREDICTOR_PORT = 8080
PORT_NAME = "http1"
_SELECTOR = {"control-plane": CONTROLLER}
_HARDENED: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@dataclass(frozen=True)
class KserveArgs:
    """What KServe needs.

    Args:
        environment: the stack that it is part of.
        certificates: gate: cert-manager, which makes the certificate of its webhooks.
    """

    environment: Environment
    certificates: pulumi.Resource


class Kserve(pulumi.ComponentResource):
    """KServe in ``Standard`` mode: a model is a Deployment, an autoscaler and a Service inside the cluster.

    There is neither Istio nor Knative, and KServe publishes nothing: workflows call models by the name of their
    Service, which the destination ``inference`` opens to them.

    Args:
        name: logical name.
        args: environment and gate.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: an InferenceService is accepted, and there is a server for its format.

    Source: MLOPS-3, MLOPS-5, A-53.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: KserveArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:mlops:Kserve", name, None, opts)
        self._name, self._environment = name, args.environment
        self._namespace = args.environment.namespaces["ml"]
        definitions = self._chart("kserve-crd", {}, [])
        controller = self._chart(
            "kserve-resources",
            _values(self._environment),
            [definitions, args.certificates],
            patches(self._environment),
        )
        runtimes = [self._runtime(runtime, row, controller) for runtime, row in serving_runtimes().items()]
        if self._environment.monitors:
            self._monitors(self._environment.monitors)
        if self._environment.size(CONTROLLER).replicas > 1:
            disruption_budget(
                CONTROLLER, self._environment, self._namespace, _SELECTOR, pulumi.ResourceOptions(parent=self)
            )
        self.ready = runtimes[-1]
        self.register_outputs({})

    def _chart(
        self, chart: str, values: dict[str, Any], after: Sequence[pulumi.Resource], changes: Sequence[Patch] = ()
    ) -> pulumi.Resource:
        return PlatformChart(
            f"{self._name}-{chart}",
            PlatformChartArgs(
                environment=self._environment,
                chart=chart,
                namespace=self._namespace,
                values=values,
                component="mlops",
                after=after,
                destinations=["api-server"],
                pod_labels={"app": CONTROLLER},
                patches=changes,
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready

    def _runtime(self, name: str, row: ServingRuntime, after: pulumi.Resource) -> pulumi.Resource:
        container = {
            "name": "kserve-container",
            "image": row.image,
            "imagePullPolicy": "IfNotPresent",
            **({"args": list(row.args)} if row.args else {}),
            **({"env": [{"name": key, "value": value} for key, value in row.env.items()]} if row.env else {}),
            "ports": [{"name": PORT_NAME, "containerPort": PREDICTOR_PORT, "protocol": "TCP"}],
            "resources": self._environment.size("kserve-predictor").resources,
            "securityContext": _HARDENED,
        }
        return kubernetes.apiextensions.CustomResource(
            name,
            api_version="serving.kserve.io/v1alpha1",
            kind="ClusterServingRuntime",
            metadata={"name": name, "labels": self._environment.labels(name, "mlops")},
            spec={
                "supportedModelFormats": [
                    {"name": row.format, "version": version, "autoSelect": True, "priority": 1}
                    for version in row.versions
                ],
                "protocolVersions": list(row.protocols),
                "containers": [container],
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after]),
        )

    def _monitors(self, gate: pulumi.Resource) -> None:
        opts = pulumi.ResourceOptions(
            parent=self, depends_on=[self._namespace.ready, gate], deleted_with=self._namespace.resource
        )
        service_monitor(
            CONTROLLER, self._metadata(CONTROLLER), opts, selected=_SELECTOR, port="https", endpoint=TLS_WITH_TOKEN
        )
        pod_monitor("inference", self._metadata("inference"), opts, selected=PREDICTOR, port=PORT_NAME)

    def _metadata(self, name: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        labels = self._environment.labels(name, "mlops")
        return {"name": name, "namespace": self._namespace.name, "labels": labels}


def _values(environment: Environment) -> dict[str, Any]:
    return {
        "kserve": {
            "controller": {
                "deploymentMode": "Standard",
                "imagePullPolicy": "IfNotPresent",
                "resources": environment.size(CONTROLLER).resources,
                "rbacProxy": {"resources": environment.size("kserve-proxy").resources},
                "gateway": {
                    "domain": environment.base_domain,
                    "disableIstioVirtualHost": True,
                    "disableIngressCreation": True,
                },
            },
            "storage": {
                "resources": environment.size("kserve-storage-initializer").resources,
                "containerSecurityContext": _HARDENED,
                # a model comes from the lake, not from a registry of images
                "enableModelcar": False,
            },
            "inferenceservice": {"resources": environment.size("kserve-predictor").resources},
            "security": {"autoMountServiceAccountToken": False},
        }
    }


def patches(environment: Environment) -> list[Patch]:
    """What the chart has no values for.

    Args:
        environment: the stack.
    """
    return [
        placed(environment, CONTROLLER, environment.size(CONTROLLER), Priority.HIGH),
        named("Deployment", CONTROLLER, _quieten),
    ]


def _quieten(manifest: Manifest) -> None:
    """The proxy in front of the metrics logs every request, with its token, as the chart starts it."""
    for container in containers(manifest):
        arguments = container.get("args") or []
        container["args"] = ["--v=0" if argument.startswith("--v=") else argument for argument in arguments]
