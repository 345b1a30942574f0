"""The OpenShift cluster, which exists or is made, and what its owner has put around it.

Source: CLU-3, A-31, CFG-2..6.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from stacks.settings.base_model import SettingsModel
from stacks.settings.fields import UUID, Allowed, HttpsUrl, LabelValue, Network, Slug
from stacks.settings.openshift_managed_model import ManagedClusterSettings

# Stands for "no cluster yet": the sandbox's cluster has this id.
PLACEHOLDER_CLUSTER = "00000000-0000-4000-8000-000000000000"

ClusterId = Annotated[
    str,
    Field(pattern=UUID),
    Allowed("the cluster's own id, as `oc get clusterversion version -o jsonpath={.spec.clusterID}` shows it"),
]
FilePath = Annotated[
    str, Field(pattern=r"^[/~][ -~]*$", max_length=1000), Allowed("the path of a file, such as ~/.kube/config")
]
ContextName = Annotated[
    str, Field(pattern=r"^[!-~]{1,253}$"), Allowed("a context of the kubeconfig, such as platform/api-example-com:6443")
]
Certificates = Annotated[
    str,
    Field(pattern=r"^-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$", max_length=100_000),
    Allowed("certificates in PEM form"),
]
BucketName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]([a-z0-9.-]{1,61}[a-z0-9])$"),
    Allowed("the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens, such as company-lake-raw"),
]
VaultPath = Annotated[
    str,
    Field(pattern=r"^[a-z0-9-]+(/[a-z0-9-]+)*$", max_length=200),
    Allowed("a path of the vault without slashes at its ends, such as kv/platform"),
]
StorageClassName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$"),
    Allowed("a storage class of the cluster, such as ocs-storagecluster-ceph-rbd"),
]
RegistryAddress = Annotated[
    str,
    Field(pattern=r"^[a-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9._-]+)*$", max_length=200),
    Allowed("a registry with the path that the images are under, such as registry.example.com/platform"),
]

# what the platform calls each bucket, by its field of BucketNames
BUCKETS = {
    "raw": "raw",
    "curated": "curated",
    "archive": "archive",
    "invoices": "invoices",
    "backups": "backups",
    "velero_backups": "velero-backups",
}


class RouteCertificates(StrEnum):
    """Where the certificates of the public hosts come from. Source: NET-6."""

    ISSUER = "issuer"
    ROUTER = "router"


class KubeconfigSettings(SettingsModel):
    """Signing in as a kubeconfig says, where `openshiftToken` is absent. Source: A-31."""

    path: FilePath | None = None
    """The file; absent: the one that KUBECONFIG names, or ~/.kube/config."""
    context: ContextName | None = None
    """The context to sign in with; absent: the current one."""


class BucketNames(SettingsModel):
    """Buckets that exist under names of their own; absent: `<lake.namePrefix>-<bucket>`. Source: LAKE-1, LAKE-5."""

    raw: BucketName | None = None
    """The lake's data as it arrived."""
    curated: BucketName | None = None
    """The lake's cleaned data."""
    archive: BucketName | None = None
    """What is kept for the record."""
    invoices: BucketName | None = None
    """Incoming invoices."""
    backups: BucketName | None = None
    """Backups of the databases."""
    velero_backups: BucketName | None = None
    """Backups of the cluster."""


class ObjectStoreSettings(SettingsModel):
    """The object store behind the lake, with the S3 API. Source: A-31, LAKE-1."""

    endpoint: HttpsUrl
    """Address of its S3 API."""
    region: LabelValue = "us-east-1"
    """Region that requests are signed for; stores without regions take this one."""
    path_style: bool = True
    """Whether the bucket stands in the path (`endpoint/bucket`) instead of the host name."""
    ca_certificate: Certificates | None = None
    """Authority that signed the endpoint's certificate; absent: a public one."""
    cidrs: tuple[Network, ...] = ()
    """Networks that it is in; empty: on the internet."""
    vault_path: VaultPath = "object-store/credentials"
    """Where the vault has its keys, `access-key-id` and `secret-access-key`."""
    keys_per_account: bool = False
    """Whether each service account has keys of its own, at `<vaultPath>/<namespace>-<account>`."""
    buckets: BucketNames = BucketNames()
    """Names of the buckets; they exist."""


class VaultServerSettings(SettingsModel):
    """A HashiCorp Vault, or OpenBao, that holds every credential of the platform. Source: SEC-5, A-31."""

    address: HttpsUrl
    """Address of the server."""
    mount: VaultPath = "secret"
    """Mount of the key-value engine, version 2."""
    auth_mount: VaultPath = "kubernetes"
    """Mount of the Kubernetes auth method."""
    role: LabelValue
    """Role that External Secrets' service account (security/external-secrets) takes."""
    cidrs: tuple[Network, ...] = ()
    """Networks that it is in; empty: on the internet."""
    ca_certificate: Certificates | None = None
    """Authority that signed the server's certificate; absent: a public one."""


class StorageSettings(SettingsModel):
    """Storage classes of the cluster. Source: A-31."""

    standard: StorageClassName
    """For volumes that may go with their claim; it encrypts them. A managed cluster comes with managed-csi."""
    retained: StorageClassName | None = None
    """For volumes that outlive their claim: the database's, where lake.protect is on. A managed cluster's is made."""


class OpenShiftSettings(SettingsModel):
    """The OpenShift cluster, which exists or is made, and what is around it. Source: CLU-3, A-31."""

    cluster_id: ClusterId | None = None
    """The one cluster that the stack may touch, where it exists; 00000000-0000-4000-8000-000000000000: "none yet"."""
    managed: ManagedClusterSettings | None = None
    """An Azure Red Hat OpenShift cluster that the stack makes; absent: the cluster exists."""
    api_server: HttpsUrl | None = None
    """Address of the API server; with a kubeconfig it must be the context's own."""
    certificate_authority: Certificates | None = None
    """Authority that signed the API server's certificate, where `openshiftToken` signs in; absent: a public one."""
    kubeconfig: KubeconfigSettings = KubeconfigSettings()
    """Signing in as a kubeconfig says, where `openshiftToken` is absent."""
    api_server_cidrs: tuple[Network, ...] = ()
    """Networks of the control plane's machines; empty: all of network.cidr."""
    object_store: ObjectStoreSettings
    """The object store behind the lake."""
    vault_server: VaultServerSettings | None = None
    """A Vault with every credential; absent: Secrets of the namespace that vaultNamespace names, which are made."""
    vault_namespace: Slug = "biz-automation-vault"
    """Namespace that holds every credential where there is no Vault."""
    storage: StorageSettings
    """Storage classes of the cluster."""
    registry: RegistryAddress | None = None
    """Where the platform's own images are pulled from; absent: the cluster's own registry."""
    user_workload_monitoring: bool = True
    """Whether the cluster's monitoring scrapes user projects; false: nothing scrapes the platform."""
    route_certificates: RouteCertificates = RouteCertificates.ROUTER
    """Certificates of the public hosts: the router's own for all of them, or one from the issuer for each."""
