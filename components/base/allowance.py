"""The platform's namespaces as data: Pod Security level, quota and special traffic of each.

Source: CLU-6..8, CLU-16, SEC-2, A-1, A-30, A-51, A-57.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from components.tables import read_table


@dataclass(frozen=True)
class Allowance:
    """What a namespace may use.

    Args:
        pod_security: Pod Security level that is enforced.
        cpu_requests: cores, all pods together.
        memory_requests: GiB, all pods together.
        cpu_limits: cores.
        memory_limits: GiB.
        pods: number of pods.
        storage: GiB of all volume claims.
        load_balancers: Services of type LoadBalancer.
        serves_admission: webhooks run here; the API server calls them.
        reaches_namespaces: its pods call pods in all of the platform's namespaces: ingress controller, metrics scraper.
        isolated: applications that only their own policies open traffic for, not the namespace's general ones.
    """

    pod_security: str
    cpu_requests: int
    memory_requests: int
    cpu_limits: int
    memory_limits: int
    pods: int
    storage: int
    load_balancers: int = 0
    serves_admission: bool = False
    reaches_namespaces: bool = False
    isolated: Sequence[str] = ()


def allowances(profile: str) -> Mapping[str, Allowance]:
    """The allowance of each of the platform's namespaces by its name.

    Args:
        profile: sizing profile: ``dev``, ``stg`` or ``prod``.
    """
    return {
        name: Allowance(
            **{key: value for key, value in row.items() if not isinstance(value, dict)},
            **row[profile],
        )
        for name, row in _table().items()
    }


@cache
def _table() -> dict[str, dict[str, Any]]:
    return read_table(Path(__file__).with_name("namespaces.yaml"))
