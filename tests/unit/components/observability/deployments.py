"""Components of the layer, deployed alone; and what their charts were told."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from components.base import Environment
from tests.unit.components.environment import environment
from tests.unit.recording import RecordingEngine, Registration

CHART = "kubernetes:helm.sh/v4:Chart"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
EXTERNAL_SECRET = "kubernetes:external-secrets.io/v1:ExternalSecret"
SERVICE = "kubernetes:core/v1:Service"
SERVICE_MONITOR = "kubernetes:monitoring.coreos.com/v1:ServiceMonitor"


def deploy(
    engine: RecordingEngine,
    make: Callable[[Environment], pulumi.Resource],
    profile: str = "dev",
    *,
    monitored: bool = True,
) -> Environment:
    """Deploy what ``make`` makes, and give back the environment that it was given."""
    given: list[Environment] = []

    def program() -> None:
        given.append(environment(profile, monitored=monitored))
        make(given[0])

    engine.deploy(program)
    return given[0]


def values(engine: RecordingEngine, name: str) -> dict[str, Any]:
    """Values of a chart by its release."""
    return next(item for item in engine.of_type(CHART) if item.inputs["name"] == name).inputs["values"]


def by_name(engine: RecordingEngine, type_token: str) -> Mapping[str, Registration]:
    """Objects of a type by their Kubernetes name."""
    return {item.inputs["metadata"]["name"]: item for item in engine.of_type(type_token)}


def selects(service: Registration) -> tuple[dict[str, str], list[int]]:
    """Pods and ports of a Service."""
    spec = service.inputs["spec"]
    return spec["selector"], [port["port"] for port in spec["ports"]]
