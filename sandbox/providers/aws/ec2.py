"""What the resources of EC2 share: tags through one call, and attributes that are set one by one."""

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import tagging
from sandbox.providers.aws.cloud import Cloud
from sandbox.providers.aws.resource_type import Properties, ResourceType


class Ec2Type(ResourceType):
    """A resource of EC2.

    Attributes:
        kind: EC2's name of the resource type in tag specifications and ARNs, e.g. ``vpc``.
    """

    service = "ec2"
    kind: ClassVar[str]

    @override
    def retag(self, cloud: Cloud, identifier: str, old: Properties, tags: Mapping[str, str]) -> None:
        tagging.change_ec2_tags(cloud, self.tag_target(identifier, old), old.get("tags") or {}, tags)

    @override
    def tag_target(self, identifier: str, known: Properties) -> str:
        return identifier

    def tagged(self, inputs: Properties) -> dict[str, Any]:
        """Give the ``TagSpecifications`` argument of the creation."""
        return tagging.specification(self.kind, inputs.get("tags"))

    def owned(self, cloud: Cloud, identifier: str, answer: Mapping[str, Any]) -> Properties:
        """Give the properties that every EC2 resource has: ARN, owner and tags."""
        return {
            "arn": cloud.arn("ec2", f"{self.kind}/{identifier}"),
            "ownerId": answer.get("OwnerId", cloud.account),
            "tags": tagging.as_properties(answer.get("Tags")),
        }
