"""The BPM engine: names that callers rely on, closed doors, and the choice of engine."""

from typing import Any

import pytest

from components.workflows import Camunda, CamundaArgs
from components.workflows.camunda import DISTRIBUTIONS
from stacks.settings.component_model import ProcessEngine
from tests.unit.components.database.server import database_server
from tests.unit.components.environment import NotedEdge, environment
from tests.unit.recording import RecordingEngine, recording

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
PREFIXES = {"operaton": "OPERATON_BPM", "camunda-7": "CAMUNDA_BPM"}


def deploy(engine: RecordingEngine, profile: str = "dev", process_engine: str = "operaton") -> NotedEdge:
    """Deploy it alone and give back what it asked the edge for."""
    edge = NotedEdge()

    def program() -> None:
        stack = environment(profile, edge=edge)
        Camunda("camunda", CamundaArgs(stack, database_server(), process_engine))

    engine.deploy(program)
    return edge


@pytest.fixture(scope="module", params=sorted(DISTRIBUTIONS))
def process_engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def deployed(process_engine: str) -> Any:
    with recording() as engine:
        yield engine, deploy(engine, process_engine=process_engine)


def pod(engine: RecordingEngine) -> dict[str, Any]:
    return engine.only(DEPLOYMENT, "camunda").inputs["spec"]["template"]


def settings(engine: RecordingEngine) -> dict[str, str]:
    return engine.only("kubernetes:core/v1:ConfigMap", "camunda").inputs["data"]


def test_every_engine_of_the_settings_can_be_run() -> None:
    assert set(DISTRIBUTIONS) == set(ProcessEngine)


def test_names_and_port_are_what_operators_rely_on(deployed: tuple[RecordingEngine, NotedEdge]) -> None:
    engine, edge = deployed
    service = engine.only("kubernetes:core/v1:Service", "camunda").inputs
    container = pod(engine)["spec"]["containers"][0]

    assert (service["metadata"]["name"], service["metadata"]["namespace"]) == ("camunda", "workflows")
    assert [port["port"] for port in service["spec"]["ports"]] == [8080]
    assert (container["name"], pod(engine)["metadata"]["labels"]["app"]) == ("camunda", "camunda")
    assert engine.only(DEPLOYMENT, "camunda").inputs["metadata"]["name"] == "camunda"
    exposed = edge.exposures["camunda"]
    assert (exposed.service, exposed.port, exposed.public_paths) == ("camunda", 8080, ())


def test_the_image_has_an_exact_tag_and_starts_without_the_example(
    deployed: tuple[RecordingEngine, NotedEdge], process_engine: str
) -> None:
    container = pod(deployed[0])["spec"]["containers"][0]
    image = {"operaton": "operaton/operaton:2.1.5", "camunda-7": "camunda/camunda-bpm-platform:run-7.24.0"}

    assert container["image"] == image[process_engine]
    assert container["args"][1:] == ["--webapps", "--rest"]


def test_the_api_asks_for_credentials_and_the_web_applications_are_where_the_spec_has_them(
    deployed: tuple[RecordingEngine, NotedEdge], process_engine: str
) -> None:
    prefix, told = PREFIXES[process_engine], settings(deployed[0])

    assert told[f"{prefix}_RUN_AUTH_ENABLED"] == told[f"{prefix}_AUTHORIZATION_ENABLED"] == "true"
    assert told[f"{prefix}_WEBAPP_APPLICATIONPATH"] == "/camunda"
    assert told[f"{prefix}_HISTORYLEVEL"] == "full"


def test_credentials_come_from_the_vault_only(deployed: tuple[RecordingEngine, NotedEdge], process_engine: str) -> None:
    engine, _ = deployed
    secret = engine.only("kubernetes:external-secrets.io/v1:ExternalSecret").inputs["spec"]
    sources = {item["secretKey"]: item["remoteRef"] for item in secret["data"]}
    container = pod(engine)["spec"]["containers"][0]

    assert sources["SPRING_DATASOURCE_PASSWORD"] == {"key": "biz/postgres/camunda", "property": "password"}
    administrator = sources[f"{PREFIXES[process_engine]}_ADMINUSER_PASSWORD"]
    assert administrator == {"key": "biz/camunda/admin", "property": "password"}
    assert {"secretRef": {"name": "camunda-credentials"}} in container["envFrom"]
    assert not [key for key in settings(engine) if "PASSWORD" in key]


def test_it_waits_for_its_database_and_may_reach_it(deployed: tuple[RecordingEngine, NotedEdge]) -> None:
    engine, _ = deployed
    labels = pod(engine)["metadata"]["labels"]

    assert any("database" in urn for urn in engine.only(DEPLOYMENT, "camunda").dependencies)
    assert {key for key, value in labels.items() if value == "client"} == {"biz-automation/database"}


def test_probes_ask_what_answers_without_credentials(deployed: tuple[RecordingEngine, NotedEdge]) -> None:
    container = pod(deployed[0])["spec"]["containers"][0]

    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        assert container[probe]["httpGet"]["path"] == "/engine-rest/engine"


def test_dev_has_one_replica_and_prod_scales(engine: RecordingEngine) -> None:
    deploy(engine, "prod")
    scaling = engine.only("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "camunda").inputs["spec"]

    assert scaling["minReplicas"] >= 2
    assert engine.of_type("kubernetes:policy/v1:PodDisruptionBudget")
    with recording() as dev:
        deploy(dev)
        assert dev.only(DEPLOYMENT, "camunda").inputs["spec"]["replicas"] == 1
        assert not dev.of_type("kubernetes:autoscaling/v2:HorizontalPodAutoscaler")
