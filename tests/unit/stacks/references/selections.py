"""Whether what selects pods or names a workload or a Service finds it."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.unit.stacks.references.objects import Manifest, Objects, Pods, namespace_of, reference_of, selects


def monitors(objects: Objects) -> Iterator[str]:
    """Every ServiceMonitor selects a Service, every PodMonitor pods, and each of their ports is there by its name."""
    for monitor in objects.of_kind("ServiceMonitor"):
        services = [item for place in _places(monitor) for item in _services(objects, place, monitor["spec"])]
        if not services:
            yield f"{reference_of(monitor)}: no Service has the labels {monitor['spec']['selector']}"
            continue
        names = {port["name"] for service in services for port in service["spec"]["ports"] if "name" in port}
        yield from _missing_ports(monitor, monitor["spec"]["endpoints"], names)
    for monitor in objects.of_kind("PodMonitor"):
        selector = monitor["spec"]["selector"]
        pods = [item for place in _places(monitor) for item in objects.selected_pods(place, selector)]
        if not pods:
            yield f"{reference_of(monitor)}: no pods have the labels {selector}"
            continue
        names = {port for item in pods for port in item.ports}
        yield from _missing_ports(monitor, monitor["spec"]["podMetricsEndpoints"], names)


def services(objects: Objects) -> Iterator[str]:
    """Every Service selects pods that listen on its target ports."""
    for service in objects.of_kind("Service"):
        selector = service["spec"].get("selector")
        if not selector:
            continue
        pods = objects.selected_pods(namespace_of(service), {"matchLabels": selector})
        if not pods:
            yield f"{reference_of(service)}: no pods have the labels {selector}"
        for port in service["spec"]["ports"] if pods else []:
            target = port.get("targetPort", port["port"])
            if not any(_listens(item, target) for item in pods):
                yield f"{reference_of(service)}: its pods do not listen on {target}"


def targets(objects: Objects) -> Iterator[str]:
    """Every autoscaler names a workload, every disruption budget selects pods."""
    for scaler in objects.of_kind("HorizontalPodAutoscaler", "ScaledObject"):
        target = scaler["spec"]["scaleTargetRef"]
        kind = target.get("kind", "Deployment")
        if not any(
            (item.kind, item.namespace, item.name) == (kind, namespace_of(scaler), target["name"])
            for item in objects.pods
        ):
            yield f"{reference_of(scaler)}: there is no {kind} {target['name']}"
    for budget in objects.of_kind("PodDisruptionBudget"):
        if not objects.selected_pods(namespace_of(budget), budget["spec"]["selector"]):
            yield f"{reference_of(budget)}: no pods have the labels {budget['spec']['selector']}"


def backends(objects: Objects) -> Iterator[str]:
    """Every Service that a route, a policy of the edge or a webhook names exists, with the port."""
    for manifest in objects.manifests:
        for backend in _backends(manifest.get("spec") or {}):
            yield from _missing_service(objects, manifest, backend, namespace_of(manifest))
        for webhook in manifest.get("webhooks") or []:
            if "service" in webhook["clientConfig"]:
                yield from _missing_service(objects, manifest, webhook["clientConfig"]["service"], "")


def _places(monitor: Manifest) -> list[str]:
    return (monitor["spec"].get("namespaceSelector") or {}).get("matchNames") or [namespace_of(monitor)]


def _services(objects: Objects, namespace: str, spec: Mapping[str, Any]) -> list[Manifest]:
    return [
        item
        for item in objects.of_kind("Service")
        if namespace_of(item) == namespace and selects(spec["selector"], item["metadata"].get("labels") or {})
    ]


def _missing_ports(monitor: Manifest, endpoints: list[Manifest], names: set[Any]) -> Iterator[str]:
    for endpoint in endpoints:
        if endpoint["port"] not in names:
            yield f"{reference_of(monitor)}: there is no port {endpoint['port']}, only {sorted(map(str, names))}"


def _listens(pods: Pods, target: Any) -> bool:
    # a row of the tables has names or numbers, whichever something asks for; without any, nothing is known
    return target in pods.ports


def _backends(part: Any) -> Iterator[Manifest]:
    if isinstance(part, dict):
        yield from part.get("backendRefs") or []
        for value in part.values():
            yield from _backends(value)
    elif isinstance(part, list):
        for value in part:
            yield from _backends(value)


def _missing_service(objects: Objects, manifest: Manifest, backend: Manifest, namespace: str) -> Iterator[str]:
    service = objects.find("Service", backend.get("namespace", namespace), backend["name"])
    if service is None:
        yield f"{reference_of(manifest)}: there is no Service {backend['name']}"
    elif backend.get("port", 443) not in {port["port"] for port in service["spec"]["ports"]}:
        yield f"{reference_of(manifest)}: Service {backend['name']} has no port {backend.get('port', 443)}"
