"""MLflow: experiments, runs and the model registry.

Source: MLOPS-2, MLOPS-7, A-53: it tracks and registers; KServe serves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import (
    Environment,
    Exposure,
    ExternalSecret,
    ExternalSecretArgs,
    PlatformChart,
    PlatformChartArgs,
    Priority,
    SecretKey,
)
from components.charts import Manifest, Patch, chart_reference, containers, named
from components.database import DatabaseConnection, DatabaseServer
from components.datalake import BlobStore, ObjectStore, S3Store, bucket_of
from components.identity import Access, Grant, IdentityBinding
from components.mlops.placement import disruption_budget, placed

NAME = "mlflow"
# the project's own image: the chart's has no client that signs in to Azure
_IMAGE = "ghcr.io/mlflow/mlflow"
PORT = 5000
# the chart refers to a Secret of this name, which it would make with a hook
FLASK_SECRET = "mlflow-flask-server-secret-key"  # noqa: S105 - a name
ADMINISTRATOR = "mlflow-administrator"
DATABASE = "mlflow-database"
_SELECTOR = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME}
# Prometheus calls pods by their address; names are what a rebinding attack would use
_POD_ADDRESSES = ("10.*", "100.*", "172.*", "192.168.*")


@dataclass(frozen=True)
class MlflowArgs:
    """What MLflow needs.

    Args:
        environment: the stack that it is part of.
        database: where runs and models are recorded.
    """

    environment: Environment
    database: DatabaseServer


class Mlflow(pulumi.ComponentResource):
    """MLflow with its records in PostgreSQL and its artefacts in the curated zone of the lake, below ``mlflow/``.

    Clients send and get artefacts through the server, so that only its service account needs the lake. They log in:
    the vault has the administrator's password at ``mlflow/administrator``.

    Args:
        name: logical name.
        args: environment and database.
        opts: carries the cluster's provider.

    Attributes:
        address: of the tracking server in the cluster.
        ready: gate: the server is available.

    Source: MLOPS-2, MLOPS-7, A-53.
    """

    address: str
    ready: pulumi.Resource

    def __init__(self, name: str, args: MlflowArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:mlops:Mlflow", name, None, opts)
        environment = args.environment
        self._environment, self._namespace = environment, environment.namespaces["ml"]
        self._child = pulumi.ResourceOptions(parent=self)
        connection = args.database.database("mlflow")
        identity = environment.bind(self._namespace, NAME, [Grant("lake/curated", Access.WRITE)])
        size = environment.size(NAME)
        secrets = [
            self._secret(FLASK_SECRET, {"MLFLOW_FLASK_SERVER_SECRET_KEY": SecretKey("mlflow/flask", "secret")}),
            self._secret(ADMINISTRATOR, _keys("mlflow/administrator")),
            self._secret(DATABASE, connection.credentials),
        ]
        chart = PlatformChart(
            name,
            PlatformChartArgs(
                environment=environment,
                chart="mlflow",
                release=NAME,
                namespace=self._namespace,
                values=_values(environment, connection, identity),
                component="mlops",
                after=[
                    args.database.ready,
                    *(secret.ready for secret in secrets),
                    *([identity.ready] if identity.ready else []),
                ],
                destinations=["database", "object-store"],
                pod_labels={"app": NAME, **identity.pod_labels},
                patches=patches(environment, connection),
            ),
            self._child,
        )
        self.ready = chart.ready
        if size.replicas > 1:
            disruption_budget(NAME, environment, self._namespace, _SELECTOR, self._child)
        if environment.edge:
            exposure = Exposure(NAME, self._namespace, NAME, PORT, after=chart.ready)
            environment.edge.expose(exposure, self._child)
        self.address = f"http://{NAME}.{self._namespace.name}.svc.cluster.local:{PORT}"
        self.register_outputs({"address": self.address})

    def _secret(self, name: str, keys: Mapping[str, SecretKey]) -> ExternalSecret:
        environment = self._environment
        return ExternalSecret(
            name,
            ExternalSecretArgs(environment, self._namespace, keys, "mlops"),
            self._child,
        )


def _keys(path: str) -> dict[str, SecretKey]:
    return {key: SecretKey(path, key) for key in ("username", "password")}


def _values(environment: Environment, connection: DatabaseConnection, identity: IdentityBinding) -> dict[str, Any]:
    size, credentials = environment.size(NAME), identity.credentials
    store = {
        "enabled": True,
        "host": connection.host,
        "port": connection.port,
        "database": connection.name,
        # the one that the image has; what an address without it means changes with SQLAlchemy's version
        "driver": "psycopg2",
    }
    image = {"repository": _IMAGE, "tag": f"v{chart_reference('mlflow').app_version}-full"}
    return {
        "fullnameOverride": NAME,
        "image": image,
        # what brings the tables up to date is of the same image as what uses them
        "initImages": {"mlflowDbMigration": image},
        "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "revisionHistoryLimit": 5,
        "serviceAccount": {"name": NAME, "automount": False, "annotations": dict(identity.annotations)},
        "extraSecretNamesForEnvFrom": list(identity.secrets),
        "resources": size.resources,
        "service": {"port": PORT, "containerPort": PORT},
        "telemetry": {"enabled": False},
        "backendStore": {
            # brings the tables up to date before a new version serves
            "databaseMigration": True,
            "postgres": store,
            "existingDatabaseSecret": {"name": DATABASE},
        },
        "artifactRoot": {
            "proxiedArtifactStorage": True,
            "defaultArtifactsDestination": _artefacts(environment.object_store, environment.lake["curated"]),
        },
        "auth": {
            "enabled": True,
            # what somebody with an account may do where nobody gave more
            "defaultPermission": "READ",
            "existingAdminSecret": {"name": ADMINISTRATOR},
            # accounts and runs have version tables of their own in the one database
            "postgres": {**store, "existingSecret": {"name": DATABASE}},
        },
        "extraArgs": {"workers": "2" if environment.is_highly_available else "1"},
        "extraVolumes": [
            {"name": "metrics", "emptyDir": {"sizeLimit": "64Mi"}},
            *(credentials.volumes() if credentials else ()),
        ],
        "extraVolumeMounts": [
            {"name": "metrics", "mountPath": "/mlflow/metrics"},
            *(credentials.mounts() if credentials else ()),
        ],
        "serverAllowedHosts": [
            environment.host(NAME),
            *(f"{NAME}{end}:{PORT}" for end in ("", ".ml", ".ml.svc", ".ml.svc.cluster.local")),
            *_POD_ADDRESSES,
        ],
        "corsAllowedOrigins": [f"https://{environment.host(NAME)}"],
        "podSecurityContext": {"runAsNonRoot": True, "fsGroup": 1001, "seccompProfile": {"type": "RuntimeDefault"}},
        "serviceMonitor": {
            "enabled": environment.monitors is not None,
            "namespace": environment.namespaces["ml"].name,
            "useServicePort": True,
        },
    }


def _artefacts(store: ObjectStore, zone: pulumi.Output[str]) -> pulumi.Output[str]:
    """Where artefacts go, in the words of the client that the image has for the store. Source: docs/adr/0028."""
    match store:
        case S3Store():
            return pulumi.Output.concat(zone, "/mlflow")
        case BlobStore():
            # the Blob API; addresses of the Data Lake's need a client that the image lacks
            return pulumi.Output.concat("wasbs://", zone.apply(bucket_of), "@", store.host, "/mlflow")


def patches(environment: Environment, connection: DatabaseConnection) -> list[Patch]:
    """What the chart has no values for.

    Args:
        environment: the stack.
        connection: to the database.
    """
    resources = environment.size("mlflow-configuration").resources

    def complete(manifest: Manifest) -> None:
        for container in containers(manifest):
            # libpq reads it; the chart's address has no place for it
            if any(variable["name"] == "PGUSER" for variable in container["env"]):
                container["env"].append({"name": "PGSSLMODE", "value": connection.sslmode})
            container.setdefault("resources", resources)
        manifest["spec"]["template"]["spec"]["enableServiceLinks"] = False

    return [
        placed(environment, NAME, environment.size(NAME), Priority.HIGH),
        named("Deployment", NAME, complete),
        named("ServiceMonitor", NAME, _log_in),
    ]


def _log_in(monitor: Manifest) -> None:
    login = {key: {"name": ADMINISTRATOR, "key": key} for key in ("username", "password")}
    for endpoint in monitor["spec"]["endpoints"]:
        endpoint["basicAuth"] = login
