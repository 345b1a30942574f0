"""Tags: their limits, their shapes in the APIs, and the calls that change them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.providers.aws.cloud import Cloud

MOST_TAGS = 50
_KEY_LENGTH = 128
_VALUE_LENGTH = 256
_CHARACTERS = re.compile(r"[\w\s.:/=+\-@]*")

Shape = Literal["pairs", "lower pairs", "kms pairs", "map"]
_PAIR: dict[Shape, tuple[str, str]] = {
    "pairs": ("Key", "Value"),
    "lower pairs": ("key", "value"),
    "kms pairs": ("TagKey", "TagValue"),
}


def problems(tags: Mapping[str, Any]) -> Iterator[str]:
    """Say what AWS would refuse about a set of tags: number, length, characters and the reserved prefix."""
    if len(tags) > MOST_TAGS:
        yield f"has {len(tags)} tags; AWS allows {MOST_TAGS} on a resource"
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            yield f"tag {key!r} uses the prefix 'aws:', which AWS keeps for itself; choose another key"
        elif not 1 <= len(key) <= _KEY_LENGTH or not _CHARACTERS.fullmatch(key):
            yield f"tag key {key!r} must have 1 to {_KEY_LENGTH} letters, digits, spaces or any of . : / = + - @ _"
        if isinstance(value, str) and (len(value) > _VALUE_LENGTH or not _CHARACTERS.fullmatch(value)):
            yield (
                f"tag {key!r} has the value {value!r}; at most {_VALUE_LENGTH} letters, digits, spaces"
                " or any of . : / = + - @ _ are allowed"
            )


def as_request(tags: Mapping[str, str] | None, shape: Shape = "pairs") -> Any:
    """Turn a map of tags into the shape that an API wants."""
    if shape == "map":
        return dict(tags or {})
    key_name, value_name = _PAIR[shape]
    return [{key_name: key, value_name: value} for key, value in (tags or {}).items()]


def as_properties(tags: Any, shape: Shape = "pairs") -> dict[str, str]:
    """Turn tags from an API's answer into a map, without those that AWS sets itself."""
    if shape == "map":
        pairs: Iterable[tuple[str, str]] = (tags or {}).items()
    else:
        key_name, value_name = _PAIR[shape]
        pairs = ((tag[key_name], tag.get(value_name, "")) for tag in tags or [])
    return {key: value for key, value in pairs if not key.startswith("aws:")}


@dataclass(frozen=True)
class TagCalls:
    """How a service changes the tags of an existing thing.

    Attributes:
        add: method that adds or overwrites tags.
        remove: method that removes tags by key.
        target: request field that names the thing.
        tags: request field of the tags to add.
        keys: request field of the keys to remove.
        shape: shape of the tags to add.
    """

    add: str
    remove: str
    target: str
    tags: str = "Tags"
    keys: str = "TagKeys"
    shape: Shape = "pairs"

    def change(self, client: Any, target: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        """Bring the tags of a thing from an old set to a new one."""
        removed = [key for key in old if key not in new]
        added = {key: value for key, value in new.items() if old.get(key) != value}
        if removed:
            getattr(client, self.remove)(**{self.target: target, self.keys: removed})
        if added:
            getattr(client, self.add)(**{self.target: target, self.tags: as_request(added, self.shape)})


def change_ec2_tags(cloud: Cloud, resource_id: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Bring the tags of an EC2 resource from an old set to a new one."""
    client = cloud.client("ec2")
    removed = [{"Key": key} for key in old if key not in new]
    added = {key: value for key, value in new.items() if old.get(key) != value}
    if removed:
        client.delete_tags(Resources=[resource_id], Tags=removed)
    if added:
        client.create_tags(Resources=[resource_id], Tags=as_request(added))


def specification(resource_type: str, tags: Mapping[str, str] | None) -> dict[str, Any]:
    """Give the ``TagSpecifications`` argument of an EC2 creation; no argument where there are no tags."""
    if not tags:
        return {}
    return {"TagSpecifications": [{"ResourceType": resource_type, "Tags": as_request(tags)}]}
