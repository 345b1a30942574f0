"""What a stand-in implements: the life of a resource in plain Python.

``StandIn`` receives dicts, lists and scalars and answers with the same; the engine's protocol, secrets and unknowns are
handled around it (``values``, ``servicer``). Its methods may block: they run in a thread pool.
"""

import threading
from abc import abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar

import pulumi
from pulumi.provider.experimental.provider import Provider
from pulumi.provider.provider import ConstructResult

from sandbox.providers.values import same

Failures = list[tuple[str, str]]
"""Rejected properties: the property's path and the reason, which names the value and what is allowed."""


@dataclass(frozen=True)
class ResourceReference:
    """The resource that a request is about.

    ``random_seed`` is the engine's seed for names made up in this request.
    """

    urn: str
    type: str
    name: str
    random_seed: bytes = b""


@dataclass(frozen=True)
class ResourceDiff:
    """Top-level properties that changed, and what cannot change in place: their names, or paths of what is in them."""

    changed: tuple[str, ...]
    replaces: tuple[str, ...] = ()
    delete_before_replace: bool = False


@dataclass(frozen=True)
class ReadResult:
    """A resource as the cloud has it: its id, the inputs that would make it, and its outputs."""

    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


class StandInError(Exception):
    """The provider's answer when it cannot do what was asked: one clear sentence that the user sees."""


class ThrottledError(StandInError):
    """The cloud asks to slow down. The operation is tried again, as the real SDKs do, before the user sees this."""


class InitializationError(StandInError):
    """The resource exists and is not usable yet. The engine keeps it in its state, and the next run goes on from there.

    Args:
        resource_id: the resource's id.
        outputs: its properties as far as they are known.
        reasons: one sentence each.
        inputs: its present inputs; only a read gives them.
    """

    def __init__(
        self, resource_id: str, outputs: dict[str, Any], reasons: Collection[str], inputs: dict[str, Any] | None = None
    ) -> None:
        super().__init__(f"{resource_id} exists but is not ready: {'; '.join(reasons)}")
        self.id = resource_id
        self.outputs = outputs
        self.reasons = tuple(reasons)
        self.inputs = inputs


def compare(
    old: Mapping[str, Any], new: Mapping[str, Any], replacing: Collection[str] = (), ignored: Collection[str] = ()
) -> ResourceDiff:
    """Compare the inputs of a resource; a change of a property in ``replacing`` replaces it.

    An unknown counts as changed: what it will be is known only after the update of something else.
    """
    names = sorted((old.keys() | new.keys()) - set(ignored))
    changed = tuple(name for name in names if not same(old.get(name), new.get(name)))
    return ResourceDiff(changed, replaces=tuple(name for name in changed if name in replacing))


class StandIn(Provider):
    """Base of every stand-in. Subclasses override what they support.

    ``cancelled`` is set when the engine asks to stop: whoever waits, looks at it (or waits on it instead of sleeping)
    and ends with a ``StandInError`` or ``InitializationError``.
    """

    name: ClassVar[str]
    """The package that this stands in for: ``aws``, ``kubernetes``, ``random``."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()

    def configure_provider(self, config: dict[str, Any]) -> None:
        """Take the provider's configuration; nested values are JSON strings, as the SDKs send them."""

    @abstractmethod
    def check_resource(
        self, resource: ResourceReference, old: dict[str, Any], new: dict[str, Any], /
    ) -> tuple[dict[str, Any], Failures]:
        """Return the inputs with defaults and made-up names, and what the cloud would reject of them."""

    @abstractmethod
    def diff_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        old_inputs: dict[str, Any],
        old_outputs: dict[str, Any],
        new: dict[str, Any],
        /,
    ) -> ResourceDiff:
        """Say what changes from the old state to the new (checked) inputs."""

    @abstractmethod
    def create_resource(
        self, resource: ResourceReference, inputs: dict[str, Any], /, *, preview: bool, timeout: float
    ) -> tuple[str, dict[str, Any]]:
        """Create the resource and return its id and outputs.

        Args:
            resource: which one.
            inputs: checked inputs; in a preview with ``UNKNOWN`` where a value is not known yet.
            preview: change nothing; answer ``""`` and the outputs as far as they can be told, else ``UNKNOWN``.
            timeout: seconds to wait until it is usable.
        """

    @abstractmethod
    def read_resource(
        self, resource: ResourceReference, resource_id: str, inputs: dict[str, Any], outputs: dict[str, Any], /
    ) -> ReadResult | None:
        """Return the resource as the cloud has it now, or ``None`` when it is gone; inputs are empty on import."""

    @abstractmethod
    def update_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        old_inputs: dict[str, Any],
        old_outputs: dict[str, Any],
        inputs: dict[str, Any],
        /,
        *,
        preview: bool,
        timeout: float,
    ) -> dict[str, Any]:
        """Change the resource in place and return its outputs."""

    @abstractmethod
    def delete_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        inputs: dict[str, Any],
        outputs: dict[str, Any],
        /,
        *,
        timeout: float,
    ) -> None:
        """Delete the resource; one that is gone already is no error."""

    def invoke_function(self, token: str, arguments: dict[str, Any], /) -> dict[str, Any]:
        """Answer a data source."""
        del arguments
        raise StandInError(f"The {self.name} stand-in does not know the function {token}; add it to the sandbox.")

    def construct_component(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None, /
    ) -> ConstructResult:
        """Build a remote component: register it and its children here, on the event loop, so without blocking."""
        del inputs, options
        raise StandInError(
            f"The {self.name} stand-in does not know the component {resource_type} of {name}; add it to the sandbox."
        )

    def secret_outputs(self, type_token: str, /) -> frozenset[str]:
        """Return the properties of a type that are secret wherever they come from."""
        del type_token
        return frozenset()

    @staticmethod
    def random_suffix(resource: ResourceReference, length: int = 7) -> str:
        """Return the hexadecimal tail of an automatic name, from the request's seed."""
        return sha256(resource.random_seed + resource.urn.encode()).hexdigest()[:length]
