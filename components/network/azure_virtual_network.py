"""The virtual network in which the subnets of a cluster are.

Source: NET-1, A-32.
"""

from ipaddress import IPv4Network

import pulumi
from pulumi_azure_native import network

from components.account.azure import Account


def virtual_network(
    name: str, cidr: IPv4Network, group: pulumi.Input[str], account: Account, parent: pulumi.Resource
) -> network.VirtualNetwork:
    """A virtual network without subnets.

    Args:
        name: logical name.
        cidr: all its addresses.
        group: name of the resource group that it is in.
        account: where it is.
        parent: the component that it belongs to.
    """
    return network.VirtualNetwork(
        name,
        virtual_network_name=account.names.name("network"),
        resource_group_name=group,
        location=account.region,
        address_space={"address_prefixes": [str(cidr)]},
        tags=account.ownership.tags("network"),
        # they are resources of their own here, and the network's list of them is Azure's
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["subnets"]),
    )
