"""The whole configuration surface of a stack, read once from the Pulumi configuration.

Source: CFG-1..13, NET-1, CLU-4, TGT-11.
"""

from stacks.settings.component_model import (
    ChartSettings,
    ComponentSettings,
    EdgeSettings,
    GatewayController,
    SingleSignOnSettings,
)
from stacks.settings.loading import load
from stacks.settings.model import (
    BudgetSettings,
    CloudProvider,
    CloudSettings,
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
from stacks.settings.openshift_managed_model import ManagedClusterSettings, Visibility
from stacks.settings.openshift_model import OpenShiftSettings, RouteCertificates
from stacks.settings.problems import SettingsError
from stacks.settings.team_model import TeamSettings
from stacks.settings.vault_model import StoreScope, VaultSettings

__all__ = [
    "BudgetSettings",
    "ChartSettings",
    "CloudProvider",
    "CloudSettings",
    "ComponentSettings",
    "DataClass",
    "DatabaseMode",
    "DatabaseSettings",
    "Distribution",
    "EdgeSettings",
    "GatewayController",
    "KubernetesSettings",
    "LakeSettings",
    "LifecycleSettings",
    "ManagedClusterSettings",
    "NatGateways",
    "NetworkSettings",
    "NodePoolSettings",
    "OpenShiftSettings",
    "OrganisationSettings",
    "Profile",
    "RouteCertificates",
    "Settings",
    "SettingsError",
    "SingleSignOnSettings",
    "StoreScope",
    "TeamSettings",
    "VaultSettings",
    "Visibility",
    "load",
]
