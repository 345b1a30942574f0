"""How the Envoy proxies behind the Gateway run.

Source: NET-2, NET-8, CLU-14, POL-1.
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from components.base import Environment, Priority
from components.edge.load_balancer import LoadBalancer

_SELECTED = {"app.kubernetes.io/name": "envoy", "app.kubernetes.io/component": "proxy"}


def proxy(
    environment: Environment, load_balancer: LoadBalancer, source_cidrs: Sequence[IPv4Network], name: str
) -> dict[str, Any]:
    """Specification of an EnvoyProxy.

    Args:
        environment: the stack that it is part of.
        load_balancer: how its Service gets one.
        source_cidrs: networks that the load balancer lets in.
        name: of the Deployment and of the Service.
    """
    size = environment.size("envoy")
    return {
        "logging": {"level": {"default": "warn"}},
        # long enough for requests under way; a node that goes waits for it
        "shutdown": {"drainTimeout": "60s", "minDrainDuration": "10s"},
        "provider": {
            "type": "Kubernetes",
            "kubernetes": {
                "envoyDeployment": _deployment(environment, name),
                "envoyService": _service(load_balancer, source_cidrs, name),
                **(_scaling(size.replicas, size.max_replicas, name) if size.max_replicas else {}),
            },
        },
    }


def _deployment(environment: Environment, name: str) -> dict[str, Any]:
    size = environment.size("envoy")
    helper = {"name": "shutdown-manager", "resources": environment.size("envoy-shutdown-manager").resources}
    labels = _pod_labels(environment, name)
    template = {"metadata": {"labels": labels}, "spec": {"containers": [helper]}}
    return {
        "name": name,
        # an autoscaler owns their number
        **({} if size.max_replicas else {"replicas": size.replicas}),
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "container": {"resources": size.resources},
        "pod": {
            "labels": labels,
            "priorityClassName": Priority.CRITICAL.value,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "topologySpreadConstraints": environment.spread(_SELECTED),
        },
        # the controller gives this container no limits
        "patch": {"type": "StrategicMerge", "value": {"spec": {"template": template}}},
    }


def _pod_labels(environment: Environment, name: str) -> Mapping[str, str]:
    labels = environment.labels(name, "edge")
    return {key: labels[key] for key in ("app", "app.kubernetes.io/part-of", "cost-center", "environment")}


def _service(load_balancer: LoadBalancer, source_cidrs: Sequence[IPv4Network], name: str) -> dict[str, Any]:
    service_class = load_balancer.service_class
    return {
        "name": name,
        "type": "LoadBalancer",
        # without a hop over another node the client's own address arrives
        "externalTrafficPolicy": "Local",
        "annotations": dict(load_balancer.annotations),
        "loadBalancerSourceRanges": [str(network) for network in source_cidrs],
        **({"loadBalancerClass": service_class} if service_class else {}),
    }


def _scaling(minimum: int, maximum: int, name: str) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": 70}
    return {
        "envoyHpa": {
            "name": name,
            "minReplicas": minimum,
            "maxReplicas": maximum,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
        "envoyPDB": {"name": name, "maxUnavailable": 1},
    }
