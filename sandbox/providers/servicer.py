"""The engine's side of a stand-in: gRPC requests in, plain Python to the stand-in, answers and clear errors back."""

import asyncio
import functools
import logging
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar, cast

import grpc
import grpc.aio
import pulumi
from google.protobuf import any_pb2, empty_pb2, struct_pb2
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2
from typing_extensions import override

from sandbox import journal
from sandbox.environment import sandbox_directory
from sandbox.parent import end_with_parent
from sandbox.providers.components import ComponentServicer
from sandbox.providers.detailed_diff import detailed_diff
from sandbox.providers.faults import FaultSwitch
from sandbox.providers.provider import InitializationError, ResourceReference, StandIn, StandInError, ThrottledError
from sandbox.providers.values import NOT_SECRET, WHOLLY_SECRET, Secret, contains_unknown, from_wire, to_wire

# threads wait for objects that may depend on others still to be made; they start only when they are needed
THREADS: Final = 64
DEFAULT_TIMEOUT_SECONDS: Final = 600.0
THROTTLED_TRIES: Final = 5
FIRST_BACKOFF_SECONDS: Final = 0.1
# the engine's own limit; a rendered chart can be far beyond gRPC's default of 4 MB
MAXIMUM_MESSAGE_BYTES: Final = 400 * 1024 * 1024

Context = grpc.aio.ServicerContext[Any, Any]
Result = TypeVar("Result")


