"""Every image names one version: no ``latest`` and no missing tag.

Source: POL-3, POL-4, POL-6.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_policy import Severity

from .inspection import helm
from .inspection.image_reference import is_latest, problem
from .inspection.images import Image, images
from .inspection.kubernetes import HELM_RELEASE, Manifest, Unreadable, is_object, pod_objects
from .inspection.pods import Container, Pod, pods
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
    for pod in pods(manifest):
        if isinstance(pod, Unreadable):
            yield str(pod)
            continue
        for container in pod.containers:
            yield from [str(container)] if isinstance(container, Unreadable) else _container(container)
        yield from _volumes(pod)
    if manifest.may_run_pods and not manifest.native:
        body = {key: value for key, value in manifest.body.items() if key not in {"metadata", "status"}}
        yield from _named_outside_pods(body, manifest)


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
    volumes = pod.spec.get("volumes")
    for index, volume in enumerate(volumes if isinstance(volumes, list) else []):
        source = volume.get("image") if isinstance(volume, Mapping) else None
        reference: Any = source.get("reference") if isinstance(source, Mapping) else source
        where = f"{pod.path}.volumes[{index}].image"
        if is_unknown(reference):
            yield f"{where} is unknown at preview; give it as a plain value"
        elif isinstance(reference, str):
            found = problem(reference)
            if found:
                yield f"{where}: {found}"


def _named_outside_pods(body: Mapping[str, Any], manifest: Manifest) -> Iterator[str]:
    judged = {
        f"{container.path}.image"
        for pod in pods(manifest)
        if isinstance(pod, Pod)
        for container in pod.containers
        if isinstance(container, Container)
    }
    for image in images(body, manifest.path):
        if image.path not in judged:
            yield from _image(image)


def _release(resource: Resource) -> Iterator[str]:
    for found in helm.values(resource):
        if isinstance(found, Unreadable):
            yield str(found)
        else:
            path, values = found
            for image in images(values, path):
                yield from _image(image)
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
