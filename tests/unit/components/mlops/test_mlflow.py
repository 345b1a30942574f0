"""MLflow: where it keeps things, who gets in, and what the chart is told. Source: MLOPS-2, MLOPS-7, A-53."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from components.charts import Manifest, chart_reference
from components.mlops import Mlflow, MlflowArgs
from components.mlops.mlflow import patches
from tests.unit.components.database.server import database_server
from tests.unit.components.environment import (
    PRIVATE_STORE,
    NotedEdge,
    NotedIdentity,
    blob_store,
    environment,
    keyed_identity,
)
from tests.unit.recording import RecordingEngine, recording

CHART = "kubernetes:helm.sh/v4:Chart"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
SECRET = "kubernetes:external-secrets.io/v1:ExternalSecret"


class Deployed:
    """MLflow alone, and what it asked its surroundings for."""

    def __init__(self, engine: RecordingEngine, profile: str) -> None:
        self.engine = engine
        self.mlflow = engine.deploy(lambda: self._program(profile))
        self.values: dict[str, Any] = engine.only(CHART, "mlflow").inputs["values"]

    def _program(self, profile: str) -> Mlflow:
        surroundings = environment(profile)
        assert isinstance(surroundings.edge, NotedEdge)
        assert isinstance(surroundings.identity, NotedIdentity)
        self.edge, self.identity = surroundings.edge, surroundings.identity
        self.patches = patches(surroundings, database_server().database("mlflow"))
        return Mlflow("mlflow", MlflowArgs(surroundings, database_server()))


@pytest.fixture(scope="module")
def deployed() -> Generator[Deployed]:
    with recording() as engine:
        yield Deployed(engine, "dev")


@pytest.fixture(scope="module")
def in_prod() -> Generator[Deployed]:
    with recording("prod") as engine:
        yield Deployed(engine, "prod")


def test_artefacts_are_in_the_lake_and_go_through_the_server(deployed: Deployed) -> None:
    assert deployed.values["artifactRoot"] == {
        "proxiedArtifactStorage": True,
        "defaultArtifactsDestination": "s3://biz-curated/mlflow",
    }
    assert [(grant.resource, grant.access) for grant in deployed.identity.grants["ml/mlflow"]] == [
        ("lake/curated", "write")
    ]
    assert deployed.values["serviceAccount"] == {
        "name": "mlflow",
        "automount": False,
        "annotations": {"cloud.example/role": "mlflow"},
    }


def test_artefacts_on_azure_go_over_the_one_api_that_the_image_has_a_client_for(engine: RecordingEngine) -> None:
    engine.deploy(lambda: Mlflow("mlflow", MlflowArgs(environment(store=blob_store()), database_server())))
    values = engine.only(CHART, "mlflow").inputs["values"]

    assert (
        values["artifactRoot"]["defaultArtifactsDestination"] == "wasbs://curated@bizlake.blob.core.windows.net/mlflow"
    )
    # azure-identity, with which a workload identity signs in, is in the full variant of the project's image alone
    assert values["image"] == {
        "repository": "ghcr.io/mlflow/mlflow",
        "tag": f"v{chart_reference('mlflow').app_version}-full",
    }


def test_the_tables_are_migrated_by_the_image_that_uses_them(deployed: Deployed) -> None:
    assert deployed.values["initImages"]["mlflowDbMigration"] == deployed.values["image"]


def test_the_authority_of_a_store_of_ones_own_is_among_its_files(engine: RecordingEngine) -> None:
    def program() -> Mlflow:
        surroundings = replace(environment(store=PRIVATE_STORE), identity=keyed_identity(PRIVATE_STORE))
        return Mlflow("mlflow", MlflowArgs(surroundings, database_server()))

    engine.deploy(program)
    values = engine.only(CHART, "mlflow").inputs["values"]
    secret = engine.only(SECRET, "ml-mlflow-object-store").inputs["spec"]["target"]["template"]["data"]

    assert values["extraSecretNamesForEnvFrom"] == ["mlflow-object-store"]
    assert values["extraVolumes"][-1]["secret"]["secretName"] == "mlflow-object-store"
    assert secret["AWS_CA_BUNDLE"] == f"{values['extraVolumeMounts'][-1]['mountPath']}/ca.crt"


def test_runs_and_accounts_are_in_postgresql(deployed: Deployed) -> None:
    store, accounts = deployed.values["backendStore"], deployed.values["auth"]

    assert (store["postgres"]["host"], store["postgres"]["database"]) == (
        "postgres.data.svc.cluster.local",
        "mlflow",
    )
    assert accounts["enabled"] is True
    # SQLAlchemy 2.1 took another for the default, which the image does not have
    assert store["postgres"]["driver"] == accounts["postgres"]["driver"] == "psycopg2"
    assert accounts["postgres"]["existingSecret"] == store["existingDatabaseSecret"] == {"name": "mlflow-database"}


@pytest.mark.parametrize(
    ("secret", "sources"),
    [
        ("mlflow-flask-server-secret-key", {"MLFLOW_FLASK_SERVER_SECRET_KEY": ("biz/mlflow/flask", "secret")}),
        (
            "mlflow-administrator",
            {
                "username": ("biz/mlflow/administrator", "username"),
                "password": ("biz/mlflow/administrator", "password"),
            },
        ),
        (
            "mlflow-database",
            {"username": ("biz/postgres/mlflow", "username"), "password": ("biz/postgres/mlflow", "password")},
        ),
    ],
)
def test_credentials_come_from_the_vault(deployed: Deployed, secret: str, sources: dict[str, tuple[str, str]]) -> None:
    data = deployed.engine.only(SECRET, f"ml-{secret}").inputs["spec"]["data"]

    assert {item["secretKey"]: (item["remoteRef"]["key"], item["remoteRef"]["property"]) for item in data} == sources
    assert deployed.engine.only(SECRET, f"ml-{secret}").urn in deployed.engine.only(CHART, "mlflow").dependencies


def test_is_published_and_called_on_its_own_names_only(deployed: Deployed) -> None:
    exposure = deployed.edge.exposures["mlflow"]
    hosts = deployed.values["serverAllowedHosts"]

    assert (exposure.service, exposure.port, exposure.public_paths) == ("mlflow", 5000, ())
    assert deployed.mlflow.address == "http://mlflow.ml.svc.cluster.local:5000"
    assert {"mlflow.dev.automation.example.com", "mlflow.ml.svc.cluster.local:5000"} <= set(hosts)
    assert "*" not in hosts
    assert deployed.values["corsAllowedOrigins"] == ["https://mlflow.dev.automation.example.com"]


def test_tells_nobody_about_its_use(deployed: Deployed) -> None:
    assert deployed.values["telemetry"] == {"enabled": False}


def test_scrapes_log_in_and_wait_for_the_definitions(deployed: Deployed) -> None:
    monitor: Manifest = {"kind": "ServiceMonitor", "metadata": {"name": "mlflow"}, "spec": {"endpoints": [{}]}}
    for patch in deployed.patches:
        patch(monitor)

    assert monitor["spec"]["endpoints"][0]["basicAuth"]["password"] == {
        "name": "mlflow-administrator",
        "key": "password",
    }
    assert any("monitors" in urn for urn in deployed.engine.only(CHART, "mlflow").dependencies)


def test_every_container_is_bounded_and_speaks_tls_to_the_database(in_prod: Deployed) -> None:
    containers: list[dict[str, Any]] = [
        {"name": "mlflow", "env": [{"name": "PGUSER"}], "resources": {"limits": {"cpu": "1"}}},
        {"name": "ini-file-initializer", "env": [{"name": "ADMIN_USERNAME"}]},
    ]
    pod: dict[str, Any] = {"containers": containers}
    deployment: Manifest = {
        "kind": "Deployment",
        "metadata": {"name": "mlflow"},
        "spec": {"selector": {"matchLabels": {"app": "mlflow"}}, "template": {"spec": pod}},
    }
    for patch in in_prod.patches:
        patch(deployment)

    assert containers[0]["resources"] == {"limits": {"cpu": "1"}}
    assert {"name": "PGSSLMODE", "value": "require"} in containers[0]["env"]
    assert containers[1]["resources"]["limits"]["memory"] == "64Mi"
    assert containers[1]["env"] == [{"name": "ADMIN_USERNAME"}]
    assert deployment["spec"]["replicas"] == 2
    assert pod["topologySpreadConstraints"][0]["labelSelector"] == {"matchLabels": {"app": "mlflow"}}


def test_prod_survives_a_drain_and_dev_has_nothing_to_lose(deployed: Deployed, in_prod: Deployed) -> None:
    assert deployed.engine.of_type(BUDGET) == []
    budget = in_prod.engine.only(BUDGET, "mlflow").inputs["spec"]
    assert (budget["maxUnavailable"], budget["selector"]["matchLabels"]["app.kubernetes.io/name"]) == (1, "mlflow")
    assert in_prod.values["extraArgs"] == {"workers": "2"}
