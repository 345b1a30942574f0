"""How to reach the cluster that a kubeconfig describes: address, trust and credentials."""

import base64
import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import urllib3
import yaml
from urllib3.util.ssl_ import create_urllib3_context

from sandbox.providers.stand_in import StandInError

TOKEN_SLACK = timedelta(seconds=60)


class ExecCredential:
    """A bearer token that a program on PATH hands out, as `aws eks get-token` does; renewed before it expires.

    Args:
        specification: the `exec` part of a kubeconfig's user.
    """

    def __init__(self, specification: Mapping[str, Any]) -> None:
        self._specification = specification
        self._lock = threading.Lock()
        self._token: str | None = None
        self._expires: datetime | None = None

    def token(self) -> str:
        """Return a token that is good for at least a minute.

        Raises:
            StandInError: the program is missing, fails or answers with something else.
        """
        with self._lock:
            now = datetime.now(UTC)
            if self._token is None or (self._expires is not None and self._expires - TOKEN_SLACK < now):
                self._renew()
            if self._token is None:
                raise StandInError(f"{self._command()} returned no token; check the kubeconfig's exec section.")
            return self._token

    def _command(self) -> str:
        return " ".join([self._specification["command"], *(self._specification.get("args") or [])])

    def _renew(self) -> None:
        variables = {item["name"]: item["value"] for item in self._specification.get("env") or []}
        command = [self._specification["command"], *(self._specification.get("args") or [])]
        try:
            finished = subprocess.run(
                command, capture_output=True, text=True, check=True, timeout=60, env={**os.environ, **variables}
            )
            status = json.loads(finished.stdout)["status"]
        except FileNotFoundError as error:
            raise StandInError(
                f"The kubeconfig's credential program {command[0]} is not on PATH; install it, or use `make shell`."
            ) from error
        except subprocess.SubprocessError as error:
            detail = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1:]
            raise StandInError(
                f"The kubeconfig's credential program failed ({self._command()}): {''.join(detail)}"
            ) from error
        except (ValueError, KeyError) as error:
            raise StandInError(f"{self._command()} did not print an ExecCredential.") from error
        self._token = status.get("token")
        expiry = status.get("expirationTimestamp")
        self._expires = datetime.fromisoformat(expiry) if expiry else None


@dataclass(frozen=True)
class Connection:
    """One cluster and one user of a kubeconfig."""

    server: str
    pool: urllib3.PoolManager
    namespace: str
    bearer: str | None
    credential: ExecCredential | None

    def authorization(self) -> dict[str, str]:
        """Return the header that says who we are; empty with a client certificate."""
        token = self.credential.token() if self.credential else self.bearer
        return {"Authorization": f"Bearer {token}"} if token else {}


def load(kubeconfig: str | None, context: str | None) -> Connection:
    """Read a kubeconfig.

    Args:
        kubeconfig: contents or path; where None, `KUBECONFIG` or the user's own.
        context: name of a context; the current one where None.

    Raises:
        StandInError: it cannot be read or lacks the context.
    """
    text = _text(kubeconfig)
    try:
        document: dict[str, Any] = yaml.safe_load(text)
        name = context or document["current-context"]
        chosen = _named(document, "contexts", name)["context"]
        cluster = _named(document, "clusters", chosen["cluster"])["cluster"]
        user = _named(document, "users", chosen["user"])["user"]
        server = cluster["server"].rstrip("/")
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise StandInError(
            f"The kubeconfig is incomplete: {error}; give one with a cluster, a user and a context."
        ) from error
    return Connection(
        server=server,
        pool=_pool(cluster, user),
        namespace=chosen.get("namespace") or "default",
        bearer=user.get("token"),
        credential=ExecCredential(user["exec"]) if "exec" in user else None,
    )


def _text(kubeconfig: str | None) -> str:
    given = kubeconfig or os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    if "\n" in given or given.lstrip().startswith("{"):
        return given
    try:
        return Path(given).expanduser().read_text()
    except OSError as error:
        raise StandInError(f"The kubeconfig {given} cannot be read ({error.strerror}).") from error


def _named(document: Mapping[str, Any], section: str, name: str) -> Mapping[str, Any]:
    for item in document[section]:
        if item["name"] == name:
            return item
    raise KeyError(f"no {section} entry named {name}")


def _pool(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> urllib3.PoolManager:
    options: dict[str, Any] = {"maxsize": 16, "block": False, "retries": False}
    options["timeout"] = urllib3.Timeout(connect=5, read=60)
    with tempfile.TemporaryDirectory() as folder:
        authority = _pem(cluster, "certificate-authority", Path(folder) / "ca.crt")
        certificate = _pem(user, "client-certificate", Path(folder) / "client.crt")
        key = _pem(user, "client-key", Path(folder) / "client.key")
        # the ssl module takes client certificates from files only, and only while the context is made
        tls = create_urllib3_context()
        if cluster.get("insecure-skip-tls-verify"):
            tls.check_hostname = False
        elif authority:
            tls.load_verify_locations(cafile=str(authority))
        else:
            tls.load_default_certs()
        if certificate and key:
            tls.load_cert_chain(str(certificate), str(key))
    required = "CERT_NONE" if cluster.get("insecure-skip-tls-verify") else "CERT_REQUIRED"
    return urllib3.PoolManager(ssl_context=tls, cert_reqs=required, **options)


def _pem(section: Mapping[str, Any], name: str, path: Path) -> Path | None:
    if data := section.get(f"{name}-data"):
        path.write_bytes(base64.b64decode(data))
        return path
    return Path(section[name]) if section.get(name) else None
