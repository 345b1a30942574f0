"""The platform's foundation on an OpenShift cluster, which exists or is made.

Source: CLU-3, A-31, LAKE-1, SEC-5, TGT-6.
"""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pulumi

from components.base import DnsPods, SystemPods, allowances
from components.cluster import openshift_api
from components.cluster.openshift import Cluster, ClusterArgs, KubeconfigAccess, TokenAccess
from components.cluster.openshift_api import ClusterReader
from components.datalake.openshift import ZONES, DataLake, DataLakeArgs
from components.identity.openshift import PROPERTIES, Identity, IdentityArgs, secret_name
from components.identity.openshift_host_access import HostFiles
from components.observability import ClusterMonitoring
from components.registry.openshift import Registry, RegistryArgs
from components.secrets import SecretStoreSpecification
from components.secrets import openshift as secrets
from stacks import openshift_checks
from stacks.foundation import Foundation
from stacks.openshift_cluster import OpenShiftCluster
from stacks.settings import OpenShiftSettings, RouteCertificates, Settings
from stacks.settings.openshift_model import BUCKETS
from stacks.vault import generated_secrets, secret_rows

BACKUP_BUCKETS = ("velero-backups", "backups")
SYSTEM_PODS = SystemPods(
    dns=DnsPods("openshift-dns", {"dns.operator.openshift.io/daemonset-dns": "default"}, (5353,), 9154),
    # the API server calls from the machines' own network; so do routers that share it
    webhook_callers=({"policy-group.network.openshift.io/host-network": ""},),
    routers=(
        {"policy-group.network.openshift.io/ingress": ""},
        {"policy-group.network.openshift.io/host-network": ""},
    ),
    scrapers=({"kubernetes.io/metadata.name": "openshift-user-workload-monitoring"},),
)
MONITORING = ClusterMonitoring(
    host="thanos-querier.openshift-monitoring.svc",
    port=9091,
    namespace="openshift-monitoring",
    pods={"app.kubernetes.io/name": "thanos-query"},
    reader_role="cluster-monitoring-view",
    authority_annotations={"service.beta.openshift.io/inject-cabundle": "true"},
    authority_key="service-ca.crt",
)
# of the router, for challenges over HTTP
_INGRESS_CLASS = "openshift-default"


Connect = Callable[[TokenAccess | KubeconfigAccess], ClusterReader]


def build(settings: Settings, connect: Connect = openshift_api.connect) -> Foundation:
    """Look at the cluster or make it, describe the foundation that its owner has laid, and add what is the stack's own.

    Args:
        settings: the stack's settings; ``openshift`` is set.
        connect: how to get at a cluster that exists for the look at it.

    Raises:
        ValueError: the cluster is not described.
        SettingsError: the cluster cannot take the stack, or nobody can sign in at Azure; nothing is declared then.
    """
    openshift = settings.openshift
    if openshift is None:
        raise ValueError("openshift is missing: describe the cluster that the stack is to run on")
    if openshift.managed is None:
        return _Builder(settings, openshift, _existing(settings, openshift, connect)).build()
    # with it comes the SDK of Azure, which no run on a cluster that exists imports
    from stacks import openshift_managed  # noqa: PLC0415

    return _Builder(settings, openshift, openshift_managed.build(settings, openshift, openshift.managed)).build()


def _existing(settings: Settings, openshift: OpenShiftSettings, connect: Connect) -> OpenShiftCluster:
    """The cluster that is there, once it has been looked at."""
    if openshift.cluster_id is None:
        raise ValueError("openshift.clusterId is missing: name the one cluster that the stack may touch")
    access = access_of(settings, openshift)
    try:
        reader = connect(access)
    except openshift_api.AccessError as error:
        raise openshift_checks.unusable(error) from error
    openshift_checks.check(settings, openshift, reader)
    storage = openshift.storage
    cluster = Cluster("cluster", ClusterArgs(access, openshift.cluster_id, storage.standard, storage.retained))
    return OpenShiftCluster(
        provider=cluster.provider,
        ready=cluster.ready,
        control_plane_networks=openshift.api_server_cidrs or (settings.network.cidr,),
        storage_classes=cluster.storage_classes,
        outputs={"clusterEndpoint": reader.server, "clusterId": openshift.cluster_id},
    )


