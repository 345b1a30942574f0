"""What a cloud hands to the platform: the contract that every cloud fulfils.

Source: TGT-6, ARCH-2; the platform layer sees nothing of a cloud but this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import SystemPods
from components.base.traffic import Network
from components.cluster.storage_classes import StorageClassSpecification
from components.database.managed import ManagedDatabase
from components.datalake import BlobStore, ObjectStore, S3Store
from components.edge import LoadBalancer
from components.identity import (
    Access,
    Grant,
    GrantError,
    HostAccess,
    Identity,
    IdentityBinding,
    ServiceAccountReference,
)
from components.observability import ClusterMonitoring
from components.secrets import SecretStoreSpecification

__all__ = [
    "Access",
    "BlobStore",
    "ClusterMonitoring",
    "Foundation",
    "Grant",
    "GrantError",
    "HostAccess",
    "Identity",
    "IdentityBinding",
    "LoadBalancer",
    "ManagedDatabase",
    "ObjectStore",
    "S3Store",
    "SecretStoreSpecification",
    "ServiceAccountReference",
    "StorageClassSpecification",
    "SystemPods",
]


@dataclass(frozen=True)
class Foundation:
    """Everything the platform may know of the cloud beneath it.

    Args:
        provider: Kubernetes provider of the cluster.
        ready: gate; once it stands the cluster takes workloads.
        control_plane_networks: addresses that the API server calls from and answers on.
        identity: gives service accounts cloud permissions.
        lake: address of each lake zone.
        object_store: the API that lake and buckets answer on.
        secret_store: how External Secrets reaches the cloud's vault.
        storage_classes: block storage on offer.
        registry: where images that the platform builds are pulled from, without a trailing slash.
        backup: names of the object stores for backups: ``velero-backups`` and ``backups``.
        database: PostgreSQL run by the cloud; None: the platform runs it in the cluster.
        system_pods: pods of the cluster itself that the platform's pods talk with.
        assigns_user_ids: whether the cluster gives pods their user; then no pod names one.
        monitoring: the cluster's own monitoring, where it scrapes the platform; None: the platform has its own.
        host_access: lets service accounts read the node's own files; None: Pod Security alone decides.
        database_backups: where PostgreSQL in the cluster keeps its backups, in the form of Barman's object store; write
            access to it is the grant ``bucket/backups``; empty: nowhere.
        outputs: what the stack exports of its foundation.
        secrets: names in the cloud's vault of the secrets that the foundation made, by path (``postgres/analytics``).
        acme_solver: how cert-manager proves that hosts under the base domain are ours, in its own form.
        certificate_per_host: whether the cluster's own router needs a certificate for each public host.
        load_balancer: how Services that are reachable from outside get a load balancer.
        dns_provider: what external-dns calls the cloud's DNS service; None: records are made by hand.
        dns_files: what external-dns reads of that service, by the name of the file; none of it is secret.
        destination_networks: addresses of named destinations (``components/base/destinations.yaml``) that only the
            cloud knows: where pods get their identity, private endpoints of its services.
        cluster: the cluster, whose end is the end of everything in it (``deleted_with``); None: it is not ours.
    """

    provider: kubernetes.Provider
    ready: pulumi.Resource
    control_plane_networks: Sequence[IPv4Network]
    identity: Identity
    lake: Mapping[str, pulumi.Output[str]]
    object_store: ObjectStore
    secret_store: SecretStoreSpecification
    storage_classes: Sequence[StorageClassSpecification]
    registry: pulumi.Output[str]
    backup: Mapping[str, pulumi.Output[str]]
    database: ManagedDatabase | None
    outputs: Mapping[str, pulumi.Input[Any]] = field(default_factory=dict[str, pulumi.Input[Any]])
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict[str, pulumi.Output[str]])
    acme_solver: Mapping[str, Any] = field(default_factory=dict[str, Any])
    load_balancer: LoadBalancer = field(default_factory=LoadBalancer)
    certificate_per_host: bool = False
    dns_provider: str | None = None
    dns_files: Mapping[str, str] = field(default_factory=dict[str, str])
    cluster: pulumi.Resource | None = None
    database_backups: Mapping[str, Any] = field(default_factory=dict[str, Any])
    destination_networks: Mapping[str, Sequence[Network]] = field(default_factory=dict[str, Sequence[Network]])
    system_pods: SystemPods = field(default_factory=SystemPods)
    assigns_user_ids: bool = False
    monitoring: ClusterMonitoring | None = None
    host_access: HostAccess | None = None
