"""What a refresh takes over: changes to what the program set, and nothing else."""

import base64
from typing import Any

import kubernetes
import pytest

from sandbox.providers.kubernetes.drift import refreshed_inputs
from sandbox.providers.kubernetes.objects import object_type
from tests.sandbox.kubernetes.conftest import CoreApi, Provider

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CUSTOM = object_type("kubernetes:example.com/v1:Widget")


def deployment(namespace: str) -> dict[str, Any]:
    resources = {"requests": {"cpu": "0.1", "memory": "64Mi"}, "limits": {"cpu": "1000m", "memory": "0.0625Gi"}}
    container = {
        "name": "web",
        "image": "nginx:1.29.1",
        "resources": resources,
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": ""}],
        "ports": [{"containerPort": 80}],
    }
    return {
        "metadata": {"name": "web", "namespace": namespace, "labels": {}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [container], "hostNetwork": False, "tolerations": []},
            },
        },
    }


def test_a_refresh_without_drift_changes_nothing(provider: Provider, namespace: str) -> None:
    created = provider.create(DEPLOYMENT, "web", deployment(namespace))
    assert not created.diff(deployment(namespace)).changed
    before = created.inputs
    assert created.refresh() == before


def test_a_refresh_shows_exactly_the_drift(provider: Provider, core: CoreApi, namespace: str) -> None:
    inputs = {"metadata": {"name": "settings", "namespace": namespace}, "data": {"colour": "blue", "size": "1"}}
    created = provider.create(CONFIG_MAP, "settings", inputs)
    before = created.inputs
    core.patch_namespaced_config_map("settings", namespace, {"data": {"colour": "green", "foreign": "x"}})
    assert created.refresh() == {**before, "data": {"colour": "green", "size": "1"}}
    diff = created.diff(inputs)
    assert (diff.changed, diff.replaces, diff.delete_before_replace) == (("data",), ("data.colour",), True)


def test_drift_deep_inside_a_list_is_found_behind_what_others_add(
    provider: Provider, client: kubernetes.client.ApiClient, namespace: str
) -> None:
    created = provider.create(DEPLOYMENT, "web", deployment(namespace))
    apps: Any = kubernetes.client.AppsV1Api(client)
    containers = [
        {"name": "sidecar", "image": "envoy:1.35.0"},
        {"name": "web", "image": "nginx:1.30.0", "resources": {"limits": {"cpu": "2"}}},
    ]
    body = {
        "spec": {
            "replicas": 3,
            "template": {"spec": {"$setElementOrder/containers": containers, "containers": containers}},
        }
    }
    apps.patch_namespaced_deployment("web", namespace, body)
    wanted = deployment(namespace)
    found = created.refresh()
    container = found["spec"]["template"]["spec"]["containers"][0]
    expected = wanted["spec"]["template"]["spec"]["containers"][0]
    expected |= {
        "image": "nginx:1.30.0",
        "resources": {**expected["resources"], "limits": {"cpu": "2", "memory": "0.0625Gi"}},
    }
    assert container == expected
    assert found["spec"]["replicas"] == 3
    assert created.diff(deployment(namespace)).changed == ("spec",)


def test_a_secret_written_as_text_drifts_as_text(provider: Provider, core: CoreApi, namespace: str) -> None:
    inputs = {"metadata": {"name": "login", "namespace": namespace}, "stringData": {"password": "first", "user": "me"}}
    created = provider.create("kubernetes:core/v1:Secret", "login", inputs)
    assert created.refresh()["stringData"] == {"password": "first", "user": "me"}
    encoded = base64.b64encode(b"second").decode()
    core.patch_namespaced_secret("login", namespace, {"data": {"password": encoded, "user": None}})
    assert created.refresh()["stringData"] == {"password": "second"}
    assert created.diff(inputs).replaces == ("stringData.password", "stringData.user")


def test_an_import_takes_what_the_object_says(provider: Provider, core: CoreApi, namespace: str) -> None:
    core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "found", "labels": {"a": "b"}}, "data": {"x": "1"}}
    )
    reference = provider.reference(CONFIG_MAP, "found")
    result = provider.stand_in.read_resource(reference, f"{namespace}/found", {}, {})
    assert result is not None
    assert result.inputs == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "found", "namespace": namespace, "labels": {"a": "b"}},
        "data": {"x": "1"},
    }


@pytest.mark.parametrize(
    ("inputs", "before", "live", "found"),
    [
        ({"cpu": "1000m"}, {"cpu": "1"}, {"cpu": "1"}, {"cpu": "1000m"}),
        ({"cpu": "1000m"}, {"cpu": "1"}, {"cpu": "2"}, {"cpu": "2"}),
        ({"empty": [], "off": False}, {}, {}, {"empty": [], "off": False}),
        ({"off": False}, {}, {"off": True}, {"off": True}),
        ({"a": "1", "b": "2"}, {"a": "1", "b": "2"}, {"a": "1"}, {"a": "1"}),
        ({"a": "1"}, {"a": "1"}, {"a": "1", "added": "2"}, {"a": "1"}),
        ({"list": ["a", "b"]}, {"list": ["a", "b"]}, {"list": ["a"]}, {"list": ["a"]}),
        (
            {"ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]},
            {"ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "UDP"}]},
            {"ports": [{"containerPort": 80, "protocol": "UDP"}]},
            {"ports": [{"containerPort": 80, "protocol": "UDP"}]},
        ),
        (
            {"env": [{"name": "A", "value": "1"}]},
            {"env": [{"name": "A", "value": "1"}]},
            {"env": [{"name": "NEW"}, {"name": "A", "value": "2"}]},
            {"env": [{"name": "A", "value": "2"}]},
        ),
    ],
)
def test_only_changes_to_the_inputs_count(
    inputs: dict[str, Any], before: dict[str, Any], live: dict[str, Any], found: dict[str, Any]
) -> None:
    assert refreshed_inputs(CUSTOM, inputs, before, live) == found
