"""Keeps the UiPath bridge to the traffic that it is there for.

Source: SEC-4, INTEG-UIPATH-5; corrected by A-2 (Kestra lives in this namespace), A-3 (DNS) and A-4 (Orchestrator is not
in the cluster).
"""

from dataclasses import dataclass

import pulumi

from components.base import traffic
from components.base.namespace import Namespace

POLICY = "integration-isolation"
BRIDGE = {"app": "uipath-bridge"}
# one of them runs the tasks: the second where Kestra is distributed
KESTRA = ({"app": "kestra"}, {"app": "kestra-worker"})


@dataclass(frozen=True)
class IntegrationIsolationArgs:
    """What the isolation needs.

    Args:
        namespace: where Kestra and the bridge run.
        control_plane: where the cluster's DNS is.
    """

    namespace: Namespace
    control_plane: traffic.ControlPlane


class IntegrationIsolation(pulumi.ComponentResource):
    """NetworkPolicy ``integration-isolation``: in from Kestra on 8080; out to the internet on 443 and to DNS.

    Policies add up, so this one isolates only because the namespace's allowance counts the bridge among its
    ``isolated`` applications, to which none of the general allows apply.

    Args:
        name: logical name.
        args: the namespace.
        opts: carries the cluster's provider.

    Source: SEC-4.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: IntegrationIsolationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:base:IntegrationIsolation", name, None, opts)
        namespace = args.namespace
        callers = [traffic.namespace_pods(namespace.name, labels) for labels in KESTRA]
        self.ready = traffic.network_policy(
            name,
            namespace.metadata(POLICY),
            pulumi.ResourceOptions(parent=self, depends_on=[namespace.ready], deleted_with=namespace.resource),
            selected=traffic.pods(BRIDGE),
            ingress=[traffic.from_peers(callers, traffic.tcp(8080))],
            egress=[traffic.internet(), traffic.dns(args.control_plane)],
        )
        self.register_outputs({})
