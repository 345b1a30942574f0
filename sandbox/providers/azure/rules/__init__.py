"""What a service refuses beyond the tables, by resource type.

A rule over inputs runs at every check, so in previews too; a rule over a request sees what exists.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.checks import Problem
from sandbox.providers.azure.resource_type import ResourceType
from sandbox.providers.azure.rules import access, clusters, data, network, openshift, storage
from sandbox.providers.azure.rules.request import Request

_FAMILIES = (access, clusters, data, network, openshift, storage)
_INPUT_RULES = {f"azure-native:{name}": rule for family in _FAMILIES for name, rule in family.INPUT_RULES.items()}
_REQUEST_RULES = {f"azure-native:{name}": rule for family in _FAMILIES for name, rule in family.REQUEST_RULES.items()}
_DELETION_RULES = {f"azure-native:{name}": rule for family in _FAMILIES for name, rule in family.DELETION_RULES.items()}


def problems(kind: ResourceType, inputs: Mapping[str, Any]) -> Iterator[Problem]:
    """Say what is wrong with inputs alone; unknowns pass."""
    if kind.token in _INPUT_RULES:
        yield from _INPUT_RULES[kind.token](inputs)


def refusals(request: Request) -> Iterator[ArmError]:
    """Say what is wrong with a creation or an update in view of what exists."""
    yield from access.key_access(request)
    if request.kind.token in _REQUEST_RULES:
        yield from _REQUEST_RULES[request.kind.token](request)


def objections(request: Request) -> Iterator[ArmError]:
    """Say what speaks against a deletion."""
    if request.kind.token in _DELETION_RULES:
        yield from _DELETION_RULES[request.kind.token](request)
