"""Airflow: the names that operators know, where its credentials and DAGs come from, and how it grows."""

import json
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pulumi
import pytest
from typing_extensions import override

from components.base import allowances, sizes
from components.cache import CacheServer
from components.charts import Manifest
from components.identity import Access, Grant
from components.secrets import inventory
from components.workflows import Airflow, AirflowArgs
from components.workflows.airflow_patches import PATCHES
from tests.unit.components.database.server import database_server
from tests.unit.components.environment import (
    PRIVATE_STORE,
    NotedEdge,
    NotedIdentity,
    blob_store,
    environment,
    gate,
    keyed_identity,
)
from tests.unit.recording import RecordingEngine, recording

CHART = "kubernetes:helm.sh/v4:Chart"
SECRET = "kubernetes:external-secrets.io/v1:ExternalSecret"
SERVICE = "kubernetes:core/v1:Service"
PARTS = ("apiServer", "scheduler", "dagProcessor", "triggerer")


class Deployed:
    """Airflow, and what it asked identity and edge for."""

    def __init__(self, engine: RecordingEngine, profile: str) -> None:
        self.engine = engine
        self.identity, self.edge = NotedIdentity(), NotedEdge()
        self.airflow = engine.deploy(lambda: self._program(profile))
        self.values: dict[str, Any] = engine.only(CHART, "airflow").inputs["values"]
        self.celery: dict[str, Any] = self.values["workers"]["celery"]

    def _program(self, profile: str) -> Airflow:
        stack = replace(environment(profile), identity=self.identity, edge=self.edge)
        return Airflow("airflow", AirflowArgs(stack, database_server(), CacheServer(gate("cache"))))

    def secret(self, name: str) -> dict[str, Any]:
        """Templates of a Secret's keys."""
        return self.engine.only(SECRET, f"data-{name}").inputs["spec"]["target"]["template"]["data"]

    def service(self, name: str) -> dict[str, Any]:
        """Selector and port of a Service."""
        return self.engine.only(SERVICE, name).inputs["spec"]


@pytest.fixture(scope="module")
def dev() -> Generator[Deployed]:
    """Airflow in dev."""
    with recording() as engine:
        yield Deployed(engine, "dev")


@pytest.fixture(scope="module")
def prod() -> Generator[Deployed]:
    """Airflow in prod."""
    with recording("prod") as engine:
        yield Deployed(engine, "prod")


@pytest.fixture(scope="module")
def keyed() -> Generator[Deployed]:
    """Airflow where the cloud knows no service accounts, and the store's certificate is a private authority's."""
    with recording() as engine:
        yield KeyedDeployed(engine, "dev")


class BlobDeployed(Deployed):
    """Airflow over a lake with the Blob API."""

    @override
    def _program(self, profile: str) -> Airflow:
        stack = replace(environment(profile, store=blob_store(), edge=self.edge), identity=self.identity)
        return Airflow("airflow", AirflowArgs(stack, database_server(), CacheServer(gate("cache"))))


@pytest.fixture(scope="module")
def over_blobs() -> Generator[Deployed]:
    """Airflow over a lake with the Blob API."""
    with recording() as engine:
        yield BlobDeployed(engine, "dev")


class KeyedDeployed(Deployed):
    """Airflow that signs in with keys."""

    @override
    def _program(self, profile: str) -> Airflow:
        stack = environment(profile, store=PRIVATE_STORE, edge=self.edge)
        stack = replace(stack, identity=keyed_identity(PRIVATE_STORE))
        return Airflow("airflow", AirflowArgs(stack, database_server(), CacheServer(gate("cache"))))


def deployment(name: str, *container_names: str) -> Manifest:
    """A Deployment as the chart renders it."""
    template = {"spec": {"containers": [{"name": item} for item in container_names]}}
    return {"kind": "Deployment", "metadata": {"name": name}, "spec": {"template": template}}


def patched(manifest: Manifest) -> Manifest:
    """A manifest after the patches."""
    for patch in PATCHES:
        patch(manifest)
    return manifest


def test_release_and_namespace_give_the_names_that_operators_know(dev: Deployed) -> None:
    chart = dev.engine.only(CHART, "airflow").inputs

    assert (chart["name"], chart["namespace"]) == ("airflow", "data")
    assert dev.airflow.address == "http://airflow-webserver.data.svc.cluster.local:8080"


def test_callers_find_the_web_server_and_the_schedulers_metrics(dev: Deployed) -> None:
    webserver, scheduler = dev.service("airflow-webserver"), dev.service("airflow-scheduler")

    assert webserver["selector"] == {"tier": "airflow", "component": "api-server", "release": "airflow"}
    assert (webserver["ports"][0]["port"], webserver["ports"][0]["targetPort"]) == (8080, 8080)
    assert scheduler["selector"] == {"tier": "airflow", "component": "statsd", "release": "airflow"}
    assert (scheduler["ports"][0]["port"], scheduler["ports"][0]["targetPort"]) == (80, 9102)


