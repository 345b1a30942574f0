"""Credentials from the cloud's vault.

Source: SEC-5, SEC-6, A-7.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, PlatformChart, PlatformChartArgs, Priority, SecretStore
from components.identity import Access, Grant
from components.ownership import PART_OF
from components.secrets import SecretStoreSpecification

_NAME = "external-secrets"
_API_VERSION = "external-secrets.io/v1"
_PARTS = {"webhook": "webhook", "certController": "cert-controller"}


@dataclass(frozen=True)
class ExternalSecretsOperatorArgs:
    """What External Secrets needs.

    Args:
        environment: the stack that it is part of.
        specification: how it reaches the vault.
        names: what the vault calls each secret, by its path.
        store_per_namespace: whether each namespace has a SecretStore of its own, instead of all one ClusterSecretStore.
    """

    environment: Environment
    specification: SecretStoreSpecification
    names: Mapping[str, pulumi.Input[str]]
    store_per_namespace: bool = False


class ExternalSecretsOperator(pulumi.ComponentResource):
    """External Secrets and the store through which the platform's namespaces read the vault.

    The operator's own cloud identity reads, all of the stack's secrets and nothing else; a store holds no credentials.

    Args:
        name: logical name.
        args: vault and kind of store.
        opts: carries the cluster's provider.

    Attributes:
        store: what ExternalSecrets refer to.

    Source: SEC-5, SEC-6, A-7.
    """

    store: SecretStore

    def __init__(
        self, name: str, args: ExternalSecretsOperatorArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("biz-automation:security:ExternalSecretsOperator", name, None, opts)
        self._args = args
        environment = args.environment
        identity = environment.bind(environment.namespaces["security"], _NAME, [Grant("secret", Access.READ)])
        gates = [identity.ready] if identity.ready else []
        chart = PlatformChart(
            name,
            PlatformChartArgs(
                environment=environment,
                chart=_NAME,
                namespace=environment.namespaces["security"],
                values=_values(environment, identity.annotations, identity.pod_labels),
                component="security",
                after=gates,
                destinations=["api-server", "vault"],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        kind, ready = self._stores(chart.ready) if args.store_per_namespace else self._cluster_store(chart.ready)
        self.store = SecretStore(args.specification.name, kind, args.names, ready)
        self.register_outputs({})

    def _cluster_store(self, after: pulumi.Resource) -> tuple[str, pulumi.Resource]:
        kind = "ClusterSecretStore"
        platform = {"matchLabels": {"app.kubernetes.io/part-of": PART_OF}}
        spec = {"provider": dict(self._args.specification.provider), "conditions": [{"namespaceSelector": platform}]}
        metadata: kubernetes.meta.v1.ObjectMetaArgsDict = {
            "name": self._args.specification.name,
            "labels": self._args.environment.labels(self._args.specification.name, "security"),
        }
        store = kubernetes.apiextensions.CustomResource(
            self._args.specification.name,
            api_version=_API_VERSION,
            kind=kind,
            metadata=metadata,
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after]),
        )
        return kind, store

    def _stores(self, after: pulumi.Resource) -> tuple[str, pulumi.Resource]:
        """Make a store in each namespace, one after the other: the last stands when all do."""
        kind, name = "SecretStore", self._args.specification.name
        for namespace in self._args.environment.namespaces.values():
            after = kubernetes.apiextensions.CustomResource(
                f"{namespace.name}-{name}",
                api_version=_API_VERSION,
                kind=kind,
                metadata={
                    "name": name,
                    "namespace": namespace.name,
                    "labels": self._args.environment.labels(name, "security"),
                },
                spec={"provider": dict(self._args.specification.provider)},
                opts=pulumi.ResourceOptions(
                    parent=self, depends_on=[namespace.ready, after], deleted_with=namespace.resource
                ),
            )
        return kind, after


def _values(
    environment: Environment, annotations: Mapping[str, pulumi.Input[str]], pod_labels: Mapping[str, str]
) -> dict[str, Any]:
    is_spread = environment.is_highly_available
    return {
        **_part(environment, _NAME),
        "podLabels": {"app": _NAME, **pod_labels},
        "serviceAccount": {"name": _NAME, "annotations": dict(annotations)},
        "installCRDs": True,
        "leaderElect": is_spread,
        # nothing in the cluster writes to the vault, and one namespace's secrets are not copied to others
        "processPushSecret": False,
        "processClusterPushSecret": False,
        "processClusterExternalSecret": False,
        # people's roles are the platform's own, and the operator acts as itself, never as other accounts
        "rbac": {
            "aggregateToView": False,
            "aggregateToEdit": False,
            "aggregateToAdmin": False,
            "serviceAccountTokenCreate": False,
        },
        "livenessProbe": {"enabled": True},
        "readinessProbe": {"enabled": True},
        "serviceMonitor": {"enabled": environment.monitors is not None, "renderMode": "alwaysRender"},
        **{
            key: {**_part(environment, f"{_NAME}-{part}"), "livenessProbe": {"enabled": True}}
            for key, part in _PARTS.items()
        },
    }


def _part(environment: Environment, workload: str) -> dict[str, Any]:
    size = environment.size(workload)
    selector = {"app.kubernetes.io/name": workload, "app.kubernetes.io/instance": _NAME}
    return {
        "replicaCount": size.replicas,
        "resources": size.resources,
        "priorityClassName": Priority.CRITICAL.value,
        "podLabels": {"app": workload},
        "podDisruptionBudget": {"enabled": size.replicas > 1, "minAvailable": 1},
        "topologySpreadConstraints": environment.spread(selector) if size.replicas > 1 else [],
    }
