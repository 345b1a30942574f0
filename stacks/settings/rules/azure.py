"""Rules on what Azure offers. Source: CFG-2, CFG-3, CLU-2, CLU-4, NET-1, DB-1, A-5, A-32, A-33."""

import re
from collections.abc import Iterator
from math import ceil

from components.naming.azure import longest_stem
from components.network.address_plan import LONGEST_PREFIX, AddressPlan
from stacks.settings.model import DatabaseMode, NodePoolSettings, Settings
from stacks.settings.problems import Problem, closest, refuse
from stacks.settings.reference_tables import azure_database_storage, azure_locations, azure_vm_sizes, database_classes
from stacks.settings.rules.network import SHORTEST_PREFIX
from stacks.settings.rules.partial import readable

# the longest of the words that name a storage account's purpose
STORAGE_PURPOSES = ("lake", "backup", "flow")
# the first four addresses and the last of every subnet
_RESERVED_BY_AZURE = 5
# each node takes 256 addresses of the pods' network
_NODE_PREFIX = 24
_SURGE = 1.33
_LONGEST_POOL_NAME = 11
_SYSTEM_NODES_PER_ZONE = 2
_LOG_DAYS = range(30, 731)
_FLOW_LOG_DAYS = range(1, 366)
_LEAST_BACKUP_DAYS = 7


def location_exists(settings: Settings) -> Iterator[Problem]:
    """Azure has the location."""
    location = settings.cloud.region
    if location not in azure_locations():
        listed = ", ".join(name for name, zones in azure_locations().items() if zones)
        hint = closest(location, azure_locations())
        yield refuse(("cloud", "region"), location, f"a location of azure with zones ({listed})", hint=hint)


def location_has_zones(settings: Settings) -> Iterator[Problem]:
    """The location has as many zones as the network."""
    location, zones = settings.cloud.region, settings.network.zones
    offered = azure_locations().get(location, zones)
    if offered < zones:
        listed = ", ".join(name for name, count in azure_locations().items() if count >= zones)
        yield refuse(("cloud", "region"), location, listed, because=f"it has no {zones} availability zones")


def ids_are_named(settings: Settings) -> Iterator[Problem]:
    """Subscription and tenant are named."""
    for key, value, what in (
        ("subscriptionId", settings.cloud.subscription_id, "the subscription that the stack may touch"),
        ("tenantId", settings.cloud.tenant_id, "the Entra tenant of the subscription"),
    ):
        if value is None:
            yield Problem(
                ("cloud", key),
                f"missing; allowed: the UUID of {what} (00000000-0000-0000-0000-000000000000 stands for none yet and "
                "works in the sandbox only)",
            )


def _somebody_administers(settings: Settings) -> Iterator[Problem]:
    if not settings.kubernetes.administrator_group_ids:
        yield Problem(
            ("kubernetes", "administratorGroupIds"),
            "missing; allowed: at least one Entra group, since the cluster has no local accounts; whoever deploys must "
            "be a member (00000000-0000-0000-0000-000000000000 works in the sandbox only)",
        )


def _logs_are_kept_as_offered(settings: Settings) -> Iterator[Problem]:
    for path, days, offered, because in (
        (("kubernetes", "logRetentionDays"), settings.kubernetes.log_retention_days, _LOG_DAYS, "Log Analytics keeps"),
        (("lake", "logRetentionDays"), settings.lake.log_retention_days, _LOG_DAYS, "Log Analytics keeps"),
        (
            ("network", "flowLogRetentionDays"),
            settings.network.flow_log_retention_days,
            _FLOW_LOG_DAYS,
            "Network Watcher keeps",
        ),
    ):
        if days not in offered:
            allowed = f"an integer from {offered[0]} to {offered[-1]}"
            yield refuse(path, days, allowed, because=f"{because} no other number of days")


def _network_holds_the_nodes(settings: Settings) -> Iterator[Problem]:
    """Pods have addresses of their own, so a zone's subnet holds its nodes, and those that an upgrade adds."""
    network, zones = settings.network.cidr, settings.network.zones
    if not SHORTEST_PREFIX <= network.prefixlen <= LONGEST_PREFIX:
        return
    needed = ceil(_most_nodes(settings) / zones)
    available = AddressPlan.of(network, zones).zones[0].private.num_addresses - _RESERVED_BY_AZURE
    if needed > available:
        yield refuse(
            ("network", "cidr"),
            network,
            "a larger network, or node pools with fewer nodes",
            because=f"node pools at maxSize hold {needed} nodes in each zone, which has {available} addresses",
        )


