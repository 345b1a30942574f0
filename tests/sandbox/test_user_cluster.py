"""A cluster of the user's own in place of the sandbox's; here the sandbox's control plane plays it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import user_cluster
from sandbox.cluster_api import ClusterApi
from sandbox.environment import KubernetesEndpoint
from sandbox.errors import SandboxError


@pytest.fixture
def config() -> dict[str, Any]:
    return KubernetesEndpoint("https://127.0.0.1:1", "Y2E=", token="secret").kubeconfig()


def write(tmp_path: Path, config: dict[str, Any]) -> Path:
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


def test_a_token(control_plane: KubernetesEndpoint, sandbox_directory: Path) -> None:
    endpoint = user_cluster.read(sandbox_directory / "kubeconfig")
    assert endpoint == control_plane
    assert ClusterApi(endpoint).items("/api/v1/nodes")


def test_a_client_certificate(control_plane: KubernetesEndpoint, sandbox_directory: Path) -> None:
    endpoint = user_cluster.read(sandbox_directory / "pki" / "kwok.kubeconfig")
    assert endpoint.token is None
    assert ClusterApi(endpoint).items("/api/v1/nodes")
    assert set(endpoint.as_json()) == {"server", "certificateAuthority", "clientCertificate", "clientKey"}


def test_files_beside_the_kubeconfig(tmp_path: Path, config: dict[str, Any]) -> None:
    del config["clusters"][0]["cluster"]["certificate-authority-data"]
    config["clusters"][0]["cluster"]["certificate-authority"] = "ca.crt"
    (tmp_path / "ca.crt").write_bytes(b"ca")
    assert user_cluster.read(write(tmp_path, config)).certificate_authority == "Y2E="


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"current-context": "gone"}, r"has no context named 'gone'"),
        ({"users": []}, r"has no user named 'sandbox'"),
        ({"users": [{"name": "sandbox", "user": {"exec": {}}}]}, r"neither a token nor a client certificate"),
        ({"clusters": [{"name": "sandbox", "cluster": {"server": "http://a"}}]}, r"needs an https server"),
        (
            {"clusters": [{"name": "sandbox", "cluster": {"server": "https://a", "certificate-authority": "no.crt"}}]},
            r"names .*no\.crt, which does not exist",
        ),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, config: dict[str, Any], change: dict[str, Any], message: str) -> None:
    with pytest.raises(SandboxError, match=message) as caught:
        user_cluster.read(write(tmp_path, {**config, **change}))
    assert "\n" not in str(caught.value)


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"SANDBOX_KUBECONFIG names .*, which does not exist"):
        user_cluster.read(tmp_path / "nothing")


def test_the_kubeconfig_is_also_yaml(control_plane: KubernetesEndpoint, sandbox_directory: Path) -> None:
    text = (sandbox_directory / "kubeconfig").read_text()
    assert yaml.safe_load(text) == json.loads(text) == control_plane.kubeconfig()
