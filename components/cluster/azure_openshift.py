"""An Azure Red Hat OpenShift cluster that is ready to take workloads.

Source: CLU-3, CLU-4, CLU-10, SEC-15; https://learn.microsoft.com/azure/openshift/create-cluster
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_azure_native import redhatopenshift

from components.account.azure import Account
from components.cluster.node_pool import NodePool
from components.cluster.storage_classes import StorageClassSpecification

# what the cluster changes by itself, or its administrators in it; the service refuses a change from outside
_CHANGED_INSIDE = ("workerProfiles", "clusterProfile.version", "clusterProfile.pullSecret")
_MONITORING = "cluster-monitoring-config"


@dataclass(frozen=True)
class ClusterArgs:
    """What a cluster needs.

    Args:
        version: exact version of OpenShift, e.g. ``4.20.8``.
        domain: first label of its own domain, unique in the location.
        client_id: client id of the service principal that the cluster is in Azure.
        client_secret: its secret.
        pull_secret: for Red Hat's registries; None: no Red Hat content.
        public_api_server: whether the API server is reached from the internet.
        public_ingress: whether the router is reached from the internet.
        fips: whether machines use validated cryptographic modules alone.
        control_plane_vm_size: VM size of the three machines of the control plane.
        workers: how many of which size.
        pod_cidr: addresses of pods.
        service_cidr: addresses of Kubernetes services.
        control_plane_subnet_id: where the control plane's machines are.
        worker_subnet_id: where the workers are.
        standard_class: storage class that the cluster comes with, for volumes that may go with their claim.
        retained_class: storage class to make for volumes that outlive their claim; None: none.
        user_workload_monitoring: whether the cluster's monitoring scrapes user projects.
        after: what to wait for: the network may be joined.
        protect: whether the engine refuses to delete the cluster.
        account: where it is.
    """

    version: str
    domain: str
    client_id: str
    client_secret: pulumi.Output[str]
    pull_secret: pulumi.Output[str] | None
    public_api_server: bool
    public_ingress: bool
    fips: bool
    control_plane_vm_size: str
    workers: NodePool
    pod_cidr: IPv4Network
    service_cidr: IPv4Network
    control_plane_subnet_id: pulumi.Input[str]
    worker_subnet_id: pulumi.Input[str]
    standard_class: str
    retained_class: str | None
    user_workload_monitoring: bool
    after: Sequence[pulumi.Resource]
    protect: bool
    account: Account


class Cluster(pulumi.ComponentResource):
    """Control plane and workers, which Azure Red Hat OpenShift makes and looks after.

    Disks are encrypted at the host, by keys of Azure's. Everything that the service makes is in a resource group of
    its own, where nobody else changes anything. Whoever has the kubeconfig administers the cluster, so it is a secret
    wherever it goes. Updates of OpenShift, the number of workers and the pull secret are changed in the cluster, and
    left there as they are.

    Args:
        name: logical name.
        args: version, place and size.
        opts: carries the Azure provider.

    Attributes:
        resource: the cluster, whose end is the end of everything in it.
        endpoint: address of the API server.
        kubeconfig: of the administrator ``system:admin``, a secret.
        provider: Kubernetes provider with it.
        ready: gate: control plane and workers stand.
        storage_classes: the class that the cluster comes with, and the one to make.

    Source: CLU-3, CLU-4, CLU-10, SEC-15.
    """

    resource: redhatopenshift.OpenShiftCluster
    endpoint: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    provider: kubernetes.Provider
    ready: pulumi.Resource
    storage_classes: Sequence[StorageClassSpecification]

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:cluster:Cluster", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._group = args.account.resource_group(name, "cluster", self._child).name
        self.resource = self.ready = self._cluster()
        self.endpoint = self.resource.apiserver_profile.apply(_address)
        self.kubeconfig = self._kubeconfig()
        self.provider = kubernetes.Provider(f"{name}-kubernetes", kubeconfig=self.kubeconfig, opts=self._child)
        self.storage_classes = _storage_classes(args)
        if args.user_workload_monitoring:
            self._monitor_user_projects()
        self.register_outputs({"endpoint": self.endpoint})

    def _cluster(self) -> redhatopenshift.OpenShiftCluster:
        args, account = self._args, self._args.account
        machines = account.names.name("resourceGroup", "machines")
        return redhatopenshift.OpenShiftCluster(
            self._name,
            resource_name_=account.names.name("openShiftCluster"),
            resource_group_name=self._group,
            location=account.region,
            cluster_profile={
                "domain": args.domain,
                "version": args.version,
                "fips_validated_modules": _switch(on=args.fips),
                "resource_group_id": f"{account.scope}/resourceGroups/{machines}",
                "pull_secret": args.pull_secret,
            },
            service_principal_profile={"client_id": args.client_id, "client_secret": args.client_secret},
            network_profile={
                "pod_cidr": str(args.pod_cidr),
                "service_cidr": str(args.service_cidr),
                "outbound_type": redhatopenshift.OutboundType.LOADBALANCER,
                "preconfigured_nsg": redhatopenshift.PreconfiguredNSG.DISABLED,
            },
            master_profile={
                "vm_size": args.control_plane_vm_size,
                "subnet_id": args.control_plane_subnet_id,
                "encryption_at_host": redhatopenshift.EncryptionAtHost.ENABLED,
            },
            worker_profiles=[self._workers()],
            apiserver_profile={"visibility": _visibility(public=args.public_api_server)},
            ingress_profiles=[{"name": "default", "visibility": _visibility(public=args.public_ingress)}],
            tags=account.ownership.tags("cluster"),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=args.after,
                protect=args.protect,
                ignore_changes=list(_CHANGED_INSIDE),
                custom_timeouts=pulumi.CustomTimeouts(create="90m", update="60m", delete="60m"),
            ),
        )

    def _workers(self) -> redhatopenshift.WorkerProfileArgsDict:
        pool = self._args.workers
        return {
            # the only name that the service takes
            "name": "worker",
            "count": pool.desired_size,
            "vm_size": pool.instance_type,
            "disk_size_gb": pool.disk_size_gib,
            "subnet_id": self._args.worker_subnet_id,
            "encryption_at_host": redhatopenshift.EncryptionAtHost.ENABLED,
        }

    def _kubeconfig(self) -> pulumi.Output[str]:
        told = redhatopenshift.list_open_shift_cluster_admin_credentials_output(
            resource_group_name=self._group,
            resource_name=self.resource.name,
            opts=pulumi.InvokeOutputOptions(parent=self, depends_on=[self.resource]),
        )
        return pulumi.Output.secret(told.kubeconfig.apply(_decoded))

    def _monitor_user_projects(self) -> None:
        """Switch it on in the object that the service has made, whose other fields stay the service's."""
        kubernetes.core.v1.ConfigMapPatch(
            f"{self._name}-monitoring",
            metadata={
                "name": _MONITORING,
                "namespace": "openshift-monitoring",
                "labels": self._args.account.ownership.labels(_MONITORING, component="cluster"),
                # the text is the service's, which looks at its settings for storage alone
                "annotations": {"pulumi.com/patchForce": "true"},
            },
            data={"config.yaml": "enableUserWorkload: true\n"},
            opts=pulumi.ResourceOptions(parent=self, provider=self.provider),
        )


