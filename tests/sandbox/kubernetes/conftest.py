"""A stand-in connected to the session's control plane, and a namespace of its own for each test."""

import json
from collections.abc import Iterator
from typing import Any

import kubernetes
import pytest

from sandbox.environment import KubernetesEndpoint
from sandbox.providers.kubernetes.provider import KubernetesStandIn
from sandbox.providers.stand_in import InitializationError, ReadResult, ResourceDiff, ResourceReference

TIMEOUT = 30.0
# every attribute of the client's models may be None for its types; an unexpected None fails a test all the same
CoreApi = Any


class Provider:
    """Drives a stand-in as the engine does: check, then create, read, update or delete, keeping inputs and outputs."""

    def __init__(self, stand_in: KubernetesStandIn) -> None:
        self.stand_in = stand_in

    @staticmethod
    def reference(token: str, name: str) -> ResourceReference:
        return ResourceReference(f"urn:pulumi:dev::test::{token}::{name}", token, name, b"seed")

    def check(self, token: str, name: str, inputs: dict[str, Any], old: dict[str, Any] | None = None) -> dict[str, Any]:
        checked, failures = self.stand_in.check_resource(self.reference(token, name), old or {}, inputs)
        assert not failures, failures
        return checked

    def foretell(self, token: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Preview a creation and return the outputs."""
        checked = self.check(token, name, inputs)
        reference = self.reference(token, name)
        resource_id, outputs = self.stand_in.create_resource(reference, checked, preview=True, timeout=1)
        assert not resource_id
        return outputs

    def create(self, token: str, name: str, inputs: dict[str, Any], timeout: float = TIMEOUT) -> "Created":
        checked = self.check(token, name, inputs)
        reference = self.reference(token, name)
        resource_id, outputs = self.stand_in.create_resource(reference, checked, preview=False, timeout=timeout)
        return Created(self, reference, resource_id, checked, outputs)


class Created:
    """A resource in the state."""

    def __init__(
        self,
        provider: Provider,
        reference: ResourceReference,
        resource_id: str,
        inputs: dict[str, Any],
        outputs: dict[str, Any],
    ) -> None:
        self.provider, self.reference, self.id = provider, reference, resource_id
        self.inputs, self.outputs = inputs, outputs

    def diff(self, inputs: dict[str, Any]) -> ResourceDiff:
        checked = self.provider.check(self.reference.type, self.reference.name, inputs, self.inputs)
        return self.provider.stand_in.diff_resource(self.reference, self.id, self.inputs, self.outputs, checked)

    def foretell(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Preview an update and return the outputs."""
        checked = self.provider.check(self.reference.type, self.reference.name, inputs, self.inputs)
        return self.provider.stand_in.update_resource(
            self.reference, self.id, self.inputs, self.outputs, checked, preview=True, timeout=1
        )

    def update(self, inputs: dict[str, Any], timeout: float = TIMEOUT) -> None:
        checked = self.provider.check(self.reference.type, self.reference.name, inputs, self.inputs)
        self.outputs = self.provider.stand_in.update_resource(
            self.reference, self.id, self.inputs, self.outputs, checked, preview=False, timeout=timeout
        )
        self.inputs = checked

    def refresh(self) -> dict[str, Any]:
        """Take over what the cluster says, ready or not, and return the inputs."""
        try:
            result = self.read()
        except InitializationError as unready:
            result = ReadResult(unready.id, unready.inputs or {}, unready.outputs)
        assert result is not None
        self.inputs, self.outputs = result.inputs, result.outputs
        return self.inputs

    def read(self) -> ReadResult | None:
        return self.provider.stand_in.read_resource(self.reference, self.id, self.inputs, self.outputs)

    def delete(self, timeout: float = TIMEOUT) -> None:
        self.provider.stand_in.delete_resource(self.reference, self.id, self.inputs, self.outputs, timeout=timeout)


@pytest.fixture(scope="session")
def stand_in(control_plane: KubernetesEndpoint) -> KubernetesStandIn:
    """The stand-in, configured with the control plane's own kubeconfig."""
    connected = KubernetesStandIn()
    connected.configure_provider({"kubeconfig": json.dumps(control_plane.kubeconfig())})
    return connected


@pytest.fixture
def provider(stand_in: KubernetesStandIn) -> Provider:
    return Provider(stand_in)


@pytest.fixture(scope="session")
def client(control_plane: KubernetesEndpoint) -> kubernetes.client.ApiClient:
    """The official client: the other side's own word."""
    return kubernetes.config.new_client_from_config_dict(control_plane.kubeconfig())


@pytest.fixture
def core(client: kubernetes.client.ApiClient) -> CoreApi:
    return kubernetes.client.CoreV1Api(client)


@pytest.fixture
def namespace(core: CoreApi, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace that ends with the test."""
    name = f"test-{abs(hash(request.node.nodeid)):x}"[:30]
    core.create_namespace({"metadata": {"name": name}})
    yield name
    core.delete_namespace(name)
