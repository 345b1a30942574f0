"""What is rejected, what replaces, and what counts as the same: no cluster needed."""

from typing import Any

import pytest

from sandbox.providers.kubernetes.drift import live_inputs
from sandbox.providers.kubernetes.objects import object_type
from sandbox.providers.kubernetes.provider import KubernetesStandIn
from tests.sandbox.kubernetes.conftest import Provider

NAMED: dict[str, Any] = {"name": "one", "namespace": "default"}


@pytest.mark.parametrize(
    ("token", "inputs", "message"),
    [
        ("core/v1:ConfigMap", {"metadata": NAMED, "dat": {}}, "has no property dat (did you mean data?)"),
        ("core/v1:ConfigMap", {"metadata": NAMED, "data": {"a": 1}}, "data.a is an integer"),
        ("core/v1:ConfigMap", {"metadata": {**NAMED, "name": "Upper"}}, 'metadata.name "Upper" of ConfigMap must be'),
        ("core/v1:Service", {"metadata": {**NAMED, "name": "a.b"}}, "lower-case letters, digits and -"),
        ("core/v1:Namespace", {"metadata": {"name": "x" * 64}}, "at most 63"),
        ("rbac.authorization.k8s.io/v1:ClusterRole", {"metadata": {"name": "a/b"}}, 'must not contain "/"'),
        ("core/v1:ConfigMapList", {"items": []}, "is a list; declare its items one by one"),
        ("core/v1:ServiceAccountPatch", {"metadata": {"namespace": "x"}}, "must name it in metadata.name"),
        (
            "apps/v1:Deployment",
            {"metadata": NAMED, "spec": {"selector": {}, "template": {"spec": {"containers": [{"image": "a:1"}]}}}},
            "spec.template.spec.containers[0].name",
        ),
        ("networking.k8s.io/v1:NetworkPolicy", {"metadata": NAMED, "spec": {"podselector": {}}}, "podSelector?"),
    ],
)
def test_bad_inputs_are_named_with_their_mend(token: str, inputs: dict[str, Any], message: str) -> None:
    _, failures = KubernetesStandIn().check_resource(Provider.reference(f"kubernetes:{token}", "one"), {}, inputs)
    assert any(message in reason for _, reason in failures), failures


@pytest.mark.parametrize(
    ("token", "old", "new", "replaces", "delete_first"),
    [
        ("core/v1:ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "2"}}, (), False),
        (
            "core/v1:ConfigMap",
            {"data": {"a": "1"}, "immutable": True},
            {"data": {"a": "2"}, "immutable": True},
            ("data",),
            True,
        ),
        ("core/v1:Secret", {"type": "Opaque"}, {"type": "kubernetes.io/tls"}, ("type",), True),
        ("apps/v1:Deployment", {"spec": {"selector": {"a": "1"}}}, {"spec": {"selector": {"a": "2"}}}, ("spec",), True),
        ("apps/v1:Deployment", {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}, (), False),
        ("apps/v1:StatefulSet", {"spec": {"serviceName": "a"}}, {"spec": {"serviceName": "b"}}, ("spec",), True),
        ("apps/v1:StatefulSet", {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}, (), False),
        ("batch/v1:Job", {"spec": {"template": {"a": 1}}}, {"spec": {"template": {"a": 2}}}, ("spec",), True),
        ("batch/v1:Job", {"spec": {"suspend": True}}, {"spec": {"suspend": False}}, (), False),
        ("storage.k8s.io/v1:StorageClass", {"provisioner": "a"}, {"provisioner": "b"}, ("provisioner",), True),
        (
            "rbac.authorization.k8s.io/v1:RoleBinding",
            {"roleRef": {"name": "a"}},
            {"roleRef": {"name": "b"}},
            ("roleRef",),
            True,
        ),
        ("core/v1:ConfigMap", {"metadata": NAMED}, {"metadata": {**NAMED, "name": "two"}}, ("metadata",), False),
        ("core/v1:ConfigMap", {"metadata": NAMED}, {"metadata": {**NAMED, "namespace": "x"}}, ("metadata",), False),
    ],
)
def test_what_the_server_would_not_change_replaces(
    token: str, old: dict[str, Any], new: dict[str, Any], replaces: tuple[str, ...], delete_first: bool
) -> None:
    named = {"metadata": NAMED}
    reference = Provider.reference(f"kubernetes:{token}", "one")
    diff = KubernetesStandIn().diff_resource(reference, "default/one", {**named, **old}, {}, {**named, **new})
    assert (diff.replaces, diff.delete_before_replace) == (replaces, delete_first)
    assert diff.changed


@pytest.mark.parametrize(
    ("token", "api_version", "kind", "patch"),
    [
        ("kubernetes:core/v1:Service", "v1", "Service", False),
        ("kubernetes:apps/v1:Deployment", "apps/v1", "Deployment", False),
        ("kubernetes:core/v1:ServiceAccountPatch", "v1", "ServiceAccount", True),
        ("kubernetes:kafka.strimzi.io/v1:Kafka", "kafka.strimzi.io/v1", "Kafka", False),
        ("kubernetes:example.com/v1:Patch", "example.com/v1", "Patch", False),
    ],
)
def test_a_token_names_api_version_and_kind(token: str, api_version: str, kind: str, patch: bool) -> None:
    found = object_type(token)
    assert (found.api_version, found.kind, found.patch) == (api_version, kind, patch)


@pytest.mark.parametrize(
    ("asked", "live"),
    [
        ({"cpu": "1000m"}, {"cpu": "1"}),
        ({"memory": "1024Mi"}, {"memory": "1Gi"}),
        ({"port": 8080}, {"port": "8080"}),
        ({"ports": [{"port": 80}]}, {"ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}]}),
        ({"empty": {}, "none": None}, {}),
        ({"env": [{"name": "A", "value": "1"}]}, {"env": [{"name": "INJECTED"}, {"name": "A", "value": "1"}]}),
    ],
)
def test_the_server_s_own_spelling_is_no_drift(asked: dict[str, Any], live: dict[str, Any]) -> None:
    assert live_inputs(asked, live) == asked


@pytest.mark.parametrize(
    ("asked", "live", "drifted"),
    [
        ({"cpu": "1"}, {"cpu": "2"}, {"cpu": "2"}),
        ({"enabled": True}, {"enabled": False}, {"enabled": False}),
        ({"a": "1", "b": "2"}, {"a": "1"}, {"a": "1"}),
        ({"list": ["a", "b"]}, {"list": ["a"]}, {"list": ["a"]}),
        (
            {"env": [{"name": "A", "value": "1"}]},
            {"env": [{"name": "A", "value": "2"}]},
            {"env": [{"name": "A", "value": "2"}]},
        ),
    ],
)
def test_a_changed_value_is_drift(asked: dict[str, Any], live: dict[str, Any], drifted: dict[str, Any]) -> None:
    assert live_inputs(asked, live) == drifted
