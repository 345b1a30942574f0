"""Rules on the node pools. Source: CLU-4, A-57."""

from collections.abc import Iterator

from stacks.settings.model import CloudProvider, NodePoolSettings, Profile, Settings
from stacks.settings.problems import Problem, refuse
from stacks.settings.rules.lists import duplicates
from stacks.settings.rules.partial import readable

_PROD_NODES = 3


def _pools_are_described(settings: Settings) -> Iterator[Problem]:
    if not settings.node_pools and settings.cloud.provider is not CloudProvider.OPENSHIFT:
        yield Problem(("nodePools",), "missing; allowed: a list, each item an object")


def _names_differ(settings: Settings) -> Iterator[Problem]:
    yield from duplicates(("nodePools",), [pool.name for pool in settings.node_pools], "name")


def _sizes_are_ordered(settings: Settings) -> Iterator[Problem]:
    for index, pool in enumerate(settings.node_pools):
        yield from readable(_sizes_of(index, pool))


def _sizes_of(index: int, pool: NodePoolSettings) -> Iterator[Problem]:
    path = ("nodePools", index)
    if pool.min_size > pool.max_size:
        yield refuse((*path, "minSize"), pool.min_size, f"0 to {pool.max_size}", because="it is above maxSize")
    elif not pool.min_size <= pool.desired_size <= pool.max_size:
        yield refuse(
            (*path, "desiredSize"), pool.desired_size, f"minSize to maxSize, {pool.min_size} to {pool.max_size}"
        )


def _prod_has_a_node_per_zone(settings: Settings) -> Iterator[Problem]:
    if settings.profile is not Profile.PROD or not settings.node_pools:
        return
    always = sum(pool.min_size for pool in settings.node_pools)
    if always < _PROD_NODES:
        yield Problem(
            ("nodePools",),
            f"the sum of minSize is {always}; allowed: {_PROD_NODES} or more, one in each of prod's three zones",
        )


RULES = (_pools_are_described, _names_differ, _sizes_are_ordered, _prod_has_a_node_per_zone)
