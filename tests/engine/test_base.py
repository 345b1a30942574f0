"""The base of the dev stack as the API server has it, and what it then refuses and allows.

Source: CLU-6..8, CLU-14..16, SEC-1..3, POL-1..2.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from components import base
from sandbox.environment import KubernetesEndpoint
from tests.engine.api_server import ApiServer
from tests.engine.conftest import STACK
from tests.engine.engine import Engine

HEALTHZ = ("healthz", "integration")
HOST_FILES = {"name": "root", "hostPath": {"path": "/"}}
RESTRICTED_CONTEXT = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
NAMESPACES = sorted(base.allowances(STACK))
RESTRICTED = [name for name, allowance in base.allowances(STACK).items() if allowance.pod_security == "restricted"]
PRIVILEGED = [name for name in NAMESPACES if name not in RESTRICTED]


@pytest.fixture
def cluster(deployed: Engine, control_plane: KubernetesEndpoint) -> ApiServer:
    """The cluster in which the dev stack is up, as its administrator."""
    assert deployed
    return ApiServer(control_plane)


def pod(container: Mapping[str, Any] | None = None, containers: int = 1, **spec: Any) -> dict[str, Any]:
    """A pod that the restricted level takes, but for what the test changes."""
    each = {"image": "registry.example/app:1.0", "securityContext": RESTRICTED_CONTEXT, **(container or {})}
    named = [{"name": f"app-{number}", **each} for number in range(containers)]
    return {"metadata": {"name": "attempt"}, "spec": {"containers": named, **spec}}


def limits(cpu: str, memory: str = "64Mi") -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": "10m", "memory": memory}, "limits": {"cpu": cpu, "memory": memory}}}


DANGEROUS = {
    "root": (pod({"securityContext": {**RESTRICTED_CONTEXT, "runAsNonRoot": False}}), "runAsNonRoot != true"),
    "escalation": (
        pod({"securityContext": {**RESTRICTED_CONTEXT, "allowPrivilegeEscalation": True}}),
        "allowPrivilegeEscalation != false",
    ),
    "privileged": (pod({"securityContext": {"privileged": True}}), "privileged"),
    "capabilities": (pod({"securityContext": {**RESTRICTED_CONTEXT, "capabilities": {}}}), "unrestricted capabilities"),
    "seccomp": (pod({"securityContext": {**RESTRICTED_CONTEXT, "seccompProfile": None}}), "seccompProfile"),
    "host-network": (pod(hostNetwork=True), "host namespaces"),
    "host-path": (pod(volumes=[HOST_FILES]), "hostPath"),
}


def test_api_server_has_every_object_with_its_labels(deployed: Engine, cluster: ApiServer) -> None:
    # a chart is no object of the cluster
    objects = [
        item
        for item in deployed.resources(STACK)
        if item["type"].startswith("kubernetes:") and not item["type"].startswith("kubernetes:helm.sh")
    ]
    assert len(objects) > 100
    for item in objects:
        wanted, metadata = item["inputs"], item["inputs"]["metadata"]
        live = cluster.get(wanted["apiVersion"], wanted["kind"], metadata["name"], metadata.get("namespace"))
        assert live["metadata"]["uid"] == item["outputs"]["metadata"]["uid"]
        assert metadata["labels"].items() <= live["metadata"]["labels"].items()
        assert live["metadata"]["labels"]["cost-center"] == "cc-platform"


@pytest.mark.parametrize("namespace", RESTRICTED)
@pytest.mark.parametrize(("manifest", "reason"), DANGEROUS.values(), ids=DANGEROUS)
def test_dangerous_pod_is_refused(cluster: ApiServer, namespace: str, manifest: dict[str, Any], reason: str) -> None:
    message = cluster.refusal("Pod", manifest, namespace)
    assert 'violates PodSecurity \\"restricted:v1.35\\"' in message
    assert reason in message


@pytest.mark.parametrize("namespace", RESTRICTED)
def test_harmless_pod_is_admitted(cluster: ApiServer, namespace: str) -> None:
    assert cluster.attempt("Pod", pod(), namespace)["metadata"]["namespace"] == namespace


@pytest.mark.parametrize("namespace", PRIVILEGED)
def test_node_agents_are_admitted_where_the_table_says_so(cluster: ApiServer, namespace: str) -> None:
    agent = pod(hostNetwork=True, hostPID=True, volumes=[HOST_FILES])
    assert cluster.attempt("Pod", agent, namespace)["spec"]["hostPID"] is True


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_container_is_held_to_the_limit_range(cluster: ApiServer, namespace: str) -> None:
    refused = cluster.refusal("Pod", pod(limits("9")), namespace)
    assert "maximum cpu usage per Container is 8, but limit is 9" in refused
    admitted = cluster.attempt("Pod", pod(), namespace)["spec"]["containers"][0]["resources"]
    assert admitted == {
        "limits": {"cpu": "500m", "memory": "512Mi"},
        "requests": {"cpu": "100m", "memory": "128Mi"},
    }


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_namespace_is_held_to_its_quota(cluster: ApiServer, namespace: str) -> None:
    most = base.allowances(STACK)[namespace].cpu_limits
    message = cluster.refusal("Pod", pod(limits("1"), containers=most + 1), namespace)
    assert "exceeded quota: quota" in message
    assert f"limited: limits.cpu={most}" in message


@pytest.mark.parametrize("kind", ["LoadBalancer", "NodePort"])
def test_only_the_ingress_opens_the_cluster(cluster: ApiServer, kind: str) -> None:
    ports = [{"name": "http", "port": 80}, {"name": "https", "port": 443}]
    service = {"metadata": {"name": "attempt"}, "spec": {"type": kind, "ports": ports}}
    for namespace in set(NAMESPACES) - {"ingress"}:
        assert "exceeded quota: quota" in cluster.refusal("Service", service, namespace)
    assert cluster.attempt("Service", service, "ingress")["spec"]["type"] == kind


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_pod_without_account_gets_no_token(cluster: ApiServer, namespace: str) -> None:
    admitted = cluster.attempt("Pod", pod(), namespace)["spec"]
    assert admitted["serviceAccountName"] == "default"
    assert not [volume for volume in admitted.get("volumes", []) if "projected" in volume]


def test_pod_and_claim_get_the_default_classes(cluster: ApiServer) -> None:
    assert cluster.attempt("Pod", pod(), "data")["spec"]["priorityClassName"] == base.Priority.STANDARD
    claim = {
        "metadata": {"name": "attempt"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    assert cluster.attempt("PersistentVolumeClaim", claim, "data")["spec"]["storageClassName"] == "standard"


def test_healthz_runs_with_as_many_pods_as_its_autoscaler_wants(cluster: ApiServer) -> None:
    wanted = cluster.get("autoscaling/v2", "HorizontalPodAutoscaler", *HEALTHZ)["spec"]["minReplicas"]
    assert wanted == 2
    cluster.wait_for(
        "apps/v1", "Deployment", *HEALTHZ, lambda live: live["status"].get("availableReplicas", 0) >= wanted
    )
    pods = cluster.items("v1", "Pod", "integration", "app=healthz")
    assert {item["status"]["phase"] for item in pods} == {"Running"}
    assert {item["spec"]["priority"] for item in pods} == {10_000}
    # the scheduler spread them over nodes
    assert len({item["spec"]["nodeName"] for item in pods}) == len(pods)


def test_disruption_budget_lets_one_pod_go_at_a_time(cluster: ApiServer) -> None:
    budget = cluster.wait_for(
        "policy/v1", "PodDisruptionBudget", *HEALTHZ, lambda live: live["status"].get("disruptionsAllowed", 0) > 0
    )
    assert budget["status"]["expectedPods"] == 2
    assert budget["status"]["disruptionsAllowed"] == 1


def test_autoscaler_has_found_its_workload(cluster: ApiServer) -> None:
    def able(live: dict[str, Any]) -> bool:
        conditions = {item["type"]: item["status"] for item in live.get("status", {}).get("conditions", [])}
        return conditions.get("AbleToScale") == "True"

    autoscaler = cluster.wait_for("autoscaling/v2", "HorizontalPodAutoscaler", *HEALTHZ, able)
    assert autoscaler["status"]["currentReplicas"] >= 1


def test_service_has_found_its_pods(cluster: ApiServer) -> None:
    cluster.wait_for("apps/v1", "Deployment", *HEALTHZ, lambda live: live["status"].get("availableReplicas", 0) > 0)
    slices = cluster.items("discovery.k8s.io/v1", "EndpointSlice", "integration", "kubernetes.io/service-name=healthz")
    assert [endpoint for item in slices for endpoint in item["endpoints"] if endpoint["conditions"]["ready"]]
    assert {port["port"] for item in slices for port in item["ports"]} == {8080}
