"""Kestra: its shape, what it is told, who gets its credentials, and what of it is public."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any, cast

import pulumi
import pytest
import yaml

from components.identity import Access, Grant
from components.secrets import inventory
from components.workflows import Kestra, KestraArgs
from components.workflows.flow_secrets import flow_secrets, flow_secrets_of
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

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SECRET = "kubernetes:external-secrets.io/v1:ExternalSecret"
MONITOR = "kubernetes:monitoring.coreos.com/v1:ServiceMonitor"
RULE = "kubernetes:monitoring.coreos.com/v1:PrometheusRule"
PARTS = {"kestra", "kestra-executor", "kestra-indexer", "kestra-scheduler", "kestra-worker"}


class Deployed:
    """Kestra, and what it asked identity and edge for."""

    def __init__(self, engine: RecordingEngine, profile: str, *, distributed: bool) -> None:
        self.engine = engine
        self.identity, self.edge = NotedIdentity(), NotedEdge()
        self.kestra = engine.deploy(lambda: self._program(profile, distributed=distributed))

    def _program(self, profile: str, *, distributed: bool) -> Kestra:
        stack = replace(environment(profile), identity=self.identity, edge=self.edge)
        return Kestra("kestra", KestraArgs(stack, database_server(), flow_secrets_of(["uipath"]), distributed))

    def pod(self, name: str) -> dict[str, Any]:
        """Template of a part's pods."""
        return self.engine.only(DEPLOYMENT, name).inputs["spec"]["template"]

    def container(self, name: str) -> dict[str, Any]:
        """Container of a part."""
        return self.pod(name)["spec"]["containers"][0]

    def environment(self, name: str) -> dict[str, Any]:
        """Variables of a part's container."""
        return {item["name"]: item for item in self.container(name)["env"]}

    def settings(self, name: str) -> dict[str, Any]:
        """Data of a part's ConfigMap."""
        return self.engine.only("kubernetes:core/v1:ConfigMap", name).inputs["data"]

    def configuration(self, name: str) -> dict[str, Any]:
        """What a part is told."""
        return cast("dict[str, Any]", yaml.safe_load(self.settings(name)["KESTRA_CONFIGURATION"]))


@pytest.fixture(scope="module")
def standalone() -> Generator[Deployed]:
    """Kestra in dev."""
    with recording() as engine:
        yield Deployed(engine, "dev", distributed=False)


@pytest.fixture(scope="module")
def distributed() -> Generator[Deployed]:
    """Kestra in prod."""
    with recording("prod") as engine:
        yield Deployed(engine, "prod", distributed=True)


def test_operators_find_it_by_name_label_and_port(standalone: Deployed) -> None:
    ports = standalone.engine.only("kubernetes:core/v1:Service", "kestra").inputs["spec"]["ports"]

    assert [item.inputs["metadata"]["namespace"] for item in standalone.engine.of_type(DEPLOYMENT)] == ["workflows"]
    assert standalone.pod("kestra")["metadata"]["labels"]["app"] == "kestra"
    assert {item["name"]: item["port"] for item in ports} == {"http": 8080, "management": 8081}
    assert standalone.kestra.address == "http://kestra.workflows.svc.cluster.local:8080"


def test_a_distributed_kestra_has_a_deployment_for_each_server(distributed: Deployed) -> None:
    found = {item.name: item for item in distributed.engine.of_type(DEPLOYMENT)}

    assert found.keys() == PARTS
    assert {name: distributed.container(name)["args"][1] for name in PARTS} == {
        "kestra": "webserver",
        **{name: name.removeprefix("kestra-") for name in PARTS - {"kestra"}},
    }
    assert all(distributed.pod(name)["metadata"]["labels"]["app"] == name for name in PARTS)
    assert all(item.inputs["spec"]["replicas"] >= 2 for item in found.values())
    assert {item.name for item in distributed.engine.of_type("kubernetes:policy/v1:PodDisruptionBudget")} == PARTS


def test_the_api_comes_up_last(distributed: Deployed) -> None:
    waits_for = distributed.engine.only(DEPLOYMENT, "kestra").dependencies

    assert all(any(f"::{name}" in urn for urn in waits_for) for name in PARTS - {"kestra"})
    assert isinstance(distributed.kestra.ready, pulumi.CustomResource)


def test_queue_and_repository_are_in_postgres_and_files_in_the_lake(standalone: Deployed) -> None:
    told = standalone.configuration("kestra")

    assert told["datasources"]["postgres"]["url"].startswith(
        "jdbc:postgresql://postgres.data.svc.cluster.local:5432/kestra"
    )
    assert (told["kestra"]["queue"]["type"], told["kestra"]["repository"]["type"]) == ("postgres", "postgres")
    storage = {"bucket": "${LAKE_BUCKET}", "path": "kestra", "forcePathStyle": "${LAKE_PATH_STYLE:false}"}
    assert told["kestra"]["storage"] == {"type": "s3", "s3": storage}
    assert standalone.environment("kestra")["LAKE_BUCKET"]["value"] == "biz-curated"


