"""Kubernetes manifests: read as Kubernetes tools read YAML, and put into the order in which they can be created."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any, Final, cast

import yaml

from sandbox.providers.kubernetes.objects import annotation, metadata
from sandbox.providers.stand_in import StandInError

_DEPENDS_ON: Final = "config.kubernetes.io/depends-on"
_UNRESOLVED_TAGS: Final = frozenset({"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"})
_WILDCARDS: Final = frozenset("*?[")


class _Loader(yaml.CSafeLoader):
    """Leaves dates and ``=`` strings, as the Kubernetes tools' YAML does."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML declares it
        sign: [resolver for resolver in resolvers if resolver[0] not in _UNRESOLVED_TAGS]
        for sign, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class Identity:
    """What tells the objects of a set of manifests apart; ``group`` is empty for the core group."""

    group: str
    kind: str
    namespace: str
    name: str


def parse(text: str, source: str) -> list[dict[str, Any]]:
    """Read all objects of a YAML text; lists are taken apart.

    Args:
        text: one or more YAML documents.
        source: what it is called in errors.

    Raises:
        StandInError: it is no YAML, or an object lacks its kind, version or name.
    """
    try:
        documents = list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        raise StandInError(f"{source} is no YAML: {error}") from error
    return expand([document for document in documents if document], source)


def expand(documents: Iterable[Any], source: str) -> list[dict[str, Any]]:
    """Take the lists among objects apart.

    Args:
        documents: objects.
        source: what they are called in errors.

    Raises:
        StandInError: an object lacks its kind, version or name.
    """
    objects = [one for document in documents for one in _expanded(_textual(document))]
    for one in objects:
        _check_identity(one, source)
    return objects


def read(patterns: Iterable[str]) -> list[dict[str, Any]]:
    """Read the objects of files; ``*``, ``?`` and ``[`` in a path stand for any file that fits.

    Raises:
        StandInError: a file cannot be read, or is elsewhere than on this machine.
    """
    objects: list[dict[str, Any]] = []
    for pattern in patterns:
        if "://" in pattern:
            raise StandInError(f"{pattern}: the sandbox reads no manifests from the network; give a local file.")
        for path in sorted(glob(pattern)) if _WILDCARDS & set(pattern) else [pattern]:  # noqa: PTH207 - any directory
            try:
                objects += parse(Path(path).read_text(encoding="utf-8"), path)
            except OSError as error:
                raise StandInError(f"The manifest {path} cannot be read ({error.strerror}).") from error
    return objects


def identity(manifest: Mapping[str, Any]) -> Identity:
    """Return what tells an object apart."""
    found = metadata(manifest)
    group = manifest["apiVersion"].rpartition("/")[0]
    return Identity(group, manifest["kind"], found.get("namespace") or "", found["name"])


def dependencies(objects: Iterable[Mapping[str, Any]]) -> dict[Identity, list[Identity]]:
    """Return for each object which others of the same set it needs: its namespace, its definition, what it names.

    The result is in an order in which each object comes after those that it needs.

    Raises:
        StandInError: objects need each other in a circle.
    """
    by_identity = {identity(one): one for one in objects}
    needed = {key: [other for other in _needs(key, one) if other in by_identity] for key, one in by_identity.items()}
    definitions = {_defined(one): key for key, one in by_identity.items() if one["kind"] == "CustomResourceDefinition"}
    for key, others in needed.items():
        definition = definitions.get((key.group, key.kind))
        if definition:
            others.append(definition)
    ordered: dict[Identity, list[Identity]] = {}
    while len(ordered) < len(needed):
        free = [key for key, others in needed.items() if key not in ordered and all(one in ordered for one in others)]
        if not free:
            circle = ", ".join(f"{key.kind} {key.name}" for key in needed if key not in ordered)
            raise StandInError(f"These objects need each other in a circle: {circle}; mend {_DEPENDS_ON}.")
        ordered |= {key: needed[key] for key in free}
    return ordered


def _expanded(document: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(document, Mapping):
        yield {}
    elif str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _expanded(item)
    else:
        yield dict(document)


def _check_identity(manifest: Mapping[str, Any], source: str) -> None:
    missing = [name for name in ("apiVersion", "kind") if not isinstance(manifest.get(name), str)]
    if not metadata(manifest).get("name"):
        missing.append("metadata.name")
    if missing:
        raise StandInError(f"{source} has an object without {' and '.join(missing)}: {str(dict(manifest))[:100]}")


def _textual(value: Any) -> Any:
    """Return a value with keys that are strings: JSON, which the API server speaks, has no others."""
    if isinstance(value, Mapping):
        return {
            (str(key).lower() if isinstance(key, bool) else str(key)): _textual(item) for key, item in value.items()
        }
    if isinstance(value, list):
        return [_textual(item) for item in cast("list[Any]", value)]
    return value


def _needs(key: Identity, manifest: Mapping[str, Any]) -> Iterator[Identity]:
    if key.namespace:
        yield Identity("", "Namespace", "", key.namespace)
    for reference in (annotation(manifest, _DEPENDS_ON) or "").split(","):
        parts = reference.strip().split("/")
        if len(parts) == 3:
            yield Identity(parts[0], parts[1], "", parts[2])
        elif len(parts) == 5:
            yield Identity(parts[0], parts[3], parts[2], parts[4])


def _defined(definition: Mapping[str, Any]) -> tuple[str, str]:
    return definition["spec"]["group"], definition["spec"]["names"]["kind"]
