"""The whole configuration surface of a stack: the models, one per top-level key of ``Pulumi.<stack>.yaml``.

Each model checks its own values' types and forms; what depends on two values, or on a table of a cloud's offer, is
in ``rules``. Keys are camelCase in YAML and snake_case here. Values that the requirements leave open (A-30, A-32) have
defaults here or are chosen, and marked so, in the stack files.

Source: CFG-1..13, NET-1, CLU-4, TGT-11.
"""

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import BeforeValidator, Field

from components.ownership import Ownership
from stacks.settings.base_model import SettingsModel, absent_if_empty
from stacks.settings.component_model import (
    AlertingSettings,
    ChartSettings,
    ComponentSettings,
    EdgeSettings,
    ProcessEngineSettings,
    ServiceNowSettings,
    SingleSignOnSettings,
    UiPathSettings,
)
from stacks.settings.fields import (
    AccountId,
    AzureId,
    BucketPrefix,
    ClientSecret,
    ClusterName,
    DnsName,
    EmailAddress,
    EndpointService,
    InstanceClass,
    InstanceType,
    KubernetesVersion,
    LabelValue,
    Network,
    NodePoolName,
    PostgresVersion,
    PullSecret,
    Region,
    RoleArn,
    ServiceAccountToken,
    Slug,
)
from stacks.settings.namespace_model import NamespaceSettings
from stacks.settings.openshift_managed_model import ManagedClusterSettings
from stacks.settings.openshift_model import OpenShiftSettings
from stacks.settings.team_model import TeamSettings
from stacks.settings.vault_model import VaultSettings


class CloudProvider(StrEnum):
    """Clouds that the platform runs on. Source: CFG-2, A-33."""

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
    """Which cloud, where, and in which account. Source: CFG-2, CFG-3, A-33."""

    provider: CloudProvider
    """The cloud; cannot change once the stack exists."""
    region: Region
    """The cloud's region."""
    account_id: AccountId | None = None
    """The AWS account; the provider refuses every other one. 123456789012 stands for "none yet": the sandbox's."""
    subscription_id: AzureId | None = None
    """The Azure subscription. 00000000-0000-0000-0000-000000000000 stands for "none yet": the sandbox's."""
    tenant_id: AzureId | None = None
    """The Entra tenant of the subscription. 00000000-0000-0000-0000-000000000000 stands for "none yet"."""


class KubernetesSettings(SettingsModel):
    """The cluster. Source: CFG-4..6, CLU-1..4, A-5."""

    distribution: Distribution
    """The Kubernetes distribution; belongs to the cloud."""
    cluster_name: ClusterName
    """The cluster's name; cannot change once the stack exists."""
    version: KubernetesVersion
    """The Kubernetes minor version, pinned."""
    administrator_role_arns: tuple[RoleArn, ...] = ()
    """IAM roles that administer the cluster, beside the one that created it. Only on AWS."""
    administrator_group_ids: tuple[AzureId, ...] = ()
    """Entra groups that administer the cluster; whoever deploys is in one. All zeros: "none yet". Only on Azure."""
    public_access_cidrs: tuple[Network, ...] = ()
    """Networks that reach the API server from outside; empty keeps it private. Only in dev."""
    log_retention_days: Annotated[int, Field(ge=1, le=3653)] = 90
    """Days that the control plane's logs are kept."""


class OrganisationSettings(SettingsModel):
    """Who runs the platform and who pays for it. Source: POL-2, COST-9, CFG-10, CFG-12, A-11."""

    name: Slug
    """The organisation."""
    owner: Slug
    """The team that answers for the stack; a label and a tag on everything."""
    cost_center: LabelValue
    """Who pays for what belongs to no workload of its own; one of costCenters."""
    cost_centers: Annotated[tuple[LabelValue, ...], Field(min_length=1)]
    """Every cost centre that may be charged; the policy pack refuses others."""
    data_class: DataClass
    """Confidentiality of the data that the stack holds."""
    base_domain: DnsName
    """Domain from which every public host name is derived."""


