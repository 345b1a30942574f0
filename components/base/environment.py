"""What every component in Kubernetes is given: the stack that it is part of.

Source: TGT-6, ARCH-2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from components.base.destinations import client_labels, ways_to
from components.base.exposure import Edge
from components.base.namespace import Namespace
from components.base.secret_store import SecretStore
from components.base.sizes import Size
from components.base.traffic import ControlPlane, EgressRule, Network
from components.base.vault_secret import VaultSecretForm, vault_secret
from components.charts import ChartMirror
from components.datalake import ObjectStore
from components.identity import Credentials, Grant, HostAccess, Identity, IdentityBinding, ServiceAccountReference
from components.ownership import Ownership


@dataclass(frozen=True)
class Environment:
    """One stack, as its components in Kubernetes see it. No cloud's name is in here.

    Args:
        profile: sizing profile: ``dev``, ``stg`` or ``prod``.
        ownership: source of all labels.
        namespaces: the platform's, by name.
        control_plane: where the API server is.
        base_domain: end of every public host name.
        sizes: resources and replicas, by name of the workload.
        identity: gives service accounts cloud permissions.
        lake: address of each lake zone, e.g. ``s3://bucket``.
        object_store: the API that lake and buckets answer on.
        storage_class: of volumes that may go with their claim.
        registry: where the platform's own images are pulled from, without a trailing slash.
        assigns_user_ids: whether the cluster gives pods their user; then no pod names one.
        chart_mirror: where chart archives are; None: the charts' own repositories.
        monitors: gate: the cluster knows ServiceMonitor and PodMonitor; None: nothing scrapes.
        secrets: the cloud's vault, as External Secrets reaches it; None: not installed.
        edge: publishes host names; None: nothing is reachable from outside.
        networks: addresses that the cloud names, by destination.
        host_access: lets service accounts read the node's files; None: Pod Security alone decides.
    """

    profile: str
    ownership: Ownership
    namespaces: Mapping[str, Namespace]
    control_plane: ControlPlane
    base_domain: str
    sizes: Mapping[str, Size]
    identity: Identity
    lake: Mapping[str, pulumi.Output[str]]
    object_store: ObjectStore
    storage_class: str
    registry: pulumi.Output[str]
    assigns_user_ids: bool = False
    chart_mirror: ChartMirror | None = None
    monitors: pulumi.Resource | None = None
    secrets: SecretStore | None = None
    edge: Edge | None = None
    networks: Mapping[str, Sequence[Network]] = field(default_factory=dict[str, Sequence[Network]])
    host_access: HostAccess | None = None

    @property
    def is_highly_available(self) -> bool:
        """Whether workloads have replicas enough to lose one, and their pods must be spread over the zones."""
        return self.profile != "dev"

    def size(self, workload: str) -> Size:
        """Resources and replicas of a workload.

        Raises:
            KeyError: ``components/sizes.yaml`` has no such row.
        """
        return self.sizes[workload]

    def host(self, name: str) -> str:
        """Public host name of an application: ``kestra`` -> ``kestra.<base domain>``. Source: A-11, NET-5."""
        return f"{name}.{self.base_domain}"

    def spread(self, selector: Mapping[str, str]) -> list[dict[str, Any]]:
        """Constraints that spread the pods of a chart over zones and nodes, in Kubernetes' own form; none in dev.

        Args:
            selector: labels by which the workload finds its pods.
        """
        if not self.is_highly_available:
            return []
        return [
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": dict(selector)},
                "matchLabelKeys": ["pod-template-hash"],
            }
            for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
        ]

    def client_labels(self, *destinations: str) -> Mapping[str, str]:
        """Labels that let a pod call the named destinations."""
        return client_labels(*destinations)

    def ways_to(self, *destinations: str) -> list[EgressRule]:
        """Egress to the named destinations, for pods that cannot carry labels of ours."""
        return [rule for name in destinations for rule in ways_to(name, self.networks)]

    def labels(self, name: str, component: str, version: str | None = None) -> Mapping[str, str]:
        """Kubernetes labels of an object of the application ``name``."""
        return self.ownership.labels(name, component=component, version=version)

    def bind(self, namespace: Namespace, service_account: str, grants: Sequence[Grant]) -> IdentityBinding:
        """Give a service account access to resources of the cloud.

        Args:
            namespace: of the account.
            service_account: its name.
            grants: what it may do.

        Raises:
            GrantError: a grant names a resource that the foundation does not have.
            ValueError: the account signs in with credentials, and External Secrets is off.
        """
        binding = self.identity.bind(ServiceAccountReference(namespace.name, service_account), grants)
        if binding.credentials is None:
            return binding
        ready = self._credentials(namespace, service_account, binding.credentials)
        return replace(binding, ready=ready)

    def allow_host_access(self, namespace: Namespace, service_account: str) -> list[pulumi.Resource]:
        """Let pods of a service account read the node's files; gates to wait for, where the cluster has any."""
        if self.host_access is None:
            return []
        return [self.host_access.allow(ServiceAccountReference(namespace.name, service_account))]

    def _credentials(self, namespace: Namespace, account: str, credentials: Credentials) -> pulumi.Resource:
        keys = {variable: f"{{{{ .{variable} }}}}" for variable in credentials.properties}
        form = VaultSecretForm(
            self.labels(account, "identity"),
            {**keys, **credentials.variables, **credentials.files},
            annotations=credentials.annotations,
        )
        references = {
            variable: {"key": credentials.vault_name, "property": property_}
            for variable, property_ in credentials.properties.items()
        }
        return vault_secret(credentials.secret, namespace, self.vault, references, form, parent=namespace)

    @property
    def vault(self) -> SecretStore:
        """The vault.

        Raises:
            ValueError: External Secrets is off.
        """
        if self.secrets is None:
            raise ValueError("components.externalSecrets is off, but a component needs credentials; switch it on")
        return self.secrets
