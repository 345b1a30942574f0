"""A cluster of the user's own (kind, k3d, ...) in place of the sandbox's control plane."""

import base64
from pathlib import Path
from typing import Any, cast

import yaml

from sandbox.environment import KubernetesEndpoint
from sandbox.errors import SandboxError

VARIABLE = "SANDBOX_KUBECONFIG"


def read(kubeconfig: Path) -> KubernetesEndpoint:
    """Return the access that the current context of a kubeconfig gives.

    Args:
        kubeconfig: path of the file.

    Raises:
        SandboxError: the file lacks something, or its user is not a token or a client certificate.
    """
    if not kubeconfig.is_file():
        raise SandboxError(f"{VARIABLE} names {kubeconfig}, which does not exist; unset it or name a kubeconfig.")
    config = cast("dict[str, Any]", yaml.safe_load(kubeconfig.read_text()) or {})
    context = _named(config, "contexts", "context", config.get("current-context"), kubeconfig)
    cluster = _named(config, "clusters", "cluster", context.get("cluster"), kubeconfig)
    user = _named(config, "users", "user", context.get("user"), kubeconfig)
    authority = _data(cluster, "certificate-authority", kubeconfig)
    endpoint = KubernetesEndpoint(
        server=str(cluster.get("server", "")),
        certificate_authority=authority or "",
        token=user.get("token"),
        client_certificate=_data(user, "client-certificate", kubeconfig),
        client_key=_data(user, "client-key", kubeconfig),
    )
    if not endpoint.server.startswith("https://") or not authority:
        raise SandboxError(
            f"{VARIABLE}: cluster {context.get('cluster')!r} of {kubeconfig} needs an https server "
            "and a certificate authority."
        )
    if not endpoint.token and not (endpoint.client_certificate and endpoint.client_key):
        raise SandboxError(
            f"{VARIABLE}: user {context.get('user')!r} of {kubeconfig} has neither a token nor a client certificate; "
            "give it one of them (credential plugins are not run)."
        )
    return endpoint


def _named(config: dict[str, Any], collection: str, key: str, name: object, kubeconfig: Path) -> dict[str, Any]:
    for entry in config.get(collection) or []:
        if entry.get("name") == name:
            return cast("dict[str, Any]", entry.get(key) or {})
    raise SandboxError(
        f"{VARIABLE}: {kubeconfig} has no {key} named {name!r}; set current-context to one that is complete."
    )


def _data(entry: dict[str, Any], key: str, kubeconfig: Path) -> str | None:
    """Return a PEM block that stands in the file or beside it, as base64."""
    if entry.get(f"{key}-data"):
        return str(entry[f"{key}-data"])
    if not entry.get(key):
        return None
    path = kubeconfig.parent / str(entry[key])
    if not path.is_file():
        raise SandboxError(f"{VARIABLE}: {kubeconfig} names {path}, which does not exist.")
    return base64.b64encode(path.read_bytes()).decode()
