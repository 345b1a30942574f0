"""How a kubeconfig leads to the API server."""

import base64
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.environment import KubernetesEndpoint
from sandbox.providers.kubernetes import kubeconfig
from sandbox.providers.kubernetes.api import Api, ApiError
from sandbox.providers.kubernetes.provider import KubernetesStandIn
from sandbox.providers.stand_in import StandInError


def with_program(endpoint: KubernetesEndpoint, program: Path, *arguments: str) -> str:
    """Return a kubeconfig whose user asks a program for a token."""
    document = endpoint.kubeconfig()
    document["users"][0]["user"] = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": str(program),
            "args": list(arguments),
            "env": [{"name": "WORD", "value": "open"}],
        }
    }
    return json.dumps(document)


def token_program(folder: Path, token: str | None, expires: datetime | None = None) -> Path:
    """Write a credential program that counts how often it is asked, and checks what it is told."""
    status: dict[str, Any] = {"expirationTimestamp": expires.isoformat()} if expires else {}
    answer = json.dumps({"kind": "ExecCredential", "status": {**status, "token": token}})
    program = folder / "get-token"
    program.write_text(
        f"#!/bin/sh\necho asked >> {folder}/count\n"
        f'test "$WORD" = open || exit 3\n'
        f"case $KUBERNETES_EXEC_INFO in *v1beta1*) echo '{answer}';; *) echo no version >&2; exit 4;; esac\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.mark.parametrize(("lifetime", "asked"), [(timedelta(hours=1), 1), (timedelta(seconds=1), 2)])
def test_a_token_comes_from_the_credential_program_and_is_kept(
    control_plane: KubernetesEndpoint, tmp_path: Path, lifetime: timedelta, asked: int
) -> None:
    program = token_program(tmp_path, control_plane.token, datetime.now(UTC) + lifetime)
    api = Api(kubeconfig.load(with_program(control_plane, program)))
    assert api.version().startswith("v1.")
    assert api.get("/api/v1/namespaces/default") is not None
    assert len((tmp_path / "count").read_text().splitlines()) == asked


def test_a_wrong_token_is_refused_by_the_server(control_plane: KubernetesEndpoint, tmp_path: Path) -> None:
    api = Api(kubeconfig.load(with_program(control_plane, token_program(tmp_path, "wrong"))))
    with pytest.raises(ApiError, match="Unauthorized"):
        api.version()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (None, "credential program .*absent is not on PATH"),
        ("exit 7", "credential program failed"),
        ("echo nothing", "did not print an ExecCredential"),
        ("echo '{}'", "did not print an ExecCredential"),
    ],
)
def test_a_credential_program_that_fails_is_named(
    control_plane: KubernetesEndpoint, tmp_path: Path, script: str | None, message: str
) -> None:
    program = tmp_path / ("absent" if script is None else "present")
    if script is not None:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
    with pytest.raises(StandInError, match=message):
        Api(kubeconfig.load(with_program(control_plane, program))).version()


def test_a_kubeconfig_may_be_a_file_with_a_client_certificate(
    control_plane: KubernetesEndpoint, sandbox_directory: Path, tmp_path: Path
) -> None:
    pki = sandbox_directory / "pki"
    user = {"client-certificate": str(pki / "kwok.crt"), "client-key": str(pki / "kwok.key")}
    document = control_plane.kubeconfig()
    document["users"][0]["user"] = user
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(document))
    assert Api(kubeconfig.load(str(path))).version().startswith("v1.")


def test_an_unknown_authority_is_not_trusted(control_plane: KubernetesEndpoint) -> None:
    document = control_plane.kubeconfig()
    del document["clusters"][0]["cluster"]["certificate-authority-data"]
    with pytest.raises(StandInError, match=r"does not answer .*unable to get local issuer certificate"):
        Api(kubeconfig.load(json.dumps(document))).version()
    document["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = True
    assert Api(kubeconfig.load(json.dumps(document))).version().startswith("v1.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("/does/not/exist", "kubeconfig /does/not/exist cannot be read"),
        ("{}", "incomplete: current-context"),
        ('{"current-context": "a", "contexts": []}', "contexts has no entry named a"),
        ("a: [", "incomplete"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_named(text: str, message: str) -> None:
    given = text if text.startswith(("/", "{")) else f"{text}\n"
    with pytest.raises(StandInError, match=message):
        KubernetesStandIn().configure_provider({"kubeconfig": given})


def test_a_certificate_that_is_none_is_named(control_plane: KubernetesEndpoint) -> None:
    document = control_plane.kubeconfig()
    document["clusters"][0]["cluster"]["certificate-authority-data"] = base64.b64encode(b"nonsense").decode()
    with pytest.raises(StandInError, match="certificate in the kubeconfig cannot be used"):
        kubeconfig.load(json.dumps(document))


@pytest.mark.parametrize("name", ["renderYamlToDirectory", "enableServerSideApply"])
def test_what_is_not_supported_is_refused(name: str) -> None:
    with pytest.raises(StandInError, match=name):
        KubernetesStandIn().configure_provider({name: "false" if name == "enableServerSideApply" else "out"})
