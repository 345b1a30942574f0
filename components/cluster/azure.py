"""An AKS cluster that is ready to take workloads.

Source: CLU-2, CLU-4, CLU-5, CLU-10, CLU-17, SEC-15.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import yaml
from pulumi_azure_native import containerservice

from components.account.azure import Account
from components.cluster.azure_identities import ClusterIdentities, ClusterIdentitiesArgs
from components.cluster.azure_node_pool import SYSTEM_TAINTS, NodeGroup, NodeGroupArgs, pool_name, shape
from components.cluster.node_pool import POOL_LABEL, NodePool
from components.cluster.storage_classes import StorageClassSpecification
from components.encryption.azure import EncryptionKey
from components.logs.azure import diagnose

# what a pod's node can hold with Azure CNI overlay
MAX_PODS = 250
# AKS's own server in every tenant: https://azure.github.io/kubelogin/concepts/aks.html
_SERVER_APPLICATION = "6dae42f8-4368-4678-94ff-3960e28e3630"
_IMAGE_CLEANER_HOURS = 168


@dataclass(frozen=True)
class ClusterArgs:
    """What a cluster needs.

    Args:
        cluster_name: its name in Azure.
        version: Kubernetes minor version, e.g. ``1.35``.
        administrator_group_ids: Entra groups that administer the cluster.
        public_access_cidrs: networks that reach the API server from outside; none: it is private.
        service_cidr: addresses of Kubernetes services.
        pod_cidr: addresses of pods.
        control_plane_subnet_id: where the API server is.
        node_subnet_ids: where the nodes are, one for each zone.
        pools: node pools, at least one.
        secrets_key: key around Kubernetes Secrets.
        disk_encryption_set_id: encrypts disks and volumes.
        workspace_id: where the control plane's logs go.
        after: gates to wait for: the vault is reached from the network.
        protect: whether the engine refuses to delete the cluster, and whether Azure answers for its uptime.
        account: where it is.
    """

    cluster_name: str
    version: str
    administrator_group_ids: Sequence[str]
    public_access_cidrs: Sequence[IPv4Network]
    service_cidr: IPv4Network
    pod_cidr: IPv4Network
    control_plane_subnet_id: pulumi.Input[str]
    node_subnet_ids: Sequence[pulumi.Input[str]]
    pools: Sequence[NodePool]
    secrets_key: EncryptionKey
    disk_encryption_set_id: pulumi.Input[str]
    workspace_id: pulumi.Input[str]
    after: Sequence[pulumi.Resource]
    protect: bool
    account: Account


class Cluster(pulumi.ComponentResource):
    """Control plane and nodes; access by Entra identities alone, there are no local accounts.

    The API server has an address in the network, so nodes and the vault's private door are reached without the
    internet. AKS wants one pool at birth and never changes it through the cluster: that is the system's pool in the
    first zone; all others are agent pools of their own.

    Args:
        name: logical name.
        args: version, place and size.
        opts: carries the Azure provider.

    Attributes:
        kubelet_principal_id: object id of the identity that pulls images.
        oidc_issuer: who signs the service accounts' tokens.
        endpoint: address of the API server.
        ready: gate: every node pool stands.

    Source: CLU-2, CLU-4, CLU-5, CLU-10, CLU-17, SEC-15.
    """

    cluster_name: pulumi.Output[str]
    resource: containerservice.ManagedCluster
    kubelet_principal_id: pulumi.Output[str]
    oidc_issuer: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    provider: kubernetes.Provider
    storage_classes: Sequence[StorageClassSpecification]
    ready: pulumi.Resource

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:cluster:Cluster", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._tags = args.account.ownership.tags("cluster")
        self._group = args.account.resource_group(name, "cluster", self._child).name
        self._identities = ClusterIdentities(
            f"{name}-identity",
            ClusterIdentitiesArgs(
                resource_group_name=self._group,
                subnet_ids=[args.control_plane_subnet_id, *args.node_subnet_ids],
                secrets_key=args.secrets_key,
                disk_encryption_set_id=args.disk_encryption_set_id,
                account=args.account,
            ),
            self._child,
        )
        self.resource = self._control_plane()
        self.cluster_name = self.resource.name
        self.kubelet_principal_id = self._identities.kubelet_principal_id
        self.oidc_issuer = self.resource.oidc_issuer_profile.apply(_issuer)
        diagnose(f"{name}-logs", self.resource.id, args.workspace_id, self._child)
        self._maintenance()
        self.ready = self._nodes()[-1]
        server = self._server()
        self.endpoint = server.apply(lambda each: str(each["server"]))
        self.kubeconfig = self._kubeconfig(server)
        self.provider = kubernetes.Provider(f"{name}-kubernetes", kubeconfig=self.kubeconfig, opts=self._child)
        self.storage_classes = _storage_classes(args.disk_encryption_set_id, self._tags)
        self.register_outputs({"cluster_name": self.cluster_name})

    def _control_plane(self) -> containerservice.ManagedCluster:
        args = self._args
        return containerservice.ManagedCluster(
            self._name,
            resource_name_=args.account.names.name("cluster"),
            resource_group_name=self._group,
            location=args.account.region,
            node_resource_group=args.account.names.name("resourceGroup", "nodes"),
            dns_prefix=args.cluster_name,
            kubernetes_version=args.version,
            sku={"name": "Base", "tier": "Standard" if args.protect else "Free"},
            identity={
                "type": containerservice.ResourceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": [self._identities.cluster_identity_id],
            },
            identity_profile={"kubeletidentity": {"resource_id": self._identities.kubelet_identity_id}},
            disable_local_accounts=True,
            enable_rbac=True,
            aad_profile={
                "managed": True,
                "enable_azure_rbac": True,
                "tenant_id": args.account.tenant_id,
                "admin_group_object_ids": list(args.administrator_group_ids),
            },
            api_server_access_profile=self._api_server(),
            network_profile=self._networking(),
            oidc_issuer_profile={"enabled": True},
            security_profile=self._security(),
            disk_encryption_set_id=args.disk_encryption_set_id,
            auto_upgrade_profile={"upgrade_channel": "patch", "node_os_upgrade_channel": "NodeImage"},
            auto_scaler_profile={
                "balance_similar_node_groups": "true",
                "expander": "least-waste",
                "skip_nodes_with_local_storage": "false",
                "scale_down_unneeded_time": "10m",
            },
            storage_profile={
                "disk_csi_driver": {"enabled": True},
                "snapshot_controller": {"enabled": True},
                "file_csi_driver": {"enabled": False},
                "blob_csi_driver": {"enabled": False},
            },
            # the platform's own policies judge what runs here
            addon_profiles={"azurepolicy": {"enabled": False}},
            agent_pool_profiles=[self._first_pool()],
            tags=self._tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*self._identities.ready, *args.after],
                protect=args.protect,
                ignore_changes=["agentPoolProfiles"],
                custom_timeouts=pulumi.CustomTimeouts(create="30m", update="60m", delete="30m"),
            ),
        )

    def _api_server(self) -> containerservice.ManagedClusterAPIServerAccessProfileArgsDict:
        public = [str(network) for network in self._args.public_access_cidrs]
        profile: containerservice.ManagedClusterAPIServerAccessProfileArgsDict = {
            "enable_vnet_integration": True,
            "subnet_id": self._args.control_plane_subnet_id,
            "disable_run_command": True,
            "enable_private_cluster": not public,
        }
        if public:
            profile["authorized_ip_ranges"] = public
        else:
            profile["enable_private_cluster_public_fqdn"] = False
            profile["private_dns_zone"] = "system"
        return profile

    def _networking(self) -> containerservice.ContainerServiceNetworkProfileArgsDict:
        args = self._args
        return {
            "network_plugin": "azure",
            "network_plugin_mode": "overlay",
            "network_dataplane": "cilium",
            "network_policy": "cilium",
            "pod_cidr": str(args.pod_cidr),
            "service_cidr": str(args.service_cidr),
            "dns_service_ip": str(args.service_cidr[10]),
            "load_balancer_sku": "standard",
            "outbound_type": "userAssignedNATGateway",
        }

    def _security(self) -> containerservice.ManagedClusterSecurityProfileArgsDict:
        key = self._args.secrets_key
        return {
            "workload_identity": {"enabled": True},
            "image_cleaner": {"enabled": True, "interval_hours": _IMAGE_CLEANER_HOURS},
            "defender": {
                "log_analytics_workspace_resource_id": self._args.workspace_id,
                "security_monitoring": {"enabled": True},
            },
            "azure_key_vault_kms": {
                "enabled": True,
                "key_id": key.uri,
                "key_vault_network_access": "Private",
                "key_vault_resource_id": key.vault_id,
            },
        }

    def _first_pool(self) -> containerservice.ManagedClusterAgentPoolProfileArgs:
        pool = _system_pool(1)
        return containerservice.ManagedClusterAgentPoolProfileArgs(
            name=pool_name(pool.name, 1),
            mode="System",
            vm_size=pool.instance_type,
            os_disk_size_gb=pool.disk_size_gib,
            availability_zones=["1"],
            vnet_subnet_id=self._args.node_subnet_ids[0],
            enable_auto_scaling=True,
            min_count=pool.min_size,
            count=pool.desired_size,
            max_count=pool.max_size,
            node_labels={POOL_LABEL: pool.name},
            node_taints=list(SYSTEM_TAINTS),
            tags=self._tags,
            **shape(MAX_PODS),
        )

    def _nodes(self) -> list[pulumi.Resource]:
        """The system's pool in every zone but the first, whose nodes the cluster is born with; then the others."""
        args = self._args
        count = len(args.node_subnet_ids)
        zones = range(1, count + 1)
        pools = [(_system_pool(count), zones[1:], True), *((pool, zones, False) for pool in args.pools)]
        return [
            resource
            for pool, places, is_system in pools
            for resource in NodeGroup(
                f"{self._name}-{pool.name}",
                NodeGroupArgs(
                    pool=pool,
                    cluster_name=self.cluster_name,
                    resource_group_name=self._group,
                    kubernetes_version=args.version,
                    subnet_ids=args.node_subnet_ids,
                    zones=places,
                    is_system=is_system,
                    max_pods=MAX_PODS,
                    ownership=args.account.ownership,
                ),
                self._child,
            ).ready
        ]

    def _maintenance(self) -> None:
        """Nodes' images and patch releases are renewed in one night of the week."""
        for kind, day in (("aksManagedNodeOSUpgradeSchedule", "Sunday"), ("aksManagedAutoUpgradeSchedule", "Saturday")):
            containerservice.MaintenanceConfiguration(
                f"{self._name}-{day.lower()}",
                config_name=kind,
                resource_name_=self.cluster_name,
                resource_group_name=self._group,
                maintenance_window={
                    "schedule": {"weekly": {"day_of_week": day, "interval_weeks": 1}},
                    "start_time": "01:00",
                    "duration_hours": 6,
                    "utc_offset": "+00:00",
                },
                opts=self._child,
            )

    def _server(self) -> pulumi.Output[dict[str, Any]]:
        """Address and certificate of the API server, as AKS hands them out to users; they open nothing."""
        told = containerservice.list_managed_cluster_user_credentials_output(
            resource_group_name=self._group,
            resource_name=self.cluster_name,
            opts=pulumi.InvokeOutputOptions(parent=self, depends_on=[self.resource]),
        )
        return told.kubeconfigs.apply(_server)

    def _kubeconfig(self, server: pulumi.Output[dict[str, Any]]) -> pulumi.Output[str]:
        """A kubeconfig without credentials: each use asks Entra for a token, as whoever the Azure CLI has signed in."""
        name, tenant = self._args.cluster_name, self._args.account.tenant_id
        login = {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "kubelogin",
            "args": [
                "get-token",
                *("--login", "azurecli"),
                *("--server-id", _SERVER_APPLICATION),
                *("--tenant-id", tenant),
            ],
            "interactiveMode": "Never",
        }
        return pulumi.Output.json_dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": name,
                "clusters": [{"name": name, "cluster": server}],
                "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
                "users": [{"name": name, "user": {"exec": login}}],
            }
        )


