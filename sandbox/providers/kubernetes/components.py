"""The provider's components: charts and manifests whose objects become resources of their own.

Source: design section 5; ``kubernetes:helm.sh/v4:Chart``, ``kubernetes:yaml/v2:ConfigGroup`` and ``ConfigFile``.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import pulumi
from pulumi.provider.provider import ConstructResult

from sandbox.providers.kubernetes import helm, manifests
from sandbox.providers.kubernetes.helm import Capabilities, Rendering
from sandbox.providers.kubernetes.manifests import Identity
from sandbox.providers.kubernetes.objects import ObjectType, annotation, metadata, object_type, type_token
from sandbox.providers.kubernetes.waiting import SKIP_AWAIT
from sandbox.providers.stand_in import StandInError

CHART: Final = "kubernetes:helm.sh/v4:Chart"
# that charts without an archive are left empty
_TOLD: Final = threading.Event()
_RESOURCE_POLICY: Final = "helm.sh/resource-policy"
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Surroundings:
    """What the components need to know of the provider.

    Attributes:
        namespace: the provider's own.
        version: of the package.
        capabilities: tells what charts may ask of the cluster.
        namespaced: tells whether a kind lives in namespaces; None where nobody knows.
    """

    namespace: str
    version: str
    capabilities: Callable[[], Awaitable[Capabilities]]
    namespaced: Callable[[ObjectType], bool | None]


def construct(
    name: str, token: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None, around: Surroundings
) -> ConstructResult:
    """Register a component and, once its inputs are known, its objects.

    Raises:
        StandInError: there is no such component here.
    """
    if token not in _COMPONENTS:
        raise StandInError(f"{token} is not supported by the kubernetes stand-in; {', '.join(_COMPONENTS)} are.")
    component = pulumi.ComponentResource(token, name, None, options)
    registration = _Registration(name, component, around)
    resources = pulumi.Output.from_input(registration.register(inputs, _COMPONENTS[token]))
    return ConstructResult(component.urn, {"resources": resources})


class _Registration:
    """Turns the inputs of one component into resources."""

    def __init__(self, name: str, component: pulumi.ComponentResource, around: Surroundings) -> None:
        self.name = name
        self.component = component
        self.around = around

    async def register(
        self, inputs: pulumi.Inputs, objects_of: "Callable[[_Registration, Values], Awaitable[list[dict[str, Any]]]]"
    ) -> list[pulumi.Resource]:
        given = pulumi.Output.from_input(inputs)
        if not await given.is_known():
            pulumi.log.warn("Some inputs are not known yet, so the preview lacks the objects in here.", self.component)
            return []
        values = cast("Values", await given.future())
        objects = await objects_of(self, values)
        default = values.get("namespace") or self.around.namespace
        scopes = _scopes(objects)
        for one in objects:
            self._place(one, default, scopes)
        return self._resources(objects, values)

    def _place(self, manifest: dict[str, Any], default: str, scopes: Mapping[tuple[str, str], bool]) -> None:
        """Give an object that names no namespace and needs one the default."""
        if metadata(manifest).get("namespace"):
            return
        kind = object_type(type_token(manifest["apiVersion"], manifest["kind"]))
        namespaced = scopes.get((kind.group, kind.kind))
        if namespaced is None:
            namespaced = self.around.namespaced(kind)
        if namespaced is not False:
            manifest["metadata"] = {**metadata(manifest), "namespace": default}

    def _resources(self, objects: list[dict[str, Any]], values: Values) -> list[pulumi.Resource]:
        prefix = values.get("resourcePrefix", self.name)
        by_identity = {manifests.identity(one): one for one in objects}
        made: dict[Identity, pulumi.Resource] = {}
        for key, needed in manifests.dependencies(objects).items():
            manifest = by_identity[key]
            if values.get("skipAwait"):
                annotations = metadata(manifest).get("annotations") or {}
                manifest["metadata"] = {**metadata(manifest), "annotations": {**annotations, SKIP_AWAIT: "true"}}
            options = pulumi.ResourceOptions(
                parent=self.component,
                depends_on=[made[other] for other in needed],
                retain_on_delete=annotation(manifest, _RESOURCE_POLICY) == "keep" or None,
                version=self.around.version,
            )
            place = f"{key.namespace}/{key.name}" if key.namespace else key.name
            token = type_token(manifest["apiVersion"], manifest["kind"])
            made[key] = pulumi.CustomResource(
                token, f"{prefix}:{place}" if prefix else place, _concealed(manifest), options
            )
        return list(made.values())


def _scopes(objects: list[dict[str, Any]]) -> dict[tuple[str, str], bool]:
    """Return the scopes of the custom resources that the objects themselves define."""
    definitions = [one["spec"] for one in objects if one["kind"] == "CustomResourceDefinition"]
    return {(spec["group"], spec["names"]["kind"]): spec["scope"] == "Namespaced" for spec in definitions}


def _concealed(manifest: dict[str, Any]) -> dict[str, Any]:
    if (manifest["apiVersion"], manifest["kind"]) != ("v1", "Secret"):
        return manifest
    hidden = {name: pulumi.Output.secret(manifest[name]) for name in ("data", "stringData") if manifest.get(name)}
    return {**manifest, **hidden}


async def _chart_objects(registration: _Registration, values: Values) -> list[dict[str, Any]]:
    chart: str = values["chart"]
    if not _is_here(chart):
        _tell_once(chart, registration.component)
        return []
    rendering = Rendering(
        release=values.get("name") or registration.name,
        chart=chart,
        namespace=values.get("namespace") or registration.around.namespace,
        values=values.get("values") or {},
        values_files=values.get("valueYamlFiles") or [],
        skip_definitions=bool(values.get("skipCrds")),
    )
    helm.note(registration.name, rendering)
    rendered = await helm.render(rendering, await registration.around.capabilities())
    # definitions can be megabytes
    return await asyncio.to_thread(manifests.parse, rendered, f"The rendered chart {chart}")


def _tell_once(chart: str, component: pulumi.Resource) -> None:
    """Say for the first chart what is so with all of them: a platform has dozens."""
    if not _TOLD.is_set():
        pulumi.log.warn(
            f"The chart {chart} is not a directory or archive on this machine. The sandbox leaves such charts empty; "
            "the setting charts.mirror names a directory with their archives, which `make charts` fills.",
            component,
        )
    _TOLD.set()


def _is_here(chart: str) -> bool:
    return Path(chart).exists()


async def _group_objects(registration: _Registration, values: Values) -> list[dict[str, Any]]:
    files = values.get("files") or []
    objects = await asyncio.to_thread(manifests.read, [files] if isinstance(files, str) else files)
    objects += manifests.parse(values.get("yaml") or "", f"yaml of {registration.name}")
    return objects + manifests.expand(values.get("objs") or [], f"objs of {registration.name}")


async def _file_objects(_: _Registration, values: Values) -> list[dict[str, Any]]:
    return await asyncio.to_thread(manifests.read, [values["file"]])


_COMPONENTS: Final[Mapping[str, Callable[[_Registration, Values], Awaitable[list[dict[str, Any]]]]]] = {
    CHART: _chart_objects,
    "kubernetes:yaml/v2:ConfigGroup": _group_objects,
    "kubernetes:yaml/v2:ConfigFile": _file_objects,
}
