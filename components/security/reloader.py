"""Restarts of what uses a Secret that changed.

Source: SEC-11.
"""

from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Environment, PlatformChart, PlatformChartArgs, Priority
from components.ownership import PART_OF

_NAME = "reloader"


@dataclass(frozen=True)
class ReloaderArgs:
    """What Reloader needs.

    Args:
        environment: the stack that it is part of.
    """

    environment: Environment


class Reloader(pulumi.ComponentResource):
    """Reloader: workloads restart when one of the platform's Secrets that they use changes.

    Such Secrets come from the vault, and their pods read them once. Workloads of the program and of its charts that use
    a Secret ask for it by an annotation; those that operators make are their operators' matter. ConfigMaps are left to
    the program, which rolls the pods itself, and Jobs are never run again.

    Args:
        name: logical name.
        args: the stack.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: it watches.

    Source: SEC-11.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: ReloaderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:security:Reloader", name, None, opts)
        environment = args.environment
        chart = PlatformChart(
            name,
            PlatformChartArgs(
                environment=environment,
                chart=_NAME,
                namespace=environment.namespaces["security"],
                values=_values(environment),
                component="security",
                destinations=["api-server"],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.ready = chart.ready
        self.register_outputs({})


def _values(environment: Environment) -> dict[str, Any]:
    size = environment.size(_NAME)
    is_redundant = size.replicas > 1
    return {
        "fullnameOverride": _NAME,
        "reloader": {
            "resourceLabelSelector": f"app.kubernetes.io/part-of={PART_OF}",
            "ignoreConfigMaps": True,
            "ignoreJobs": True,
            "ignoreCronJobs": True,
            # an annotation of the pods: the containers stay as the program declares them
            "reloadStrategy": "annotations",
            "enableHA": is_redundant,
            "readOnlyRootFileSystem": True,
            "deployment": {
                "replicas": size.replicas,
                "resources": size.resources,
                "priorityClassName": Priority.HIGH.value,
                "topologySpreadConstraints": environment.spread({"app": _NAME}) if is_redundant else [],
                "containerSecurityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            },
            "podDisruptionBudget": {"enabled": is_redundant, "maxUnavailable": 1},
            "podMonitor": {"enabled": environment.monitors is not None},
        },
    }
