"""The engines' numbers: every metric that dashboards name has a scrape, and only of engines that run."""

from typing import Any

import pulumi
import yaml

from components.workflows import ProcessMetrics, ProcessMetricsArgs, RestApi, camunda, flowable
from tests.unit.components.environment import environment, gate
from tests.unit.recording import RecordingEngine

APIS = {
    "camunda": ("http://camunda:8080/engine-rest", camunda.ADMINISTRATOR),
    "flowable": ("http://flowable:8080/flowable-rest/service", flowable.ADMINISTRATOR),
}


def deploy(engine: RecordingEngine, *engines: str) -> None:
    """Deploy it for these engines."""

    def program() -> None:
        stack = environment()
        assert stack.monitors is not None
        apis = {name: RestApi(*APIS[name], gate(name)) for name in engines}
        assert isinstance(
            ProcessMetrics("process-metrics", ProcessMetricsArgs(stack, stack.monitors, apis)).ready,
            pulumi.Resource,
        )

    engine.deploy(program)


def endpoints(engine: RecordingEngine) -> list[dict[str, Any]]:
    return engine.only("kubernetes:monitoring.coreos.com/v1:ServiceMonitor").inputs["spec"]["endpoints"]


def modules(engine: RecordingEngine) -> dict[str, Any]:
    data = engine.only("kubernetes:core/v1:ConfigMap", "process-metrics").inputs["data"]
    return yaml.safe_load(data["config.yaml"])["modules"]


def test_active_instances_of_camunda_are_counted(engine: RecordingEngine) -> None:
    deploy(engine, "camunda", "flowable")
    scrapes = {item["params"]["module"][0]: item["params"]["target"][0] for item in endpoints(engine)}

    assert scrapes["camunda_process_instances_active"] == (
        "http://camunda:8080/engine-rest/process-instance/count?active=true"
    )
    assert scrapes.keys() == modules(engine).keys()
    assert {item["path"] for item in endpoints(engine)} == {"/probe"}


def test_an_engine_that_is_off_is_not_asked(engine: RecordingEngine) -> None:
    deploy(engine, "flowable")

    assert modules(engine)
    assert all(name.startswith("flowable_") for name in modules(engine))


def test_passwords_are_read_from_files_of_a_secret(engine: RecordingEngine) -> None:
    deploy(engine, "camunda")
    access = modules(engine)["camunda_process_instances_active"]["http_client_config"]["basic_auth"]
    pod = engine.only("kubernetes:apps/v1:Deployment").inputs["spec"]["template"]["spec"]
    mounts = {item["name"]: item["mountPath"] for item in pod["containers"][0]["volumeMounts"]}
    secret = engine.only("kubernetes:external-secrets.io/v1:ExternalSecret").inputs["spec"]

    assert access["password_file"] == f"{mounts['credentials']}/camunda-password"
    assert {item["secretKey"] for item in secret["data"]} == {"camunda-username", "camunda-password"}
    assert "envFrom" not in pod["containers"][0]


def test_there_is_one_exporter_or_everything_would_count_twice(engine: RecordingEngine) -> None:
    deploy(engine, "camunda")

    assert engine.only("kubernetes:apps/v1:Deployment").inputs["spec"]["replicas"] == 1