class NetworkSettings(SettingsModel):
    """The network's plan. Source: NET-1, A-32."""

    cidr: Network
    """Addresses of the network; no overlap with serviceCidr and peeredCidrs."""
    zones: Annotated[int, Field(ge=2, le=3)]
    """Availability zones that the network spans."""
    nat_gateways: NatGateways | None = None
    """One NAT gateway for all zones, or one in each; none where the network is not the stack's own."""
    interface_endpoints: tuple[EndpointService, ...] = ()
    """AWS services reached through a private endpoint instead of the NAT gateway."""
    flow_log_retention_days: Annotated[int, Field(ge=1, le=3653)] = 30
    """Days that flow logs are kept."""
    service_cidr: Network = IPv4Network("172.20.0.0/16")
    """Addresses of Kubernetes services; live only inside the cluster."""
    pod_cidr: Network | None = None
    """Addresses of pods, where they have a network of their own: on Azure and OpenShift."""
    peered_cidrs: tuple[Network, ...] = ()
    """Networks that are, or will be, connected: offices, other stacks."""


class NodePoolSettings(SettingsModel):
    """A group of equal nodes. Source: CLU-4, A-57."""

    name: NodePoolName
    """The pool's name, unique in the cluster."""
    instance_type: InstanceType
    """The machine type."""
    min_size: Annotated[int, Field(ge=0, le=200)]
    """Nodes that are always there."""
    desired_size: Annotated[int, Field(ge=0, le=200)]
    """Nodes to start with; the autoscaler moves it afterwards."""
    max_size: Annotated[int, Field(ge=1, le=200)]
    """Nodes that the autoscaler may reach."""
    disk_size_gib: Annotated[int, Field(ge=20, le=2000)] = 100
    """Encrypted disk of each node, in GiB."""


class LifecycleSettings(SettingsModel):
    """When a lake zone's objects move to cheaper storage and end, in days after creation. Source: LAKE-3, A-30."""

    infrequent_access_days: Annotated[int, Field(ge=30, le=3650)] = 30
    """Days until the infrequent-access tier; AWS takes no fewer than 30."""
    archive_days: Annotated[int, Field(ge=60, le=3650)] = 90
    """Days until the archive tier; at least 30 after infrequent access."""
    expiration_days: Annotated[int, Field(ge=61, le=36500)] | None = None
    """Days until deletion; absent: never."""


class LakeSettings(SettingsModel):
    """The data lake's buckets. Source: LAKE-1..8, BACKUP-8."""

    name_prefix: BucketPrefix
    """Start of every bucket's name; bucket names are unique in the world."""
    log_retention_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """Days that access logs are kept."""
    protect: bool
    """Whether the engine refuses to delete what holds data, and the cloud where it can; obligatory in prod."""
    raw: LifecycleSettings = LifecycleSettings()
    """Lifecycle of data as it arrived."""
    curated: LifecycleSettings = LifecycleSettings(infrequent_access_days=90, archive_days=365)
    """Lifecycle of cleaned data."""
    archive: LifecycleSettings = LifecycleSettings(infrequent_access_days=30, archive_days=60, expiration_days=2555)
    """Lifecycle of what is kept for the record: seven years."""

    @property
    def zones(self) -> Mapping[str, LifecycleSettings]:
        """The lifecycle of each zone by the zone's name."""
        return {"raw": self.raw, "curated": self.curated, "archive": self.archive}


class DatabaseSettings(SettingsModel):
    """PostgreSQL. Source: DB-1, A-35, A-43."""

    mode: DatabaseMode
    """In the cluster (dev), or run by the cloud (stg, prod)."""
    version: PostgresVersion = "17"
    """The PostgreSQL major version, pinned."""
    instance_class: InstanceClass | None = None
    """Machine class of the managed database; none in the cluster."""
    storage_gib: Annotated[int, Field(ge=20, le=16384)] = 50
    """Storage in GiB."""
    backup_retention_days: Annotated[int, Field(ge=1, le=35)] = 7
    """Days back to which the database can be restored to any moment."""
    multi_zone: bool = False
    """Whether a second zone holds a standby."""


