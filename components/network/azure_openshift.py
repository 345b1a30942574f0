"""A virtual network for an Azure Red Hat OpenShift cluster.

Source: NET-1, A-32; https://learn.microsoft.com/azure/openshift/create-cluster
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
from pulumi_azure_native import network

from components.account.azure import Account
from components.identity.azure_role import Permission, assign
from components.network.azure_virtual_network import virtual_network

# three machines, the one that installs them, two load balancers, and what Azure keeps of every subnet
_SMALLEST_PREFIX = 27
_CONTROL_PLANE_BITS = 8


@dataclass(frozen=True)
class NetworkArgs:
    """What a network needs.

    Args:
        cidr: all addresses; /16 to /20.
        contributors: object ids of the service principals that join machines to it, by what they are.
        account: where it is.
    """

    cidr: IPv4Network
    contributors: Mapping[str, str]
    account: Account


class Network(pulumi.ComponentResource):
    """Network, a subnet for the control plane and one for the workers.

    The workers have the first half of the addresses, the control plane the first part of the second; the rest is free.
    A subnet spans all zones. The way out is the cluster's own load balancer, which OpenShift makes, as it makes the
    security group of both subnets and puts it there. The cluster and Azure Red Hat OpenShift itself may change this
    network, and nothing beside it.

    Args:
        name: logical name.
        args: addresses, and who joins machines.
        opts: carries the Azure provider.

    Attributes:
        vnet_id: resource id of the network.
        control_plane_subnet_id: of the control plane's machines.
        worker_subnet_id: of the workers.
        control_plane_network: addresses of the control plane's machines.
        ready: what to wait for: both subnets stand, and who joins machines may.

    Source: NET-1, A-32.
    """

    vnet_id: pulumi.Output[str]
    control_plane_subnet_id: pulumi.Output[str]
    worker_subnet_id: pulumi.Output[str]
    control_plane_network: IPv4Network
    ready: list[pulumi.Resource]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:network:Network", name, None, opts)
        self._args = args
        child = pulumi.ResourceOptions(parent=self)
        self._group = args.account.resource_group(name, "network", child).name
        self._vnet = virtual_network(name, args.cidr, self._group, args.account, self)
        self.vnet_id = self._vnet.id
        workers, rest = args.cidr.subnets()
        prefix = min(_SMALLEST_PREFIX, args.cidr.prefixlen + _CONTROL_PLANE_BITS)
        self.control_plane_network = next(rest.subnets(new_prefix=prefix))
        control_plane = self._subnet("control-plane", self.control_plane_network)
        # Azure changes one subnet of a network at a time
        worker = self._subnet("workers", workers, control_plane)
        self.control_plane_subnet_id, self.worker_subnet_id = control_plane.id, worker.id
        permission = Permission("network-contributor", self.vnet_id)
        roles = [
            assign(f"{name}-{who}", principal, permission, args.account, child)
            for who, principal in args.contributors.items()
        ]
        self.ready = [worker, *roles]
        self.register_outputs({"vnet_id": self.vnet_id})

    def _subnet(self, kind: str, addresses: IPv4Network, *after: pulumi.Resource) -> network.Subnet:
        return network.Subnet(
            f"{self._name}-{kind}",
            subnet_name=self._args.account.names.name("subnet", kind),
            virtual_network_name=self._vnet.name,
            resource_group_name=self._group,
            address_prefix=str(addresses),
            # machines leave through the cluster's load balancer
            default_outbound_access=False,
            service_endpoints=[{"service": "Microsoft.ContainerRegistry"}],
            # Azure Red Hat OpenShift reaches the control plane through a private link service of its own
            private_link_service_network_policies="Disabled" if kind == "control-plane" else "Enabled",
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=after,
                # OpenShift's own, which it puts there
                ignore_changes=["networkSecurityGroup"],
            ),
        )
