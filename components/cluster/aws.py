"""An EKS cluster that is ready to take workloads.

Source: CLU-1, CLU-4, CLU-5, CLU-10, CLU-17, SEC-15.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.account.aws import Account
from components.cluster.aws_addons import Addons, AddonsArgs
from components.cluster.aws_node_pool import NodeGroup, NodeGroupArgs
from components.cluster.node_pool import NodePool
from components.cluster.storage_classes import StorageClassSpecification
from components.identity.policy_document import Statement, render, service_trust
from components.identity.policy_linter import PolicyKind
from components.ownership import Ownership

_LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")


@dataclass(frozen=True)
class ClusterArgs:
    """What a cluster needs.

    Args:
        cluster_name: its name in AWS.
        version: Kubernetes minor version, e.g. ``1.35``.
        administrator_role_arns: IAM roles that administer the cluster, beside the one that creates it.
        public_access_cidrs: networks that reach the API server from outside; none: it is private.
        service_cidr: addresses of Kubernetes services.
        control_plane_subnet_ids: where the control plane's network interfaces are.
        node_subnet_ids: where the nodes are.
        pools: node pools, at least one.
        log_retention_days: days that the control plane's logs are kept.
        secrets_key_arn: KMS key around Kubernetes Secrets.
        log_key_arn: KMS key of the logs.
        volume_key_arn: KMS key of disks and volumes.
        protect: whether AWS and the engine refuse to delete the cluster.
        account: where it is.
        ownership: tags.
    """

    cluster_name: str
    version: str
    administrator_role_arns: Sequence[str]
    public_access_cidrs: Sequence[IPv4Network]
    service_cidr: IPv4Network
    control_plane_subnet_ids: Sequence[pulumi.Input[str]]
    node_subnet_ids: Sequence[pulumi.Input[str]]
    pools: Sequence[NodePool]
    log_retention_days: int
    secrets_key_arn: pulumi.Input[str]
    log_key_arn: pulumi.Input[str]
    volume_key_arn: pulumi.Input[str]
    protect: bool
    account: Account
    ownership: Ownership


class Cluster(pulumi.ComponentResource):
    """Control plane, add-ons and nodes; access by IAM through access entries alone.

    Whoever creates the cluster becomes its first administrator: without that nobody could go on to deploy into it, and
    EKS lists that access as an ordinary access entry, which can be taken away later.

    Args:
        name: logical name.
        args: version, place and size.
        opts: carries the AWS provider.

    Source: CLU-1, CLU-4, CLU-5, CLU-10, CLU-17, SEC-15.
    """

    cluster_name: pulumi.Output[str]
    resource: aws.eks.Cluster
    security_group_id: pulumi.Output[str]
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
        self._tags = args.ownership.tags("cluster")
        self.resource = self._control_plane()
        self.cluster_name = self.resource.name
        self.endpoint = self.resource.endpoint
        self.security_group_id = self.resource.vpc_config.apply(_cluster_security_group)
        self.oidc_issuer = self.resource.identities.apply(_issuer)
        self._oidc_provider()
        self._administrators()
        addons = Addons(
            f"{name}-addon",
            AddonsArgs(
                cluster_name=self.cluster_name,
                cluster=args.cluster_name,
                kubernetes_version=args.version,
                volume_key_arn=args.volume_key_arn,
                account=args.account,
                ownership=args.ownership,
            ),
            self._child,
        )
        addons.add_workloads(self._nodes(addons.networking))
        self.ready = addons.ready
        self.kubeconfig = self._kubeconfig()
        self.provider = kubernetes.Provider(f"{name}-kubernetes", kubeconfig=self.kubeconfig, opts=self._child)
        self.storage_classes = _storage_classes(args.volume_key_arn)
        self.register_outputs({"cluster_name": self.cluster_name})

    def _administrators(self) -> None:
        policy = self._args.account.cluster_access_policy_arn("AmazonEKSClusterAdminPolicy")
        for arn in self._args.administrator_role_arns:
            name = f"{self._name}-administrator-{arn.rpartition('/')[2]}"
            entry = aws.eks.AccessEntry(
                name, cluster_name=self.cluster_name, principal_arn=arn, tags=self._tags, opts=self._child
            )
            aws.eks.AccessPolicyAssociation(
                name,
                cluster_name=self.cluster_name,
                principal_arn=entry.principal_arn,
                policy_arn=policy,
                access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
                opts=self._child,
            )

    def _control_plane(self) -> aws.eks.Cluster:
        args = self._args
        role, permissions = self._control_plane_role()
        logs = aws.cloudwatch.LogGroup(
            f"{self._name}-logs",
            name=f"/aws/eks/{args.cluster_name}/cluster",
            retention_in_days=args.log_retention_days,
            kms_key_id=args.log_key_arn,
            tags=self._tags,
            opts=self._child,
        )
        public = [str(network) for network in args.public_access_cidrs]
        return aws.eks.Cluster(
            self._name,
            name=args.cluster_name,
            version=args.version,
            role_arn=role.arn,
            access_config=aws.eks.ClusterAccessConfigArgs(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=True
            ),
            bootstrap_self_managed_addons=False,
            enabled_cluster_log_types=list(_LOG_TYPES),
            encryption_config=aws.eks.ClusterEncryptionConfigArgs(
                provider=aws.eks.ClusterEncryptionConfigProviderArgs(key_arn=args.secrets_key_arn),
                resources=["secrets"],
            ),
            kubernetes_network_config=aws.eks.ClusterKubernetesNetworkConfigArgs(
                ip_family="ipv4", service_ipv4_cidr=str(args.service_cidr)
            ),
            vpc_config=aws.eks.ClusterVpcConfigArgs(
                subnet_ids=list(args.control_plane_subnet_ids),
                endpoint_private_access=True,
                endpoint_public_access=bool(public),
                public_access_cidrs=public or None,
            ),
            upgrade_policy=aws.eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
            deletion_protection=args.protect,
            tags=self._tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[logs, *permissions],
                protect=args.protect,
                custom_timeouts=pulumi.CustomTimeouts(create="30m", update="60m", delete="30m"),
            ),
        )

    def _control_plane_role(self) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
        name = f"{self._name}-control-plane"
        role = aws.iam.Role(
            name,
            description=f"Control plane of {self._args.cluster_name}",
            assume_role_policy=service_trust("eks.amazonaws.com"),
            tags=self._tags,
            opts=self._child,
        )
        key = Statement(
            sid="SecretsKey",
            actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"],
            resources=[self._args.secrets_key_arn],
        )
        return role, [
            self._attach(name, role, "AmazonEKSClusterPolicy"),
            aws.iam.RolePolicy(
                f"{name}-key", role=role.name, policy=render(PolicyKind.IDENTITY, [key]), opts=self._child
            ),
        ]

    def _attach(self, name: str, role: aws.iam.Role, policy: str) -> aws.iam.RolePolicyAttachment:
        return aws.iam.RolePolicyAttachment(
            f"{name}-{policy}",
            role=role.name,
            policy_arn=self._args.account.managed_policy_arn(policy),
            opts=self._child,
        )

    def _oidc_provider(self) -> None:
        """Lets clients outside the cluster, and charts that know IRSA only, trust the cluster's tokens."""
        aws.iam.OpenIdConnectProvider(
            f"{self._name}-oidc",
            url=self.oidc_issuer,
            client_id_lists=["sts.amazonaws.com"],
            tags=self._tags,
            opts=self._child,
        )

    def _nodes(self, after: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
        args = self._args
        name = f"{self._name}-node"
        role = aws.iam.Role(
            name,
            description=f"Nodes of {args.cluster_name}",
            assume_role_policy=service_trust("ec2.amazonaws.com"),
            tags=self._tags,
            opts=self._child,
        )
        permissions = [self._attach(name, role, policy) for policy in _NODE_POLICIES]
        return [
            NodeGroup(
                f"{self._name}-{pool.name}",
                NodeGroupArgs(
                    pool=pool,
                    cluster_name=self.cluster_name,
                    kubernetes_version=args.version,
                    role_arn=role.arn,
                    security_group_id=self.security_group_id,
                    subnet_ids=args.node_subnet_ids,
                    volume_key_arn=args.volume_key_arn,
                    after=[*after, *permissions],
                    ownership=args.ownership,
                ),
                self._child,
            ).ready
            for pool in args.pools
        ]

    def _kubeconfig(self) -> pulumi.Output[str]:
        """A kubeconfig without credentials: each use asks AWS for a token that lasts minutes."""
        args = self._args
        command = ["--region", args.account.region, "eks", "get-token", "--output", "json", "--cluster-name"]
        login = {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "aws",
            "args": [*command, args.cluster_name],
            "interactiveMode": "Never",
        }
        server = {
            "server": self.resource.endpoint,
            "certificate-authority-data": self.resource.certificate_authority.apply(lambda authority: authority.data),
        }
        name = args.cluster_name
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


def _cluster_security_group(config: aws.eks.outputs.ClusterVpcConfig) -> str:
    if config.cluster_security_group_id is None:
        raise ValueError("EKS gave the cluster no security group; look at the cluster's state in AWS")
    return config.cluster_security_group_id


def _issuer(identities: Sequence[aws.eks.outputs.ClusterIdentity]) -> str:
    issuers = [oidc.issuer for identity in identities for oidc in identity.oidcs or () if oidc.issuer]
    if not issuers:
        raise ValueError("EKS gave the cluster no OIDC issuer; look at the cluster's state in AWS")
    return issuers[0]


def _storage_classes(key_arn: pulumi.Input[str]) -> Sequence[StorageClassSpecification]:
    parameters: dict[str, pulumi.Input[str]] = {"type": "gp3", "encrypted": "true", "kmsKeyId": key_arn}
    return (
        StorageClassSpecification("standard", "ebs.csi.aws.com", parameters, default=True),
        StorageClassSpecification("retained", "ebs.csi.aws.com", parameters, retain=True),
    )
