"""The whole configuration surface of a stack, read once from the Pulumi configuration.

Source: CFG-1..13, NET-1, CLU-4, TGT-11.
"""

from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class SettingsModel(BaseModel):
    """Base of every settings model: immutable, no coercion, no unknown keys, camelCase keys as in Pulumi."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class CloudProvider(StrEnum):
    """Clouds that the platform runs on. Source: CFG-2."""

    AWS = "aws"
    AZURE = "azure"
    OPENSHIFT = "openshift"


class Distribution(StrEnum):
    """Kubernetes distributions; each belongs to exactly one cloud. Source: CFG-4, CFG-6."""

    EKS = "eks"
    AKS = "aks"
    OPENSHIFT = "openshift"


class Profile(StrEnum):
    """Sizing profile of a stack. Source: CFG-8, TGT-8."""

    DEV = "dev"
    STG = "stg"
    PROD = "prod"


class DataClass(StrEnum):
    """Confidentiality of the data that a stack holds."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"


class NatGateways(StrEnum):
    """How many NAT gateways a network gets."""

    SINGLE = "single"
    PER_ZONE = "per-zone"


class DatabaseMode(StrEnum):
    """Where PostgreSQL runs. Source: A-35."""

    IN_CLUSTER = "in-cluster"
    MANAGED = "managed"


class CloudSettings(SettingsModel):
    provider: CloudProvider
    region: str
    account_id: str | None = None


class KubernetesSettings(SettingsModel):
    distribution: Distribution
    cluster_name: str
    version: str
    public_access_cidrs: tuple[IPv4Network, ...] = ()


class OrganisationSettings(SettingsModel):
    name: str
    owner: str
    cost_center: str
    cost_centers: tuple[str, ...]
    data_class: DataClass
    base_domain: str


class NetworkSettings(SettingsModel):
    cidr: IPv4Network
    zones: Annotated[int, Field(ge=2, le=3)]
    nat_gateways: NatGateways
    interface_endpoints: tuple[str, ...] = ()
    flow_log_retention_days: int = 30


class NodePoolSettings(SettingsModel):
    name: str
    instance_type: str
    min_size: int
    desired_size: int
    max_size: int
    disk_size_gib: int = 100


class LakeSettings(SettingsModel):
    name_prefix: str
    log_retention_days: int = 90
    protect: bool


class DatabaseSettings(SettingsModel):
    mode: DatabaseMode
    version: str = "17"
    instance_class: str | None = None
    storage_gib: int = 50
    backup_retention_days: int = 7
    multi_zone: bool = False


class BudgetSettings(SettingsModel):
    monthly_limit_usd: int
    alert_emails: tuple[str, ...]


class ComponentSettings(SettingsModel):
    """Which components a stack runs. Source: CFG-7, ARCH-14."""

    healthz: bool = True


class Settings(SettingsModel):
    """One stack, complete. Source: CFG-1..13."""

    profile: Profile
    cloud: CloudSettings
    kubernetes: KubernetesSettings
    organisation: OrganisationSettings
    network: NetworkSettings
    node_pools: tuple[NodePoolSettings, ...]
    lake: LakeSettings
    database: DatabaseSettings
    budget: BudgetSettings
    components: ComponentSettings = ComponentSettings()
