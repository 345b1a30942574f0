"""A BPM engine as its callers see it.

Source: NET-12, WF-KESTRA-13.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.base import SecretKey


@dataclass(frozen=True)
class RestApi:
    """Where an engine's REST API is, and what it asks for.

    Args:
        url: for callers in namespace ``workflows``.
        credentials: of HTTP basic authentication: where ``username`` and ``password`` are in the vault.
        ready: gate: it answers.
    """

    url: str
    credentials: Mapping[str, SecretKey]
    ready: pulumi.Resource
