"""What is rejected, what replaces, and what counts as the same: no cluster needed."""

import time
from typing import Any

import pytest

from sandbox.providers.kubernetes.objects import object_type
from sandbox.providers.kubernetes.provider import KubernetesStandIn
from sandbox.providers.stand_in import UNKNOWN
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
        ("core/v1:ConfigMapList", {"items": []}, "only groups objects, as in manifests; declare them one by one"),
        ("core/v1:ServiceAccountPatch", {"metadata": {"namespace": "x"}}, "must name it in metadata.name"),
        (
            "helm.sh/v3:Release",
            {"chart": "nginx"},
            "not supported by the kubernetes stand-in; kubernetes:helm.sh/v4:Chart",
        ),
        ("core/v1:ConfigMap", {"metadata": {"generateName": "a-"}}, "metadata.generateName does not go with"),
        ("core/v1:ConfigMap", {"metadata": NAMED, "kind": "Secret"}, 'kind is "Secret" and must be "ConfigMap"'),
        ("example.com/v1:Widget", {"metadata": {"name": 7}}, "metadata.name is 7 and must be a string"),
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


ROLE_BINDING = "rbac.authorization.k8s.io/v1:RoleBinding"
POD = {"containers": [{"name": "a", "image": "a:1"}]}


@pytest.mark.parametrize(
    ("token", "old", "new", "replaces", "delete_first"),
    [
        # a ConfigMap or Secret is replaced, so that whoever refers to its automatic name is rolled out anew
        ("core/v1:ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "2"}}, ("data.a",), True),
        ("core/v1:ConfigMap", {"data": {}}, {"data": {}, "immutable": True}, (), False),
        ("core/v1:Secret", {"type": "Opaque"}, {"type": "kubernetes.io/tls"}, ("type",), True),
        ("core/v1:Secret", {"stringData": {"a": "1"}}, {"stringData": {"a": "2"}}, ("stringData.a",), True),
        (
            "apps/v1:Deployment",
            {"spec": {"replicas": 1, "selector": {"matchLabels": {"x.y/a": "1"}}}},
            {"spec": {"replicas": 2, "selector": {"matchLabels": {"x.y/a": "2"}}}},
            ('spec.selector.matchLabels["x.y/a"]',),
            True,
        ),
        ("apps/v1:Deployment", {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}, (), False),
        ("apps/v1:DaemonSet", {}, {"spec": {"selector": {}}}, ("spec",), True),
        (
            "apps/v1:StatefulSet",
            {"spec": {"serviceName": "a"}},
            {"spec": {"serviceName": "b"}},
            ("spec.serviceName",),
            True,
        ),
        ("apps/v1:StatefulSet", {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}, (), False),
        (
            "batch/v1:Job",
            {"spec": {"template": {"a": 1}}},
            {"spec": {"template": {"a": 2}}},
            ("spec.template.a",),
            True,
        ),
        ("batch/v1:Job", {"spec": {"suspend": True}}, {"spec": {"suspend": False}}, (), False),
        (
            "core/v1:Pod",
            {"spec": POD},
            {"spec": {"containers": [{"name": "a", "image": "a:2"}]}},
            ("spec.containers[0].image",),
            True,
        ),
        ("core/v1:Pod", {"spec": POD}, {"spec": {**POD, "activeDeadlineSeconds": 5}}, (), False),
        ("core/v1:Service", {"spec": {"clusterIP": "None"}}, {"spec": {}}, ("spec.clusterIP",), True),
        (
            "core/v1:PersistentVolumeClaim",
            {"spec": {"accessModes": ["a"]}},
            {"spec": {"accessModes": ["b"]}},
            ("spec.accessModes[0]",),
            True,
        ),
        (
            "core/v1:PersistentVolumeClaim",
            {"spec": {"resources": {"a": "1"}}},
            {"spec": {"resources": {"a": "2"}}},
            (),
            False,
        ),
        ("storage.k8s.io/v1:StorageClass", {"provisioner": "a"}, {"provisioner": "b"}, ("provisioner",), True),
        (ROLE_BINDING, {"roleRef": {"name": "a"}}, {"roleRef": {"name": "b"}}, ("roleRef.name",), True),
        (ROLE_BINDING, {"subjects": []}, {"subjects": [{"name": "b"}]}, (), False),
        ("core/v1:ConfigMap", {"metadata": NAMED}, {"metadata": {**NAMED, "name": "two"}}, ("metadata.name",), False),
        (
            "core/v1:ConfigMap",
            {"metadata": NAMED},
            {"metadata": {**NAMED, "namespace": "x"}},
            ("metadata.namespace",),
            False,
        ),
        ("core/v1:ConfigMapPatch", {"data": {"a": "1"}}, {"data": {"a": "2"}}, (), False),
        ("core/v1:ConfigMap", {"data": {"a": "1"}}, {"data": {"a": UNKNOWN}}, ("data.a",), True),
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
    ("token", "old", "new"),
    [
        ("core/v1:ConfigMap", {"metadata": {"name": "one"}}, {"metadata": {"name": "one", "namespace": "default"}}),
        ("core/v1:Namespace", {"metadata": {"name": "one"}}, {"metadata": {"name": "one", "namespace": "default"}}),
        ("core/v1:Secret", {"stringData": {"a": "1"}}, {"data": {"a": "MQ=="}}),
        ("core/v1:Secret", {"stringData": {"a": "1"}, "data": {"a": "old"}}, {"stringData": {"a": "1"}}),
    ],
)
def test_the_same_in_other_words_is_no_change(token: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    reference = Provider.reference(f"kubernetes:{token}", "one")
    assert not KubernetesStandIn().diff_resource(reference, "one", old, {}, new).changed


def test_contents_change_in_place_where_the_provider_may() -> None:
    stand_in = KubernetesStandIn()
    stand_in.configure_provider({"kubeconfig": UNKNOWN, "enableConfigMapMutable": "true"})
    reference = Provider.reference("kubernetes:core/v1:ConfigMap", "one")
    old, new = {"metadata": NAMED, "data": {"a": "1"}}, {"metadata": NAMED, "data": {"a": "2"}}
    assert not stand_in.diff_resource(reference, "default/one", old, {}, new).replaces
    fixed = {**new, "immutable": True}
    assert stand_in.diff_resource(reference, "default/one", {**old, "immutable": True}, {}, fixed).replaces == (
        "data.a",
    )


def test_an_unchanged_object_is_judged_in_two_milliseconds() -> None:
    stand_in = KubernetesStandIn()
    stand_in.configure_provider({"kubeconfig": UNKNOWN})
    reference = Provider.reference("kubernetes:apps/v1:Deployment", "web")
    container = {"name": "web", "image": "nginx:1.29.1", "env": [{"name": f"V{n}", "value": "x"} for n in range(20)]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    inputs = {"metadata": NAMED, "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template}}
    checked, failures = stand_in.check_resource(reference, {}, inputs)
    assert not failures
    durations: list[float] = []
    for _ in range(20):
        started = time.thread_time()
        again, _ = stand_in.check_resource(reference, checked, inputs)
        stand_in.diff_resource(reference, "default/web", checked, {}, again)
        durations.append(time.thread_time() - started)
    assert min(durations) < 0.002


@pytest.mark.parametrize(
    ("token", "api_version", "kind", "patch"),
    [
        ("kubernetes:core/v1:Service", "v1", "Service", False),
        ("kubernetes:apps/v1:Deployment", "apps/v1", "Deployment", False),
        ("kubernetes:core/v1:ServiceAccountPatch", "v1", "ServiceAccount", True),
        ("kubernetes:kafka.strimzi.io/v1:Kafka", "kafka.strimzi.io/v1", "Kafka", False),
        ("kubernetes:example.com/v1:JsonPatch", "example.com/v1", "JsonPatch", False),
    ],
)
def test_a_token_names_api_version_and_kind(token: str, api_version: str, kind: str, patch: bool) -> None:
    found = object_type(token)
    assert (found.api_version, found.kind, found.patch) == (api_version, kind, patch)
