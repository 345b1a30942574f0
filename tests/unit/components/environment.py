"""An environment for component tests: any namespace, a vault that knows every secret, an edge that takes notes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Network

import pulumi
from typing_extensions import override

from components import base
from components.datalake import BlobStore, ObjectStore, S3Store
from components.identity import Grant, IdentityBinding, ServiceAccountReference
from components.identity.openshift import Identity as KeyedIdentity
from components.identity.openshift import IdentityArgs
from components.ownership import Ownership
from components.secrets import inventory, team_secrets
from tests.unit.components.ownership import OWNERSHIP

GATE = "test:index:Gate"
BASE_DOMAIN = "dev.automation.example.com"
CONTROL_PLANE = base.ControlPlane([IPv4Network("10.10.72.0/24")], IPv4Address("172.20.0.1"))
# where the cloud hands out credentials
AGENT = (IPv4Network("169.254.170.23/32"), IPv6Network("fd00:ec2::23/128"))
ZONES = ("raw", "curated", "archive")
S3_STORE = S3Store("s3.region-1.example", "region-1")
PRIVATE_STORE = S3Store("s3.example.com", "datacentre-1", path_style=True, authority="-----BEGIN CERTIFICATE-----")
TEAMS = ("growth", "finance")


@dataclass
class NotedIdentity:
    """Gives every service account what it asks for, and notes it."""

    grants: dict[str, Sequence[Grant]] = field(default_factory=dict[str, Sequence[Grant]])

    def bind(self, account: ServiceAccountReference, grants: Sequence[Grant]) -> IdentityBinding:
        """Note the grants under ``namespace/name``."""
        self.grants[f"{account.namespace}/{account.name}"] = grants
        return IdentityBinding({"cloud.example/role": account.name}, base.client_labels("cloud-identity"))


@dataclass
class NotedEdge:
    """Publishes nothing, and notes what it was asked to."""

    exposures: dict[str, base.Exposure] = field(default_factory=dict[str, base.Exposure])

    def expose(self, exposure: base.Exposure, opts: pulumi.ResourceOptions) -> str:
        """Note the exposure under its name."""
        assert opts.parent is not None, "what publishes a component belongs to it"
        self.exposures[exposure.name] = exposure
        return f"https://{exposure.name}.{BASE_DOMAIN}"


@dataclass
class Namespaces(Mapping[str, base.Namespace]):
    """The platform's namespaces; each one is declared when a component first asks for it, which most never do."""

    profile: str
    ownership: Ownership
    declared: dict[str, base.Namespace] = field(default_factory=dict[str, base.Namespace])

    @override
    def __getitem__(self, name: str) -> base.Namespace:
        if name not in self.declared:
            allowance = base.allowances(self.profile)[name]
            args = base.NamespaceArgs(allowance, "1.35", CONTROL_PLANE, [], self.ownership)
            self.declared[name] = base.Namespace(name, args)
        return self.declared[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(base.allowances(self.profile))

    @override
    def __len__(self) -> int:
        return len(base.allowances(self.profile))


def _zone(name: str, store: ObjectStore) -> str:
    match store:
        case S3Store():
            return f"s3://biz-{name}"
        case BlobStore():
            return f"abfss://{name}@bizlake.dfs.core.windows.net"


def blob_store() -> BlobStore:
    """A storage account; call it inside a program."""
    return BlobStore(pulumi.Output.from_input("bizlake.blob.core.windows.net"))


def keyed_identity(store: S3Store) -> KeyedIdentity:
    """Gives every service account the same keys of a store; call it inside a program."""
    args = IdentityArgs(store, ZONES, ["invoices", "backups"], "object-store/credentials", lambda path: path)
    return KeyedIdentity("identity", args)


def gate(name: str) -> pulumi.Resource:
    """Something to wait for."""
    return pulumi.CustomResource(GATE, name, {})


def environment(
    profile: str = "dev",
    *,
    monitored: bool = True,
    edge: NotedEdge | None = None,
    store: ObjectStore = S3_STORE,
) -> base.Environment:
    """The environment of a stack with every service that components may ask for; call it inside a program.

    Args:
        profile: sizing profile.
        monitored: whether the cluster knows ServiceMonitor.
        edge: takes notes for the test; one that nobody reads where None.
        store: what the lake answers on.
    """
    ownership = replace(OWNERSHIP, environment=profile)
    rows = {**inventory(), **team_secrets(TEAMS)}
    names = {path: path if row.supplied else f"biz/{path}" for path, row in rows.items()}
    return base.Environment(
        profile=profile,
        ownership=ownership,
        namespaces=Namespaces(profile, ownership),
        control_plane=CONTROL_PLANE,
        base_domain=BASE_DOMAIN,
        sizes=base.sizes(profile),
        identity=NotedIdentity(),
        lake={zone: pulumi.Output.from_input(_zone(zone, store)) for zone in ZONES},
        object_store=store,
        storage_class="standard",
        registry=pulumi.Output.from_input("registry.example/biz"),
        monitors=gate("monitors") if monitored else None,
        secrets=base.SecretStore("vault", "ClusterSecretStore", names, gate("store")),
        edge=edge or NotedEdge(),
        networks={"cloud-identity": AGENT},
    )