def _visibility(*, public: bool) -> redhatopenshift.Visibility:
    return redhatopenshift.Visibility.PUBLIC if public else redhatopenshift.Visibility.PRIVATE


def _switch(*, on: bool) -> redhatopenshift.FipsValidatedModules:
    return redhatopenshift.FipsValidatedModules.ENABLED if on else redhatopenshift.FipsValidatedModules.DISABLED


def _address(profile: redhatopenshift.outputs.APIServerProfileResponse | None) -> str:
    if profile is None or not profile.url:
        raise ValueError("Azure told no address of the API server; look at the cluster's state in Azure")
    return profile.url.rstrip("/")


def _decoded(kubeconfig: str | None) -> str:
    if not kubeconfig:
        raise ValueError("Azure told no kubeconfig of the cluster; look at the cluster's state in Azure")
    return base64.b64decode(kubeconfig).decode()


def _storage_classes(args: ClusterArgs) -> Sequence[StorageClassSpecification]:
    standard = StorageClassSpecification(args.standard_class, default=True, exists=True)
    if args.retained_class is None:
        return (standard,)
    parameters: dict[str, pulumi.Input[str]] = {
        "skuName": "Premium_LRS",
        "networkAccessPolicy": "DenyAll",
        "publicNetworkAccess": "Disabled",
        # a volume does not inherit the cluster's
        "tags": ",".join(f"{key}={value}" for key, value in args.account.ownership.tags("cluster").items()),
    }
    return (standard, StorageClassSpecification(args.retained_class, "disk.csi.azure.com", parameters, retain=True))
