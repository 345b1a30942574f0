"""A thin HTTP client for a cluster's API server, for the few objects that the sandbox itself asks for."""

import base64
import http.client
import json
import ssl
import tempfile
import time
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from sandbox.environment import KubernetesEndpoint
from sandbox.errors import SandboxError

APPLY = "application/apply-patch+yaml"
FIELD_MANAGER = "sandbox"
_PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.2


class ClusterApi:
    """JSON over the API server's own paths.

    Args:
        endpoint: how to reach the cluster.
    """

    def __init__(self, endpoint: KubernetesEndpoint) -> None:
        self._endpoint = endpoint
        self._served: dict[str, list[dict[str, Any]]] = {}
        self._tls = ssl.create_default_context(cadata=base64.b64decode(endpoint.certificate_authority).decode())
        if endpoint.client_certificate and endpoint.client_key:
            # the ssl module reads client certificates from files only
            with tempfile.TemporaryDirectory() as folder:
                certificate, key = Path(folder) / "client.crt", Path(folder) / "client.key"
                certificate.write_bytes(base64.b64decode(endpoint.client_certificate))
                key.write_bytes(base64.b64decode(endpoint.client_key))
                self._tls.load_cert_chain(certificate, key)

    def get(self, path: str) -> dict[str, Any] | None:
        """Return an object, or None where there is none."""
        return self._request("GET", path)

    def items(self, path: str) -> list[dict[str, Any]]:
        """Return the items of a collection; empty where the cluster has no such collection."""
        return (self.get(path) or {}).get("items", [])

    def apply(self, path: str, manifest: dict[str, Any]) -> None:
        """Create or update an object by server-side apply."""
        self._request("PATCH", f"{path}?fieldManager={FIELD_MANAGER}&force=true", manifest)

    def dry_run(self, manifest: dict[str, Any]) -> bool:
        """Have the API server judge an object as a creation would, without creating it.

        Returns:
            Whether the cluster serves its kind.

        Raises:
            SandboxError: it would be refused.
        """
        collection = self._collection(manifest)
        if collection is None:
            return False
        name = manifest["metadata"]["name"]
        path = f"{collection}/{name}?dryRun=All&force=true&fieldManager={FIELD_MANAGER}"
        if self._request("PATCH", path, manifest) is None:
            raise SandboxError(f"The cluster has no namespace {manifest['metadata'].get('namespace')}.")
        return True

    def version(self) -> str:
        """Return the cluster's version."""
        return (self.get("/version") or {})["gitVersion"]

    def served(self) -> list[str]:
        """Return what the cluster serves: group versions, and kinds in the form ``apps/v1/Deployment``."""
        groups = (self.get("/apis") or {}).get("groups", [])
        versions = ["v1", *(version["groupVersion"] for group in groups for version in group["versions"])]
        kinds = {
            f"{version}/{resource['kind']}"
            for version in versions
            for resource in self._resources(_root(version))
            if "/" not in resource["name"]
        }
        return [*versions, *sorted(kinds)]

    def _collection(self, manifest: dict[str, Any]) -> str | None:
        version, kind = manifest["apiVersion"], manifest["kind"]
        root = _root(version)
        if version not in self._served:
            self._served[version] = self._resources(root)
        for resource in self._served[version]:
            if resource["kind"] == kind and "/" not in resource["name"]:
                inside = f"/namespaces/{manifest['metadata'].get('namespace')}" if resource["namespaced"] else ""
                return f"{root}{inside}/{resource['name']}"
        return None

    def _resources(self, root: str) -> list[dict[str, Any]]:
        """What a group version serves; a definition that was just made takes a moment to be."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (answer := self.get(root)) is None and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)
        return (answer or {}).get("resources", [])

    def delete(self, path: str) -> None:
        """Delete an object; it need not exist."""
        self._request("DELETE", path)

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        headers = {"Accept": "application/json", **({"Content-Type": APPLY} if body is not None else {})}
        if self._endpoint.token:
            headers["Authorization"] = f"Bearer {self._endpoint.token}"
        server = urlsplit(self._endpoint.server)
        connection = http.client.HTTPSConnection(server.netloc, timeout=30, context=self._tls)
        try:
            connection.request(method, server.path + path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            text = response.read()
        except OSError as error:
            raise SandboxError(
                f"The API server at {self._endpoint.server} does not answer ({error}); `make up` starts it again."
            ) from error
        finally:
            connection.close()
        if response.status == http.client.NOT_FOUND:
            # of a group that nobody serves the answer is no JSON
            return None
        content = cast("dict[str, Any]", json.loads(text or b"{}"))
        if response.status >= http.client.BAD_REQUEST:
            message = content.get("message", response.reason)
            raise SandboxError(f"The API server refused {method} {path}: {message}.")
        return content


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"
