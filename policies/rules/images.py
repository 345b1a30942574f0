"""Every image names one version: no ``latest`` and no missing tag.

Source: POL-3, POL-4, POL-6.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pulumi_policy import Severity

from .inspection import helm
from .inspection.image_reference import is_latest, problem
from .inspection.images import Image, images
from .inspection.kubernetes import HELM_RELEASE, Manifest, Unreadable, is_object, pod_objects
from .inspection.paths import find
from .inspection.pods import Container, Pod, pods, pods_in
from .inspection.resource import Resource, is_unknown
from .pack.rule import Rule


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
    found = list(pods(manifest))
    yield from _pods(found)
    if manifest.may_run_pods and not manifest.native:
        body = {key: value for key, value in manifest.body.items() if key not in {"metadata", "status"}}
        yield from _outside_pods(body, manifest.path, found)


def _pods(found: Iterable[Pod | Unreadable]) -> Iterator[str]:
    for pod in found:
        if isinstance(pod, Unreadable):
            yield str(pod)
            continue
        for container in pod.containers:
            yield from [str(container)] if isinstance(container, Unreadable) else _container(container)
        yield from _volumes(pod)


def _container(container: Container) -> Iterator[str]:
    image = container.body.get("image")
    if is_unknown(image):
        yield f"the image of {container} is unknown at preview; give it as a plain value"
    elif image is None or image == "":
        if container.complete:
            yield f"{container} has no image; give one as repository:tag or repository@digest"
    else:
        found = problem(str(image))
        if found:
            yield f"the image of {container}: {found}"


def _volumes(pod: Pod) -> Iterator[str]:
    volumes, path = pod.spec.get("volumes"), f"{pod.path}.volumes".lstrip(".")
    if is_unknown(volumes):
        yield str(Unreadable(path))
    for index, volume in enumerate(volumes if isinstance(volumes, list) else []):
        where = f"{path}[{index}]"
        for part_path, part in find(volume, "image.reference"):
            if is_unknown(part):
                yield str(Unreadable(f"{where}.{part_path}".rstrip(".")))
            elif isinstance(part, str):
                yield from _image(Image(f"{where}.{part_path}", part))


def _outside_pods(value: Mapping[str, Any], path: str, found: Iterable[Pod | Unreadable]) -> Iterator[str]:
    """Judge the images of plain data that are no container's or volume's of a pod that was found in it."""
    judged = {
        f"{container.path}.image"
        for pod in found
        if isinstance(pod, Pod)
        for container in pod.containers
        if isinstance(container, Container)
    }
    for image in images(value, path):
        if image.path not in judged:
            yield from _image(image)


def _release(resource: Resource) -> Iterator[str]:
    for found in helm.values(resource):
        if isinstance(found, Unreadable):
            yield str(found)
        else:
            path, values = found
            inside = list(pods_in(values, path))
            yield from _pods(inside)
            yield from _outside_pods(values, path, inside)
    yield from _chart(resource)


def _image(image: Image | Unreadable) -> Iterator[str]:
    if isinstance(image, Unreadable):
        yield str(image)
    elif image.tag_only:
        if is_latest(image.text):
            yield f'{image.path} is "{image.text}", which moves; name one version'
    else:
        found = problem(image.text)
        if found:
            yield f"{image.path}: {found}"


def _chart(resource: Resource) -> Iterator[str]:
    chart, version = resource.property("chart"), resource.property("version")
    if is_unknown(version):
        yield "version is unknown at preview; give the chart's version as a plain value"
    elif not version and not _is_local(chart):
        yield "version is missing, so the newest chart decides the images; name the chart's exact version"


def _is_local(chart: Any) -> bool:
    return isinstance(chart, str) and (chart.startswith((".", "/")) or chart.endswith(".tgz") or "@sha256:" in chart)


RULE = Rule(
    name="images",
    title="Exact image versions",
    description="Every image names one version: no latest, no missing tag.",
    severity=Severity.HIGH,
    requirement="POL-3, POL-6",
    remediation="Give every image as repository:tag with an exact tag, or as repository@digest.",
    applies=lambda resource_type: resource_type == HELM_RELEASE or is_object(resource_type),
    check=_check,
)
