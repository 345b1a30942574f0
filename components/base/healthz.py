"""The ``healthz`` workload: the smallest thing that shows how every workload here is built, and that the cluster works.

Source: CLU-14, CLU-15, NET-9, A-30.
"""

from dataclasses import dataclass

import pulumi

from components.base.autoscaling import Autoscaling
from components.base.container import Container, HttpProbe, Resources
from components.base.namespace import Namespace
from components.base.workload import Workload, WorkloadArgs
from components.ownership import Ownership

NAME = "healthz"
# renovate: datasource=docker depName=ghcr.io/stefanprodan/podinfo
VERSION = "6.9.2"
PORT = 8080


@dataclass(frozen=True)
class HealthzArgs:
    """What ``healthz`` needs.

    Args:
        namespace: where it runs.
        replicas: fewest and most.
        spread_zones: whether its pods must be spread evenly over the zones.
        ownership: labels.
    """

    namespace: Namespace
    replicas: tuple[int, int]
    spread_zones: bool
    ownership: Ownership


class Healthz(pulumi.ComponentResource):
    """``healthz``: answers ``/healthz`` and ``/readyz`` on 8080, with autoscaler, disruption budget and probes.

    Args:
        name: logical name.
        args: where, and how many.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: it answers.
        address: in-cluster DNS name and port.

    Source: CLU-14, CLU-15, NET-9.
    """

    ready: pulumi.Resource
    address: str

    def __init__(self, name: str, args: HealthzArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:base:Healthz", name, None, opts)
        container = Container(
            name=NAME,
            image=f"ghcr.io/stefanprodan/podinfo:{VERSION}",
            resources=Resources(cpu="50m", memory="64Mi", cpu_limit="200m"),
            command=["./podinfo"],
            args=[f"--port={PORT}"],
            ports={"http": PORT},
            liveness=HttpProbe("/healthz"),
            readiness=HttpProbe("/readyz"),
            startup=HttpProbe("/healthz", period_seconds=2, failure_threshold=15),
        )
        minimum, maximum = args.replicas
        workload = Workload(
            NAME,
            WorkloadArgs(
                namespace=args.namespace,
                component="integration",
                container=container,
                autoscaling=Autoscaling(minimum, maximum),
                spread_zones=args.spread_zones,
                ownership=args.ownership,
                service_ports={"http": PORT},
                version=VERSION,
                settings={"PODINFO_LEVEL": "info"},
                # the image's own user, by number: the kubelet cannot check a name
                user=100,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.ready = workload.ready
        self.address = f"{workload.address}:{PORT}"
        self.register_outputs({"address": self.address})