def test_the_chart_calls_the_web_server_and_the_worker_otherwise() -> None:
    webserver = patched(deployment("airflow-api-server", "api-server"))
    worker = patched(deployment("airflow-worker", "worker", "other"))

    assert webserver["metadata"]["name"] == "airflow-webserver"
    assert [item["name"] for item in worker["spec"]["template"]["spec"]["containers"]] == ["airflow-worker", "other"]


def test_pods_carry_the_labels_that_operators_query(dev: Deployed) -> None:
    found = {part: dev.values[part]["labels"]["app"] for part in PARTS}

    assert dev.values["labels"]["app"] == "airflow"
    assert (found["apiServer"], found["scheduler"]) == ("airflow-webserver", "airflow-scheduler")
    assert dev.celery["labels"]["app"] == "airflow-worker"


@pytest.mark.parametrize("profile", ["dev", "stg", "prod"])
def test_workers_scale_from_two_to_ten(profile: str, engine: RecordingEngine) -> None:
    scaling = Deployed(engine, profile).celery["hpa"]
    targets = {
        item["resource"]["name"]: item["resource"]["target"]["averageUtilization"] for item in scaling["metrics"]
    }

    assert (scaling["enabled"], scaling["minReplicaCount"], scaling["maxReplicaCount"]) == (True, 2, 10)
    assert targets == {"cpu": 70, "memory": 80}


def test_workers_are_a_deployment_whose_number_the_autoscaler_owns(dev: Deployed) -> None:
    assert dev.celery["persistence"]["enabled"] is False
    assert "replicas" not in dev.celery
    assert dev.celery["podDisruptionBudget"]["enabled"] is True


def test_every_container_has_requests_and_limits(dev: Deployed) -> None:
    jobs = ("migrateDatabaseJob", "createUserJob", "databaseCleanup")
    groomer = dev.values["dagProcessor"]["logGroomerSidecar"]
    held = [*(dev.values[key] for key in (*PARTS, *jobs, "statsd")), dev.celery, groomer]

    assert all(item["resources"][kind].keys() == {"cpu", "memory"} for item in held for kind in ("requests", "limits"))
    others = [dev.values["scheduler"], dev.values["triggerer"], dev.celery]
    assert all(item["logGroomerSidecar"]["enabled"] is False for item in others)


def test_nothing_of_the_chart_is_a_hook_or_changes_from_render_to_render(dev: Deployed) -> None:
    for job in ("migrateDatabaseJob", "createUserJob"):
        assert (dev.values[job]["useHelmHooks"], dev.values[job]["applyCustomEnv"]) == (False, False)
    named = [
        *dev.values["data"].values(),
        *(dev.values[key] for key in ("fernetKeySecretName", "apiSecretKeySecretName", "jwtSecretName")),
    ]
    made = {item.inputs["metadata"]["name"] for item in dev.engine.of_type(SECRET)}

    assert {*named, "airflow-admin"} == made
    assert (dev.values["redis"]["enabled"], dev.values["postgresql"]["enabled"]) == (False, False)


def test_finished_jobs_stay() -> None:
    job = patched({"kind": "Job", "metadata": {"name": "any"}, "spec": {"ttlSecondsAfterFinished": 300}})

    assert job["spec"] == {}


def test_credentials_have_the_keys_that_the_chart_reads(dev: Deployed) -> None:
    login = "{{ .username }}:{{ .password }}@postgres.data.svc.cluster.local:5432/airflow"

    assert dev.secret("airflow-metadata") == {
        "connection": f"postgresql+psycopg2://{login}?sslmode=require",
        "connection-async": f"postgresql+asyncpg://{login}?ssl=require",
    }
    assert dev.secret("airflow-result-backend")["connection"] == f"db+postgresql+psycopg2://{login}?sslmode=require"
    assert dev.secret("airflow-broker-url")["connection"].endswith("@redis.data.svc.cluster.local:6379/2")
    assert dev.secret("airflow-fernet-key").keys() == {"fernet-key"}
    assert dev.secret("airflow-api-secret-key").keys() == {"api-secret-key"}
    assert dev.secret("airflow-jwt-secret").keys() == {"jwt-secret"}
    assert inventory()["airflow/fernet"].generated["key"] == "fernet"


