"""The life of objects, asked of the API server by its official client."""

import base64
import json
import threading
from typing import Any

import kubernetes
import pytest

from sandbox.environment import KubernetesEndpoint
from sandbox.providers.kubernetes import cluster
from sandbox.providers.kubernetes.provider import KubernetesStandIn
from sandbox.providers.stand_in import UNKNOWN, StandInError
from tests.sandbox.kubernetes.conftest import CoreApi, Created, Provider

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
SECRET = "kubernetes:core/v1:Secret"
SERVICE = "kubernetes:core/v1:Service"
NAMESPACE = "kubernetes:core/v1:Namespace"


def config_map(namespace: str, **data: str) -> dict[str, Any]:
    return {"metadata": {"name": "settings", "namespace": namespace}, "data": data}


def definition(group: str, *short_names: str) -> dict[str, Any]:
    schema = {"type": "object", "x_kubernetes_preserve_unknown_fields": True}
    return {
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": list(short_names)},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def widget(group: str, namespace: str) -> dict[str, Any]:
    described = {"name": "one", "namespace": namespace}
    return {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": described, "spec": {"size": 1}}


def test_what_the_program_asks_for_is_what_the_server_has(provider: Provider, core: CoreApi, namespace: str) -> None:
    created = provider.create(CONFIG_MAP, "settings", config_map(namespace, colour="blue", size="1"))
    live = core.read_namespaced_config_map("settings", namespace)
    assert live.data == {"colour": "blue", "size": "1"}
    assert created.id == f"{namespace}/settings"
    assert created.outputs["metadata"]["uid"] == live.metadata.uid

    created.update(config_map(namespace, colour="red"))
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
    assert len(name) == len("settings-") + 8
    assert not created.diff({"metadata": {"namespace": namespace}, "data": {"a": "1"}}).changed
    assert created.inputs["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    replaced = created.diff({"metadata": {"namespace": namespace}, "data": {"a": "2"}})
    assert (replaced.replaces, replaced.delete_before_replace) == (("data.a",), False)


def test_an_object_that_exists_already_is_not_taken_over(provider: Provider, core: CoreApi, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "settings"}, "data": {"owner": "somebody"}})
    with pytest.raises(StandInError, match=r"ConfigMap .*/settings exists in the cluster already.*`pulumi import`"):
        provider.create(CONFIG_MAP, "settings", config_map(namespace, owner="us"))
    assert core.read_namespaced_config_map("settings", namespace).data == {"owner": "somebody"}


def test_an_object_is_taken_over_where_the_provider_may(
    control_plane: KubernetesEndpoint, core: CoreApi, namespace: str
) -> None:
    stand_in = KubernetesStandIn()
    kubeconfig = json.dumps(control_plane.kubeconfig())
    stand_in.configure_provider({"kubeconfig": kubeconfig, "upsertExistingObjects": "true", "enablePatchForce": "true"})
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "settings"}, "data": {"owner": "somebody"}})
    Provider(stand_in).create(CONFIG_MAP, "settings", config_map(namespace, owner="us"))
    assert core.read_namespaced_config_map("settings", namespace).data == {"owner": "us"}


def test_an_unknown_field_of_a_custom_resource_reaches_the_user(provider: Provider, namespace: str) -> None:
    strict = definition("strict.example.com")
    strict["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {"colour": {"type": "string"}}}},
    }
    created = provider.create(DEFINITION, "strict", strict)
    token = "kubernetes:strict.example.com/v1:Widget"
    with pytest.raises(StandInError, match=r'Widget .*/one is refused.*unknown field "spec\.size"'):
        provider.create(token, "one", widget("strict.example.com", namespace))
    created.delete()


def test_secrets_are_secret_wherever_they_stand_in_the_state(provider: Provider, core: CoreApi, namespace: str) -> None:
    metadata = {"name": "login", "namespace": namespace}
    created = provider.create(SECRET, "login", {"metadata": metadata, "stringData": {"password": "first"}})
    encoded = base64.b64encode(b"first").decode()
    assert core.read_namespaced_secret("login", namespace).data == {"password": encoded}
    assert provider.stand_in.secret_outputs(SECRET) == {"data", "stringData", "__inputs"}
    assert not created.diff({"metadata": metadata, "data": {"password": encoded}}).changed


def test_a_namespace_is_deleted_with_its_contents(provider: Provider, core: CoreApi) -> None:
    created = provider.create(NAMESPACE, "brief", {"metadata": {"name": "test-brief"}})
    provider.create(CONFIG_MAP, "settings", config_map("test-brief", a="1"))
    created.delete()
    assert "test-brief" not in [item.metadata.name for item in core.list_namespace().items]


def test_a_deletion_that_does_not_end_names_its_obstacle(provider: Provider, core: CoreApi, namespace: str) -> None:
    inputs = config_map(namespace, a="1")
    inputs["metadata"]["finalizers"] = ["example.com/hold"]
    created = provider.create(CONFIG_MAP, "settings", inputs)
    with pytest.raises(StandInError, match=r"still being deleted; it waits for .*example\.com/hold"):
        created.delete(timeout=0.3)
    core.patch_namespaced_config_map("settings", namespace, {"metadata": {"finalizers": None}})
    created.delete()


