"""Find images in plain data of any shape: custom resources and the values of Helm charts.

An image is written as a text (``image: repository:tag``), or as a mapping (``repository``, ``tag``, ``digest``,
perhaps ``registry``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .kubernetes import Unreadable
from .resource import is_unknown, shown

_NAMES = frozenset({"image", "imageName"})
_TAGS = ("tag", "imageTag")
_PARTS = ("registry", "repository", "digest", *_TAGS)
# what charts, sources and modules call a repository, and no container runtime pulls
_OTHER_REPOSITORIES = ("git@", "http://", "https://", "oci://", "ssh://")


@dataclass(frozen=True)
class Image:
    """An image that some data names.

    Args:
        path: where it stands in the resource.
        text: the reference that its parts add up to.
        tag_only: whether only the tag is named and the rest is the chart's.
    """

    path: str
    text: str
    tag_only: bool = False


def images(value: Any, path: str) -> Iterator[Image | Unreadable]:
    """Every image in the data, and every part of one that cannot be read."""
    if isinstance(value, list):
        for index, element in enumerate(value):
            yield from images(element, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        yield from _own(value, path)
        for key, child in value.items():
            yield from images(child, f"{path}.{key}".lstrip("."))


def _own(value: Mapping[str, Any], path: str) -> Iterator[Image | Unreadable]:
    if _is_image(value):
        yield from _from_parts(value, path)
        return
    for key, child in value.items():
        where = f"{path}.{key}".lstrip(".")
        if key in _NAMES and is_unknown(child):
            yield Unreadable(where)
        elif key in _NAMES and isinstance(child, str):
            yield from _from_text(value, child, where)
        elif key in _TAGS and not _NAMES & value.keys():
            yield from _from_tag(child, where)


def _is_image(value: Mapping[str, Any]) -> bool:
    repository = value.get("repository")
    return isinstance(repository, str) and not repository.startswith(_OTHER_REPOSITORIES)


def _from_parts(value: Mapping[str, Any], path: str) -> Iterator[Image | Unreadable]:
    unknown = [key for key in _PARTS if is_unknown(value.get(key))]
    if unknown:
        yield Unreadable(f"{path}.{unknown[0]}".lstrip("."))
        return
    registry = _text(value.get("registry"))
    repository = f"{registry}/{value['repository']}" if registry else value["repository"]
    yield Image(path, _joined(repository, value))


def _from_text(value: Mapping[str, Any], repository: str, path: str) -> Iterator[Image | Unreadable]:
    parent = path.rpartition(".")[0]
    unknown = [key for key in (*_TAGS, "digest") if is_unknown(value.get(key))]
    if unknown:
        yield Unreadable(f"{parent}.{unknown[0]}".lstrip("."))
    else:
        yield Image(path, _joined(repository, value))


def _from_tag(tag: Any, path: str) -> Iterator[Image | Unreadable]:
    if is_unknown(tag):
        yield Unreadable(path)
    elif _text(tag):
        yield Image(path, _text(tag), tag_only=True)


def _joined(repository: str, value: Mapping[str, Any]) -> str:
    tag = next((_text(value.get(key)) for key in _TAGS if _text(value.get(key))), "")
    digest = _text(value.get("digest"))
    return repository + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def _text(value: Any) -> str:
    return shown(value) if isinstance(value, str | float) else ""
