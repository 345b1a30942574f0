"""Flowable: its own administrator, no samples, and health checks that its doors let in."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.workflows import Flowable, FlowableArgs
from tests.unit.components.database.server import database_server
from tests.unit.components.environment import environment
from tests.unit.recording import RecordingEngine, recording

DEPLOYMENT = "kubernetes:apps/v1:Deployment"


@pytest.fixture(scope="module")
def deployed() -> Iterator[RecordingEngine]:
    with recording() as engine:
        engine.deploy(lambda: Flowable("flowable", FlowableArgs(environment(), database_server())))
        yield engine


@pytest.fixture
def container(deployed: RecordingEngine) -> dict[str, Any]:
    return deployed.only(DEPLOYMENT, "flowable").inputs["spec"]["template"]["spec"]["containers"][0]


def test_is_called_flowable_and_answers_on_8080(deployed: RecordingEngine, container: dict[str, Any]) -> None:
    service = deployed.only("kubernetes:core/v1:Service", "flowable").inputs

    assert (service["metadata"]["name"], service["metadata"]["namespace"]) == ("flowable", "workflows")
    assert [port["port"] for port in service["spec"]["ports"]] == [8080]
    assert container["image"] == "flowable/flowable-rest:7.2.0"


def test_the_administrator_is_the_vaults_and_there_are_no_samples(deployed: RecordingEngine) -> None:
    secret = deployed.only("kubernetes:external-secrets.io/v1:ExternalSecret").inputs["spec"]
    sources = {item["secretKey"]: item["remoteRef"]["key"] for item in secret["data"]}
    settings = deployed.only("kubernetes:core/v1:ConfigMap", "flowable").inputs["data"]

    assert sources["FLOWABLE_REST_APP_ADMIN_PASSWORD"] == "biz/flowable/admin"
    assert sources["SPRING_DATASOURCE_PASSWORD"] == "biz/postgres/flowable"
    assert settings["FLOWABLE_REST_APP_CREATEDEMODEFINITIONS"] == "false"
    assert settings["REST_VARIABLES_ALLOW_SERIALIZABLE"] == "false"
    assert not [key for key in settings if "PASSWORD" in key]


def test_readiness_signs_in_and_liveness_does_not_depend_on_the_database(container: dict[str, Any]) -> None:
    ready = container["readinessProbe"]["exec"]["command"][-1]

    assert "$FLOWABLE_REST_APP_ADMIN_PASSWORD@" in ready
    assert ready.endswith('/flowable-rest/actuator/health"')
    assert container["livenessProbe"]["httpGet"]["path"] == "/flowable-rest/docs/index.html"


def test_two_replicas_share_a_small_servers_connections(deployed: RecordingEngine) -> None:
    settings = deployed.only("kubernetes:core/v1:ConfigMap", "flowable").inputs["data"]

    assert int(settings["SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE"]) <= 10
