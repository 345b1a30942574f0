"""Whether every public host has a certificate and a route, and every route a listener that answers for its host."""

from collections.abc import Iterator
from typing import Any

from tests.unit.stacks.references.objects import Manifest, Objects, namespace_of, reference_of


def hosts(objects: Objects) -> Iterator[str]:
    """Every route's host is under the stack's domain, a listener with TLS answers for it, and its certificate names it.

    A route without a host only leads elsewhere.
    """
    for route in objects.of_kind("HTTPRoute"):
        backed = any(rule.get("backendRefs") for rule in route["spec"]["rules"])
        if not route["spec"].get("hostnames"):
            if backed:
                yield f"{reference_of(route)}: answers for every host"
            continue
        for host in route["spec"]["hostnames"]:
            yield from _unanswered(objects, route, host)


def published(objects: Objects) -> set[str]:
    """First labels of the hosts that routes lead from to a Service."""
    return {
        host.removesuffix(f".{objects.base_domain}")
        for route in objects.of_kind("HTTPRoute")
        if any(rule.get("backendRefs") for rule in route["spec"]["rules"])
        for host in route["spec"].get("hostnames") or []
    }


def _unanswered(objects: Objects, route: Manifest, host: str) -> Iterator[str]:
    if not host.endswith(f".{objects.base_domain}"):
        yield f"{reference_of(route)}: {host} is not under {objects.base_domain}"
    for parent in route["spec"]["parentRefs"]:
        gateway = objects.find("Gateway", parent.get("namespace", namespace_of(route)), parent["name"])
        listeners = gateway["spec"]["listeners"] if gateway else []
        listener = next((item for item in listeners if item["name"] == parent.get("sectionName")), None)
        if gateway is None or listener is None or not covers(listener["hostname"], host):
            yield f"{reference_of(route)}: no listener answers for {host}"
        elif not _certified(objects, gateway, listener, host):
            yield f"{reference_of(route)}: no certificate names {host}"


def _certified(objects: Objects, gateway: Manifest, listener: dict[str, Any], host: str) -> bool:
    secrets = {item["name"] for item in (listener.get("tls") or {}).get("certificateRefs") or []}
    certificates = [
        item
        for item in objects.of_kind("Certificate")
        if namespace_of(item) == namespace_of(gateway) and item["spec"]["secretName"] in secrets
    ]
    return any(covers(name, host) for item in certificates for name in item["spec"]["dnsNames"])


def covers(pattern: str, host: str) -> bool:
    """Whether a name with or without a wildcard, which stands for one label, is that of a host."""
    return pattern == host or (pattern.startswith("*.") and pattern[2:] == host.partition(".")[2])
