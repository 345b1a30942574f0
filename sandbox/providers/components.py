"""Remote components of a stand-in: their children are registered with the engine from the stand-in's process."""

from typing import Any

import grpc.aio
import pulumi
from pulumi.provider import Provider
from pulumi.provider.provider import ConstructResult
from pulumi.provider.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2
from typing_extensions import override

from sandbox.providers.provider import StandIn


class _Components(Provider):
    """Hands the construction of components to a stand-in."""

    def __init__(self, stand_in: StandIn) -> None:
        super().__init__("0.0.0")
        self._stand_in = stand_in

    @override
    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: pulumi.Inputs,
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        return self._stand_in.construct_component(name, resource_type, inputs, options)


class ComponentServicer(ProviderServicer):
    """The SDK's own handling of components, without its wrapping of errors in tracebacks."""

    def __init__(self, stand_in: StandIn, engine_address: str) -> None:
        super().__init__(_Components(stand_in), [], engine_address)

    async def construct(
        self, request: provider_pb2.ConstructRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> provider_pb2.ConstructResponse:
        """Build the component that the engine asks for."""
        return await self._construct(request, context)
