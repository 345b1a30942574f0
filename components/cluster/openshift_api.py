"""A look at the cluster before the program declares anything: reads only, over the API server's own paths.

Source: A-31.
"""

import base64
import http.client
import json
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import yaml

from components.cluster.client_certificate import present_client_certificate
from components.cluster.openshift import KubeconfigAccess, TokenAccess

TIMEOUT_SECONDS = 10


class AccessError(Exception):
    """Nobody can sign in like this: the kubeconfig cannot be read, or lacks something.

    Args:
        key: of the settings below ``openshift`` that is to blame, e.g. ``kubeconfig.context``.
        message: what is wrong.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class UnreachableError(Exception):
    """The API server does not answer, or its certificate is not trusted."""


class RefusedError(Exception):
    """The API server does not know who signs in."""


class ForbiddenError(Exception):
    """The API server knows who signs in, who may not read an object.

    Args:
        path: of the object.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class ClusterReader(Protocol):
    """What the checks ask of a cluster."""

    server: str

    def get(self, path: str) -> Mapping[str, Any] | None:
        """An object; None: there is none.

        Raises:
            ForbiddenError: whoever signs in may not read it.
        """
        ...

    def may(self, verb: str, group: str, resource: str) -> bool:
        """Whether whoever signs in may do it, in all namespaces."""
        ...


@dataclass(frozen=True)
class Login:
    """Where to sign in, and with what.

    Args:
        server: address of the API server.
        headers: that say who it is; empty with a client certificate.
        tls: whom to trust, and the client's certificate.
    """

    server: str
    headers: Mapping[str, str]
    tls: ssl.SSLContext


class ClusterApi:
    """A cluster's API server.

    Args:
        login: where to sign in, and with what.
    """

    def __init__(self, login: Login) -> None:
        self.server = login.server
        self._login = login

    def get(self, path: str) -> Mapping[str, Any] | None:
        """An object; None: there is none, or the answer is no object, as a proxy gives one.

        Raises:
            ForbiddenError: whoever signs in may not read it.
        """
        status, answer = self._request("GET", path)
        if status == HTTPStatus.FORBIDDEN:
            raise ForbiddenError(path)
        return answer if status == HTTPStatus.OK and answer else None

    def may(self, verb: str, group: str, resource: str) -> bool:
        """Ask the API server itself, which judges without doing anything."""
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"verb": verb, "group": group, "resource": resource}},
        }
        _, answer = self._request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
        return bool((answer.get("status") or {}).get("allowed"))

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        address = urlsplit(self.server)
        connection = http.client.HTTPSConnection(
            address.hostname or "", address.port or 443, timeout=TIMEOUT_SECONDS, context=self._login.tls
        )
        headers = {"Accept": "application/json", "Content-Type": "application/json", **self._login.headers}
        try:
            connection.request(method, f"{address.path.rstrip('/')}{path}", json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(str(error) or type(error).__name__) from error
        finally:
            connection.close()
        if response.status == HTTPStatus.UNAUTHORIZED:
            raise RefusedError(self.server)
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnreachableError(f"{response.status} {response.reason}")
        answer = cast("dict[str, Any]", json.loads(content)) if content[:1] == b"{" else {}
        return response.status, answer


def connect(access: TokenAccess | KubeconfigAccess) -> ClusterApi:
    """The cluster that the settings lead to.

    Raises:
        AccessError: the kubeconfig cannot be used.
    """
    if isinstance(access, KubeconfigAccess):
        return ClusterApi(_login_of(access))
    try:
        tls = ssl.create_default_context(cadata=access.certificate_authority)
    except ssl.SSLError as error:
        raise AccessError("certificateAuthority", f"it holds no certificate ({error})") from error
    return ClusterApi(Login(access.server.rstrip("/"), {"Authorization": f"Bearer {access.token}"}, tls))


def _login_of(access: KubeconfigAccess) -> Login:
    file = Path(access.path or os.environ.get("KUBECONFIG", "").split(os.pathsep)[0] or "~/.kube/config").expanduser()
    document = _read(file)
    name = access.context or document.get("current-context")
    if not name:
        raise AccessError("kubeconfig.context", f"missing; {file} has no current context, so name one of its contexts")
    context = _named(document, "contexts", "context", name, file)
    cluster = _named(document, "clusters", "cluster", context.get("cluster"), file)
    user = _named(document, "users", "user", context.get("user"), file)
    server = str(cluster.get("server", "")).rstrip("/")
    if not server.startswith("https://"):
        message = f'"{server}", the server of context {name} of {file}, is not allowed; allowed: one with https://'
        raise AccessError("kubeconfig.context", message)
    if "exec" in user or "auth-provider" in user:
        raise AccessError(
            "kubeconfig.context",
            f"user {context.get('user')} of {file} signs in with a plug-in; take a token or a client certificate",
        )
    try:
        token = (
            Path(user["tokenFile"]).read_text(encoding="utf-8").strip() if "tokenFile" in user else user.get("token")
        )
        tls = _tls(cluster, user)
    except (OSError, ValueError) as error:
        raise AccessError("kubeconfig.path", f"{file} names a file that cannot be used ({error})") from error
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Login(server, headers, tls)


def _read(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise AccessError("kubeconfig.path", f"{file} cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise AccessError("kubeconfig.path", f"{file} is no kubeconfig") from error
    if not isinstance(document, dict):
        raise AccessError("kubeconfig.path", f"{file} is no kubeconfig")
    return cast("dict[str, Any]", document)


def _named(document: Mapping[str, Any], section: str, key: str, name: object, file: Path) -> dict[str, Any]:
    listed = {item.get("name"): item.get(key) for item in document.get(section) or [] if isinstance(item, dict)}
    if isinstance(listed.get(name), dict):
        return cast("dict[str, Any]", listed[name])
    allowed = ", ".join(map(str, listed)) or f"a file with a {key}"
    raise AccessError("kubeconfig.context", f"{file} has no {key} called {name}; allowed: {allowed}")


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    data, path = cluster.get("certificate-authority-data"), cluster.get("certificate-authority")
    tls = ssl.create_default_context(cadata=base64.b64decode(data).decode() if data else None, cafile=path)
    if cluster.get("insecure-skip-tls-verify"):
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    present_client_certificate(tls, user)
    return tls
