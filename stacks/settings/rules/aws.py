"""Rules on what AWS offers. Source: CFG-2, CFG-3, CLU-1, CLU-4, NET-1, DB-1, A-5, A-32, A-33, A-57."""

from collections.abc import Iterator
from math import ceil

from components.network.address_plan import LONGEST_PREFIX, AddressPlan
from components.network.aws_zones import zone_names
from stacks.settings.model import NodePoolSettings, Settings
from stacks.settings.problems import Problem, closest, refuse
from stacks.settings.reference_tables import (
    aws_endpoint_services,
    aws_instance_types,
    aws_log_retention_days,
    aws_regions,
)
from stacks.settings.rules.network import SHORTEST_PREFIX
from stacks.settings.rules.partial import readable

# the first four addresses and the last of every subnet
_RESERVED_BY_AWS = 5


def _region_exists(settings: Settings) -> Iterator[Problem]:
    region = settings.cloud.region
    if region not in aws_regions():
        hint = closest(region, aws_regions())
        listed = ", ".join(aws_regions())
        yield refuse(("cloud", "region"), region, f"a region of aws ({listed})", hint=hint)


def _account_is_named(settings: Settings) -> Iterator[Problem]:
    if settings.cloud.account_id is None:
        yield Problem(
            ("cloud", "accountId"),
            "missing; allowed: the AWS account that the stack may touch, twelve digits in quotes "
            '("123456789012" stands for none yet and works in the sandbox only)',
        )


def _zones_exist(settings: Settings) -> Iterator[Problem]:
    region, zones = settings.cloud.region, settings.network.zones
    if region not in aws_regions():
        return
    try:
        zone_names(region, zones)
    except ValueError:
        yield refuse(
            ("network", "zones"), zones, "2, or another cloud.region", because=f"{region} has fewer usable zones"
        )


def _log_retention_exists(settings: Settings) -> Iterator[Problem]:
    listed = ", ".join(map(str, aws_log_retention_days()))
    for path, days in (
        (("kubernetes", "logRetentionDays"), settings.kubernetes.log_retention_days),
        (("network", "flowLogRetentionDays"), settings.network.flow_log_retention_days),
    ):
        if days not in aws_log_retention_days():
            yield refuse(path, days, listed, because="CloudWatch Logs keeps logs for fixed numbers of days")


def _network_holds_the_nodes(settings: Settings) -> Iterator[Problem]:
    """On EKS every pod has an address of the network, so the largest pools must fit in their zones' subnets."""
    network, zones, types = settings.network.cidr, settings.network.zones, aws_instance_types()
    is_sized = SHORTEST_PREFIX <= network.prefixlen <= LONGEST_PREFIX
    is_typed = all(pool.instance_type in types for pool in settings.node_pools)
    if not is_sized or not is_typed:
        return
    total = sum(pool.max_size * types[pool.instance_type].addresses for pool in settings.node_pools)
    needed = ceil(total / zones)
    available = AddressPlan.of(network, zones).zones[0].private.num_addresses - _RESERVED_BY_AWS
    if needed > available:
        yield refuse(
            ("network", "cidr"),
            network,
            "a larger network, or node pools with fewer or smaller nodes",
            because=f"node pools at maxSize hold {needed} addresses in each zone, which has {available}",
        )


def _instance_types_exist(settings: Settings) -> Iterator[Problem]:
    for index, pool in enumerate(settings.node_pools):
        yield from readable(_instance_type_of(index, pool))


def _instance_type_of(index: int, pool: NodePoolSettings) -> Iterator[Problem]:
    known = aws_instance_types()
    if pool.instance_type not in known:
        families = ", ".join(dict.fromkeys(name.partition(".")[0] for name in known))
        yield refuse(
            ("nodePools", index, "instanceType"),
            pool.instance_type,
            f"a type of the families {families} that stacks/settings/reference/aws-instance-types.yaml lists",
            hint=closest(pool.instance_type, known),
        )


def _endpoints_exist(settings: Settings) -> Iterator[Problem]:
    known = aws_endpoint_services()
    for index, service in enumerate(settings.network.interface_endpoints):
        if service not in known:
            yield refuse(
                ("network", "interfaceEndpoints", index), service, ", ".join(known), hint=closest(service, known)
            )


def _endpoints_have_addresses(settings: Settings) -> Iterator[Problem]:
    """Each has one address in each zone's subnet."""
    network, services = settings.network, settings.network.interface_endpoints
    if network.cidr.prefixlen > LONGEST_PREFIX:
        return
    available = AddressPlan.of(network.cidr, network.zones).zones[0].endpoints.num_addresses - _RESERVED_BY_AWS
    if len(services) > available:
        yield refuse(
            ("network", "interfaceEndpoints"),
            len(services),
            f"at most {available} services, or a larger network.cidr",
            because=f"a zone of {network.cidr} has addresses for {available} endpoints",
        )


RULES = (
    _region_exists,
    _account_is_named,
    _zones_exist,
    _log_retention_exists,
    _network_holds_the_nodes,
    _instance_types_exist,
    _endpoints_exist,
    _endpoints_have_addresses,
)