def _pods_have_addresses(settings: Settings) -> Iterator[Problem]:
    network = settings.network.pod_cidr
    if network is None:
        yield Problem(
            ("network", "podCidr"),
            "missing; allowed: an IPv4 network that overlaps no other, such as 10.244.0.0/16: pods have addresses that "
            "live only inside the cluster",
        )
        return
    needed = _most_nodes(settings)
    available = 2 ** (_NODE_PREFIX - network.prefixlen) if network.prefixlen <= _NODE_PREFIX else 0
    if needed > available:
        yield refuse(
            ("network", "podCidr"),
            network,
            "a larger network, or node pools with fewer nodes",
            because=f"each node takes a /{_NODE_PREFIX} of it, and node pools at maxSize have {needed} nodes",
        )


def _most_nodes(settings: Settings) -> int:
    """Nodes that there may be at once, during an upgrade."""
    pools = sum(pool.max_size for pool in settings.node_pools)
    return ceil((pools + _SYSTEM_NODES_PER_ZONE * settings.network.zones) * _SURGE)


def _pools_are_as_offered(settings: Settings) -> Iterator[Problem]:
    for index, pool in enumerate(settings.node_pools):
        yield from readable(_pool_name(index, pool))
        yield from readable(_vm_size_of(index, pool))


def _pool_name(index: int, pool: NodePoolSettings) -> Iterator[Problem]:
    if not re.fullmatch(rf"[a-z][a-z0-9]{{0,{_LONGEST_POOL_NAME - 1}}}", pool.name) or pool.name == "system":
        yield refuse(
            ("nodePools", index, "name"),
            pool.name,
            f"at most {_LONGEST_POOL_NAME} lower-case letters and digits, starting with a letter, and not system",
            because="AKS has pools of 12 characters, the last of which is the zone, and a pool of its own",
        )


def _vm_size_of(index: int, pool: NodePoolSettings) -> Iterator[Problem]:
    known = azure_vm_sizes()
    if pool.instance_type not in known:
        yield refuse(
            ("nodePools", index, "instanceType"),
            pool.instance_type,
            "a size that stacks/settings/reference/azure-vm-sizes.yaml lists",
            hint=closest(pool.instance_type, known),
        )


def _storage_accounts_have_names(settings: Settings) -> Iterator[Problem]:
    prefix = settings.lake.name_prefix
    room = min(longest_stem("storageAccount", purpose) for purpose in STORAGE_PURPOSES)
    if len(prefix.replace("-", "")) > room:
        yield refuse(
            ("lake", "namePrefix"),
            prefix,
            f"at most {room} letters and digits, hyphens not counted",
            because="names of storage accounts have 24 letters and digits, purpose and suffix included",
        )


def _standby_has_a_tier(settings: Settings) -> Iterator[Problem]:
    database = settings.database
    row = database_classes("azure").get(database.instance_class or "")
    if row and row["tier"] == "Burstable" and database.multi_zone:
        listed = ", ".join(name for name, item in database_classes("azure").items() if item["tier"] != "Burstable")
        yield refuse(
            ("database", "instanceClass"),
            database.instance_class,
            listed,
            because="the burstable tier has no standby, and database.multiZone is true",
        )


def _database_is_as_offered(settings: Settings) -> Iterator[Problem]:
    database = settings.database
    if database.mode is not DatabaseMode.MANAGED:
        return
    if database.storage_gib not in azure_database_storage():
        listed = ", ".join(map(str, azure_database_storage()))
        yield refuse(("database", "storageGib"), database.storage_gib, listed)
    if database.backup_retention_days < _LEAST_BACKUP_DAYS:
        yield refuse(
            ("database", "backupRetentionDays"),
            database.backup_retention_days,
            f"an integer from {_LEAST_BACKUP_DAYS} to 35",
        )


RULES = (
    location_exists,
    location_has_zones,
    ids_are_named,
    _somebody_administers,
    _logs_are_kept_as_offered,
    _network_holds_the_nodes,
    _pods_have_addresses,
    _pools_are_as_offered,
    _storage_accounts_have_names,
    _standby_has_a_tier,
    _database_is_as_offered,
)
