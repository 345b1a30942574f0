"""The API server's own word: every object as a plain dictionary, as `kubectl get -o json` shows it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from kubernetes import config
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient

from sandbox.environment import KubernetesEndpoint

Object = dict[str, Any]


class ApiServer:
    """A cluster, asked through the official client.

    Args:
        endpoint: how to reach it.
    """

    def __init__(self, endpoint: KubernetesEndpoint) -> None:
        self._client = DynamicClient(config.new_client_from_config_dict(endpoint.kubeconfig()))

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object:
        """Return an object.

        Raises:
            ApiException: it does not exist, or the server refuses.
        """
        return self._resource(api_version, kind).get(name=name, namespace=namespace).to_dict()

    def items(
        self, api_version: str, kind: str, namespace: str | None = None, labels: str | None = None
    ) -> list[Object]:
        """Return the objects of a kind, of all namespaces where none is given."""
        found = self._resource(api_version, kind).get(namespace=namespace, label_selector=labels)
        return found.to_dict()["items"]

    def create(self, api_version: str, kind: str, manifest: Mapping[str, Any], namespace: str | None = None) -> Object:
        """Create an object.

        Raises:
            ApiException: the server refuses.
        """
        return self._resource(api_version, kind).create(body=manifest, namespace=namespace).to_dict()

    def attempt(self, kind: str, manifest: Mapping[str, Any], namespace: str) -> Object:
        """Ask for an object of the core API without creating it: admission judges it all the same.

        Raises:
            ApiException: the server refuses.
        """
        return self._resource("v1", kind).create(body=manifest, namespace=namespace, dry_run="All").to_dict()

    def refusal(self, kind: str, manifest: Mapping[str, Any], namespace: str) -> str:
        """Return why admission refuses an object.

        Raises:
            AssertionError: the server answers something else.
            Failed: the server admits it.
        """
        with pytest.raises(ApiException) as refused:
            self.attempt(kind, manifest, namespace)
        assert refused.value.status == 403, refused.value.body
        return str(refused.value.body)

    def wait_for(
        self, api_version: str, kind: str, name: str, namespace: str, condition: Callable[[Object], bool]
    ) -> Object:
        """Watch an object until the condition holds.

        Raises:
            AssertionError: it does not within two minutes.
        """
        watched = self._resource(api_version, kind).watch(
            namespace=namespace, field_selector=f"metadata.name={name}", timeout=120
        )
        latest: Object = {}
        for event in watched:
            latest = event["raw_object"]
            if condition(latest):
                return latest
        raise AssertionError(f"{kind} {namespace}/{name} never came to it; it is {latest}")

    def _resource(self, api_version: str, kind: str) -> Any:
        return self._client.resources.get(api_version=api_version, kind=kind)