class _Builder:
    """Hands the settings to the components, and what one component makes to the next."""

    def __init__(self, settings: Settings, openshift: OpenShiftSettings, cluster: OpenShiftCluster) -> None:
        self._settings = settings
        self._openshift = openshift
        self._cluster = cluster
        self._prefix = settings.kubernetes.cluster_name
        self._protect = settings.lake.protect
        self._vault_name: Callable[[str], str] = (
            secrets.secret_name if openshift.vault_server is None else lambda path: f"{self._prefix}/{path}"
        )

    def build(self) -> Foundation:
        settings, openshift, cluster = self._settings, self._openshift, self._cluster
        opts = pulumi.ResourceOptions(provider=cluster.provider)
        lake = self._lake()
        teams = [f"team-{team.name}" for team in settings.teams]
        pullers = [*sorted(allowances(settings.profile.value)), *teams]
        registry = Registry("registry", RegistryArgs(openshift.registry, pullers, settings.ownership), opts)
        return Foundation(
            provider=cluster.provider,
            ready=cluster.ready,
            control_plane_networks=cluster.control_plane_networks,
            identity=self._identity(lake),
            lake=lake.zones,
            secret_store=self._secret_store(opts),
            storage_classes=cluster.storage_classes,
            registry=registry.url,
            backup={name: pulumi.Output.from_input(lake.buckets[name]) for name in BACKUP_BUCKETS},
            database=None,
            database_backups=_database_backups(lake),
            outputs=self._outputs(lake, registry),
            secrets={path: pulumi.Output.from_input(self._vault_name(path)) for path in secret_rows(settings)},
            acme_solver={"http01": {"ingress": {"ingressClassName": _INGRESS_CLASS}}},
            certificate_per_host=openshift.route_certificates is RouteCertificates.ISSUER,
            object_store=lake.object_store,
            system_pods=SYSTEM_PODS,
            assigns_user_ids=True,
            monitoring=MONITORING if openshift.user_workload_monitoring else None,
            host_access=HostFiles("host-access", settings.ownership, opts),
            destination_networks=self._destination_networks(),
            cluster=cluster.resource,
        )

    def _lake(self) -> DataLake:
        store = self._openshift.object_store
        return DataLake(
            "lake",
            DataLakeArgs(
                endpoint=store.endpoint,
                region=store.region,
                path_style=store.path_style,
                authority=store.ca_certificate,
                buckets={
                    bucket: getattr(store.buckets, field) or f"{self._settings.lake.name_prefix}-{bucket}"
                    for field, bucket in BUCKETS.items()
                },
            ),
        )

    def _identity(self, lake: DataLake) -> Identity:
        store = self._openshift.object_store
        return Identity(
            "identity",
            IdentityArgs(
                object_store=lake.object_store,
                zones=ZONES,
                buckets=[bucket for bucket in lake.buckets if bucket not in ZONES],
                vault_path=store.vault_path,
                vault_name=self._vault_name,
                keys_per_account=store.keys_per_account,
            ),
        )

    def _secret_store(self, opts: pulumi.ResourceOptions) -> SecretStoreSpecification:
        vault, settings = self._openshift.vault_server, self._settings
        if vault is not None:
            return secrets.vault_store(
                secrets.VaultArgs(vault.address, vault.mount, vault.auth_mount, vault.role, vault.ca_certificate)
            )
        return secrets.KubernetesSecrets(
            "secrets",
            secrets.KubernetesSecretsArgs(
                namespace=self._openshift.vault_namespace,
                generated=generated_secrets(settings),
                protect=self._protect,
                ownership=settings.ownership,
                renewed_on=settings.vault.renewed_on.isoformat(),
            ),
            opts,
        ).store

    def _destination_networks(self) -> dict[str, Sequence[IPv4Network]]:
        """Where object store and vault are, if not on the internet alone."""
        vault = self._openshift.vault_server
        known = {"object-store": self._openshift.object_store.cidrs, "vault": vault.cidrs if vault else ()}
        return {name: networks for name, networks in known.items() if networks}

    def _outputs(self, lake: DataLake, registry: Registry) -> dict[str, pulumi.Input[Any]]:
        return {
            "clusterName": self._prefix,
            **self._cluster.outputs,
            "lake": dict(lake.zones),
            "buckets": dict(lake.buckets),
            "registryUrl": registry.url,
        }


def access_of(settings: Settings, openshift: OpenShiftSettings) -> TokenAccess | KubeconfigAccess:
    """How the stack signs in at its cluster.

    Raises:
        ValueError: a token has no address.
    """
    token, kubeconfig = settings.openshift_token, openshift.kubeconfig
    if token is None:
        path = str(Path(kubeconfig.path).expanduser()) if kubeconfig.path else None
        return KubeconfigAccess(path, kubeconfig.context)
    if openshift.api_server is None:
        raise ValueError("openshift.apiServer is missing: openshiftToken signs in at no known address")
    return TokenAccess(openshift.api_server, token.get_secret_value(), openshift.certificate_authority)


def _database_backups(lake: DataLake) -> dict[str, Any]:
    """The keys are those of the server's service account, which the grant ``bucket/backups`` makes."""
    store, secret = lake.object_store, secret_name("postgres")
    keys = dict(zip(("accessKeyId", "secretAccessKey"), PROPERTIES, strict=True))
    return {
        "destinationPath": f"s3://{lake.buckets['backups']}/database/",
        "endpointURL": f"https://{store.host}",
        "s3Credentials": {key: {"name": secret, "key": variable} for key, variable in keys.items()},
        **({"endpointCA": {"name": secret, "key": "ca.crt"}} if store.authority else {}),
    }
