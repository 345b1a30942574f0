"""The life of objects, asked of the API server by its official client."""

import base64
import time
from typing import Any

import kubernetes
import pytest

from sandbox.environment import KubernetesEndpoint
from sandbox.providers.kubernetes.provider import KubernetesStandIn
from sandbox.providers.stand_in import UNKNOWN, InitializationError, StandInError
from tests.sandbox.kubernetes.conftest import CoreApi, Provider

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def deployment(namespace: str, cpu: str = "100m", **spec: Any) -> dict[str, Any]:
    container = {"name": "web", "image": "nginx:1.29.1", "resources": {"requests": {"cpu": cpu, "memory": "64Mi"}}}
    return {
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}},
            **spec,
        },
    }


def test_what_the_program_asks_for_is_what_the_server_has(provider: Provider, core: CoreApi, namespace: str) -> None:
    inputs = {"metadata": {"name": "settings", "namespace": namespace}, "data": {"colour": "blue", "size": "1"}}
    created = provider.create(CONFIG_MAP, "settings", inputs)
    assert created.id == f"{namespace}/settings"
    assert core.read_namespaced_config_map("settings", namespace).data == {"colour": "blue", "size": "1"}

    created.update({**inputs, "data": {"colour": "red"}})
    assert core.read_namespaced_config_map("settings", namespace).data == {"colour": "red"}

    created.delete()
    with pytest.raises(kubernetes.client.ApiException, match="404"):
        core.read_namespaced_config_map("settings", namespace)
    assert created.read() is None
    created.delete()


def test_an_unnamed_object_gets_a_name_and_keeps_it(provider: Provider, namespace: str) -> None:
    created = provider.create(CONFIG_MAP, "settings", {"metadata": {"namespace": namespace}, "data": {"a": "1"}})
    name = created.inputs["metadata"]["name"]
    assert name.startswith("settings-")
    assert not created.diff({"metadata": {"namespace": namespace}, "data": {"a": "1"}}).changed
    assert created.inputs["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}


def test_a_refresh_without_drift_changes_nothing(provider: Provider, namespace: str) -> None:
    created = provider.create(DEPLOYMENT, "web", deployment(namespace, cpu="1000m"))
    read = created.read()
    assert read.inputs == created.inputs


def test_a_refresh_shows_exactly_the_drift(provider: Provider, core: CoreApi, namespace: str) -> None:
    inputs = {"metadata": {"name": "settings", "namespace": namespace}, "data": {"colour": "blue", "size": "1"}}
    created = provider.create(CONFIG_MAP, "settings", inputs)
    core.patch_namespaced_config_map("settings", namespace, {"data": {"colour": "green", "foreign": "x"}})
    expected = {**created.inputs, "data": {"colour": "green", "size": "1"}}
    assert created.read().inputs == expected


def test_a_secret_written_as_text_drifts_as_text(provider: Provider, core: CoreApi, namespace: str) -> None:
    inputs = {"metadata": {"name": "login", "namespace": namespace}, "stringData": {"password": "first"}}
    created = provider.create("kubernetes:core/v1:Secret", "login", inputs)
    assert created.read().inputs["stringData"] == {"password": "first"}
    encoded = base64.b64encode(b"second").decode()
    core.patch_namespaced_secret("login", namespace, {"data": {"password": encoded}})
    assert created.read().inputs["stringData"] == {"password": "second"}


def test_a_deployment_is_created_when_its_pods_run(provider: Provider, core: CoreApi, namespace: str) -> None:
    created = provider.create(DEPLOYMENT, "web", deployment(namespace, replicas=2))
    assert created.outputs["status"]["availableReplicas"] == 2
    pods = core.list_namespaced_pod(namespace, label_selector="app=web").items
    assert [pod.status.phase for pod in pods] == ["Running", "Running"]


def test_a_pod_that_fits_no_node_is_named_with_the_scheduler_s_reason(provider: Provider, namespace: str) -> None:
    with pytest.raises(
        InitializationError, match=r"Unschedulable: 0/3 nodes are available: 3 Insufficient cpu"
    ) as raised:
        provider.create(DEPLOYMENT, "web", deployment(namespace, cpu="64"), timeout=5)
    assert raised.value.id == f"{namespace}/web"
    assert raised.value.outputs["metadata"]["name"] == "web"


def test_a_quota_s_refusal_is_the_reason(provider: Provider, core: CoreApi, namespace: str) -> None:
    core.create_namespaced_resource_quota(namespace, {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}})
    deadline = time.monotonic() + 10
    while not (core.read_namespaced_resource_quota("none", namespace).status.hard or {}):
        assert time.monotonic() < deadline, "the quota controller did not take the quota up"
    with pytest.raises(InitializationError, match=r"exceeded quota: none"):
        provider.create(DEPLOYMENT, "web", deployment(namespace), timeout=2)


def test_a_job_is_created_when_it_has_completed(provider: Provider, namespace: str) -> None:
    container = {"name": "once", "image": "busybox:1.38.0"}
    spec = {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}
    metadata = {"name": "once", "namespace": namespace}
    created = provider.create("kubernetes:batch/v1:Job", "once", {"metadata": metadata, "spec": spec})
    assert created.outputs["status"]["succeeded"] == 1


def test_a_namespace_is_deleted_with_its_contents(
    provider: Provider, core: CoreApi, request: pytest.FixtureRequest
) -> None:
    name = "test-deleted"
    created = provider.create("kubernetes:core/v1:Namespace", name, {"metadata": {"name": name}})
    provider.create(CONFIG_MAP, "settings", {"metadata": {"name": "settings", "namespace": name}})
    created.delete()
    assert name not in [item.metadata.name for item in core.list_namespace().items]


