"""What every AWS resource type of the stand-in has in common; a family module says only what is particular."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from sandbox.providers.aws.cloud import Cloud
from sandbox.providers.aws.policy_grammar import PolicyKind
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.tagging import TagCalls

Properties = dict[str, Any]
Problem = tuple[str, str]
"""A property and what is wrong with its value."""


class ResourceType(ABC):
    """One resource type: its rules, and its four operations as boto3 calls.

    Property maps have the names of the Pulumi SDK (camelCase). Rules are declared as class attributes:

    Attributes:
        token: Pulumi type token, e.g. ``aws:ec2/vpc:Vpc``.
        service: boto3 name of the service.
        label: what the provider calls it in messages, e.g. ``EC2 VPC``.
        replaces: properties whose change makes a new resource; taken from the provider's documentation.
        defaults: values that absent properties have; an absent property and its default do not differ.
        computed: dotted paths that AWS fills in by itself where the program says nothing.
        volatile: outputs that an update changes, so that a preview cannot know them.
        references: properties that must name something that exists.
        policies: kind of policy by property, for those that hold IAM policies.
        unread: inputs that steer the provider or that AWS never shows again.
        automatic_name: property that gets the resource's name and seven hexadecimal digits where it is absent.
        name_prefix: property that gives the first part of the name instead.
        name_length: longest name, in characters.
        watched: further properties whose appearance in the cloud is drift even where the program says nothing.
        secrets: outputs that are secret wherever they come from.
        exclusive: whether AWS takes only one such resource in its place, so that a replaced one must go first.
        tag_calls: how tags of an existing resource change; None: the type does it itself or has no tags.
    """

    token: ClassVar[str]
    service: ClassVar[str]
    label: ClassVar[str]
    replaces: ClassVar[frozenset[str]] = frozenset()
    defaults: ClassVar[Mapping[str, Any]] = {}
    computed: ClassVar[frozenset[str]] = frozenset()
    volatile: ClassVar[frozenset[str]] = frozenset()
    references: ClassVar[tuple[Reference, ...]] = ()
    policies: ClassVar[Mapping[str, PolicyKind]] = {}
    unread: ClassVar[frozenset[str]] = frozenset()
    automatic_name: ClassVar[str | None] = None
    name_prefix: ClassVar[str] = "namePrefix"
    name_length: ClassVar[int] = 255
    watched: ClassVar[frozenset[str]] = frozenset()
    secrets: ClassVar[frozenset[str]] = frozenset()
    exclusive: ClassVar[bool] = False
    tag_calls: ClassVar[TagCalls | None] = None

    def problems(self, inputs: Properties) -> Iterator[Problem]:
        """Say what AWS would refuse about known values; runs in previews too and must not call AWS."""
        del inputs
        yield from ()

    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        """Say what AWS would refuse in view of what exists; asked before a real creation."""
        del cloud, inputs
        yield from ()

    @abstractmethod
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        """Make the resource and give its identifier."""

    @abstractmethod
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        """Give the resource as AWS has it, or None where it is gone.

        Args:
            cloud: where to ask.
            identifier: the resource's identifier.
            known: the last known properties; empty at an import.
        """

    @abstractmethod
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        """Remove the resource; an error that says it is gone already counts as done."""

    def update(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        """Bring the resource from old inputs to new ones.

        Args:
            cloud: where it is.
            identifier: the resource's identifier.
            old: last known properties, outputs included.
            new: new inputs.
            changed: names of the inputs that differ.
        """
        if "tags" in changed:
            self.retag(cloud, identifier, old, new.get("tags") or {})
        if changed - {"tags"}:
            self.modify(cloud, identifier, old, new, changed - {"tags"})

    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        """Change what is not a tag; types whose every property replaces have nothing to do here."""
        del cloud, identifier, old, new, changed

    def retag(self, cloud: Cloud, identifier: str, old: Properties, tags: Mapping[str, str]) -> None:
        """Bring the tags to a new set."""
        if self.tag_calls is not None:
            target = self.tag_target(identifier, old)
            self.tag_calls.change(cloud.client(self.service), target, old.get("tags") or {}, tags)

    def tag_target(self, identifier: str, known: Properties) -> str:
        """Name the resource for the calls that change tags: its ARN, or its identifier where it has none."""
        return str(known.get("arn") or identifier)

    def replaced(self, old: Properties, new: Properties, changed: frozenset[str]) -> frozenset[str]:
        """Give those of the changed properties that make a new resource."""
        del old, new
        return changed & self.replaces

    def stem(self, name: str) -> str:
        """Give the part of an automatic name that comes before its seven hexadecimal digits."""
        return f"{name}-"

    def wanted(self, inputs: Properties, name: str) -> Any:
        """Give an input, or its default."""
        value = inputs.get(name)
        return self.defaults.get(name) if value is None else value


class Setting(ResourceType):
    """A resource that is a property of another one: written whole, the same way at creation and at every change."""

    @abstractmethod
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        """Write the whole setting."""

    @abstractmethod
    def identify(self, cloud: Cloud, inputs: Properties) -> str:
        """Give the identifier from the inputs."""

    def create(self, cloud: Cloud, inputs: Properties) -> str:
        """Write the setting for the first time."""
        identifier = self.identify(cloud, inputs)
        self.put(cloud, identifier, inputs)
        return identifier

    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        """Write the setting again."""
        del old, changed
        self.put(cloud, identifier, new)
