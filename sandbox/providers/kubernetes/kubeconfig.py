"""How to reach the cluster that a kubeconfig describes: address, trust and credentials."""

import base64
import json
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import urllib3
import yaml
from urllib3.util.ssl_ import create_urllib3_context

from components.cluster.client_certificate import present_client_certificate
from sandbox.providers.kubernetes.exec_credential import ExecCredential
from sandbox.providers.stand_in import StandInError

# waits are long, so every worker thread may hold one connection
_CONNECTIONS: Final = 64
_TIMEOUT: Final = urllib3.Timeout(connect=5, read=60)
# a kept-alive connection may have been closed meanwhile; only requests that may be repeated are
_RETRIES: Final = urllib3.Retry(total=3, connect=2, read=1, redirect=0, status=0, other=0, backoff_factor=0.1)


@dataclass(frozen=True)
class Connection:
    """One cluster and one user of a kubeconfig.

    ``document`` is a kubeconfig with this choice as its current context.
    """

    document: dict[str, Any]
    server: str
    pool: urllib3.PoolManager
    namespace: str
    bearer: str | None
    credential: ExecCredential | None

    def authorization(self) -> dict[str, str]:
        """Return the header that says who we are; empty with a client certificate."""
        token = self.credential.token() if self.credential else self.bearer
        return {"Authorization": f"Bearer {token}"} if token else {}


def load(kubeconfig: str | None, context: str | None = None, cluster_name: str | None = None) -> Connection:
    """Read a kubeconfig.

    Args:
        kubeconfig: contents or path; where None, ``KUBECONFIG`` or the user's own.
        context: name of a context; the current one where None.
        cluster_name: name of a cluster; the context's where None.

    Raises:
        StandInError: it cannot be read, or lacks the context, its cluster or its user.
    """
    try:
        document = _parse(_text(kubeconfig))
        current = context or document["current-context"]
        chosen = _named(document, "contexts", current)["context"]
        cluster = _named(document, "clusters", cluster_name or chosen["cluster"])["cluster"]
        user = _named(document, "users", chosen["user"])["user"]
        server = cast("str", cluster["server"]).rstrip("/")
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        reason = str(error).strip("'\"")
        raise StandInError(
            f"The kubeconfig is incomplete: {reason}; it needs a cluster, a user and a context."
        ) from error
    try:
        tls = _tls(cluster, user)
    except (OSError, ValueError) as error:
        raise StandInError(f"A certificate in the kubeconfig cannot be used: {error}.") from error
    return Connection(
        document={**document, "current-context": current},
        server=server,
        pool=urllib3.PoolManager(
            ssl_context=tls, cert_reqs=tls.verify_mode, maxsize=_CONNECTIONS, timeout=_TIMEOUT, retries=_RETRIES
        ),
        namespace=chosen.get("namespace") or "default",
        bearer=_bearer(user),
        credential=ExecCredential(user["exec"], tls) if "exec" in user else None,
    )


def _text(kubeconfig: str | None) -> str:
    given = kubeconfig or os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    if "\n" in given or given.lstrip().startswith("{"):
        return given
    try:
        return Path(given).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise StandInError(f"The kubeconfig {given} cannot be read ({error.strerror}).") from error


def _parse(text: str) -> dict[str, Any]:
    try:
        # JSON is YAML, and Python reads it a hundred times faster
        return json.loads(text)
    except ValueError:
        return yaml.safe_load(text)


def _named(document: Mapping[str, Any], section: str, name: str) -> Mapping[str, Any]:
    for item in document[section]:
        if item["name"] == name:
            return item
    raise KeyError(f"{section} has no entry named {name}")


def _bearer(user: Mapping[str, Any]) -> str | None:
    if path := user.get("tokenFile"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise StandInError(f"The kubeconfig's tokenFile {path} cannot be read ({error.strerror}).") from error
    return user.get("token")


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    tls = create_urllib3_context()
    if cluster.get("insecure-skip-tls-verify"):
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
        # the user has asked for it, once is enough
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    else:
        _trust(tls, cluster)
    present_client_certificate(tls, user)
    return tls


def _trust(tls: ssl.SSLContext, cluster: Mapping[str, Any]) -> None:
    if data := cluster.get("certificate-authority-data"):
        tls.load_verify_locations(cadata=base64.b64decode(data).decode())
    elif path := cluster.get("certificate-authority"):
        tls.load_verify_locations(cafile=path)
    else:
        tls.load_default_certs()
