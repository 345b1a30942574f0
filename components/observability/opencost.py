"""OpenCost: what each namespace, workload and cost centre costs.

Source: COST-8, A-26.
"""

from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import (
    Environment,
    ExternalSecret,
    ExternalSecretArgs,
    PlatformChart,
    PlatformChartArgs,
    Priority,
    SecretKey,
)
from components.observability import prometheus
from components.observability.pods import CONTAINER_SECURITY, POD_SECURITY
from components.observability.pods import NAMESPACE as OBSERVABILITY

NAMESPACE = NAME = "opencost"
PORT, UI_PORT = 9003, 9090
_USER_ID = 1001
_BILL = "cloud-integration.json"
_BILL_SECRET = "opencost-cloud-integration"  # noqa: S105 - a Secret's name


@dataclass(frozen=True)
class OpenCostArgs:
    """What OpenCost needs.

    Args:
        environment: the stack that it is part of.
        prometheus: gate: Prometheus and its Service stand.
        cluster: name that its figures carry.
        reads_bill: whether it reads the cloud's bill, too, with what the vault has at ``opencost/cloud-integration``;
            else it counts with the cloud's public prices.
    """

    environment: Environment
    prometheus: pulumi.Resource
    cluster: str
    reads_bill: bool = False


class OpenCost(pulumi.ComponentResource):
    """OpenCost in its own namespace: the API and metrics on 9003, the page on 9090.

    Args:
        name: logical name.
        args: where it reads.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: it stands.

    Source: COST-8, A-26, NET-9.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: OpenCostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:observability:OpenCost", name, None, opts)
        environment, child = args.environment, pulumi.ResourceOptions(parent=self)
        namespace = environment.namespaces[NAMESPACE]
        after = [args.prometheus]
        if args.reads_bill:
            secret = ExternalSecretArgs(
                environment=environment,
                namespace=namespace,
                keys={_BILL: SecretKey("opencost/cloud-integration", _BILL)},
                component=NAME,
            )
            after.append(ExternalSecret(_BILL_SECRET, secret, child).ready)
        self.ready = PlatformChart(
            name,
            PlatformChartArgs(
                environment=environment,
                chart="opencost",
                namespace=namespace,
                values=_values(args),
                component=NAME,
                after=after,
                destinations=["api-server", "metrics", "internet"],
                pod_labels={"app": NAME},
            ),
            child,
        ).ready
        self.register_outputs({})


def _values(args: OpenCostArgs) -> dict[str, Any]:
    environment = args.environment
    size = environment.size(NAME)
    # the chart brings the folder itself when there is a bill to read
    volumes = {"tmp": "/tmp"} if args.reads_bill else {"tmp": "/tmp", "configs": "/var/configs"}  # noqa: S108 - the pod's own
    return {
        "podSecurityContext": {**POD_SECURITY, "runAsUser": _USER_ID, "runAsGroup": _USER_ID, "fsGroup": _USER_ID},
        "priorityClassName": Priority.STANDARD.value,
        "extraVolumes": [{"name": volume, "emptyDir": {}} for volume in volumes],
        "opencost": {
            "exporter": {
                "replicas": size.replicas,
                "resources": size.resources,
                "defaultClusterId": args.cluster,
                "securityContext": CONTAINER_SECURITY,
                "extraVolumeMounts": [{"name": volume, "mountPath": path} for volume, path in volumes.items()],
            },
            "prometheus": {
                "internal": {
                    "serviceName": "prometheus",
                    "namespaceName": OBSERVABILITY,
                    "port": prometheus.PORT,
                }
            },
            "metrics": {"serviceMonitor": {"enabled": environment.monitors is not None}},
            "mcp": {"enabled": False},
            "cloudIntegrationSecret": _BILL_SECRET if args.reads_bill else "",
            "cloudCost": {"enabled": args.reads_bill},
            "ui": {
                "resources": environment.size("opencost-ui").resources,
                "uiPort": UI_PORT,
                # its start script writes the page's files
                "securityContext": {**CONTAINER_SECURITY, "readOnlyRootFilesystem": False},
            },
        },
    }
