"""The platform of a committed stack over a foundation without a cloud, recorded."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components.base import PlatformChart, PlatformChartArgs
from components.secrets import inventory, team_secrets
from stacks import platform
from stacks.foundation import (
    Foundation,
    ManagedDatabase,
    S3Store,
    SecretStoreSpecification,
    StorageClassSpecification,
)
from stacks.settings import DatabaseMode, Settings
from stacks.settings.loading import parse
from tests.unit.components.environment import AGENT, NotedIdentity
from tests.unit.recording import RecordingEngine, Registration
from tests.unit.settings.configuration import values_of

NODES = "test:index:Nodes"
# a component of its provider's, whose objects only an engine renders
CHART = "kubernetes:helm.sh/v4:Chart"
# a team that the vault has credentials for
TEAM = "growth"
ENDPOINT_NETWORKS = (IPv4Network("10.10.76.0/24"), IPv4Network("10.10.77.0/24"))
CONTROL_PLANE_NETWORKS = (IPv4Network("10.10.72.0/24"), IPv4Network("10.10.73.0/24"))
BACKUPS = {"destinationPath": "s3://biz-backups/database/", "s3Credentials": {"inheritFromIAMRole": True}}
STORAGE_CLASSES = (
    StorageClassSpecification("standard", "disks.example", {"encrypted": "true"}, default=True),
    StorageClassSpecification("retained", "disks.example", {"encrypted": "true"}, retain=True),
)


@dataclass(frozen=True)
class Deployment:
    """A platform that was deployed: how it was configured, what was registered, what the program exports.

    ``charts`` is what each chart was given, by its release, as only a real engine renders them;
    ``bound_accounts`` are the service accounts with an identity in the cloud, as ``namespace/name``.
    """

    settings: Settings
    engine: RecordingEngine
    outputs: dict[str, Any]
    charts: Mapping[str, PlatformChartArgs]
    bound_accounts: frozenset[str]

    @cached_property
    def objects(self) -> list[Registration]:
        """The Kubernetes objects."""
        return [item for item in self.engine.registrations if item.type.startswith("kubernetes:")]

    def top(self, item: Registration) -> str:
        """Class, with its folder, of the outermost component around a resource: ``workflows:Kestra``."""
        by_urn = {each.urn: each for each in self.engine.registrations}
        while item.parent in by_urn:
            item = by_urn[item.parent]
        return item.type.removeprefix("biz-automation:")

    @property
    def taken_for_gone(self) -> list[str]:
        """Objects in no namespace that end with one: the engine believes them gone with it and deletes them not."""
        return [
            item.name
            for item in self.objects
            if "core/v1:Namespace::" in item.deleted_with
            and item.type != CHART
            and not item.inputs["metadata"].get("namespace")
        ]

    def of_kind(self, kind: str) -> dict[str, dict[str, Any]]:
        """Objects of a kind by ``namespace/name``, or by name where they live in no namespace."""
        return {reference(item): item.inputs for item in self.objects if item.type.rpartition(":")[2] == kind}


def reference(item: Registration) -> str:
    """Return ``namespace/name`` of an object, or its name."""
    metadata = item.inputs["metadata"]
    return "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)


def settings_of(name: str) -> Settings:
    """Return the settings of a committed stack file, or of a case file of the settings' tests."""
    settings, problems = parse(values_of(name)[0], name.partition(".")[0])
    assert settings is not None, problems
    return settings


def deploy(engine: RecordingEngine, settings: Settings) -> Deployment:
    """Deploy a platform in a recording engine."""

    def program() -> dict[str, Any]:
        return dict(platform.build(settings, _foundation(settings, identity)))

    identity = NotedIdentity()
    with noted_charts() as charts:
        outputs = engine.deploy(program)
    return Deployment(settings, engine, outputs, charts, frozenset(identity.grants))


@contextmanager
def noted_charts() -> Generator[Mapping[str, PlatformChartArgs]]:
    """What each chart is given that is installed meanwhile, by its release."""
    charts: dict[str, PlatformChartArgs] = {}
    install = PlatformChart.__init__

    def noted(
        chart: PlatformChart, name: str, args: PlatformChartArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        charts[args.release or args.chart] = args
        install(chart, name, args, opts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlatformChart, "__init__", noted)
        yield charts


def _managed() -> ManagedDatabase:
    return ManagedDatabase(
        host=pulumi.Output.from_input("postgres.cloud.example"),
        port=pulumi.Output.from_input(5432),
        name="analytics",
        networks=CONTROL_PLANE_NETWORKS,
        secret_name=pulumi.Output.from_input("postgres/superuser"),
    )


def _foundation(settings: Settings, identity: NotedIdentity) -> Foundation:
    return Foundation(
        provider=kubernetes.Provider("cluster", kubeconfig="{}"),
        ready=pulumi.CustomResource(NODES, "nodes", {}),
        control_plane_networks=CONTROL_PLANE_NETWORKS,
        identity=identity,
        lake={zone: pulumi.Output.from_input(f"s3://biz-{zone}") for zone in ("raw", "curated", "archive")},
        secret_store=SecretStoreSpecification("vault", {"fake": {"data": []}}),
        storage_classes=STORAGE_CLASSES,
        registry=pulumi.Output.from_input("registry.example"),
        backup={},
        # what the platform runs itself, it backs up itself
        database_backups={} if settings.database.mode is DatabaseMode.MANAGED else BACKUPS,
        database=_managed() if settings.database.mode is DatabaseMode.MANAGED else None,
        object_store=S3Store("s3.example", "region-1"),
        dns_provider="aws",
        destination_networks={
            "cloud-identity": AGENT,
            "internet": ENDPOINT_NETWORKS,
            "object-store": ENDPOINT_NETWORKS,
            "vault": ENDPOINT_NETWORKS,
        },
        outputs={"clusterName": settings_of("dev").kubernetes.cluster_name},
        secrets={
            path: pulumi.Output.from_input(path)
            for path in (*inventory(), *team_secrets([TEAM, *(team.name for team in settings.teams)]))
        },
    )
