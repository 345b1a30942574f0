"""A Pulumi engine for unit tests: runs a program without cloud or CLI and records what it registers."""

import asyncio
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import pulumi
import pytest
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import callback_pb2, source_pb2
from pulumi.runtime.stack import run_pulumi_func

Result = TypeVar("Result")
Properties = dict[str, Any]

ACCOUNT = "123456789012"
REGION = "us-east-1"
PROJECT = "biz-automation"


@dataclass(frozen=True)
class Registration:
    """One resource as the program registered it.

    ``inputs`` have the provider's own (camelCase) names; ``parent``, ``dependencies`` and ``deleted_with`` are URNs;
    ``provider`` is ``<urn>::<id>`` of the explicit provider, or empty.
    """

    type: str
    name: str
    inputs: Properties
    urn: str
    parent: str
    provider: str
    custom: bool
    protect: bool
    retain_on_delete: bool
    deleted_with: str
    dependencies: tuple[str, ...]
    create_timeout: str
    ignored_changes: tuple[str, ...]


@dataclass
class RecordingEngine(pulumi.runtime.Mocks):
    """Answers every registration with the inputs plus what the cloud would add, and remembers all of them.

    With ``preview`` everything that the cloud would add is unknown, as in the first preview of a stack. Assertions hold
    only after :meth:`deploy` returned, when all registrations have drained. A test adds what its cloud
    answers to ``outputs`` (resource type -> function of the registration's name and inputs) and ``functions``
    (token -> function of the arguments).
    """

    stack: str = "dev"
    preview: bool = False
    outputs: dict[str, Callable[[str, Properties], Properties]] = field(
        default_factory=dict[str, Callable[[str, Properties], Properties]]
    )
    functions: dict[str, Callable[[Properties], Properties]] = field(
        default_factory=dict[str, Callable[[Properties], Properties]]
    )
    registrations: list[Registration] = field(default_factory=list[Registration])
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop, repr=False)
    _worker_loops: list[asyncio.AbstractEventLoop] = field(default_factory=list[asyncio.AbstractEventLoop], repr=False)

    def __post_init__(self) -> None:
        # pulumi's mocks open an event loop in each worker thread and never close it; these are closed below
        self._executor = ThreadPoolExecutor(max_workers=4, initializer=self._open_worker_loop)
        self._loop.set_default_executor(self._executor)

    def deploy(self, program: Callable[[], Result]) -> Result:
        """Run a program until every registration has drained and give back what it returned.

        Args:
            program: function that creates resources.
        """
        results: list[Result] = []

        async def main() -> None:
            pulumi.runtime.set_mocks(self, PROJECT, self.stack, self.preview, monitor=_RecordingMonitor(self))
            cast("Any", pulumi.runtime.settings.SETTINGS).callbacks = _NoCallbacks()
            await run_pulumi_func(lambda: results.append(program()))

        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(main())
        return results[0]

    def value(self, output: pulumi.Input[Result]) -> Result:
        """Give the resolved value of an output of the program that was deployed."""
        asyncio.set_event_loop(self._loop)
        resolved: Any = self._loop.run_until_complete(_future(output))
        return resolved

    def of_type(self, type_token: str) -> list[Registration]:
        """All registrations of a resource type, e.g. ``aws:ec2/vpc:Vpc``, sorted by logical name."""
        return sorted((item for item in self.registrations if item.type == type_token), key=lambda item: item.name)

    def only(self, type_token: str, name: str | None = None) -> Registration:
        """The one registration of a type (and logical name, if given).

        Raises:
            AssertionError: there is none, or more than one.
        """
        found = [item for item in self.of_type(type_token) if name in (None, item.name)]
        assert len(found) == 1, f"{type_token} {name or ''}: expected one, got {[item.name for item in found]}"
        return found[0]

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[Properties, list[tuple[str, str]] | None]:
        """Answer a provider function from ``functions``; an unforeseen call is an error of the program."""
        if args.token not in self.functions:
            raise AssertionError(
                f"the program asked the cloud for {args.token}; it must not, or the test must foresee it"
            )
        return self.functions[args.token](args.args), []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, Properties]:
        """Answer a registration: id and outputs."""
        if not args.custom:
            return "", dict(args.inputs)
        identifier = _identifier(args.name, args.inputs)
        added = self.outputs[args.typ](args.name, args.inputs) if args.typ in self.outputs else {}
        computed = _computed(args.typ, identifier)
        if self.preview:
            return "", {**_unknown(computed), **args.inputs, **_unknown(added)}
        return identifier, {**computed, **args.inputs, **added}

    def close(self) -> None:
        """End what a failed program left behind, and free event loops and threads."""
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(_cancel_rest())
        self._executor.shutdown()
        for loop in (self._loop, *self._worker_loops):
            loop.close()
        asyncio.set_event_loop(None)

    def _open_worker_loop(self) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        self._worker_loops.append(loop)


@contextmanager
def recording(stack: str = "dev") -> Generator[RecordingEngine]:
    """An engine that records; an Output in an f-string is an error, as in CI.

    Args:
        stack: name of the stack.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULUMI_ERROR_OUTPUT_STRING", "1")
        # where in the code a resource is made nobody asks here, and pytest's stacks are deep: a fifth of the time
        patch.setattr("pulumi.runtime.resource._get_stack_trace", source_pb2.StackTrace)
        engine = RecordingEngine(stack=stack)
        yield engine
        engine.close()


class _NoCallbacks:
    """Takes transforms, which only an engine calls: mocks have no server that it could call."""

    def register_transform(self, _transform: object) -> callback_pb2.Callback:
        return callback_pb2.Callback()


class _RecordingMonitor(MockMonitor):
    """Keeps the options of each registration, which ``pulumi.runtime.Mocks`` does not hand on."""

    def __init__(self, engine: RecordingEngine) -> None:
        super().__init__(engine)
        self._engine = engine

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name is the protocol's
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            self._engine.registrations.append(
                Registration(
                    type=request.type,
                    name=request.name,
                    inputs=pulumi.runtime.rpc.deserialize_properties(request.object),
                    urn=response.urn,
                    parent=request.parent,
                    provider=request.provider,
                    custom=request.custom,
                    protect=request.protect,
                    retain_on_delete=request.retainOnDelete,
                    deleted_with=request.deletedWith,
                    dependencies=tuple(request.dependencies),
                    create_timeout=request.customTimeouts.create,
                    ignored_changes=tuple(request.ignoreChanges),
                )
            )
        return response


async def _cancel_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


async def _future(output: Any) -> Any:
    return await pulumi.Output.from_input(output).future()


def _identifier(name: str, inputs: Mapping[str, Any]) -> str:
    metadata: Mapping[str, Any] = inputs.get("metadata") or {}
    if "name" in metadata:
        return "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)
    return str(inputs.get("bucket") or inputs.get("name") or f"{name}-id")


def _computed(type_token: str, identifier: str) -> Properties:
    """What the AWS provider adds to the inputs of any resource: name and ARN."""
    package, module, _ = type_token.split(":", 2)
    if package != "aws":
        return {}
    service = module.split("/", maxsplit=1)[0]
    return {"arn": f"arn:aws:{service}:{REGION}:{ACCOUNT}:{identifier}", "name": identifier}


def _unknown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unknown(member) for key, member in value.items()}
    return pulumi.runtime.rpc.UNKNOWN
