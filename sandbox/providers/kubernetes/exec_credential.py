"""Credentials from the credential program of a kubeconfig, such as ``aws eks get-token``."""

import json
import os
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sandbox.providers.stand_in import StandInError

_SLACK: Final = timedelta(seconds=60)
_TIMEOUT_SECONDS: Final = 60


class ExecCredential:
    """A token or a client certificate that a program hands out; it is kept and renewed before it expires.

    Args:
        specification: the ``exec`` part of a kubeconfig's user.
        tls: gets the client certificate.
    """

    def __init__(self, specification: Mapping[str, Any], tls: ssl.SSLContext) -> None:
        self._specification = specification
        self._tls = tls
        self._arguments: list[str] = [specification["command"], *(specification.get("args") or [])]
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = datetime.min.replace(tzinfo=UTC)

    def token(self) -> str:
        """Return a token that is good for at least a minute; empty where the program gave a client certificate.

        Raises:
            StandInError: the program is missing, fails or answers with something else.
        """
        with self._lock:
            if self._renew_at < datetime.now(UTC):
                self._renew()
            return self._token

    def _renew(self) -> None:
        command = " ".join(self._arguments)
        try:
            status = json.loads(self._run())["status"]
            if "clientCertificateData" in status:
                self._present(status["clientCertificateData"], status["clientKeyData"])
                self._token = status.get("token", "")
            else:
                self._token = status["token"]
            expiry = status.get("expirationTimestamp")
            self._renew_at = (datetime.fromisoformat(expiry) - _SLACK) if expiry else datetime.max.replace(tzinfo=UTC)
        except FileNotFoundError as error:
            raise StandInError(
                f"The kubeconfig's credential program {self._arguments[0]} is not on PATH; install it, or work inside "
                "`make shell`."
            ) from error
        except subprocess.SubprocessError as error:
            detail = str(getattr(error, "stderr", "") or error).strip().splitlines()[-1]
            raise StandInError(f"The kubeconfig's credential program failed ({command}): {detail}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise StandInError(
                f"{command} did not print an ExecCredential with a token or a client certificate; "
                "check the kubeconfig's exec section."
            ) from error

    def _present(self, certificate: str, key: str) -> None:
        # the ssl module takes client certificates from files only
        with tempfile.TemporaryDirectory() as folder:
            paths = Path(folder) / "client.crt", Path(folder) / "client.key"
            for path, pem in zip(paths, (certificate, key), strict=True):
                path.write_text(pem, encoding="utf-8")
            self._tls.load_cert_chain(*paths)

    def _run(self) -> str:
        variables = {item["name"]: item["value"] for item in self._specification.get("env") or []}
        # tells the program which version of the protocol to answer in
        request = {
            "apiVersion": self._specification.get("apiVersion"),
            "kind": "ExecCredential",
            "spec": {"interactive": False},
        }
        return subprocess.run(
            self._arguments,
            capture_output=True,
            text=True,
            check=True,
            timeout=_TIMEOUT_SECONDS,
            env={**os.environ, "KUBERNETES_EXEC_INFO": json.dumps(request), **variables},
        ).stdout