def test_a_custom_resource_needs_its_definition(provider: Provider, namespace: str) -> None:
    token, api = "kubernetes:example.com/v1:Widget", {"apiVersion": "example.com/v1", "kind": "Widget"}
    widget = {**api, "metadata": {"name": "one", "namespace": namespace}, "spec": {"size": 1}}
    with pytest.raises(StandInError, match=r"does not serve Widget of example\.com/v1"):
        provider.create(token, "one", widget)
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    definition = provider.create(
        "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
        "widgets",
        {
            "metadata": {"name": "widgets.example.com"},
            "spec": {
                "group": "example.com",
                "scope": "Namespaced",
                "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
                "versions": [version],
            },
        },
    )
    created = provider.create(token, "one", widget)
    assert created.outputs["spec"] == {"size": 1}
    created.delete()
    definition.delete()


def test_a_custom_resource_can_be_awaited(provider: Provider, core: CoreApi, namespace: str) -> None:
    inputs = {
        "metadata": {
            "name": "settings",
            "namespace": namespace,
            "annotations": {"pulumi.com/waitFor": "jsonpath={.data.state}=done"},
        },
        "data": {"state": "begun"},
    }
    with pytest.raises(InitializationError, match=r"\.data\.state is 'begun', not 'done'"):
        provider.create(CONFIG_MAP, "settings", inputs, timeout=0.3)
    created = provider.create(CONFIG_MAP, "settings", {**inputs, "data": {"state": "done"}})
    assert created.outputs["data"] == {"state": "done"}


def test_a_patch_owns_its_fields_only(provider: Provider, core: CoreApi, namespace: str) -> None:
    core.create_namespaced_service_account(namespace, {"metadata": {"name": "robot", "labels": {"theirs": "yes"}}})
    metadata = {"name": "robot", "namespace": namespace, "labels": {"ours": "yes"}}
    patch = provider.create("kubernetes:core/v1:ServiceAccountPatch", "robot", {"metadata": metadata})
    assert core.read_namespaced_service_account("robot", namespace).metadata.labels == {"ours": "yes", "theirs": "yes"}
    patch.delete()
    assert core.read_namespaced_service_account("robot", namespace).metadata.labels == {"theirs": "yes"}


def test_a_field_of_another_manager_is_a_conflict_with_a_way_out(
    provider: Provider, core: CoreApi, namespace: str
) -> None:
    inputs: dict[str, Any] = {"metadata": {"name": "settings", "namespace": namespace}, "data": {"colour": "blue"}}
    created = provider.create(CONFIG_MAP, "settings", inputs)
    core.patch_namespaced_config_map("settings", namespace, {"data": {"colour": "green"}}, field_manager="somebody")
    with pytest.raises(StandInError, match=r'"somebody".*\.data\.colour.*pulumi\.com/patchForce: "true"'):
        created.update({**inputs, "data": {"colour": "red"}})
    forced = {**inputs["metadata"], "annotations": {"pulumi.com/patchForce": "true"}}
    created.update({"metadata": forced, "data": {"colour": "red"}})
    assert core.read_namespaced_config_map("settings", namespace).data == {"colour": "red"}


def test_admission_refuses_in_the_preview(provider: Provider, core: CoreApi, namespace: str) -> None:
    core.patch_namespace(namespace, {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
    container = {"name": "root", "image": "nginx:1.29.1", "securityContext": {"privileged": True}}
    pod = {"metadata": {"name": "root", "namespace": namespace}, "spec": {"containers": [container]}}
    token = "kubernetes:core/v1:Pod"
    inputs = provider.check(token, "root", pod)
    with pytest.raises(StandInError, match=r'Pod .*/root.*violates PodSecurity "restricted'):
        provider.stand_in.create_resource(Provider.reference(token, "root"), inputs, preview=True, timeout=1)
    assert core.list_namespaced_pod(namespace).items == []


def test_a_preview_survives_a_namespace_that_is_still_to_come(provider: Provider) -> None:
    inputs = provider.check(CONFIG_MAP, "settings", {"metadata": {"name": "settings", "namespace": "not-there-yet"}})
    _, outputs = provider.stand_in.create_resource(
        Provider.reference(CONFIG_MAP, "settings"), inputs, preview=True, timeout=1
    )
    assert outputs["metadata"]["name"] == "settings"
    assert outputs["metadata"]["uid"] is UNKNOWN


def test_an_unknown_cluster_previews_and_changes_nothing() -> None:
    stand_in = KubernetesStandIn()
    stand_in.configure_provider({"kubeconfig": UNKNOWN})
    provider = Provider(stand_in)
    reference = Provider.reference(CONFIG_MAP, "settings")
    inputs = provider.check(CONFIG_MAP, "settings", {"data": {"a": "1"}})
    assert inputs["metadata"]["namespace"] == "default"
    _, outputs = stand_in.create_resource(reference, inputs, preview=True, timeout=1)
    assert outputs["data"] == {"a": "1"}
    with pytest.raises(StandInError, match="kubeconfig is not known"):
        stand_in.create_resource(reference, inputs, preview=False, timeout=1)


def test_a_cluster_that_does_not_answer_is_named(control_plane: KubernetesEndpoint) -> None:
    kubeconfig = control_plane.kubeconfig()
    kubeconfig["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    stand_in = KubernetesStandIn()
    stand_in.configure_provider({"kubeconfig": str(kubeconfig)})
    provider = Provider(stand_in)
    with pytest.raises(StandInError, match=r"cluster at https://127\.0\.0\.1:9 does not answer .*refused"):
        provider.create(CONFIG_MAP, "settings", {"metadata": {"name": "a"}})