def test_the_administrators_password_reaches_the_job_by_reference(dev: Deployed) -> None:
    job = dev.values["createUserJob"]
    password = next(item for item in job["env"] if item["name"] == "ADMIN_PASSWORD")

    assert password["valueFrom"]["secretKeyRef"] == {"name": "airflow-admin", "key": "password"}
    assert '--password "$ADMIN_PASSWORD"' in job["args"][-1]


def test_dags_and_logs_are_in_the_lake(dev: Deployed) -> None:
    data = dev.engine.only("kubernetes:core/v1:ConfigMap", "airflow-lake").inputs["data"]
    bundle = json.loads(data["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])[0]

    assert bundle["kwargs"] == {"bucket_name": "biz-curated", "prefix": "airflow/dags"}
    assert data["AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER"] == "s3://biz-curated/airflow/logs"
    assert dev.values["extraEnvFrom"] == "- configMapRef:\n    name: airflow-lake"
    assert dev.engine.value(dev.airflow.dags) == "s3://biz-curated/airflow/dags"


def test_a_store_of_ones_own_is_named_in_the_connection(keyed: Deployed) -> None:
    data = keyed.engine.only("kubernetes:core/v1:ConfigMap", "airflow-lake").inputs["data"]
    connection = json.loads(data["AIRFLOW_CONN_AWS_DEFAULT"])

    assert connection["conn_type"] == "aws"
    assert connection["extra"] == {
        "region_name": "datacentre-1",
        "service_config": {"s3": {"endpoint_url": "https://s3.example.com"}},
        "config_kwargs": {"s3": {"addressing_style": "path"}},
    }
    assert keyed.values["config"]["logging"]["remote_log_conn_id"] == "aws_default"
    assert data["AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER"] == "s3://biz-curated/airflow/logs"


def test_keys_are_variables_of_the_accounts_own_secret(keyed: Deployed, dev: Deployed) -> None:
    holders = {"apiServer": "api-server", "dagProcessor": "dag-processor", "triggerer": "triggerer"}
    parts = {account: keyed.values[key] for key, account in holders.items()} | {"worker": keyed.celery}

    for account, part in parts.items():
        secret = f"airflow-{account}-object-store"
        references = {item["name"]: item["valueFrom"]["secretKeyRef"] for item in part["env"] if "valueFrom" in item}
        made = keyed.secret(secret)
        assert {reference["name"] for reference in references.values()} == {secret}
        assert all(reference["key"] == name for name, reference in references.items())
        assert references.keys() | {"ca.crt"} == made.keys()
        assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= references.keys()
        (volume,), (mount,) = part["extraVolumes"], part["extraVolumeMounts"]
        assert volume["secret"] == {"secretName": secret, "items": [{"key": "ca.crt", "path": "ca.crt"}]}
        assert made["AWS_CA_BUNDLE"] == f"{mount['mountPath']}/ca.crt"
    assert "env" not in keyed.values["scheduler"]
    assert "env" not in dev.celery
    assert {"name": "FORWARDED_ALLOW_IPS", "value": "*"} in keyed.values["apiServer"]["env"]


def test_on_the_blob_api_a_connection_without_a_key_reads_dags_and_writes_logs(over_blobs: Deployed) -> None:
    data = over_blobs.engine.only("kubernetes:core/v1:ConfigMap", "airflow-lake").inputs["data"]
    (bundle,) = json.loads(data["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])

    assert json.loads(data["AIRFLOW_CONN_WASB_DEFAULT"]) == {
        "conn_type": "wasb",
        "host": "https://bizlake.blob.core.windows.net",
    }
    assert over_blobs.values["config"]["logging"]["remote_log_conn_id"] == "wasb_default"
    assert data["AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER"] == "wasb://airflow/logs"
    assert data["AIRFLOW__AZURE_REMOTE_LOGGING__REMOTE_WASB_LOG_CONTAINER"] == "curated"
    assert bundle["classpath"] == "blob_bundle.BlobDagBundle"
    assert bundle["kwargs"] == {"container": "curated", "prefix": "airflow/dags"}


def test_the_bundle_of_ours_is_there_for_every_part(over_blobs: Deployed, dev: Deployed) -> None:
    data = over_blobs.engine.only("kubernetes:core/v1:ConfigMap", "airflow-lake").inputs["data"]
    modules = over_blobs.engine.only("kubernetes:core/v1:ConfigMap", "airflow-modules")
    (volume,), (mount,) = over_blobs.values["volumes"], over_blobs.values["volumeMounts"]
    parts = [*(over_blobs.values[part] for part in PARTS), over_blobs.celery]

    assert "class BlobDagBundle" in modules.inputs["data"]["blob_bundle.py"]
    assert volume["configMap"] == {"name": "airflow-modules"}
    assert data["PYTHONPATH"] == mount["mountPath"]
    assert len({part["podAnnotations"]["checksum/modules"] for part in parts}) == 1
    assert modules.urn in over_blobs.engine.only(CHART, "airflow").dependencies
    assert dev.values.keys().isdisjoint({"volumes", "volumeMounts"})


def test_only_what_runs_tasks_writes_to_the_lake(dev: Deployed) -> None:
    grants = {name.removeprefix("data/airflow-"): set(given) for name, given in dev.identity.grants.items()}
    writes = {Grant(f"lake/{zone}", Access.WRITE) for zone in ("raw", "curated", "archive")}
    reads = {Grant("lake/curated", Access.READ)}

    assert grants == {"api-server": reads, "dag-processor": reads, "triggerer": writes, "worker": writes}
    assert dev.values["workers"]["serviceAccount"]["annotations"] == {"cloud.example/role": "airflow-worker"}


def test_only_what_runs_tasks_calls_the_outside(dev: Deployed) -> None:
    internet = "biz-automation/internet"

    assert {part for part in PARTS if internet in dev.values[part]["labels"]} == {"triggerer"}
    assert internet in dev.celery["labels"]
    assert "biz-automation/cache" in dev.values["scheduler"]["labels"]
    assert not [key for key in dev.values["statsd"]["labels"] if key.startswith("biz-automation/")]


def test_the_ui_is_public_behind_the_sign_on_and_its_health_without(dev: Deployed) -> None:
    exposure = dev.edge.exposures["airflow"]

    assert (exposure.service, exposure.port) == ("airflow-webserver", 8080)
    assert exposure.public_paths == ("/api/v2/monitor/health",)
    assert dev.values["config"]["api"]["base_url"] == "https://airflow.dev.automation.example.com"


def test_the_log_table_keeps_a_week(dev: Deployed) -> None:
    cleanup = dev.values["databaseCleanup"]

    assert cleanup["enabled"] is True
    assert all(word in cleanup["args"][-1] for word in ("--tables log", "--skip-archive", "-7 days"))


def test_prod_survives_the_loss_of_a_zone_and_dev_has_one_of_each(dev: Deployed, prod: Deployed) -> None:
    assert all(prod.values[part]["replicas"] == 2 for part in PARTS)
    assert all(prod.values[part]["podDisruptionBudget"]["enabled"] for part in PARTS)
    zones = [prod.values[part]["topologySpreadConstraints"][0] for part in PARTS]
    assert {item["topologyKey"] for item in zones} == {"topology.kubernetes.io/zone"}
    assert zones[0]["labelSelector"]["matchLabels"]["component"] == "api-server"
    assert all(dev.values[part]["replicas"] == 1 for part in PARTS)
    assert not dev.values["apiServer"]["topologySpreadConstraints"]


def test_the_exporter_is_scraped_and_its_numbers_get_their_names(dev: Deployed) -> None:
    monitor = dev.engine.only("kubernetes:monitoring.coreos.com/v1:ServiceMonitor", "airflow").inputs["spec"]
    rules = dev.engine.only("kubernetes:monitoring.coreos.com/v1:PrometheusRule").inputs["spec"]["groups"][0]["rules"]

    assert monitor["selector"]["matchLabels"] == {"tier": "airflow", "component": "statsd", "release": "airflow"}
    assert monitor["endpoints"][0]["port"] == "statsd-scrape"
    assert {item["record"] for item in rules} == {"airflow_dag_run_status"}


def test_without_prometheus_nothing_scrapes_it(engine: RecordingEngine) -> None:
    stack = AirflowArgs
    engine.deploy(
        lambda: Airflow("airflow", stack(environment(monitored=False), database_server(), CacheServer(gate("cache"))))
    )

    assert not engine.of_type("kubernetes:monitoring.coreos.com/v1:ServiceMonitor")


def test_the_chart_waits_for_database_cache_and_credentials(dev: Deployed) -> None:
    waits_for = dev.engine.only(CHART, "airflow").dependencies

    assert all(any(urn.endswith(f"::{name}") for urn in waits_for) for name in ("database", "cache", "airflow-lake"))
    assert any("airflow-metadata" in urn for urn in waits_for)
    assert isinstance(dev.airflow.ready, pulumi.CustomResource)


@pytest.mark.parametrize("profile", ["dev", "stg", "prod"])
def test_all_ten_workers_fit_the_namespace(profile: str) -> None:
    worker, allowance = sizes(profile)["airflow-worker"], allowances(profile)["data"]
    workers = worker.max_replicas or 0

    assert workers * int(worker.cpu_limit) < allowance.cpu_limits
    assert workers * int(str(worker.memory_limit).removesuffix("Gi")) < allowance.memory_limits
