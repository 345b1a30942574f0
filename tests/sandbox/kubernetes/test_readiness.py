"""When the stand-in calls an object ready, and what it says of one that is not."""

import time
from typing import Any

import kubernetes
import pytest

from sandbox.providers.kubernetes import wait_for
from sandbox.providers.stand_in import InitializationError, StandInError
from tests.sandbox.kubernetes.conftest import CoreApi, Provider

CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DAEMON_SET = "kubernetes:apps/v1:DaemonSet"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
JOB = "kubernetes:batch/v1:Job"
SERVICE = "kubernetes:core/v1:Service"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
LABELS = {"app": "web"}
# waited for to the end: time enough, on a busy machine too, for controllers and scheduler to say what is wrong
VERDICT_SECONDS = 5


def workload(namespace: str, cpu: str = "10m", image: str = "nginx:1.29.1", **spec: Any) -> dict[str, Any]:
    container = {"name": "web", "image": image, "resources": {"requests": {"cpu": cpu, "memory": "16Mi"}}}
    return {
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}},
            **spec,
        },
    }


def test_a_deployment_is_created_and_updated_when_its_pods_run(
    provider: Provider, core: CoreApi, namespace: str
) -> None:
    created = provider.create(DEPLOYMENT, "web", workload(namespace, replicas=2))
    assert created.outputs["status"]["availableReplicas"] == 2
    assert [pod.status.phase for pod in core.list_namespaced_pod(namespace).items] == ["Running", "Running"]
    created.update(workload(namespace, replicas=2, image="nginx:1.29.2"))
    pods = core.list_namespaced_pod(namespace, field_selector="status.phase=Running").items
    images = [pod.spec.containers[0].image for pod in pods if pod.metadata.deletion_timestamp is None]
    assert images.count("nginx:1.29.2") == 2


def test_a_pod_that_fits_no_node_is_named_with_the_scheduler_s_reason(provider: Provider, namespace: str) -> None:
    with pytest.raises(InitializationError) as raised:
        provider.create(DEPLOYMENT, "web", workload(namespace, cpu="64"), timeout=VERDICT_SECONDS)
    reasons = " ".join(raised.value.reasons)
    assert "Minimum number of live Pods was not attained" in reasons
    assert f"[Pod {namespace}/web-" in reasons
    assert "0/3 nodes are available: 3 Insufficient cpu" in reasons
    assert raised.value.id == f"{namespace}/web"
    assert raised.value.outputs["__inputs"]["metadata"]["name"] == "web"


def test_a_refresh_tells_what_is_not_ready(provider: Provider, namespace: str) -> None:
    inputs = workload(namespace, cpu="64")
    inputs["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    created = provider.create(DEPLOYMENT, "web", inputs)
    assert created.read() is not None
    created.inputs = {**created.inputs, "metadata": {"name": "web", "namespace": namespace}}
    with pytest.raises(InitializationError, match=r"Deployment .*/web is not ready") as raised:
        created.read()
    assert raised.value.inputs is not None
    assert raised.value.inputs["spec"] == inputs["spec"]


def test_a_quota_s_refusal_is_the_reason(provider: Provider, namespace: str) -> None:
    metadata = {"name": "none", "namespace": namespace}
    provider.create("kubernetes:core/v1:ResourceQuota", "none", {"metadata": metadata, "spec": {"hard": {"pods": "0"}}})
    with pytest.raises(InitializationError, match=r"FailedCreate.*exceeded quota: none"):
        provider.create(DEPLOYMENT, "web", workload(namespace), timeout=VERDICT_SECONDS)


def test_stateful_and_daemon_sets_are_awaited(provider: Provider, namespace: str) -> None:
    stateful = provider.create(STATEFUL_SET, "web", workload(namespace, replicas=2, serviceName="web"))
    assert stateful.outputs["status"]["readyReplicas"] == 2
    inputs = workload(namespace)
    inputs["metadata"]["name"] = "everywhere"
    daemons = provider.create(DAEMON_SET, "everywhere", inputs)
    assert daemons.outputs["status"]["numberAvailable"] == 3
    with pytest.raises(InitializationError, match=r"out of 2 replicas succeeded readiness checks.*Insufficient cpu"):
        stateful.update(workload(namespace, replicas=2, serviceName="web", cpu="64"), timeout=VERDICT_SECONDS)


def test_a_job_is_created_when_it_has_completed(provider: Provider, namespace: str) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "once", "image": "busybox:1.38.0"}]}}
    metadata = {"name": "once", "namespace": namespace}
    created = provider.create(JOB, "once", {"metadata": metadata, "spec": {"template": template}})
    assert created.outputs["status"]["succeeded"] == 1