class BudgetSettings(SettingsModel):
    """The monthly budget and who hears of it. Source: COST-5..7, A-40."""

    monthly_limit_usd: Annotated[int, Field(ge=1, le=1_000_000)]
    """US dollars per month."""
    alert_emails: Annotated[tuple[EmailAddress, ...], Field(min_length=1, max_length=10)]
    """Who is told at 80 % of the limit, and when the forecast passes it."""
    reads_bill: bool = False
    """Whether OpenCost reads the cloud's bill, with what the vault has at `opencost/cloud-integration`, too."""


class Settings(SettingsModel):
    """One stack, complete. Source: CFG-1..13."""

    profile: Profile
    """Sizing profile; a stack called dev, stg or prod has the profile of that name."""
    cloud: CloudSettings
    """Which cloud, where, and in which account."""
    kubernetes: KubernetesSettings
    """The cluster."""
    organisation: OrganisationSettings
    """Who runs the platform, who pays for it, and under which domain."""
    network: NetworkSettings
    """The network's plan."""
    node_pools: Annotated[tuple[NodePoolSettings, ...], Field(max_length=20)] = ()
    """The cluster's node pools; of a cluster that exists, the workers that it has."""
    lake: LakeSettings
    """The data lake's buckets."""
    database: DatabaseSettings
    """PostgreSQL, in the cluster or run by the cloud."""
    budget: BudgetSettings
    """The monthly budget and who hears of it."""
    vault: VaultSettings
    """The cloud's vault of credentials."""
    components: ComponentSettings = ComponentSettings()
    """Which components the stack runs."""
    charts: ChartSettings = ChartSettings()
    """Where the charts of third parties come from."""
    edge: EdgeSettings = EdgeSettings()
    """How host names are published."""
    single_sign_on: Annotated[SingleSignOnSettings | None, BeforeValidator(absent_if_empty)] = None
    """The identity provider through which people sign on."""
    teams: Annotated[tuple[TeamSettings, ...], Field(max_length=50)] = ()
    """Teams that share the platform, each with a namespace of its own."""
    namespaces: Annotated[tuple[NamespaceSettings, ...], Field(max_length=20)] = ()
    """What the platform's namespaces may use, where the profile's quotas do not fit."""
    process_engine: ProcessEngineSettings = ProcessEngineSettings()
    """The BPM engine."""
    uipath: Annotated[UiPathSettings | None, BeforeValidator(absent_if_empty)] = None
    """UiPath Orchestrator, where `components.uipath` is on."""
    servicenow: Annotated[ServiceNowSettings | None, BeforeValidator(absent_if_empty)] = None
    """ServiceNow, where `components.servicenow` is on."""
    alerting: AlertingSettings = AlertingSettings()
    """Whom alerts reach."""
    openshift: OpenShiftSettings | None = None
    """The OpenShift cluster, where `cloud.provider` is openshift."""
    openshift_token: Annotated[ServiceAccountToken | None, BeforeValidator(absent_if_empty)] = None
    """Token of a service account that signs in at OpenShift, encrypted; absent: a kubeconfig signs in."""
    openshift_client_secret: Annotated[ClientSecret | None, BeforeValidator(absent_if_empty)] = None
    """Secret of `openshift.managed.servicePrincipal`, encrypted."""
    openshift_pull_secret: Annotated[PullSecret | None, BeforeValidator(absent_if_empty)] = None
    """Pull secret for Red Hat's registries, encrypted, for `openshift.managed`; absent: none of their content."""

    @property
    def ownership(self) -> Ownership:
        """Tags and labels of everything that the stack creates. Source: POL-2, COST-9."""
        return Ownership(
            cost_center=self.organisation.cost_center,
            owner=self.organisation.owner,
            environment=self.profile.value,
            data_class=self.organisation.data_class.value,
        )

    @property
    def managed_openshift(self) -> ManagedClusterSettings | None:
        """The Azure Red Hat OpenShift cluster that the stack makes; None: it makes none. Source: CLU-3."""
        return self.openshift.managed if self.openshift else None

    @property
    def components_on(self) -> tuple[str, ...]:
        """Switches of the components that the stack runs."""
        return tuple(name for name, on in self.components.model_dump(by_alias=True).items() if on)