class StandInServicer(ProviderServicer):
    """Serves one ``StandIn``."""

    def __init__(self, provider: StandIn, version: str, engine_address: str) -> None:
        super().__init__([], version, provider, engine_address)
        self._stand_in = provider
        self._faults = FaultSwitch(provider.name, provider.cancelled)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=provider.name)

    @override
    async def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: Context
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Tell the engine that unknowns, secrets and resource references may be sent as they are."""
        del request, context
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True, accept_outputs=True)

    @override
    async def Configure(
        self, request: provider_pb2.ConfigureRequest, context: Context
    ) -> provider_pb2.ConfigureResponse:
        """Configure the stand-in, once per provider resource."""
        config, _ = from_wire(request.args)
        await self._answer(context, f"configuring {self._stand_in.name}", self._stand_in.configure_provider, config)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, acceptResources=True, acceptOutputs=True, supportsPreview=True
        )

    @override
    async def Check(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        """Validate inputs and fill in defaults."""
        resource = _reference(request.urn, request.randomSeed)
        old, _ = from_wire(request.olds)
        new, secrets = from_wire(request.news)
        inputs, failures = await self._operate(
            context, "check", resource, self._stand_in.check_resource, resource, old, new
        )
        return provider_pb2.CheckResponse(
            inputs=to_wire(inputs, self._concealed(resource, secrets)),
            failures=[provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in failures],
        )

    @override
    async def Diff(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        """Compare the state with new inputs."""
        resource = _reference(request.urn)
        old_inputs, _ = from_wire(request.old_inputs)
        old_outputs, _ = from_wire(request.olds)
        new, _ = from_wire(request.news)
        diff = await self._operate(
            context, "diff", resource, self._stand_in.diff_resource, resource, request.id, old_inputs, old_outputs, new
        )
        changes = provider_pb2.DiffResponse.DIFF_SOME if diff.changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=changes,
            diffs=diff.changed,
            replaces=diff.replaces,
            deleteBeforeReplace=diff.delete_before_replace,
            detailedDiff=detailed_diff(diff, old_inputs, new),
            hasDetailedDiff=True,
        )

    @override
    async def Create(self, request: provider_pb2.CreateRequest, context: Context) -> provider_pb2.CreateResponse:
        """Create a resource, or foretell it in a preview."""
        resource = _reference(request.urn)
        inputs, secrets = from_wire(request.properties)
        create = functools.partial(self._create, preview=request.preview, timeout=_timeout(request.timeout))
        operation = "" if request.preview else "create"
        resource_id, outputs = await self._operate(
            context, operation, resource, create, resource, inputs, secrets=secrets
        )
        properties = await self._outputs(context, resource, outputs, secrets, preview=request.preview)
        return provider_pb2.CreateResponse(id=resource_id, properties=properties)

    @override
    async def Read(self, request: provider_pb2.ReadRequest, context: Context) -> provider_pb2.ReadResponse:
        """Read a resource for refresh, import and ``get``."""
        resource = _reference(request.urn)
        inputs, input_secrets = from_wire(request.inputs)
        outputs, output_secrets = from_wire(request.properties)
        secrets = Secret(keys={**input_secrets.keys, **output_secrets.keys})
        result = await self._operate(
            context,
            "read",
            resource,
            self._stand_in.read_resource,
            resource,
            request.id,
            inputs,
            outputs,
            secrets=secrets,
        )
        if result is None:
            return provider_pb2.ReadResponse(id="")
        return provider_pb2.ReadResponse(
            id=result.id,
            inputs=to_wire(result.inputs, self._concealed(resource, input_secrets)),
            properties=await self._outputs(context, resource, result.outputs, secrets, preview=False),
        )

    @override
    async def Update(self, request: provider_pb2.UpdateRequest, context: Context) -> provider_pb2.UpdateResponse:
        """Update a resource in place, or foretell it in a preview."""
        resource = _reference(request.urn)
        old_inputs, _ = from_wire(request.old_inputs)
        old_outputs, _ = from_wire(request.olds)
        inputs, secrets = from_wire(request.news)
        update = functools.partial(
            self._stand_in.update_resource, preview=request.preview, timeout=_timeout(request.timeout)
        )
        operation = "" if request.preview else "update"
        outputs = await self._operate(
            context,
            operation,
            resource,
            update,
            resource,
            request.id,
            old_inputs,
            old_outputs,
            inputs,
            secrets=secrets,
        )
        properties = await self._outputs(context, resource, outputs, secrets, preview=request.preview)
        return provider_pb2.UpdateResponse(properties=properties)

    @override
    async def Delete(self, request: provider_pb2.DeleteRequest, context: Context) -> empty_pb2.Empty:
        """Delete a resource."""
        resource = _reference(request.urn)
        inputs, _ = from_wire(request.old_inputs)
        outputs, _ = from_wire(request.properties)
        delete = functools.partial(self._stand_in.delete_resource, timeout=_timeout(request.timeout))
        await self._operate(context, "delete", resource, delete, resource, request.id, inputs, outputs)
        return empty_pb2.Empty()

    @override
    async def Invoke(self, request: provider_pb2.InvokeRequest, context: Context) -> provider_pb2.InvokeResponse:
        """Answer a data source."""
        arguments, secrets = from_wire(request.args)
        token = ResourceReference(urn="", type=request.tok, name=request.tok)
        values = await self._operate(context, "invoke", token, self._stand_in.invoke_function, request.tok, arguments)
        concealed = Secret(keys=dict.fromkeys(values, WHOLLY_SECRET)) if secrets else NOT_SECRET
        response = provider_pb2.InvokeResponse()
        # `return` is a keyword and can only be reached this way
        cast("struct_pb2.Struct", getattr(response, "return")).CopyFrom(to_wire(values, concealed))
        return response

    @override
    async def Construct(
        self, request: provider_pb2.ConstructRequest, context: Context
    ) -> provider_pb2.ConstructResponse:
        """Build a remote component; its children are registered with the engine from here."""
        components = ComponentServicer(self._stand_in, self._engine_address)
        try:
            return await components.construct(request, context)
        except Exception as error:  # noqa: BLE001 - whatever a component raises reaches the user as one sentence
            await self._abort(context, f"constructing {request.name}", error)

    @override
    async def Cancel(self, request: empty_pb2.Empty, context: Context) -> empty_pb2.Empty:
        """Ask waiting operations to end."""
        del request, context
        self._stand_in.cancelled.set()
        return empty_pb2.Empty()

    @override
    async def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: Context
    ) -> provider_pb2.GetSchemaResponse:
        """Refuse: a stand-in has no schema of its own, it reads the SDK's classes."""
        del request
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Stand-ins have no package schema.")

    @override
    async def GetMapping(
        self, request: provider_pb2.GetMappingRequest, context: Context
    ) -> provider_pb2.GetMappingResponse:
        """Answer that nothing maps to other tools."""
        del request, context
        return provider_pb2.GetMappingResponse()

    @override
    async def GetMappings(
        self, request: provider_pb2.GetMappingsRequest, context: Context
    ) -> provider_pb2.GetMappingsResponse:
        """Answer that nothing maps to other tools."""
        del request, context
        return provider_pb2.GetMappingsResponse()

    def _concealed(self, resource: ResourceReference, secrets: Secret) -> Secret:
        always = dict.fromkeys(self._stand_in.secret_outputs(resource.type), WHOLLY_SECRET)
        # the Kubernetes provider keeps the inputs among the outputs
        return Secret(keys={**secrets.keys, "__inputs": secrets, **always})

    async def _outputs(
        self, context: Context, resource: ResourceReference, outputs: dict[str, Any], secrets: Secret, *, preview: bool
    ) -> struct_pb2.Struct:
        if not preview and contains_unknown(outputs):
            unknown = ", ".join(name for name, value in outputs.items() if contains_unknown(value))
            error = StandInError(f"The {self._stand_in.name} stand-in left outputs unknown: {unknown}.")
            await self._abort(context, resource.name, error)
        return to_wire(outputs, self._concealed(resource, secrets))

    def _create(
        self, resource: ResourceReference, inputs: dict[str, Any], *, preview: bool, timeout: float
    ) -> tuple[str, dict[str, Any]]:
        """Create a resource and note its id: an engine that is killed now could not write it down."""
        try:
            resource_id, outputs = self._stand_in.create_resource(resource, inputs, preview=preview, timeout=timeout)
        except InitializationError as error:
            journal.note(sandbox_directory(), resource.urn, error.id)
            raise
        if not preview:
            journal.note(sandbox_directory(), resource.urn, resource_id)
        return resource_id, outputs

    def finish(self) -> None:
        """Wait for the operations that have begun and begin no others."""
        self._stand_in.cancelled.set()
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _operate(
        self,
        context: Context,
        operation: str,
        resource: ResourceReference,
        function: Callable[..., Result],
        *arguments: Any,
        secrets: Secret = NOT_SECRET,
    ) -> Result:
        """Run one operation of a resource in a thread, with its planned faults; an empty operation has none."""

        def run() -> Result:
            if operation:
                self._faults.apply(operation, resource.type)
            return function(*arguments)

        try:
            return await self._with_retries(run)
        except InitializationError as error:
            await self._abort_partially(context, resource, error, secrets)
        except Exception as error:  # noqa: BLE001 - whatever a stand-in raises reaches the user as one sentence
            await self._abort(context, f"{operation or 'preview'} of {resource.name}", error)

    async def _answer(self, context: Context, what: str, function: Callable[..., Result], *arguments: Any) -> Result:
        try:
            return await self._with_retries(functools.partial(function, *arguments))
        except Exception as error:  # noqa: BLE001 - as above
            await self._abort(context, what, error)

    async def _with_retries(self, run: Callable[[], Result]) -> Result:
        loop = asyncio.get_running_loop()
        for tried in range(THROTTLED_TRIES - 1):
            try:
                return await loop.run_in_executor(self._threads, run)
            except ThrottledError:
                await asyncio.sleep(FIRST_BACKOFF_SECONDS * 2**tried)
        return await loop.run_in_executor(self._threads, run)

    async def _abort(self, context: Context, what: str, error: Exception) -> NoReturn:
        """End the request with one sentence.

        The codes are ones after which the engine takes the resource for unchanged: `UNKNOWN` and `INTERNAL` would leave
        a pending operation in the state.
        """
        if isinstance(error, StandInError | pulumi.RunError):
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        log_file = _log_file(self._stand_in.name)
        logging.getLogger(__name__).error("%s", what, exc_info=error)
        message = (
            f"The {self._stand_in.name} stand-in failed at the {what}: {type(error).__name__}: {error} (see {log_file})"
        )
        await context.abort(grpc.StatusCode.ABORTED, message)

    async def _abort_partially(
        self, context: Context, resource: ResourceReference, error: InitializationError, secrets: Secret
    ) -> NoReturn:
        concealed = self._concealed(resource, secrets)
        detail = provider_pb2.ErrorResourceInitFailed(
            id=error.id,
            properties=to_wire(error.outputs, concealed),
            reasons=error.reasons,
            inputs=to_wire(error.inputs, concealed) if error.inputs is not None else None,
        )
        packed = any_pb2.Any()
        packed.Pack(detail)
        code = grpc.StatusCode.ABORTED
        status = status_pb2.Status(code=code.value[0], message=str(error), details=[packed])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        await context.abort(code, str(error))