def test_a_job_that_fails_ends_the_wait(provider: Provider, namespace: str) -> None:
    container = {"name": "never", "image": "busybox:1.38.0", "resources": {"requests": {"cpu": "64"}}}
    spec = {
        "activeDeadlineSeconds": 1,
        "template": {"spec": {"restartPolicy": "Never", "containers": [container]}},
    }
    started = time.monotonic()
    with pytest.raises(InitializationError, match=r"\[DeadlineExceeded\]"):
        provider.create(JOB, "never", {"metadata": {"name": "never", "namespace": namespace}, "spec": spec})
    assert time.monotonic() - started < 20


def test_a_service_is_ready_with_the_pods_it_selects(provider: Provider, namespace: str) -> None:
    metadata = {"name": "web", "namespace": namespace}
    inputs = {"metadata": metadata, "spec": {"selector": LABELS, "ports": [{"port": 80}]}}
    provider.create(DEPLOYMENT, "web", workload(namespace))
    created = provider.create(SERVICE, "web", inputs)
    assert created.outputs["spec"]["clusterIP"]
    balanced = {"metadata": {**metadata, "name": "outside"}, "spec": {**inputs["spec"], "type": "LoadBalancer"}}
    with pytest.raises(InitializationError, match="not given an address; does the cluster have a controller"):
        provider.create(SERVICE, "outside", balanced, timeout=0.2)


def test_a_claim_waits_for_its_first_consumer_or_for_a_volume(
    provider: Provider, client: kubernetes.client.ApiClient, namespace: str
) -> None:
    storage: Any = kubernetes.client.StorageV1Api(client)
    for mode in ("WaitForFirstConsumer", "Immediate"):
        name = f"{namespace}-{mode.lower()}"
        storage.create_storage_class(
            {"metadata": {"name": name}, "provisioner": "example.com/none", "volumeBindingMode": mode}
        )
        spec = {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": name,
        }
        inputs = {"metadata": {"name": mode.lower(), "namespace": namespace}, "spec": spec}
        if mode == "Immediate":
            with pytest.raises(InitializationError, match="The claim is Pending, not bound to a volume"):
                provider.create(CLAIM, mode, inputs, timeout=0.3)
        else:
            assert provider.create(CLAIM, mode, inputs).outputs["status"]["phase"] == "Pending"
        storage.delete_storage_class(name)


def test_any_object_can_be_awaited(provider: Provider, core: CoreApi, namespace: str) -> None:
    metadata = {"name": "settings", "namespace": namespace}
    annotations = {"pulumi.com/waitFor": "jsonpath={.data.state}=done"}
    inputs = {"metadata": {**metadata, "annotations": annotations}, "data": {"state": "begun"}}
    with pytest.raises(InitializationError, match=r"jsonpath=\{\.data\.state\}=done is asked for, begun is there"):
        provider.create(CONFIG_MAP, "settings", inputs, timeout=0.3)
    core.delete_namespaced_config_map("settings", namespace)
    created = provider.create(CONFIG_MAP, "settings", {**inputs, "data": {"state": "done"}})
    assert created.outputs["data"] == {"state": "done"}


LIVE: dict[str, Any] = {
    "metadata": {"generation": 2},
    "spec": {"ports": [{"name": "http", "port": 80}]},
    "status": {
        "observedGeneration": 2,
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "Stalled", "status": "False"}],
    },
}


class NoEvents:
    items = staticmethod(lambda *_, **__: [])


@pytest.mark.parametrize(
    ("annotation", "ready"),
    [
        ("condition=Ready", True),
        ("condition=ready=true", True),
        ("condition=Stalled", False),
        ("condition=Stalled=False", True),
        ("condition=Missing", False),
        ("jsonpath={.status.phase}=Running", True),
        ("jsonpath={.status.phase}=Pending", False),
        ("jsonpath={.status.phase}", True),
        ("jsonpath={.status.missing}", False),
        ('jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', True),
        ('jsonpath={.status.conditions[?(@.type=="Stalled")].status}=True', False),
        ("jsonpath={.spec.ports[0].port}=80", True),
        ('["condition=Ready", "jsonpath={.status.phase}=Running"]', True),
        ('["condition=Ready", "condition=Stalled"]', False),
    ],
)
def test_wait_for_expressions(annotation: str, ready: bool) -> None:
    live = {**LIVE, "metadata": {**LIVE["metadata"], "uid": "1"}}
    api: Any = NoEvents()
    unready = wait_for.readiness_from(annotation)(api, live)
    assert (unready is None) is ready
    behind = {**live, "metadata": {"generation": 3}}
    assert wait_for.readiness_from(annotation)(api, behind) is not None


@pytest.mark.parametrize("annotation", ["Ready", "[]", "[1]", '["condition=Ready', '["phase=Running"]'])
def test_a_wait_that_cannot_be_read_is_refused(annotation: str) -> None:
    with pytest.raises(StandInError, match=r"pulumi\.com/waitFor"):
        wait_for.readiness_from(annotation)
