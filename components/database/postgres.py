"""PostgreSQL in the cluster.

Source: DB-1, A-35, A-43, CLU-19.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, Priority, pod_monitor, traffic
from components.database.credentials import SUPERUSER, owner_secret
from components.database.databases import DatabaseRow
from components.database.server import NAMESPACE, PORT, SERVICE, DatabaseServer
from components.identity import Access, Grant

API_VERSION = "postgresql.cnpg.io/v1"
CLUSTER = SERVICE
_PLUGIN = "barman-cloud.cloudnative-pg.io"
_INSTANCES = {"cnpg.io/cluster": CLUSTER}
# chosen: the engines of dev keep pools of ten to twenty connections each
_PARAMETERS = {
    "max_connections": "200",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_min_duration_statement": "1000",
}
# BACKUP-6; with seconds first
_BACKUP_SCHEDULE = "0 0 2 * * *"


@dataclass(frozen=True)
class PostgresArgs:
    """What the server needs.

    Args:
        environment: the stack that it is part of.
        image: PostgreSQL by exact tag.
        storage_gib: volume of each instance.
        storage_class: of these volumes.
        protect: whether the engine refuses to delete it.
        rows: the databases, by name.
        backups: where they go, in the form of Barman's object store; empty: nowhere.
        backup_retention_days: days back to which any moment can be restored.
        operator: gate: the operator stands.
        credentials: gates: the Secrets of superuser and owners stand.
    """

    environment: Environment
    image: str
    storage_gib: int
    storage_class: str
    protect: bool
    rows: Mapping[str, DatabaseRow]
    backups: Mapping[str, Any]
    backup_retention_days: int
    operator: pulumi.Resource
    credentials: Sequence[pulumi.Resource]


class Postgres(pulumi.ComponentResource):
    """PostgreSQL by CloudNativePG, reachable as ``postgres``: roles, databases, backups to any moment.

    Connections are encrypted, and each role but the superuser sees its own database only. The operator makes pods, not
    a Deployment, so the Service ``postgres`` and the label ``app=postgres`` stand for the Deployment of CLU-19.

    Args:
        name: logical name.
        args: size, databases and backups.
        opts: carries the cluster's provider.

    Attributes:
        server: how applications reach it; its gate: roles, databases and the Service are declared.

    Source: DB-1, A-35, A-43, BACKUP-6, CLU-19.
    """

    server: DatabaseServer

    def __init__(self, name: str, args: PostgresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:database:Postgres", name, None, opts)
        self._args = args
        self._environment = args.environment
        self._namespace = args.environment.namespaces[NAMESPACE]
        store = [self._object_store()] if args.backups else []
        cluster = self._cluster(self._traffic(), *store)
        if args.backups:
            self._scheduled_backup(cluster)
        if args.environment.monitors:
            pod_monitor(
                f"{name}-instances",
                self._metadata(),
                self._inside(args.environment.monitors),
                selected=_INSTANCES,
                port="metrics",
            )
        databases = [self._database(database, row, cluster) for database, row in args.rows.items()]
        self.server = DatabaseServer(args.rows, ready=self._service(*databases))
        self.register_outputs({"host": self.server.host})

    def _metadata(self, name: str = CLUSTER) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        labels = self._environment.labels(name, "database")
        return {"name": name, "namespace": self._namespace.name, "labels": labels}

    def _inside(self, *gates: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, depends_on=[self._namespace.ready, *gates], deleted_with=self._namespace.resource
        )

    def _custom(
        self,
        kind: str,
        name: str,
        spec: Mapping[str, Any],
        *after: pulumi.Resource,
        api_version: str = API_VERSION,
        protect: bool = False,
    ) -> pulumi.Resource:
        return kubernetes.apiextensions.CustomResource(
            f"{kind.lower()}-{name}",
            api_version=api_version,
            kind=kind,
            metadata=self._metadata(name),
            spec=spec,
            opts=pulumi.ResourceOptions.merge(
                self._inside(self._args.operator, *after), pulumi.ResourceOptions(protect=protect)
            ),
        )

    def _traffic(self) -> pulumi.Resource:
        """Instances, and the Jobs that make them, call the API server and the backups' store.

        The Jobs' pods inherit no labels from the cluster, so the names of destinations cannot be used.
        """
        return traffic.network_policy(
            f"{NAMESPACE}-postgres-instances",
            self._metadata("postgres-instances"),
            self._inside(),
            selected=traffic.pods(_INSTANCES),
            egress=[
                traffic.api_server(self._environment.control_plane),
                *self._environment.ways_to("object-store", "cloud-identity"),
            ],
        )

    def _object_store(self) -> pulumi.Resource:
        compression = {"compression": "gzip"}
        return self._custom(
            "ObjectStore",
            CLUSTER,
            {
                "configuration": {**self._args.backups, "data": compression, "wal": compression},
                "retentionPolicy": f"{self._args.backup_retention_days}d",
                "instanceSidecarConfiguration": {
                    "resources": self._environment.size("plugin-barman-cloud-sidecar").resources
                },
            },
            api_version="barmancloud.cnpg.io/v1",
        )

    def _cluster(self, *after: pulumi.Resource) -> pulumi.Resource:
        binding = self._environment.bind(
            self._environment.namespaces[NAMESPACE], CLUSTER, [Grant("bucket/backups", Access.WRITE)]
        )
        gates = [*after, *self._args.credentials, *([binding.ready] if binding.ready else [])]
        size = self._environment.size(CLUSTER)
        labels = self._environment.labels(CLUSTER, "database")
        # the operator has its own words for the rest
        inherited = {key: labels[key] for key in ("app", "app.kubernetes.io/part-of", "cost-center", "environment")}
        spec: dict[str, Any] = {
            "instances": size.replicas,
            "imageName": self._args.image,
            "enablePDB": size.replicas > 1,
            "enableSuperuserAccess": True,
            "superuserSecret": {"name": SUPERUSER},
            # without a name there would be a database called app
            "bootstrap": {
                "initdb": {
                    "database": "analytics",
                    "owner": "analytics",
                    "secret": {"name": owner_secret("analytics")},
                    "dataChecksums": True,
                }
            },
            "storage": {"storageClass": self._args.storage_class, "size": f"{self._args.storage_gib}Gi"},
            "resources": size.resources,
            "priorityClassName": Priority.CRITICAL.value,
            "affinity": {
                "enablePodAntiAffinity": True,
                "podAntiAffinityType": "preferred",
                "topologyKey": "topology.kubernetes.io/zone",
            },
            "postgresql": {"parameters": _PARAMETERS, "pg_hba": self._host_based_access()},
            "inheritedMetadata": {"labels": {**inherited, **binding.pod_labels}},
            "serviceAccountTemplate": {"metadata": {"annotations": dict(binding.annotations)}},
        }
        if self._args.backups:
            spec["plugins"] = [{"name": _PLUGIN, "isWALArchiver": True, "parameters": {"barmanObjectName": CLUSTER}}]
        return self._custom("Cluster", CLUSTER, spec, *gates, protect=self._args.protect)

    def _host_based_access(self) -> list[str]:
        owners = [f"hostssl {name} {row.owner} all scram-sha-256" for name, row in self._args.rows.items()]
        return ["hostssl all postgres all scram-sha-256", *owners, "host all all all reject"]

    def _database(self, name: str, row: DatabaseRow, cluster: pulumi.Resource) -> pulumi.Resource:
        role = self._custom(
            "DatabaseRole",
            row.owner,
            {
                "cluster": {"name": CLUSTER},
                "name": row.owner,
                "login": True,
                "passwordSecret": {"name": owner_secret(row.owner)},
                "databaseRoleReclaimPolicy": "retain",
            },
            cluster,
        )
        spec = {
            "cluster": {"name": CLUSTER},
            "name": name,
            "owner": row.owner,
            "databaseReclaimPolicy": "retain",
        }
        return self._custom("Database", name, spec, role)

    def _scheduled_backup(self, cluster: pulumi.Resource) -> None:
        self._custom(
            "ScheduledBackup",
            CLUSTER,
            {
                "cluster": {"name": CLUSTER},
                "schedule": _BACKUP_SCHEDULE,
                "immediate": True,
                "backupOwnerReference": "self",
                "method": "plugin",
                "pluginConfiguration": {"name": _PLUGIN},
            },
            cluster,
        )

    def _service(self, *after: pulumi.Resource) -> pulumi.Resource:
        metadata = self._metadata()
        # its pods are the operator's to make
        metadata["annotations"] = {"pulumi.com/skipAwait": "true"}
        return kubernetes.core.v1.Service(
            SERVICE,
            metadata=metadata,
            spec={
                "type": "ClusterIP",
                "selector": {**_INSTANCES, "cnpg.io/instanceRole": "primary"},
                "ports": [{"name": "postgresql", "port": PORT, "target_port": "postgresql", "protocol": "TCP"}],
            },
            opts=self._inside(*after),
        )