def test_a_custom_resource_waits_for_its_definition(
    provider: Provider, client: kubernetes.client.ApiClient, namespace: str
) -> None:
    group, made = "early.example.com", list[Created]()
    token = f"kubernetes:{group}/v1:Widget"
    early = threading.Thread(target=lambda: made.append(provider.create(token, "one", widget(group, namespace))))
    early.start()
    defined = provider.create(DEFINITION, "widgets", definition(group))
    early.join(timeout=30)
    custom: Any = kubernetes.client.CustomObjectsApi(client)
    assert custom.get_namespaced_custom_object(group, "v1", namespace, "widgets", "one")["spec"] == {"size": 1}
    assert not defined.diff(definition(group)).changed
    assert not defined.diff(defined.refresh()).changed

    defined.update(definition(group, "wd"))
    extensions: Any = kubernetes.client.ApiextensionsV1Api(client)
    assert extensions.read_custom_resource_definition(f"widgets.{group}").spec.names.short_names == ["wd"]

    defined.delete()
    assert made[0].read() is None
    made[0].delete()


def test_a_missing_definition_is_named(provider: Provider, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE_SECONDS", 0.0)
    message = r"Widget .*/one cannot be created: the cluster does not serve nowhere\.example\.com/v1/Widget"
    with pytest.raises(StandInError, match=message):
        provider.create("kubernetes:nowhere.example.com/v1:Widget", "one", widget("nowhere.example.com", namespace))


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
    inputs = config_map(namespace, colour="blue")
    created = provider.create(CONFIG_MAP, "settings", inputs)
    core.patch_namespaced_config_map("settings", namespace, {"data": {"colour": "green"}}, field_manager="somebody")
    changed = config_map(namespace, colour="red")
    with pytest.raises(StandInError, match=r'"somebody".*pulumi\.com/patchForce: "true"'):
        created.update(changed)
    with pytest.raises(StandInError, match=r"\.data\.colour"):
        created.foretell(changed)
    changed["metadata"]["annotations"] = {"pulumi.com/patchForce": "true"}
    created.update(changed)
    assert core.read_namespaced_config_map("settings", namespace).data == {"colour": "red"}


def test_admission_refuses_in_the_preview(provider: Provider, core: CoreApi, namespace: str) -> None:
    core.patch_namespace(namespace, {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
    container = {"name": "root", "image": "nginx:1.29.1", "securityContext": {"privileged": True}}
    pod = {"metadata": {"name": "root", "namespace": namespace}, "spec": {"containers": [container]}}
    with pytest.raises(StandInError, match=r'Pod .*/root is refused: .*violates PodSecurity "restricted'):
        provider.foretell("kubernetes:core/v1:Pod", "root", pod)
    assert core.list_namespaced_pod(namespace).items == []


def test_a_value_that_the_server_refuses_fails_the_preview(provider: Provider, core: CoreApi, namespace: str) -> None:
    metadata = {"name": "web", "namespace": namespace}
    bad = {"metadata": metadata, "spec": {"ports": [{"port": 99999}]}}
    with pytest.raises(StandInError, match=r"Service .*/web is refused: .*spec\.ports\[0\]\.port.*between 1 and 65535"):
        provider.foretell(SERVICE, "web", bad)
    foretold = provider.foretell(SERVICE, "web", {"metadata": metadata, "spec": {"ports": [{"port": 80}]}})
    assert foretold["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert foretold["spec"]["clusterIP"] is UNKNOWN
    assert core.list_namespaced_service(namespace).items == []


def test_a_preview_survives_a_namespace_that_is_still_to_come(provider: Provider) -> None:
    foretold = provider.foretell(CONFIG_MAP, "settings", config_map("not-there-yet", a="1"))
    assert foretold["metadata"]["name"] == "settings"
    assert foretold["metadata"]["uid"] is UNKNOWN


def test_an_unknown_cluster_previews_and_changes_nothing() -> None:
    stand_in = KubernetesStandIn()
    stand_in.configure_provider({"kubeconfig": UNKNOWN})
    provider = Provider(stand_in)
    inputs = provider.check(CONFIG_MAP, "settings", {"data": {"a": "1"}})
    assert inputs["metadata"]["namespace"] == "default"
    assert provider.foretell(CONFIG_MAP, "settings", {"data": {"a": "1"}})["data"] == {"a": "1"}
    with pytest.raises(StandInError, match="kubeconfig is not known"):
        provider.create(CONFIG_MAP, "settings", {"data": {"a": "1"}})


def test_a_cluster_that_does_not_answer_is_named(control_plane: KubernetesEndpoint) -> None:
    kubeconfig = control_plane.kubeconfig()
    kubeconfig["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    stand_in = KubernetesStandIn()
    stand_in.configure_provider({"kubeconfig": str(kubeconfig)})
    provider = Provider(stand_in)
    assert provider.foretell(CONFIG_MAP, "settings", {"metadata": {"name": "a"}})["metadata"]["name"] == "a"
    with pytest.raises(StandInError, match=r"cluster at https://127\.0\.0\.1:9 does not answer .*refused"):
        provider.create(CONFIG_MAP, "settings", {"metadata": {"name": "a"}})
