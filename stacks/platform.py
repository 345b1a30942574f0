"""Everything in Kubernetes, over any cloud's foundation, layer by layer; a component that is off leaves no trace.

Source: TGT-6, ARCH-12.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pulumi

from components import base, cache, database, mlops, security
from components.charts import ChartMirror, charts_of
from components.secrets import inventory
from stacks import renewal
from stacks.foundation import Foundation
from stacks.settings import Profile, Settings, StoreScope

Made = TypeVar("Made")

# SQL files that make the schema of the database analytics, in the order of their names
SQL = Path(__file__).parents[1] / "workloads" / "sql"
# Fewest and most replicas of a stateless service (A-30: chosen); from two on a disruption budget stands.
STATELESS_REPLICAS = {Profile.DEV: (2, 4), Profile.STG: (2, 6), Profile.PROD: (3, 10)}


def build(settings: Settings, foundation: Foundation) -> Mapping[str, pulumi.Input[Any]]:
    """Declare the platform of one stack.

    Args:
        settings: what to run, and how much of it.
        foundation: the cloud beneath.

    Returns:
        The stack's outputs, the foundation's among them.

    Raises:
        ChartError: the chart mirror lacks a chart that the stack needs, or has another one.
    """
    return _Builder(settings, foundation).build()


class _Builder:
    """Hands the environment to the components, and what one component makes to the next."""

    def __init__(self, settings: Settings, foundation: Foundation) -> None:
        self._settings = settings
        self._on = settings.components
        self._foundation = foundation
        self._opts = pulumi.ResourceOptions(provider=foundation.provider)
        self._outputs: dict[str, pulumi.Input[Any]] = dict(foundation.outputs)
        self._certificates: pulumi.Resource | None = None
        self._database_server: database.DatabaseServer | None = None
        self._cache_server: cache.CacheServer | None = None

    def build(self) -> Mapping[str, pulumi.Input[Any]]:
        renewal.remind(self._settings.vault.renewed_on, datetime.now(UTC).date())
        mirror = self._chart_mirror()
        environment = self._base(mirror)
        environment = self._monitors(environment)
        environment = self._security(environment)
        self._data(environment)
        self._mlops(environment)
        return self._outputs

    def _chart_mirror(self) -> ChartMirror | None:
        if self._settings.charts.mirror is None:
            return None
        mirror = ChartMirror(Path(self._settings.charts.mirror))
        mirror.verify(charts_of(self._settings.components_on))
        return mirror

    def _base(self, mirror: ChartMirror | None) -> base.Environment:
        settings, foundation, ownership = self._settings, self._foundation, self._settings.ownership
        priorities = base.PriorityClasses("priority", base.PriorityClassesArgs(ownership), self._opts)
        storage = base.StorageClasses(
            "storage", base.StorageClassesArgs(foundation.storage_classes, ownership), self._opts
        )
        # Kubernetes gives its own Service the first address
        control_plane = base.ControlPlane(foundation.control_plane_networks, settings.network.service_cidr[1])
        # what lives in a namespace waits for it, and so for the cluster and the classes that pods and claims name
        gates = [foundation.ready, priorities.ready, storage.ready]
        namespaces = {
            name: base.Namespace(
                name,
                base.NamespaceArgs(allowance, settings.kubernetes.version, control_plane, gates, ownership),
                self._opts,
            )
            for name, allowance in base.allowances(settings.profile).items()
        }
        base.Access(
            "access", base.AccessArgs(list(namespaces.values()), settings.organisation.name, ownership), self._opts
        )
        base.IntegrationIsolation(
            "integration-isolation", base.IntegrationIsolationArgs(namespaces["workflows"]), self._opts
        )
        networks = {"database": foundation.database.networks} if foundation.database else {}
        base.Destinations("destinations", base.DestinationsArgs(namespaces, networks), self._opts)
        self._outputs["namespaces"] = sorted(namespaces)
        if self._on.healthz:
            replicas = STATELESS_REPLICAS[settings.profile]
            spread = settings.profile is not Profile.DEV
            healthz = base.Healthz(
                "healthz", base.HealthzArgs(namespaces["integration"], replicas, spread, ownership), self._opts
            )
            self._outputs["healthzAddress"] = healthz.address
        return base.Environment(
            profile=settings.profile.value,
            ownership=ownership,
            namespaces=namespaces,
            control_plane=control_plane,
            base_domain=settings.organisation.base_domain,
            sizes=base.sizes(settings.profile.value),
            identity=foundation.identity,
            lake=foundation.lake,
            storage_class=next(item.name for item in foundation.storage_classes if item.default),
            registry=foundation.registry,
            chart_mirror=mirror,
        )

    def _monitors(self, environment: base.Environment) -> base.Environment:
        """The definitions of monitors come first: nearly every chart has one."""
        if not self._on.prometheus:
            return environment
        definitions = base.PlatformChart(
            "prometheus-operator-crds",
            base.PlatformChartArgs(
                environment=environment,
                chart="prometheus-operator-crds",
                namespace=environment.namespaces["observability"],
                values={},
                component="observability",
            ),
            self._opts,
        )
        return replace(environment, monitors=definitions.ready)

    def _security(self, environment: base.Environment) -> base.Environment:
        if self._on.external_secrets:
            environment = self._vault(environment)
        if self._on.cert_manager and self._settings.edge.acme_email:
            self._certificates = security.CertManager(
                "cert-manager",
                security.CertManagerArgs(environment, self._settings.edge.acme_email, self._foundation.acme_solver),
                self._opts,
            ).ready
            )
        if self._on.reloader:
            security.Reloader("reloader", security.ReloaderArgs(environment), self._opts)
        if self._on.gatekeeper:
            security.Gatekeeper("gatekeeper", security.GatekeeperArgs(environment), self._opts)
        return environment

    def _data(self, environment: base.Environment) -> None:
        if self._on.postgres:
            self._database_server = self._postgres(environment)
        if self._on.redis:
            self._cache_server = cache.Valkey("redis", cache.ValkeyArgs(environment), self._opts).server

    def _postgres(self, environment: base.Environment) -> database.DatabaseServer:
        settings, foundation = self._settings.database, self._foundation
        rows = database.databases_of(self._settings.components_on)
        image = database.postgres_image(settings.version)
        credentials = database.DatabaseCredentials(
            "postgres-credentials", database.DatabaseCredentialsArgs(environment, rows), self._opts
        ).ready
        if foundation.database:
            args = database.ManagedPostgresArgs(environment, foundation.database, image, rows, credentials)
            server = database.ManagedPostgres("postgres", args, self._opts).server
        else:
            operator = database.DatabaseOperator(
                "database-operator",
                database.DatabaseOperatorArgs(environment, _needed(self._certificates, "certManager")),
                self._opts,
            )
            server = database.Postgres(
                "postgres",
                database.PostgresArgs(
                    environment=environment,
                    image=image,
                    storage_gib=settings.storage_gib,
                    rows=rows,
                    backups=foundation.database_backups,
                    backup_retention_days=settings.backup_retention_days,
                    operator=operator.ready,
                    credentials=credentials,
                ),
                self._opts,
            ).server
        database.Migrations(
            "analytics-migrations",
            database.MigrationsArgs(environment, server, "analytics", sorted(SQL.glob("*.sql")), image),
            self._opts,
        )
        return server

    def _mlops(self, environment: base.Environment) -> None:
        if self._on.mlflow:
            tracking = mlops.Mlflow(
                "mlflow", mlops.MlflowArgs(environment, _needed(self._database_server, "postgres")), self._opts
            )
            self._outputs["mlflowAddress"] = tracking.address
        if self._on.kserve:
            serving = mlops.Kserve(
                "kserve", mlops.KserveArgs(environment, _needed(self._certificates, "certManager")), self._opts
            )
            for name, model in mlops.models().items():
                args = mlops.InferenceServiceArgs(environment, model, serving.ready)
                mlops.InferenceService(name, args, self._opts)
        if self._on.kubeflow:
            mlops.Trainer("trainer", mlops.TrainerArgs(environment), self._opts)
            self._pipelines(environment)

    def _pipelines(self, environment: base.Environment) -> None:
        store = self._foundation.object_store
        if store is None:
            raise ValueError("components.kubeflow is on, but the cloud's object store has no S3 API; switch it off")
        pipelines = mlops.Pipelines("pipelines", mlops.PipelinesArgs(environment, store), self._opts)
        self._outputs["pipelinesAddress"] = pipelines.address


def _needed(made: Made | None, switch: str) -> Made:
    """What a component made that another one needs; the settings see to it that both are on."""
    if made is None:
        raise ValueError(f"components.{switch} made nothing, but another component needs it; switch it on")
    return made
    def _vault(self, environment: base.Environment) -> base.Environment:
        supplied = {path: path for path, row in inventory().items() if row.supplied}
        operator = security.ExternalSecretsOperator(
            "external-secrets",
            security.ExternalSecretsOperatorArgs(
                environment,
                self._foundation.secret_store,
                {**supplied, **self._foundation.secrets},
                store_per_namespace=self._settings.vault.store_scope is StoreScope.NAMESPACE,
            ),
            self._opts,
        )
        return replace(environment, secrets=operator.store)
