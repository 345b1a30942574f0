"""Renders charts twice and tells what is not the same: it would be a change in every update of a stack."""

import asyncio
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

from components.charts import Manifest
from sandbox.providers.kubernetes import helm, manifests
from sandbox.providers.kubernetes.helm import Capabilities, Rendering

_ABSENT: Final = object()


def changes(renderings: Mapping[str, Rendering], capabilities: Capabilities) -> Iterator[tuple[str, str]]:
    """What differs between two renderings of each chart: chart, and a sentence that names the field and no value.

    Args:
        renderings: what to render, by chart.
        capabilities: what charts may ask of the cluster.
    """
    for chart, rendering in renderings.items():
        first, second = _objects(rendering, capabilities), _objects(rendering, capabilities)
        for name in sorted({*first, *second}):
            for path in _differing("", first.get(name, _ABSENT), second.get(name, _ABSENT)):
                yield chart, f"{name}: {path.lstrip('.') or 'the object'} is another at each rendering"


def object_name(manifest: Manifest) -> str:
    """How a report names an object."""
    metadata = manifest["metadata"]
    return "/".join(part for part in (manifest["kind"], metadata.get("namespace"), metadata.get("name")) if part)


def _objects(rendering: Rendering, capabilities: Capabilities) -> dict[str, Manifest]:
    text = asyncio.run(helm.render(rendering, capabilities))
    return {object_name(manifest): manifest for manifest in manifests.parse(text, rendering.chart)}


def _differing(path: str, one: Any, other: Any) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _differing(f"{path}.{key}", one.get(key, _ABSENT), other.get(key, _ABSENT))
    elif isinstance(one, list) and isinstance(other, list):
        for index, (first, second) in enumerate(zip_longest(one, other, fillvalue=_ABSENT)):
            yield from _differing(f"{path}[{index}]", first, second)
    elif one != other:
        yield path
