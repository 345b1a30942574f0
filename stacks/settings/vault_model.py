"""How credentials reach the cluster, and when they were last renewed.

Source: SEC-5, SEC-11, A-7.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated

from stacks.settings.base_model import SettingsModel
from stacks.settings.fields import Allowed

Day = Annotated[date, Allowed('a day in quotes, such as "2026-11-24"')]


class StoreScope(StrEnum):
    """How many stores of External Secrets there are. Source: A-7."""

    CLUSTER = "cluster"
    NAMESPACE = "namespace"


class VaultSettings(SettingsModel):
    """The cloud's vault of credentials. Source: SEC-5, SEC-11, A-7."""

    renewed_on: Day
    """Day on which the generated credentials were last renewed; another day renews them with the next update."""
    store_scope: StoreScope = StoreScope.CLUSTER
    """One ClusterSecretStore for the platform's namespaces, or a SecretStore in each of them."""