def test_on_the_blob_api_files_have_a_container_of_their_own_and_no_key(engine: RecordingEngine) -> None:
    identity = NotedIdentity()

    def program() -> Kestra:
        stack = replace(environment(store=blob_store()), identity=identity)
        return Kestra("kestra", KestraArgs(stack, database_server(), {}))

    engine.deploy(program)
    told = yaml.safe_load(engine.only("kubernetes:core/v1:ConfigMap", "kestra").inputs["data"]["KESTRA_CONFIGURATION"])
    container = engine.only(DEPLOYMENT, "kestra").inputs["spec"]["template"]["spec"]["containers"][0]
    variables = {item["name"]: item.get("value") for item in container["env"]}

    storage = {"endpoint": "${LAKE_ENDPOINT}", "container": "kestra"}
    assert told["kestra"]["storage"] == {"type": "azure", "azure": storage}
    assert variables["LAKE_ENDPOINT"] == "https://bizlake.blob.core.windows.net"
    assert "LAKE_BUCKET" not in variables
    assert Grant("bucket/kestra", Access.WRITE) in identity.grants["workflows/kestra"]
    assert "lake/curated" not in {grant.resource for grant in identity.grants["workflows/kestra"]}


def test_keys_and_the_authority_of_a_store_of_ones_own_reach_the_pod(engine: RecordingEngine) -> None:
    def program() -> Kestra:
        stack = replace(environment(store=PRIVATE_STORE), identity=keyed_identity(PRIVATE_STORE))
        return Kestra("kestra", KestraArgs(stack, database_server(), {}))

    engine.deploy(program)
    pod = engine.only(DEPLOYMENT, "kestra").inputs["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (mount,) = [item for item in container["volumeMounts"] if item["name"] == "object-store"]
    (volume,) = [item for item in pod["volumes"] if item["name"] == "object-store"]
    secret = engine.only(SECRET, "workflows-kestra-object-store").inputs["spec"]["target"]["template"]["data"]

    assert {"secretRef": {"name": "kestra-object-store"}} in container["envFrom"]
    assert volume["secret"]["secretName"] == "kestra-object-store"
    assert [item["key"] for item in volume["secret"]["items"]] == ["ca.crt"]
    assert secret["AWS_CA_BUNDLE"] == f"{mount['mountPath']}/ca.crt"


def test_configuration_names_credentials_and_holds_none(standalone: Deployed) -> None:
    told = standalone.configuration("kestra")
    variables = {*standalone.environment("kestra"), "DATABASE_USERNAME", "DATABASE_PASSWORD"}
    named = [*told["datasources"]["postgres"].values(), *told["kestra"]["server"]["basic-auth"].values()]

    assert {item for item in named if isinstance(item, str) and item.startswith("$")} == {
        "${DATABASE_USERNAME}",
        "${DATABASE_PASSWORD}",
        "${ADMIN_USERNAME}",
        "${ADMIN_PASSWORD}",
    }
    assert {"ADMIN_USERNAME", "ADMIN_PASSWORD"} <= variables
    assert {"secretRef": {"name": "kestra-database"}} in standalone.container("kestra")["envFrom"]
    database = standalone.engine.only(SECRET, "workflows-kestra-database").inputs["spec"]
    assert database["target"]["template"]["data"].keys() == {"DATABASE_USERNAME", "DATABASE_PASSWORD"}
    # a variable with the prefix that flows see would be readable by every flow
    assert not [name for name in variables if name.startswith(told["kestra"]["variables"]["env-vars-prefix"])]


def test_only_the_part_that_serves_knows_the_administrator(distributed: Deployed) -> None:
    knows = {name for name in PARTS if "ADMIN_PASSWORD" in distributed.environment(name)}

    assert knows == {"kestra"}
    assert [name for name in PARTS if "server" in distributed.configuration(name)["kestra"]] == ["kestra"]


def test_flows_read_secrets_in_base64_and_live_without_them(distributed: Deployed) -> None:
    variable = distributed.environment("kestra-worker")["SECRET_SLACK_WEBHOOK_URL"]["valueFrom"]["secretKeyRef"]
    secret = distributed.engine.only(SECRET, "workflows-slack-webhook-url").inputs["spec"]

    assert variable == {"name": "slack-webhook-url", "key": "SECRET_SLACK_WEBHOOK_URL", "optional": True}
    assert secret["target"]["template"]["data"] == {
        "url": "{{ .SLACK_WEBHOOK_URL }}",
        "SECRET_SLACK_WEBHOOK_URL": "{{ .SLACK_WEBHOOK_URL | b64enc }}",
    }
    assert secret["data"][0]["remoteRef"] == {"key": "slack/prod/webhook-url", "property": "url"}
    assert "SECRET_SLACK_WEBHOOK_URL" not in distributed.environment("kestra-scheduler")


def test_flows_read_the_credentials_of_uipath_where_the_bridge_reads_them(distributed: Deployed) -> None:
    """Source: WF-KESTRA-7, SEC-7: token and address are plain text in the vault, under these names."""
    secret = distributed.engine.only(SECRET, "workflows-uipath-credentials").inputs["spec"]

    assert secret["target"]["name"] == "uipath-credentials"
    assert secret["target"]["creationPolicy"] == "Owner"
    assert {item["secretKey"]: item["remoteRef"] for item in secret["data"]} == {
        "UIPATH_TOKEN": {"key": "uipath/prod/token"},
        "UIPATH_ORCHESTRATOR_URL": {"key": "uipath/prod/url"},
    }
    assert secret["target"]["template"]["data"] == {
        "token": "{{ .UIPATH_TOKEN }}",
        "SECRET_UIPATH_TOKEN": "{{ .UIPATH_TOKEN | b64enc }}",
        "orchestrator-url": "{{ .UIPATH_ORCHESTRATOR_URL }}",
        "SECRET_UIPATH_ORCHESTRATOR_URL": "{{ .UIPATH_ORCHESTRATOR_URL | b64enc }}",
    }
    assert {"SECRET_UIPATH_TOKEN", "SECRET_UIPATH_ORCHESTRATOR_URL"} <= distributed.environment("kestra-worker").keys()
    assert "uipath-credentials" not in flow_secrets_of([])


def test_every_secret_of_the_flows_is_one_that_the_vault_expects() -> None:
    rows = flow_secrets()
    values = [value for row in rows.values() for value in row.keys.values()]

    assert rows.keys() == {"slack-webhook-url", "hubspot-token", "manychat-api-key", "uipath-credentials"}
    assert all(inventory()[value.path].properties == frozenset([value.key] if value.key else []) for value in values)


def test_only_webhooks_are_public(standalone: Deployed) -> None:
    exposure = standalone.edge.exposures["kestra"]
    webhooks = ("/api/v1/main/executions/webhook/", "/api/v1/executions/webhook/")

    assert (exposure.service, exposure.port, exposure.public_paths) == ("kestra", 8080, webhooks)
    assert standalone.configuration("kestra")["kestra"]["server"]["basic-auth"]["open-urls"] == list(webhooks)


def test_tasks_have_permissions_and_destinations_that_other_servers_lack(distributed: Deployed) -> None:
    storage = Grant("lake/curated", Access.WRITE)
    worker, scheduler = (distributed.pod(name)["metadata"]["labels"] for name in ("kestra-worker", "kestra-scheduler"))

    assert Grant("bucket/invoices", Access.WRITE) in distributed.identity.grants["workflows/kestra-worker"]
    assert distributed.identity.grants["workflows/kestra-scheduler"] == (storage,)
    assert {"biz-automation/internet", "biz-automation/kafka", "biz-automation/database"} <= worker.keys()
    assert "biz-automation/internet" not in scheduler
    assert {"biz-automation/object-store", "biz-automation/database"} <= scheduler.keys()


def test_health_and_metrics_are_on_the_management_port(standalone: Deployed) -> None:
    container = standalone.container("kestra")
    endpoint = standalone.engine.only(MONITOR, "kestra").inputs["spec"]["endpoints"][0]

    assert {container[f"{kind}Probe"]["httpGet"]["port"] for kind in ("liveness", "readiness", "startup")} == {
        "management"
    }
    assert (endpoint["port"], endpoint["path"]) == ("management", "/prometheus")


def test_metrics_have_the_names_that_dashboards_know(standalone: Deployed) -> None:
    rules = standalone.engine.only(RULE).inputs["spec"]["groups"][0]["rules"]

    assert {item["record"] for item in rules} == {"kestra_executions_total", "kestra_executions_failed_total"}


def test_without_prometheus_nothing_scrapes_it(engine: RecordingEngine) -> None:
    engine.deploy(
        lambda: Kestra("kestra", KestraArgs(environment(monitored=False), database_server(), flow_secrets_of([])))
    )

    assert not engine.of_type(MONITOR)
    assert not engine.of_type(RULE)


def test_dev_has_one_small_replica(standalone: Deployed) -> None:
    resources = standalone.container("kestra")["resources"]

    assert standalone.engine.only(DEPLOYMENT, "kestra").inputs["spec"]["replicas"] == 1
    assert resources["requests"] == {"cpu": "150m", "memory": "1280Mi"}
    assert resources["limits"] == {"cpu": "2", "memory": "1280Mi"}
