"""How the public hosts of the Gateway API are written down.

Source: NET-4..7.
"""

from collections.abc import Sequence
from typing import Any

from components.base import Exposure

GATEWAY = "api-gateway"
GATEWAY_API = "gateway.networking.k8s.io"
ENVOY_API = "gateway.envoyproxy.io"


def parent(section: str, namespace: str) -> dict[str, str]:
    """Reference to one listener of the Gateway."""
    return {"group": GATEWAY_API, "kind": "Gateway", "name": GATEWAY, "namespace": namespace, "sectionName": section}


def target(kind: str, name: str, section: str | None = None) -> dict[str, str]:
    """What a policy is about."""
    return {"group": GATEWAY_API, "kind": kind, "name": name, **({"sectionName": section} if section else {})}


def application_route(exposure: Exposure, host: str, paths: Sequence[str], gateway_namespace: str) -> dict[str, Any]:
    """Specification of an HTTPRoute: these paths of the host go to the exposure's Service."""
    return {
        "parentRefs": [parent("https", gateway_namespace)],
        "hostnames": [host],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": path}} for path in paths],
                "backendRefs": [{"group": "", "kind": "Service", "name": exposure.service, "port": exposure.port}],
            }
        ],
    }


def redirect_route(gateway_namespace: str) -> dict[str, Any]:
    """Specification of the HTTPRoute that sends everything on HTTP to HTTPS. Source: A-11."""
    redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
    return {
        "parentRefs": [parent("http", gateway_namespace)],
        "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "filters": [redirect]}],
    }


def source_networks(networks: Sequence[str]) -> dict[str, Any]:
    """Who may come in at all, as a part of a SecurityPolicy. Source: SEC-3."""
    rule = {"name": "sources", "action": "Allow", "principal": {"clientCIDRs": list(networks)}}
    return {"authorization": {"defaultAction": "Deny", "rules": [rule]}}
