"""The cluster of a stack that asks for a managed one: Azure Red Hat OpenShift, and the network that it is in.

Only such a run imports this module, for Azure's SDK comes with it.

Source: CLU-3, NET-1, A-31.
"""

import pulumi

from components.account.azure import Account
from components.cluster.azure_openshift import Cluster, ClusterArgs
from components.cluster.node_pool import NodePool
from components.network.azure_openshift import Network, NetworkArgs
from stacks import azure_account
from stacks.openshift_cluster import OpenShiftCluster
from stacks.settings import ManagedClusterSettings, OpenShiftSettings, Profile, Settings, Visibility


def build(settings: Settings, openshift: OpenShiftSettings, managed: ManagedClusterSettings) -> OpenShiftCluster:
    """Make network and cluster.

    Args:
        settings: the stack's.
        openshift: its section on the cluster.
        managed: the part of it that asks for this one.

    Raises:
        ValueError: something that the rules on the settings ask for is missing.
        SettingsError: nobody can sign in at Azure; nothing has been declared then.
    """
    account, opts = azure_account.sign_in(settings)
    network = Network(
        "network",
        NetworkArgs(
            cidr=settings.network.cidr,
            contributors={
                "cluster": managed.service_principal.object_id,
                "resource-provider": managed.resource_provider_object_id,
            },
            account=account,
        ),
        opts,
    )
    cluster = Cluster("cluster", _cluster_args(settings, openshift, managed, network, account), opts)
    return OpenShiftCluster(
        provider=cluster.provider,
        ready=cluster.ready,
        control_plane_networks=(network.control_plane_network,),
        storage_classes=cluster.storage_classes,
        outputs={
            "clusterEndpoint": cluster.endpoint,
            "clusterId": cluster.resource.id,
            "kubeconfig": cluster.kubeconfig,
            "networkId": network.vnet_id,
        },
        resource=cluster.resource,
    )


def _cluster_args(
    settings: Settings,
    openshift: OpenShiftSettings,
    managed: ManagedClusterSettings,
    network: Network,
    account: Account,
) -> ClusterArgs:
    secret, pull_secret = settings.openshift_client_secret, settings.openshift_pull_secret
    if secret is None or settings.network.pod_cidr is None:
        raise ValueError("openshiftClientSecret or network.podCidr is missing: a managed cluster needs both")
    (workers,) = settings.node_pools
    return ClusterArgs(
        version=managed.version,
        domain=managed.domain,
        client_id=managed.service_principal.client_id,
        client_secret=pulumi.Output.secret(secret.get_secret_value()),
        pull_secret=pulumi.Output.secret(pull_secret.get_secret_value()) if pull_secret else None,
        public_api_server=managed.api_server_visibility is Visibility.PUBLIC,
        public_ingress=managed.ingress_visibility is Visibility.PUBLIC,
        fips=settings.profile is Profile.PROD,
        control_plane_vm_size=managed.control_plane_vm_size,
        workers=NodePool(**workers.model_dump()),
        pod_cidr=settings.network.pod_cidr,
        service_cidr=settings.network.service_cidr,
        control_plane_subnet_id=network.control_plane_subnet_id,
        worker_subnet_id=network.worker_subnet_id,
        standard_class=openshift.storage.standard,
        retained_class=openshift.storage.retained,
        user_workload_monitoring=openshift.user_workload_monitoring,
        after=network.ready,
        protect=settings.lake.protect,
        account=account,
    )
