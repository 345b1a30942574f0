"""Find what runs as a pod, wherever it stands in an object.

The search follows structure, not kinds: a list of mappings under ``containers`` is a pod's, in a Deployment as in a
custom resource that nobody has heard of. Only the names of a pod's parts are fixed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .kubernetes import Manifest, Unreadable
from .resource import is_unknown

_POD_PARTS = frozenset({"container", "jobTemplate", "podTemplate", "spec", "template"})
_SINGLE = "container"
_CLAIMS = frozenset({"volumeClaimTemplate", "volumeClaimTemplates"})


@dataclass(frozen=True)
class Container:
    """A container, or what is merged into one.

    Args:
        path: where it stands in the resource.
        body: its fields.
        complete: whether these are all its fields; otherwise they may be merged into a container made elsewhere.
    """

    path: str
    body: Mapping[str, Any]
    complete: bool

    def __str__(self) -> str:
        name = self.body.get("name")
        return f'{self.path} "{name}"' if isinstance(name, str) and not is_unknown(name) else self.path


@dataclass(frozen=True)
class Pod:
    """A pod's spec and, where pods are made from a template, the template's metadata.

    Args:
        path: where the spec stands in the resource.
        spec: the spec's fields.
        template: where the template stands in the resource; absent: the object is the pod itself, or its kind gives
            pods no metadata of their own.
        metadata: the template's metadata.
        containers: the pod's containers of every sort.
    """

    path: str
    spec: Mapping[str, Any]
    template: str | None
    metadata: Any
    containers: tuple[Container | Unreadable, ...]


def pods(manifest: Manifest) -> Iterator[Pod | Unreadable]:
    """Every pod that the object runs, and every part that may hold one and cannot be read."""
    if not manifest.may_run_pods:
        return
    body = {key: value for key, value in manifest.body.items() if key not in {"metadata", "status"}}
    complete = manifest.workload and not manifest.partial
    yield from _pods_at(body, manifest.path, complete=complete, root=True)


def pods_in(value: Mapping[str, Any], path: str) -> Iterator[Pod | Unreadable]:
    """Every pod spec inside plain data of any shape, such as the values of a Helm chart."""
    return _pods_at(value, path, complete=False, root=True)


def _pods_at(
    value: Mapping[str, Any],
    path: str,
    *,
    complete: bool,
    root: bool = False,
    template: Mapping[str, Any] | None = None,
) -> Iterator[Pod | Unreadable]:
    containers = tuple(_containers(value, path, complete=complete))
    if containers:
        yield _pod(value, path, template, containers)
    for key, child in value.items():
        where = f"{path}.{key}".lstrip(".")
        # the object's own spec has the object's metadata, which is judged as such; a job's template is no pod's
        parent = value if key == "spec" and not root and not path.endswith("jobTemplate") else None
        if is_unknown(child):
            unreadable = Unreadable(where)
            if key in _POD_PARTS:
                yield _pod({}, where, parent, (unreadable,)) if parent else unreadable
        elif not _holds_containers(key) and key not in _CLAIMS:
            yield from _pods_below(child, where, parent, complete=complete)


def _pods_below(
    value: Any, path: str, template: Mapping[str, Any] | None, *, complete: bool
) -> Iterator[Pod | Unreadable]:
    if isinstance(value, Mapping):
        yield from _pods_at(value, path, complete=complete, template=template)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _pods_below(element, f"{path}[{index}]", None, complete=complete)


def _pod(
    spec: Mapping[str, Any],
    path: str,
    template: Mapping[str, Any] | None,
    containers: tuple[Container | Unreadable, ...],
) -> Pod:
    if template is None:
        return Pod(path, spec, None, None, containers)
    return Pod(path, spec, path.removesuffix(".spec"), template.get("metadata"), containers)


def _holds_containers(key: str) -> bool:
    return key in {"containers", "sidecars", _SINGLE} or key.endswith("Containers")


def _containers(spec: Mapping[str, Any], path: str, *, complete: bool) -> Iterator[Container | Unreadable]:
    for key, value in spec.items():
        if not _holds_containers(key):
            continue
        where = f"{path}.{key}".lstrip(".")
        if is_unknown(value):
            if key != _SINGLE:
                yield Unreadable(where)
        elif isinstance(value, str) and value.strip() and key != _SINGLE:
            yield Unreadable(where, "is a text that only a chart can render")
        elif isinstance(value, list):
            yield from _listed(value, where, complete=complete)
        elif isinstance(value, Mapping):
            yield from _mapped(value, where, complete=complete)


def _listed(elements: list[Any], path: str, *, complete: bool) -> Iterator[Container | Unreadable]:
    for index, element in enumerate(elements):
        where = f"{path}[{index}]"
        if isinstance(element, Mapping):
            yield Container(where, element, complete)
        elif is_unknown(element):
            yield Unreadable(where)


def _mapped(value: Mapping[str, Any], path: str, *, complete: bool) -> Iterator[Container | Unreadable]:
    if isinstance(value.get("image"), str):
        yield Container(path, value, complete)
        return
    for name, element in value.items():
        if isinstance(element, Mapping) and isinstance(element.get("image"), str):
            yield Container(f"{path}.{name}", element, complete)