def serve(provider: StandIn, version: str) -> None:
    """Serve a stand-in to the engine until it sends SIGINT or SIGTERM; then end at once.

    Args:
        provider: the stand-in.
        version: semantic version of the package that it stands in for.
    """
    asyncio.run(_serve(provider, version, engine_address=sys.argv[1] if len(sys.argv) > 1 else ""))


async def _serve(provider: StandIn, version: str, engine_address: str) -> None:
    loop = asyncio.get_running_loop()
    for end in (signal.SIGINT, signal.SIGTERM):
        # os._exit: threads that wait for a cloud must not hold up the engine, which would wait 5 s and then kill
        loop.add_signal_handler(end, os._exit, 0)
    _log_to(_log_file(provider.name))
    limits = [("grpc.max_receive_message_length", MAXIMUM_MESSAGE_BYTES), ("grpc.max_send_message_length", -1)]
    server = grpc.aio.server(options=limits)
    servicer = StandInServicer(provider, version, engine_address)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)

    def end_orphaned() -> None:
        servicer.finish()
        os._exit(0)

    end_with_parent(end_orphaned)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


def _log_file(name: str) -> Path:
    return sandbox_directory() / "logs" / f"provider-{name}.log"


def _log_to(path: Path) -> None:
    """Send logs to a file: whatever a plugin writes to standard error is shown to the user as a diagnostic."""
    path.parent.mkdir(parents=True, exist_ok=True)
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(filename=path, level=logging.WARNING, format=form, force=True)


def _reference(urn: str, random_seed: bytes = b"") -> ResourceReference:
    *_, types, name = urn.split("::", 3)
    return ResourceReference(urn=urn, type=types.rpartition("$")[2], name=name, random_seed=random_seed)


def _timeout(seconds: float) -> float:
    return seconds or DEFAULT_TIMEOUT_SECONDS
