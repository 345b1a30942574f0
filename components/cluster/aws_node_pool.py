"""A group of equal worker nodes.

Source: CLU-4, A-57.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.cluster.node_pool import POOL_LABEL, NodePool
from components.ownership import Ownership

_ROOT_DEVICE = "/dev/xvda"
_MAXIMUM_UNAVAILABLE_PERCENT = 33


@dataclass(frozen=True)
class NodeGroupArgs:
    """What a pool needs to know of its cluster.

    Args:
        pool: size and machine.
        cluster_name: the cluster, as an output of it.
        kubernetes_version: its minor version.
        role_arn: IAM role of the nodes.
        security_group_id: security group of the nodes.
        subnet_ids: private subnets.
        volume_key_arn: KMS key of the nodes' disks.
        after: what must stand before a node can join.
        ownership: tags, also of each machine, disk and network interface.
    """

    pool: NodePool
    cluster_name: pulumi.Input[str]
    kubernetes_version: str
    role_arn: pulumi.Input[str]
    security_group_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    volume_key_arn: pulumi.Input[str]
    after: Sequence[pulumi.Resource]
    ownership: Ownership


class NodeGroup(pulumi.ComponentResource):
    """A managed node group: no public address, encrypted disk, instance metadata closed to pods.

    Args:
        name: logical name.
        args: size and place.
        opts: carries the AWS provider.

    Source: CLU-4, A-57.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: NodeGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:cluster:NodeGroup", name, None, opts)
        pool = args.pool
        tags = args.ownership.tags("cluster", Name=name)
        template = aws.ec2.LaunchTemplate(
            name,
            description=f"Nodes of pool {pool.name}",
            update_default_version=True,
            metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
                http_endpoint="enabled",
                http_tokens="required",
                http_put_response_hop_limit=1,
                instance_metadata_tags="disabled",
            ),
            block_device_mappings=[_root_disk(args)],
            # with an interface of its own the template must name the group, or EC2 takes the network's closed default
            network_interfaces=[
                aws.ec2.LaunchTemplateNetworkInterfaceArgs(
                    device_index=0,
                    associate_public_ip_address="false",
                    delete_on_termination="true",
                    security_groups=[args.security_group_id],
                )
            ],
            tag_specifications=[
                aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=tags)
                for kind in ("instance", "volume", "network-interface")
            ],
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.ready = aws.eks.NodeGroup(
            name,
            cluster_name=args.cluster_name,
            version=args.kubernetes_version,
            node_role_arn=args.role_arn,
            subnet_ids=list(args.subnet_ids),
            instance_types=[pool.instance_type],
            ami_type=ami_type(pool.instance_type),
            capacity_type="ON_DEMAND",
            launch_template=aws.eks.NodeGroupLaunchTemplateArgs(
                id=template.id, version=template.latest_version.apply(str)
            ),
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(
                min_size=pool.min_size, desired_size=pool.desired_size, max_size=pool.max_size
            ),
            update_config=aws.eks.NodeGroupUpdateConfigArgs(max_unavailable_percentage=_MAXIMUM_UNAVAILABLE_PERCENT),
            node_repair_config=aws.eks.NodeGroupNodeRepairConfigArgs(enabled=True),
            labels={POOL_LABEL: pool.name},
            tags=tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(args.after),
                ignore_changes=["scalingConfig.desiredSize"],
                custom_timeouts=pulumi.CustomTimeouts(create="30m", update="60m", delete="30m"),
            ),
        )
        self.register_outputs({})


def ami_type(instance_type: str) -> str:
    """Amazon Linux 2023 image that fits a machine type: by architecture, and with drivers for GPUs."""
    family = instance_type.split(".", maxsplit=1)[0]
    architecture = "ARM_64" if re.match(r"[a-z]+\d+g", family) else "x86_64"
    variant = "NVIDIA" if re.match(r"[gp]\d", family) else "STANDARD"
    return f"AL2023_{architecture}_{variant}"


def _root_disk(args: NodeGroupArgs) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgs:
    return aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name=_ROOT_DEVICE,
        ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            volume_type="gp3",
            volume_size=args.pool.disk_size_gib,
            encrypted="true",
            kms_key_id=args.volume_key_arn,
            delete_on_termination="true",
        ),
    )
