"""Pods whose user the cluster assigns: a fixed one would be refused.

OpenShift's constraint ``restricted-v2`` gives each namespace numbers of its own. Whatever a program, a chart's values
or a rendered object says of numbers is taken out in this one place; that nobody may be root stays.

Source: A-31; docs/adr/0027.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi

# as Kubernetes spells them, and as the SDK does
_NUMBERS = frozenset({"runAsUser", "runAsGroup", "fsGroup", "run_as_user", "run_as_group", "fs_group"})


def without_user_ids(value: Any) -> Any:
    """The same value without numbers of users and groups, however deep they are.

    Args:
        value: an object, or a part of one; what is not known yet is left as it is.
    """
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value).items()
        return {key: without_user_ids(member) for key, member in members if not _is_number(key, member)}
    if isinstance(value, list | tuple):
        return [without_user_ids(member) for member in cast("Sequence[Any]", value)]
    return value


def assign_user_ids(resource: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """Transformation of the program's own Kubernetes objects and of charts' values."""
    if not resource.type_.startswith("kubernetes:"):
        return None
    return pulumi.ResourceTransformationResult(without_user_ids(resource.props), resource.opts)


def _is_number(key: str, member: Any) -> bool:
    return key in _NUMBERS and (member is None or isinstance(member, int))
