"""Checks that need two values, or a table of what a cloud offers.

Each rule reads the settings and yields problems. The settings may be partial: a rule that reads a field which is
itself in error ends there, and the next one runs, so that one bad value hides no unrelated problem.

Source: CFG-6, A-5, A-11, A-32..A-35, A-57.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from stacks.settings.model import CloudProvider, Settings
from stacks.settings.problems import Problem
from stacks.settings.rules import (
    charts,
    cloud,
    components,
    data,
    hosts,
    namespaces,
    network,
    nodes,
    openshift,
    organisation,
    teams,
)
from stacks.settings.rules.partial import readable

Rule = Callable[[Settings], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    *cloud.RULES,
    *organisation.RULES,
    *network.RULES,
    *nodes.RULES,
    *data.RULES,
    *components.RULES,
    *teams.RULES,
    *namespaces.RULES,
    *hosts.RULES,
    *charts.RULES,
    *openshift.RULES,
)

# modules of their own: they read tables of their cloud's components, which no run of another cloud imports
_OF_CLOUD: Mapping[CloudProvider, str] = {CloudProvider.AWS: "aws", CloudProvider.AZURE: "azure"}
_OF_A_MANAGED_OPENSHIFT = "openshift_managed"


def _of_cloud(settings: Settings) -> Iterator[Problem]:
    module = _OF_CLOUD.get(settings.cloud.provider)
    if settings.cloud.provider is CloudProvider.OPENSHIFT and settings.managed_openshift is not None:
        module = _OF_A_MANAGED_OPENSHIFT
    rules: tuple[Rule, ...] = import_module(f"{__name__}.{module}").RULES if module else ()
    for rule in rules:
        yield from readable(rule(settings))


def check(settings: Settings) -> list[Problem]:
    """Every problem that the rules find in ``settings``, which may lack the fields that are themselves in error."""
    return [problem for rule in (*RULES, _of_cloud) for problem in readable(rule(settings))]