def _system_pool(zones: int) -> NodePool:
    """Nodes for the cluster's own workloads, one in each zone, and a second where they do not suffice.

    Source: https://learn.microsoft.com/azure/aks/use-system-pools (four virtual CPUs at least).
    """
    return NodePool("system", "Standard_D4ds_v5", zones, zones, 2 * zones, 128)


def _server(kubeconfigs: Sequence[containerservice.outputs.CredentialResultResponse]) -> dict[str, Any]:
    """Address and certificate of the API server, out of what AKS tells."""
    if not kubeconfigs:
        raise ValueError("AKS told no kubeconfig of the cluster; look at the cluster's state in Azure")
    content = yaml.safe_load(base64.b64decode(kubeconfigs[0].value))
    cluster = content["clusters"][0]["cluster"]
    return {key: cluster[key] for key in ("server", "certificate-authority-data")}


def _issuer(profile: containerservice.outputs.ManagedClusterOIDCIssuerProfileResponse | None) -> str:
    if profile is None or not profile.issuer_url:
        raise ValueError("AKS gave the cluster no OIDC issuer; look at the cluster's state in Azure")
    return profile.issuer_url


def _storage_classes(
    disk_encryption_set_id: pulumi.Input[str], tags: Mapping[str, str]
) -> Sequence[StorageClassSpecification]:
    parameters: dict[str, pulumi.Input[str]] = {
        "skuName": "Premium_LRS",
        "networkAccessPolicy": "DenyAll",
        "publicNetworkAccess": "Disabled",
        "diskEncryptionSetID": disk_encryption_set_id,
        # a volume does not inherit the cluster's
        "tags": ",".join(f"{key}={value}" for key, value in tags.items()),
    }
    return (
        StorageClassSpecification("standard", "disk.csi.azure.com", parameters, default=True),
        StorageClassSpecification("retained", "disk.csi.azure.com", parameters, retain=True),
    )
