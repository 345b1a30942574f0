"""The whole configuration surface of a stack, read once from the Pulumi configuration.

Source: CFG-1..13, NET-1, CLU-4, TGT-11.
"""

from stacks.settings.loading import load
from stacks.settings.model import (
    BudgetSettings,
    CloudProvider,
    CloudSettings,
    ComponentSettings,
    DatabaseMode,
    DatabaseSettings,
    DataClass,
    Distribution,
    KubernetesSettings,
    LakeSettings,
    LifecycleSettings,
    NatGateways,
    NetworkSettings,
    NodePoolSettings,
    OrganisationSettings,
    Profile,
    Settings,
)
from stacks.settings.problems import SettingsError

__all__ = [
    "BudgetSettings",
    "CloudProvider",
    "CloudSettings",
    "ComponentSettings",
    "DataClass",
    "DatabaseMode",
    "DatabaseSettings",
    "Distribution",
    "KubernetesSettings",
    "LakeSettings",
    "LifecycleSettings",
    "NatGateways",
    "NetworkSettings",
    "NodePoolSettings",
    "OrganisationSettings",
    "Profile",
    "Settings",
    "SettingsError",
    "load",
]
