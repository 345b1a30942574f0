"""The API server as the stand-in uses it: discovery, reads, creates, server-side apply, deletes."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from sandbox.providers.kubernetes.kubeconfig import Connection
from sandbox.providers.stand_in import StandInError, ThrottledError

APPLY: Final = "application/apply-patch+yaml"
JSON: Final = "application/json"
JSON_PATCH: Final = "application/json-patch+json"
Manifest = dict[str, Any]


class ApiError(StandInError):
    """The API server refused a request.

    Args:
        status: HTTP status.
        reason: the machine-readable reason, such as ``AlreadyExists``.
        message: its own words.
        kind: of the object in question, such as ``namespaces``.
        causes: details, of a conflict for example: (message, field).
    """

    def __init__(
        self, status: int, reason: str, message: str, kind: str = "", causes: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.kind = kind
        self.causes = causes


class UnreachableError(StandInError):
    """No answer from the cluster's address."""


@dataclass(frozen=True)
class ApiResource:
    """Where objects of a kind live."""

    api_version: str
    plural: str
    namespaced: bool

    def path(self, namespace: str | None, name: str = "") -> str:
        """Return the path of an object, or of its collection without a name."""
        inside = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{_root(self.api_version)}{inside}/{self.plural}" + (f"/{name}" if name else "")


class Api:
    """One cluster.

    Args:
        connection: from a kubeconfig.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._discovered: dict[str, dict[str, ApiResource]] = {}
        self._lock = threading.Lock()

    @property
    def kubeconfig(self) -> dict[str, Any]:
        """A kubeconfig that leads to this cluster."""
        return self._connection.document

    def version(self) -> str:
        """Return the server's version, such as ``v1.37.2``."""
        return self._request("GET", "/version")["gitVersion"]

    def resource(self, api_version: str, kind: str) -> ApiResource | None:
        """Return where a kind lives, or None where the cluster does not serve it (yet)."""
        with self._lock:
            found = self._discovered.get(api_version, {}).get(kind)
            if found is None:
                # a CustomResourceDefinition may have come since
                self._discovered[api_version] = self._discover(api_version)
                found = self._discovered[api_version].get(kind)
            return found

    def served(self) -> list[str]:
        """Return everything that charts may ask for: group versions, and kinds in the form ``apps/v1/Deployment``."""
        groups = self._request("GET", "/apis").get("groups") or []
        versions = ["v1", *(version["groupVersion"] for group in groups for version in group["versions"])]
        return [*versions, *(f"{version}/{kind}" for version in versions for kind in self._discover(version))]

    def get(self, path: str) -> Manifest | None:
        """Return an object, or None where there is none."""
        try:
            return self._request("GET", path)
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def items(self, path: str, **query: str) -> list[Manifest]:
        """Return the items of a collection."""
        return self._request("GET", path, query=query).get("items") or []

    def create(self, collection: str, manifest: Manifest, *, manager: str, dry_run: bool = False) -> Manifest:
        """Create an object and return it as the cluster has it; unknown fields are refused."""
        query = {"fieldManager": manager, "fieldValidation": "Strict", **_dry_run(dry_run)}
        return self._request("POST", collection, query=query, body=manifest)

    def replace(self, path: str, manifest: Manifest, *, manager: str, dry_run: bool = False) -> Manifest:
        """Replace an object as a whole; its ``resourceVersion`` must be the present one."""
        query = {"fieldManager": manager, "fieldValidation": "Strict", **_dry_run(dry_run)}
        return self._request("PUT", path, query=query, body=manifest)

    def apply(
        self, path: str, manifest: Manifest, *, manager: str, force: bool = False, dry_run: bool = False
    ) -> Manifest:
        """Apply an object server-side and return it as the cluster has it then.

        Args:
            path: of the object.
            manifest: the fields that the manager wants to own.
            manager: field manager.
            force: take fields that another manager owns.
            dry_run: only ask what would come of it.
        """
        query = {"fieldManager": manager, "force": str(force).lower(), "fieldValidation": "Strict", **_dry_run(dry_run)}
        return self._request("PATCH", path, query=query, body=manifest, content_type=APPLY)

    def patch(self, path: str, operations: list[dict[str, Any]]) -> Manifest:
        """Change an object by JSON patch operations."""
        return self._request("PATCH", path, body=operations, content_type=JSON_PATCH)

    def delete(self, path: str, propagation_policy: str) -> None:
        """Ask for the deletion of an object; it need not exist."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation_policy}
        try:
            self._request("DELETE", path, body=options)
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def _discover(self, api_version: str) -> dict[str, ApiResource]:
        listed = self.get(_root(api_version)) or {}
        return {
            item["kind"]: ApiResource(api_version, item["name"], item["namespaced"])
            for item in listed.get("resources", [])
            if "/" not in item["name"]
        }

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Manifest | list[dict[str, Any]] | None = None,
        content_type: str = JSON,
    ) -> Manifest:
        url = f"{self._connection.server}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": JSON, "Content-Type": content_type, **self._connection.authorization()}
        content = json.dumps(body) if body is not None else None
        try:
            response = self._connection.pool.request(method, url, body=content, headers=headers)
        except HTTPError as error:
            raise UnreachableError(
                f"The cluster at {self._connection.server} does not answer ({_reason(error)}); is it up, and is the "
                "kubeconfig its own?"
            ) from error
        return _answer(path, response)


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _dry_run(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _answer(path: str, response: urllib3.BaseHTTPResponse) -> Manifest:
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise ThrottledError(f"The API server asks to slow down at {path}.")
    answer = cast("Manifest", json.loads(response.data)) if response.data[:1] == b"{" else {}
    if response.status < HTTPStatus.BAD_REQUEST:
        return answer
    details = answer.get("details") or {}
    causes = tuple((item.get("message", ""), item.get("field", "")) for item in details.get("causes") or [])
    message = answer.get("message") or response.data.decode(errors="replace")[:500] or f"HTTP {response.status}"
    raise ApiError(response.status, answer.get("reason", ""), message, details.get("kind", ""), causes)


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error).rsplit(": ", 1)[-1]
