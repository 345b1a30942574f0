"""The ServiceNow worker, name by name. Source: INTEG-SNOW-1..5, CLU-12, A-8."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.cache import CacheServer
from components.integrations import ServiceNowWorker, ServiceNowWorkerArgs
from components.workflows import RestApi, camunda
from tests.unit.components.environment import environment, gate
from tests.unit.recording import RecordingEngine, recording

URL = "https://your-instance.service-now.com"


@pytest.fixture(scope="module")
def deployed() -> Iterator[RecordingEngine]:
    with recording() as engine:

        def program() -> None:
            api = RestApi("http://camunda:8080/engine-rest", camunda.ADMINISTRATOR, gate("camunda"))
            ServiceNowWorker(
                "servicenow-worker",
                ServiceNowWorkerArgs(environment(), api, CacheServer(gate("cache")), URL, "v1", "sc_request", 10, 180),
            )

        engine.deploy(program)
        yield engine


@pytest.fixture
def deployment(deployed: RecordingEngine) -> dict[str, Any]:
    return deployed.only("kubernetes:apps/v1:Deployment").inputs


@pytest.fixture
def container(deployment: dict[str, Any]) -> dict[str, Any]:
    return deployment["spec"]["template"]["spec"]["containers"][0]


def test_configuration_has_the_spec_s_keys_and_values(deployed: RecordingEngine) -> None:
    configuration = deployed.only("kubernetes:core/v1:ConfigMap").inputs

    assert configuration["metadata"]["name"] == "servicenow-config"
    assert configuration["data"] == {
        "instance-url": URL,
        "api-version": "v1",
        "default-table": "sc_request",
        "polling-interval": "10",
        "max-polling-attempts": "180",
    }


def test_the_container_is_the_spec_s(deployment: dict[str, Any], container: dict[str, Any]) -> None:
    assert deployment["metadata"]["name"] == "servicenow-worker"
    assert deployment["spec"]["template"]["metadata"]["labels"]["app"] == "servicenow-worker"
    assert (container["name"], container["image"]) == ("worker", "registry.example/biz/servicenow-worker:1.0.0")
    assert container["resources"] == {
        "requests": {"cpu": "200m", "memory": "256Mi"},
        "limits": {"cpu": "1", "memory": "512Mi"},
    }
    liveness = container["livenessProbe"]
    assert liveness["httpGet"] == {"path": "/health", "port": "http"}
    assert (liveness["initialDelaySeconds"], liveness["periodSeconds"]) == (30, 10)


def test_the_environment_is_the_spec_s(container: dict[str, Any]) -> None:
    variables = {item["name"]: item for item in container["env"]}

    assert variables["SERVICENOW_INSTANCE"]["valueFrom"]["configMapKeyRef"]["key"] == "instance-url"
    assert variables["SNOW_USER"]["valueFrom"]["secretKeyRef"] == {"name": "servicenow-credentials", "key": "username"}
    assert variables["SNOW_PASSWORD"]["valueFrom"]["secretKeyRef"]["key"] == "password"
    assert variables["CAMUNDA_REST_URL"]["value"] == "http://camunda:8080/engine-rest"


def test_credentials_are_the_vault_s(deployed: RecordingEngine) -> None:
    secrets = {
        item.inputs["metadata"]["name"]: item.inputs["spec"]
        for item in deployed.of_type("kubernetes:external-secrets.io/v1:ExternalSecret")
    }
    instance = {item["secretKey"] for item in secrets["servicenow-credentials"]["data"]}
    template = secrets["servicenow-worker"]["target"]["template"]["data"]
    variables = {item["secretKey"] for item in secrets["servicenow-worker"]["data"]}

    assert instance == {"username", "password", "instance"}
    assert template.keys() == {"CAMUNDA_USER", "CAMUNDA_PASSWORD", "REDIS_URL"}
    assert template["REDIS_URL"].endswith("/0")
    assert all(f".{name} " in " ".join(template.values()) for name in variables)


def test_the_autoscaler_is_the_spec_s_and_owns_the_replicas(
    deployed: RecordingEngine, deployment: dict[str, Any]
) -> None:
    autoscaler = deployed.only("kubernetes:autoscaling/v2:HorizontalPodAutoscaler").inputs
    spec = autoscaler["spec"]
    resources = {item["resource"]["name"]: item["resource"] for item in spec["metrics"] if item["type"] == "Resource"}
    (pods,) = [item["pods"] for item in spec["metrics"] if item["type"] == "Pods"]

    assert autoscaler["metadata"]["name"] == "servicenow-worker-hpa"
    assert spec["scaleTargetRef"]["name"] == "servicenow-worker"
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 20)
    assert {name: item["target"]["averageUtilization"] for name, item in resources.items()} == {"cpu": 70, "memory": 80}
    assert (pods["metric"]["name"], pods["target"]["averageValue"]) == ("external_tasks_pending", "10")
    assert spec["behavior"] == {
        "scaleDown": {
            "stabilizationWindowSeconds": 300,
            "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}],
        },
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "policies": [
                {"type": "Pods", "value": 2, "periodSeconds": 60},
                {"type": "Percent", "value": 100, "periodSeconds": 60},
            ],
        },
    }
    assert deployment["spec"]["replicas"] == 3
    assert deployed.only("kubernetes:apps/v1:Deployment").ignored_changes == ("spec.replicas",)


def test_it_waits_for_the_engine_and_the_cache_and_may_reach_what_it_calls(
    deployed: RecordingEngine, deployment: dict[str, Any]
) -> None:
    waits = deployed.only("kubernetes:apps/v1:Deployment").dependencies
    labels = deployment["spec"]["template"]["metadata"]["labels"]

    assert all(any(urn.endswith(f"::{name}") for urn in waits) for name in ("camunda", "cache"))
    assert {key for key, value in labels.items() if value == "client"} == {
        "biz-automation/internet",
        "biz-automation/cache",
    }
