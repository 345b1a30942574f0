"""Credentials that the stack makes itself, whatever vault they go into.

Source: SEC-10, SEC-11, DB-2.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_random as random

from components.secrets.formats import SecretFormat

_LENGTH = 32


@dataclass(frozen=True)
class GeneratedSecret:
    """A secret with random values.

    Args:
        path: name below the stack's prefix, e.g. ``postgres/analytics``.
        description: what it opens.
        generated: keys that are made here, and their form.
        fixed: further keys, e.g. the user name.
        is_renewable: whether it gets new values when the others do.
    """

    path: str
    description: str
    generated: Mapping[str, SecretFormat]
    fixed: Mapping[str, str]
    is_renewable: bool = True


def random_values(
    logical_name: str, secret: GeneratedSecret, renewed_on: str, opts: pulumi.ResourceOptions
) -> Mapping[str, pulumi.Output[str]]:
    """Random values of a secret's generated keys.

    Args:
        logical_name: start of the logical names.
        secret: whose keys they are.
        renewed_on: day of the last renewal; another one makes new values.
        opts: carries the parent.
    """
    values: dict[str, pulumi.Output[str]] = {}
    for key, form in secret.generated.items():
        # no special characters: passwords also stand in connection URLs
        made = random.RandomPassword(
            f"{logical_name}-{key}",
            length=_LENGTH,
            special=False,
            keepers={"renewedOn": renewed_on} if secret.is_renewable else None,
            # some applications refuse a password that lacks one of these
            min_lower=1,
            min_numeric=1,
            min_upper=1,
            opts=opts,
        )
        values[key] = made.result.apply(form.shape)
    return values
