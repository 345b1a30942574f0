"""The add-ons that an EKS cluster needs before it takes workloads.

Source: CLU-1, CLU-10, SEC-3.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from components.account.aws import Account
from components.identity.aws_pod_role import PodRole, PodRoleArgs
from components.identity.grants import ServiceAccountReference
from components.identity.policy_document import Statement
from components.ownership import Ownership
from components.tables import read_table


@dataclass(frozen=True)
class AddonPermissions:
    """The role of an add-on's pods: their service account and what it may do."""

    service_account: str
    managed_policy: str
    statements: Sequence[Statement] = ()


@dataclass(frozen=True)
class AddonsArgs:
    """What add-ons need to know of their cluster.

    Args:
        cluster_name: the cluster, as an output of it.
        cluster: its name as text.
        kubernetes_version: its minor version, e.g. ``1.35``.
        volume_key_arn: KMS key of persistent volumes.
        account: where it is.
        ownership: tags, also of every persistent volume.
    """

    cluster_name: pulumi.Input[str]
    cluster: str
    kubernetes_version: str
    volume_key_arn: pulumi.Input[str]
    account: Account
    ownership: Ownership


class Addons(pulumi.ComponentResource):
    """Networking add-ons first, the rest when nodes are there to run them.

    ``networking`` is what nodes wait for: without the CNI a node never becomes ready. The rest is added by
    :meth:`add_workloads`; ``ready`` is metrics-server, the last of them: it runs as an ordinary workload, so once EKS
    calls it active the cluster schedules pods, resolves names and attaches volumes.

    Args:
        name: logical name.
        args: the cluster.
        opts: carries the AWS provider.

    Raises:
        KeyError: no versions are pinned for the cluster's Kubernetes version.

    Source: CLU-1, CLU-10, SEC-3.
    """

    networking: list[pulumi.Resource]
    ready: pulumi.Resource

    def __init__(self, name: str, args: AddonsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:cluster:Addons", name, None, opts)
        self._args = args
        self._versions = addon_versions(args.kubernetes_version)
        network_policy = {"enableNetworkPolicy": "true"}
        self.networking = [
            self._addon("vpc-cni", configuration=network_policy, permissions=_CNI),
            self._addon("kube-proxy"),
            self._addon("eks-pod-identity-agent"),
        ]
        self.register_outputs({})

    def add_workloads(self, nodes: Sequence[pulumi.Resource]) -> None:
        """Install the add-ons that run as workloads.

        Args:
            nodes: node groups that they wait for.
        """
        volumes = {
            "controller": {"extraVolumeTags": dict(self._args.ownership.tags("cluster"))},
            "defaultStorageClass": {"enabled": False},
        }
        dns = self._addon("coredns", after=nodes)
        storage = self._addon(
            "aws-ebs-csi-driver", configuration=volumes, permissions=_volume_permissions(self._args), after=nodes
        )
        self.ready = self._addon("metrics-server", configuration={"replicas": 2}, after=[dns, storage])

    def _addon(
        self,
        addon: str,
        *,
        configuration: Mapping[str, Any] | None = None,
        permissions: AddonPermissions | None = None,
        after: Sequence[pulumi.Resource] = (),
    ) -> aws.eks.Addon:
        args = self._args
        name = f"{self._name}-{addon}"
        role = self._role(name, permissions) if permissions else None
        return aws.eks.Addon(
            name,
            cluster_name=args.cluster_name,
            addon_name=addon,
            addon_version=self._versions[addon],
            configuration_values=json.dumps(configuration, sort_keys=True) if configuration else None,
            pod_identity_associations=[
                aws.eks.AddonPodIdentityAssociationArgs(role_arn=role.arn, service_account=permissions.service_account)
            ]
            if role and permissions
            else None,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            tags=args.ownership.tags("cluster"),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*after, *([role.ready] if role else [])],
                custom_timeouts=pulumi.CustomTimeouts(create="20m", update="20m", delete="20m"),
            ),
        )

    def _role(self, name: str, permissions: AddonPermissions) -> PodRole:
        args = self._args
        return PodRole(
            name,
            PodRoleArgs(
                cluster_name=args.cluster,
                service_account=ServiceAccountReference(namespace="kube-system", name=permissions.service_account),
                account=args.account,
                ownership=args.ownership,
                statements=permissions.statements,
                managed_policy=permissions.managed_policy,
            ),
            pulumi.ResourceOptions(parent=self),
        )


def addon_versions(kubernetes_version: str) -> Mapping[str, str]:
    """Exact version of each add-on for a Kubernetes minor version.

    Raises:
        KeyError: none are pinned for it.
    """
    table = read_table(Path(__file__).with_name("addons.yaml"))
    if kubernetes_version not in table:
        raise KeyError(f"no add-on versions for Kubernetes {kubernetes_version}; add them to addons.yaml")
    return table[kubernetes_version]


_CNI = AddonPermissions(service_account="aws-node", managed_policy="AmazonEKS_CNI_Policy")


def _volume_permissions(args: AddonsArgs) -> AddonPermissions:
    through = {"kms:ViaService": f"ec2.{args.account.region}.amazonaws.com"}
    return AddonPermissions(
        service_account="ebs-csi-controller-sa",
        managed_policy="service-role/AmazonEBSCSIDriverPolicy",
        statements=[
            Statement(
                sid="UseVolumeKey",
                actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext"],
                resources=[args.volume_key_arn],
                conditions={"StringEquals": through},
            ),
            Statement(
                sid="LendVolumeKey",
                actions=["kms:CreateGrant"],
                resources=[args.volume_key_arn],
                conditions={"StringEquals": through, "Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
        ],
    )
