"""The control plane, asked through its API."""

import http.client
import os
import signal
import ssl
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from sandbox import control_plane as planes
from sandbox import volumes
from sandbox.cluster_api import ClusterApi
from sandbox.crds import COLLECTION, CustomKind, apply_crds
from sandbox.environment import KubernetesEndpoint, crds_directory, read_endpoints
from sandbox.errors import SandboxError
from sandbox.nodes import Node, pool, register
from sandbox.supervisor import Supervisor

Answer = TypeVar("Answer")
CONTAINER = {"name": "app", "image": "registry.example/app:1.0"}


@pytest.fixture(scope="module")
def api(control_plane: KubernetesEndpoint) -> ClusterApi:
    return ClusterApi(control_plane)


@pytest.fixture
def namespace(api: ClusterApi, request: pytest.FixtureRequest) -> Iterator[str]:
    """Path of a namespace that the cluster is done with preparing."""
    name = str(request.function.__name__).removeprefix("test_").replace("_", "-")[:60].strip("-")
    path = f"/api/v1/namespaces/{name}"
    apply(api, path, "Namespace", {})
    eventually(lambda: api.get(f"{path}/serviceaccounts/default"))
    yield path
    api.delete(path)


def apply(api: ClusterApi, path: str, kind: str, content: dict[str, Any], version: str = "v1") -> None:
    metadata = {"name": path.rsplit("/", 1)[1], **content.pop("metadata", {})}
    api.apply(path, {"apiVersion": version, "kind": kind, "metadata": metadata, **content})


