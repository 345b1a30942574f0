"""Credentials that the program makes, the same on every cloud.

Source: SEC-5, SEC-10, SEC-11, DB-2.
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


def make_values(
    name: str, item: GeneratedSecret, renewed_on: str, opts: pulumi.ResourceOptions
) -> Mapping[str, pulumi.Output[str]]:
    """Make the random values of a secret, by key.

    Args:
        name: logical name of the secret.
        item: the secret.
        renewed_on: day of the last renewal; another one makes new values.
        opts: parent and so on.
    """
    values: dict[str, pulumi.Output[str]] = {}
    for key, form in item.generated.items():
        # no special characters: passwords also stand in connection URLs
        made = random.RandomPassword(
            f"{name}-{key}",
            length=_LENGTH,
            special=False,
            keepers={"renewedOn": renewed_on} if item.is_renewable else None,
            # some applications refuse a password that lacks one of these
            min_lower=1,
            min_numeric=1,
            min_upper=1,
            opts=opts,
        )
        values[key] = made.result.apply(form.shape)
    return values
