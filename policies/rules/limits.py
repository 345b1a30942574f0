"""Every container states requests and limits of CPU and memory.

Source: POL-1, POL-4.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_policy import Severity

from .inspection import helm
from .inspection.custom_resources import operated_parts
from .inspection.kubernetes import HELM_RELEASE, Manifest, Unreadable, is_object, pod_objects
from .inspection.pods import Container, Pod, pods, pods_in
from .inspection.resource import Resource, is_unknown, shown
from .pack.rule import Rule

_QUANTITY = re.compile(r"\+?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?", re.ASCII)
_EXAMPLES = {"cpu": "100m", "memory": "128Mi"}
_MEND = "state requests and limits of cpu and memory"


def _check(resource: Resource) -> Iterator[str]:
    if resource.type == HELM_RELEASE:
        yield from _release(resource)
        return
    for manifest in pod_objects(resource):
        if isinstance(manifest, Unreadable):
            yield str(manifest)
        else:
            yield from _manifest(manifest)


def _manifest(manifest: Manifest) -> Iterator[str]:
    for pod in pods(manifest):
        yield from _pod(pod)
    for part in operated_parts(manifest):
        if isinstance(part, Unreadable):
            yield str(part)
        else:
            yield from _resources(part.path, part.resources_path, part.resources)


def _pod(pod: Pod | Unreadable) -> Iterator[str]:
    for container in [pod] if isinstance(pod, Unreadable) else pod.containers:
        if isinstance(container, Unreadable):
            yield str(container)
        elif _is_judged(container):
            yield from _resources(str(container), f"{container.path}.resources", container.body.get("resources"))


def _is_judged(container: Container) -> bool:
    """Whether a container comes into being here: what is only merged into one names no image and no resources."""
    return container.complete or bool({"image", "resources"} & container.body.keys())


def _resources(subject: str, path: str, resources: Any) -> Iterator[str]:
    if is_unknown(resources):
        yield f"{path} is unknown at preview; give requests and limits as plain values"
        return
    stated = resources if isinstance(resources, Mapping) else {}
    missing: list[str] = []
    for bound in ("requests", "limits"):
        amounts = stated.get(bound)
        if is_unknown(amounts):
            yield f"{path}.{bound} is unknown at preview; give it as plain values"
            continue
        for resource, example in _EXAMPLES.items():
            amount = amounts.get(resource) if isinstance(amounts, Mapping) else None
            if amount is None or amount == "":
                missing.append(f"{bound}.{resource}")
            elif is_unknown(amount):
                yield f"{path}.{bound}.{resource} is unknown at preview; give it as a plain value"
            elif not _is_positive(amount):
                yield (
                    f'{path}.{bound}.{resource} is "{shown(amount)}", which bounds nothing; '
                    f"give an amount such as {example}"
                )
    if missing:
        yield f"{subject} has no {', '.join(missing)}; {_MEND} under {path}"


def _is_positive(amount: Any) -> bool:
    if isinstance(amount, int | float) and not isinstance(amount, bool):
        return amount > 0
    match = _QUANTITY.fullmatch(amount) if isinstance(amount, str) else None
    return match is not None and float(match[1]) > 0


def _release(resource: Resource) -> Iterator[str]:
    unreadable, stated = False, False
    for found in helm.values(resource):
        if isinstance(found, Unreadable):
            unreadable = True
            yield str(found)
            continue
        path, values = found
        for pod in pods_in(values, path):
            yield from _pod(pod)
        inside_pods = {block for pod in pods_in(values, path) for block in _blocks(pod)}
        for block_path, block in helm.resource_blocks(values, path):
            stated = True
            if block_path not in inside_pods:
                yield from _resources(block_path, block_path, block)
    if not stated and not unreadable:
        yield f"its values state no requests and limits at all; {_MEND} of each of the chart's containers"


def _blocks(pod: Pod | Unreadable) -> Iterator[str]:
    for container in () if isinstance(pod, Unreadable) else pod.containers:
        yield f"{container.path}.resources"


RULE = Rule(
    name="limits",
    title="Requests and limits",
    description="Every container states requests and limits of CPU and memory.",
    severity=Severity.HIGH,
    requirement="POL-1",
    remediation="State resources.requests and resources.limits, each with cpu and memory, for every container.",
    applies=lambda resource_type: resource_type == HELM_RELEASE or is_object(resource_type),
    check=_check,
)