def eventually(ask: Callable[[], Answer | None]) -> Answer:
    """Ask until there is an answer."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
    raise AssertionError("not reached within 60 s")


def test_nodes_have_what_the_instance_type_gives(api: ClusterApi) -> None:
    nodes = api.items("/api/v1/nodes")
    zones = {node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes}
    assert zones == {"us-east-1a", "us-east-1b", "us-east-1c"}
    for node in nodes:
        assert node["metadata"]["labels"]["node.kubernetes.io/instance-type"] == "m5.xlarge"
        allocatable = {key: node["status"]["allocatable"][key] for key in ("cpu", "memory", "pods")}
        assert allocatable == {"cpu": "3920m", "memory": f"{16 * 1024 - 993}Mi", "pods": "58"}


def test_pods_get_scheduled_and_run(api: ClusterApi, namespace: str) -> None:
    apply(api, f"{namespace}/pods/app", "Pod", {"spec": {"containers": [CONTAINER]}})
    pod = eventually(lambda: next((pod for pod in pods(api, namespace) if pod["status"]["phase"] == "Running"), None))
    assert pod["spec"]["nodeName"].startswith("baseline-")


def test_a_pod_that_fits_nowhere_stays_pending(api: ClusterApi, namespace: str) -> None:
    large = {**CONTAINER, "resources": {"requests": {"cpu": "5"}}}
    apply(api, f"{namespace}/pods/large", "Pod", {"spec": {"containers": [large]}})
    (condition,) = eventually(lambda: pods(api, namespace)[0]["status"].get("conditions"))
    assert condition["reason"] == "Unschedulable"
    assert "3 Insufficient cpu" in condition["message"]


def test_jobs_complete(api: ClusterApi, namespace: str) -> None:
    path = namespace.replace("/api/v1", "/apis/batch/v1") + "/jobs/job"
    template = {"spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}
    apply(api, path, "Job", {"spec": {"template": template}}, "batch/v1")
    eventually(lambda: (api.get(path) or {})["status"].get("succeeded") == 1)


def test_admission_is_that_of_a_managed_cluster(api: ClusterApi, namespace: str) -> None:
    level = {"pod-security.kubernetes.io/enforce": "restricted"}
    apply(api, namespace, "Namespace", {"metadata": {"labels": level}})
    with pytest.raises(SandboxError, match=r"violates PodSecurity .restricted"):
        apply(api, f"{namespace}/pods/app", "Pod", {"spec": {"containers": [CONTAINER]}})
    quota = f"{namespace}/resourcequotas/none"
    apply(api, quota, "ResourceQuota", {"spec": {"hard": {"secrets": "0"}}})
    eventually(lambda: (api.get(quota) or {}).get("status", {}).get("hard"))
    with pytest.raises(SandboxError, match="exceeded quota"):
        apply(api, f"{namespace}/secrets/secret", "Secret", {})


def pods(api: ClusterApi, namespace: str) -> list[dict[str, Any]]:
    return api.items(f"{namespace}/pods")


def test_nobody_gets_in_without_a_token(control_plane: KubernetesEndpoint) -> None:
    tls = ssl.create_default_context(cadata=b64decode(control_plane.certificate_authority).decode())
    connection = http.client.HTTPSConnection(control_plane.server.removeprefix("https://"), context=tls)
    connection.request("GET", "/api/v1/namespaces")
    assert connection.getresponse().status == http.client.UNAUTHORIZED
    connection.close()


def test_secrets_are_readable_by_their_owner_alone(control_plane: KubernetesEndpoint, sandbox_directory: Path) -> None:
    files = [
        sandbox_directory / "endpoints.json",
        sandbox_directory / "kubeconfig",
        *(sandbox_directory / "pki").iterdir(),
    ]
    assert [file for file in files if file.stat().st_mode & 0o077] == []
    assert read_endpoints(sandbox_directory)["kubernetes"] == control_plane.as_json()


def test_upstream_definitions_are_accepted(api: ClusterApi) -> None:
    source = crds_directory()
    if not source.is_dir():
        pytest.skip(f"{source} is not at hand")
    names = apply_crds(api, source, ["gateway-api"], [])
    assert "httproutes.gateway.networking.k8s.io" in names
    assert "tcproutes.gateway.networking.k8s.io" in names
    definition = api.get(f"{COLLECTION}/httproutes.gateway.networking.k8s.io") or {}
    assert definition["metadata"]["annotations"]["gateway.networking.k8s.io/channel"] == "standard"


def test_permissive_definitions_where_upstreams_are_absent(api: ClusterApi, tmp_path: Path) -> None:
    sentences: list[str] = []
    kind = CustomKind("example.test", "v1", "Gadget", "gadgets")
    assert apply_crds(api, tmp_path / "absent", [], [kind], sentences.append) == ["gadgets.example.test"]
    assert sentences == [f"{tmp_path / 'absent'} does not exist: the cluster accepts any field in 1 custom kinds."]
    schema = (api.get(f"{COLLECTION}/gadgets.example.test") or {})["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema["x-kubernetes-preserve-unknown-fields"] is True


def test_an_unknown_instance_type_is_named(control_plane: KubernetesEndpoint) -> None:
    with pytest.raises(SandboxError, match=r"'z9\.huge' is no machine type of"):
        register(control_plane, [Node("a", "z9.huge")])


@pytest.mark.sandbox
def test_contents_survive_the_daemons_and_dead_ones_come_back(tmp_path: Path) -> None:
    sentences: list[str] = []
    supervisor = Supervisor(tmp_path)
    try:
        endpoint = planes.start(tmp_path, pool("small", "t3.large", 1, "a"), sentences.append)
        apply(ClusterApi(endpoint), "/api/v1/namespaces/kept", "Namespace", {})
        pids = [record.pid for record in supervisor.records()]
        assert supervisor.stop_all() == [volumes.NAME, *reversed(planes.NAMES)]
        assert [pid for pid in pids if lives(pid)] == []

        restarted = planes.start(tmp_path, None, sentences.append)
        # another process may have taken the port meanwhile; everything else stays
        assert replace(restarted, server=endpoint.server) == endpoint
        endpoint = restarted
        assert ClusterApi(endpoint).get("/api/v1/namespaces/kept")
        assert [node["metadata"]["name"] for node in ClusterApi(endpoint).items("/api/v1/nodes")] == ["small-0"]
        assert sentences == []

        for record in [supervisor.running("kube-apiserver"), supervisor.running("kwok")]:
            assert record
            os.kill(record.pid, signal.SIGKILL)
            eventually(lambda pid=record.pid: not lives(pid))
        assert planes.start(tmp_path, None, sentences.append) == endpoint
        assert {sentence.split(" was found dead")[0] for sentence in sentences} >= {"kube-apiserver", "kwok"}
        assert ClusterApi(endpoint).get("/api/v1/namespaces/kept")
    finally:
        supervisor.stop_all()


def lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
