"""Rules for CIDR blocks."""

import ipaddress
from collections.abc import Iterator
from typing import Any

VPC_PREFIX_LENGTHS = range(16, 29)


def block_problem(value: Any, allowed: range | None = None) -> str | None:
    """Say what is wrong with an IPv4 CIDR block, or None.

    Args:
        value: the block; what is not text is left to the schema.
        allowed: prefix lengths that AWS takes here; None: any.
    """
    if not isinstance(value, str):
        return None
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError as error:
        return f"{value!r} is not an IPv4 CIDR block ({error}); write it like 10.0.0.0/16"
    if "/" not in value:
        return f"{value!r} has no prefix length; write it like 10.0.0.0/16"
    if allowed is not None and network.prefixlen not in allowed:
        return f"{value!r} has the prefix length /{network.prefixlen}; AWS takes /{allowed[0]} to /{allowed[-1]}"
    return None


def block_problems(name: str, value: Any, allowed: range | None = None) -> Iterator[tuple[str, str]]:
    """Give the problem of one property, if it has one, as a property and a reason."""
    problem = block_problem(value, allowed)
    if problem:
        yield name, problem


def any_block_problems(name: str, values: Any) -> Iterator[tuple[str, str]]:
    """Give the problems of a list of IPv4 CIDR blocks."""
    for value in values if isinstance(values, list) else []:
        yield from block_problems(name, value)
