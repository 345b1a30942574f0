"""The configuration of the stack that is being judged.

The engine sends it to every policy pack in the call ConfigureStack, but the servicer of pulumi_policy 1.21 keeps only
the stack's tags of it. So the call is listened to on its way in.
"""

import json
from collections.abc import Mapping
from threading import Lock
from typing import Any

from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

_lock = Lock()
_received: dict[str, Any] = {}


def receive() -> None:
    """Keep what ConfigureStack sends to servers that are started from now on."""
    add_servicer = analyzer_pb2_grpc.add_AnalyzerServicer_to_server

    def add_listening_servicer(servicer: Any, server: Any) -> None:
        configure_stack = servicer.ConfigureStack

        def configure_and_keep(request: analyzer_pb2.AnalyzerStackConfigureRequest, context: Any) -> Any:
            keep(request.project, request.config)
            return configure_stack(request, context)

        servicer.ConfigureStack = configure_and_keep
        add_servicer(servicer, server)

    analyzer_pb2_grpc.add_AnalyzerServicer_to_server = add_listening_servicer


def keep(project: str, configuration: Mapping[str, str]) -> None:
    """Keep the stack's settings of its own project; what is meant for providers may be secret and is left out."""
    prefix = f"{project}:"
    settings = {key.removeprefix(prefix): value for key, value in configuration.items() if key.startswith(prefix)}
    organisation = _object(settings.get("organisation", ""))
    with _lock:
        _received.clear()
        _received.update(organisation)


def allowed_cost_centers() -> list[str]:
    """The stack's own ``organisation.costCenters``; empty when it has none or there is no stack."""
    with _lock:
        centers = _received.get("costCenters")
    return [center for center in centers if isinstance(center, str)] if isinstance(centers, list) else []


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
