"""The API server as the stand-in uses it: discovery, reads, server-side apply, deletes."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode

import urllib3

from sandbox.providers.kubernetes.kubeconfig import Connection
from sandbox.providers.stand_in import StandInError, ThrottledError

APPLY = "application/apply-patch+yaml"
Manifest = dict[str, Any]


class ApiError(StandInError):
    """The API server refused a request.

    Args:
        status: HTTP status.
        message: its own words.
        causes: the details of a conflict: (field manager's message, field).
    """

    def __init__(self, status: int, message: str, causes: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
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
        root = f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        inside = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{inside}/{self.plural}" + (f"/{name}" if name else "")


class Api:
    """One cluster.

    Args:
        connection: from a kubeconfig.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._discovered: dict[str, dict[str, ApiResource]] = {}
        self._lock = threading.Lock()
        self.namespace = connection.namespace

    def resource(self, api_version: str, kind: str) -> ApiResource | None:
        """Return where a kind lives, or None where the cluster does not serve it (yet)."""
        with self._lock:
            found = self._discovered.get(api_version, {}).get(kind)
            if found is None:
                # a CustomResourceDefinition may have come since
                self._discovered[api_version] = self._discover(api_version)
                found = self._discovered[api_version].get(kind)
            return found

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

    def apply(self, path: str, manifest: Manifest, *, manager: str, force: bool, dry_run: bool) -> Manifest:
        """Apply an object server-side and return it as the cluster has it then.

        Args:
            path: of the object.
            manifest: the fields that the manager wants to own.
            manager: field manager.
            force: take fields that another manager owns.
            dry_run: only ask what would come of it.
        """
        query = {"fieldManager": manager, "force": str(force).lower(), "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        return self._request("PATCH", path, query=query, body=manifest)

    def delete(self, path: str, propagation_policy: str) -> None:
        """Ask for the deletion of an object; it need not exist."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation_policy}
        try:
            self._request("DELETE", path, body=options, content_type="application/json")
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def _discover(self, api_version: str) -> dict[str, ApiResource]:
        root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        listed = self.get(root) or {}
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
        body: Manifest | None = None,
        content_type: str = APPLY,
    ) -> Manifest:
        url = f"{self._connection.server}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": "application/json", **self._connection.authorization()}
        content = None
        if body is not None:
            headers["Content-Type"] = content_type
            content = json.dumps(body)
        try:
            response = self._connection.pool.request(method, url, body=content, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(
                f"The cluster at {self._connection.server} does not answer ({_reason(error)}); is it up, and is the "
                "kubeconfig its own?"
            ) from error
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise ThrottledError(f"The API server asks to slow down at {path}.")
        answer = cast("Manifest", json.loads(response.data)) if response.data[:1] == b"{" else {}
        if response.status >= HTTPStatus.BAD_REQUEST:
            details = answer.get("details") or {}
            causes = tuple((item.get("message", ""), item.get("field", "")) for item in details.get("causes") or [])
            message = answer.get("message") or response.data.decode(errors="replace")[:500] or f"HTTP {response.status}"
            raise ApiError(response.status, message, causes)
        return answer


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error).rsplit(": ", 1)[-1]
