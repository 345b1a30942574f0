"""The UiPath bridge, name by name as flows and operators know it. Source: INTEG-UIPATH-1..5, SEC-4, SEC-7."""

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from components.integrations import UiPathBridge, UiPathBridgeArgs
from tests.unit.components.environment import environment
from tests.unit.recording import RecordingEngine, recording

URL = "https://your-instance.orchestrator.uipath.com"


def deploy(engine: RecordingEngine, *, monitored: bool = True) -> None:
    """Deploy it alone, with the settings' own values."""
    engine.deploy(
        lambda: UiPathBridge(
            "uipath-bridge",
            UiPathBridgeArgs(
                environment(monitored=monitored),
                pulumi.CustomResource("test:index:Credentials", "credentials", {}),
                *(URL, "ModernJobsCount", 3, 300, 5),
            ),
        )
    )


@pytest.fixture(scope="module")
def deployed() -> Iterator[RecordingEngine]:
    with recording() as engine:
        deploy(engine)
        yield engine


@pytest.fixture
def template(deployed: RecordingEngine) -> dict[str, Any]:
    deployment = deployed.only("kubernetes:apps/v1:Deployment").inputs
    assert (deployment["metadata"]["name"], deployment["metadata"]["namespace"]) == ("uipath-bridge", "workflows")
    assert deployment["spec"]["replicas"] == 2
    return deployment["spec"]["template"]


def test_configuration_has_the_spec_s_keys_and_values(deployed: RecordingEngine) -> None:
    configuration = deployed.only("kubernetes:core/v1:ConfigMap").inputs

    assert configuration["metadata"]["name"] == "uipath-config"
    assert configuration["data"] == {
        "orchestrator-url": URL,
        "default-strategy": "ModernJobsCount",
        "max-retries": "3",
        "timeout-seconds": "300",
        "polling-interval-seconds": "5",
    }


def test_it_starts_after_its_credentials(deployed: RecordingEngine) -> None:
    credentials = deployed.only("test:index:Credentials").urn

    assert credentials in deployed.only("kubernetes:apps/v1:Deployment").dependencies


def test_the_container_is_the_spec_s(template: dict[str, Any]) -> None:
    container = template["spec"]["containers"][0]
    environment_variables = {item["name"]: item["valueFrom"] for item in container["env"]}

    assert template["metadata"]["labels"]["app"] == "uipath-bridge"
    assert container["name"] == "bridge"
    assert container["image"] == "registry.example/biz/uipath-bridge:1.0.0"
    assert container["command"] == ["python", "/app/bridge.py"]
    assert container["resources"] == {
        "requests": {"cpu": "100m", "memory": "128Mi"},
        "limits": {"cpu": "500m", "memory": "256Mi"},
    }
    assert environment_variables["UIPATH_ORCHESTRATOR_URL"] == {
        "configMapKeyRef": {"name": "uipath-config", "key": "orchestrator-url"}
    }
    assert environment_variables["UIPATH_TOKEN"] == {"secretKeyRef": {"name": "uipath-credentials", "key": "token"}}
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_the_service_is_8080_to_8080(deployed: RecordingEngine, template: dict[str, Any]) -> None:
    service = deployed.only("kubernetes:core/v1:Service").inputs
    ports = {item["name"]: item["containerPort"] for item in template["spec"]["containers"][0]["ports"]}

    assert service["metadata"]["name"] == "uipath-bridge"
    assert [(item["port"], ports[item["targetPort"]]) for item in service["spec"]["ports"]] == [(8080, 8080)]


def test_every_key_of_the_configuration_reaches_the_bridge(deployed: RecordingEngine, template: dict[str, Any]) -> None:
    keys = deployed.only("kubernetes:core/v1:ConfigMap").inputs["data"].keys()
    read = [
        item["valueFrom"].get("configMapKeyRef", {}).get("key") for item in template["spec"]["containers"][0]["env"]
    ]

    assert set(keys) <= set(read)


def test_only_prometheus_is_let_in_beside_kestra(deployed: RecordingEngine) -> None:
    policy = deployed.only("kubernetes:networking.k8s.io/v1:NetworkPolicy", "uipath-bridge-metrics").inputs["spec"]

    assert policy["podSelector"] == {"matchLabels": {"app": "uipath-bridge"}}
    assert policy["policyTypes"] == ["Ingress"]
    (rule,) = policy["ingress"]
    (peer,) = rule["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "observability"}
    assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "prometheus"}
    assert [port["port"] for port in rule["ports"]] == [8080]


def test_without_prometheus_nobody_is_let_in_and_nothing_scrapes(engine: RecordingEngine) -> None:
    deploy(engine, monitored=False)
    policies = engine.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy")

    assert "uipath-bridge-metrics" not in {item.name for item in policies}
    assert not engine.of_type("kubernetes:monitoring.coreos.com/v1:ServiceMonitor")
