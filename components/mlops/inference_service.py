"""A model that workflows can ask.

Source: MLOPS-3, MLOPS-5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, Priority
from components.identity import Access, Grant, IdentityBinding
from components.mlops.serving import Model


@dataclass(frozen=True)
class InferenceServiceArgs:
    """What a served model needs.

    Args:
        environment: the stack that it is part of.
        model: its format, and where it is.
        after: gate: KServe is there.
    """

    environment: Environment
    model: Model
    after: pulumi.Resource


class InferenceService(pulumi.ComponentResource):
    """A model behind ``http://<name>-predictor.ml``, read from the lake by a service account of its own.

    Callers carry the destination ``inference``. A pod starts once the model's files are in the lake.

    Args:
        name: of the model.
        args: environment and model.
        opts: carries the cluster's provider.

    Attributes:
        address: where it is asked, e.g. ``http://iris-predictor.ml.svc.cluster.local/v1/models/iris:predict``.
        ready: gate: the InferenceService stands.

    Source: MLOPS-3, MLOPS-5.
    """

    address: str
    ready: pulumi.Resource

    def __init__(self, name: str, args: InferenceServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:mlops:InferenceService", name, None, opts)
        self._name, self._args = name, args
        environment = args.environment
        namespace = environment.namespaces["ml"]
        self._account = f"{name}-predictor"
        binding = environment.bind(namespace, self._account, [Grant("lake/curated", Access.READ)])
        labels = environment.labels(name, "mlops")
        gates = [namespace.ready, args.after, *([binding.ready] if binding.ready else []), *self._authority(binding)]
        account = kubernetes.core.v1.ServiceAccount(
            self._account,
            metadata={
                "name": self._account,
                "namespace": namespace.name,
                "labels": labels,
                "annotations": dict(binding.annotations) or None,
            },
            automount_service_account_token=False,
            # KServe reads keys of the object store from the Secrets of the account
            secrets=[{"name": secret} for secret in binding.secrets] or None,
            opts=pulumi.ResourceOptions(parent=self, depends_on=gates, deleted_with=namespace.resource),
        )
        self.ready = kubernetes.apiextensions.CustomResource(
            name,
            api_version="serving.kserve.io/v1beta1",
            kind="InferenceService",
            metadata={"name": name, "namespace": namespace.name, "labels": labels},
            spec={"predictor": self._predictor(binding.pod_labels)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[account], deleted_with=namespace.resource),
        )
        self.address = f"http://{self._account}.{namespace.name}.svc.cluster.local/v1/models/{name}:predict"
        self.register_outputs({"address": self.address})

    def _authority(self, binding: IdentityBinding) -> list[pulumi.Resource]:
        """A private authority's certificate, where KServe looks for it: in a ConfigMap, by the name of the Secret."""
        credentials, namespace = binding.credentials, self._args.environment.namespaces["ml"]
        if credentials is None or not credentials.files:
            return []
        labels = self._args.environment.labels(self._name, "mlops")
        return [
            kubernetes.core.v1.ConfigMap(
                credentials.secret,
                metadata={"name": credentials.secret, "namespace": namespace.name, "labels": labels},
                data=credentials.files,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[namespace.ready], deleted_with=namespace.resource),
            )
        ]

    def _predictor(self, labels: Mapping[str, str]) -> dict[str, Any]:
        environment, model = self._args.environment, self._args.model
        size = environment.size(self._name)
        constraints = environment.spread({"app": f"isvc.{self._account}"})
        return {
            "minReplicas": size.replicas,
            "maxReplicas": size.max_replicas or size.replicas,
            "scaleMetric": "cpu",
            "scaleTarget": 70,
            "serviceAccountName": self._account,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "priorityClassName": Priority.HIGH.value,
            "labels": {**labels, **environment.client_labels("object-store")},
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "fsGroup": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            **({"topologySpreadConstraints": constraints} if constraints else {}),
            "model": {
                "modelFormat": {"name": model.format},
                "storageUri": environment.object_store.address(environment.lake["curated"], model.path),
                "resources": size.resources,
            },
        }
