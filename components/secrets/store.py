"""What a cloud says of its vault.

Source: SEC-5, SEC-6.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SecretStoreSpecification:
    """How External Secrets reaches the cloud's vault; there are no credentials in it.

    Args:
        name: of the store in the cluster, e.g. ``aws-secrets-manager``.
        provider: the store's ``spec.provider``.
    """

    name: str
    provider: Mapping[str, Any]
