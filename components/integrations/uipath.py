"""The bridge to UiPath Orchestrator, off by default.

Source: INTEG-UIPATH-1..5, INTEG-UIPATH-9, SEC-7, ARCH-14, A-6, A-7, A-18.
"""

from dataclasses import dataclass

import pulumi

from components.base import (
    Container,
    Environment,
    HttpProbe,
    Metrics,
    Namespace,
    Resources,
    Workload,
    WorkloadArgs,
    traffic,
)

NAME = "uipath-bridge"
PORT = 8080
# the image is built from workloads/uipath-bridge
VERSION = "1.0.0"
UIPATH_CREDENTIALS = "uipath-credentials"
_CONFIGURATION = "uipath-config"
_VARIABLES = {
    "UIPATH_ORCHESTRATOR_URL": "orchestrator-url",
    "UIPATH_DEFAULT_STRATEGY": "default-strategy",
    "UIPATH_MAX_RETRIES": "max-retries",
    "UIPATH_TIMEOUT_SECONDS": "timeout-seconds",
    "UIPATH_POLLING_INTERVAL_SECONDS": "polling-interval-seconds",
}


@dataclass(frozen=True)
class UiPathBridgeArgs:
    """What the bridge needs.

    Args:
        environment: the stack that it is part of.
        credentials: gate: the Secret ``uipath-credentials`` stands; flows read it as well.
        orchestrator_url: address of the Orchestrator, with scheme.
        default_strategy: how the Orchestrator shares jobs out among robots.
        max_retries: times that a failed call is repeated.
        timeout_seconds: that a job may take.
        polling_interval_seconds: between two looks at a job.
    """

    environment: Environment
    credentials: pulumi.Resource
    orchestrator_url: str
    default_strategy: str
    max_retries: int
    timeout_seconds: int
    polling_interval_seconds: int


class UiPathBridge(pulumi.ComponentResource):
    """``uipath-bridge:8080``: starts UiPath jobs and tells how they went; only Kestra reaches it.

    The NetworkPolicy ``integration-isolation`` closes it; beside it, Prometheus may read its metrics, where one runs.

    Args:
        name: logical name.
        args: the Orchestrator.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: it answers.

    Source: INTEG-UIPATH-1..5, INTEG-UIPATH-9, SEC-7.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: UiPathBridgeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:integrations:UiPathBridge", name, None, opts)
        environment, namespace = args.environment, args.environment.namespaces["workflows"]
        child = pulumi.ResourceOptions(parent=self)
        size = environment.size(NAME)
        workload = Workload(
            NAME,
            WorkloadArgs(
                namespace=namespace,
                component="integration",
                container=_container(environment, Resources.of(size)),
                autoscaling=None,
                replicas=size.replicas,
                spread_zones=environment.is_highly_available,
                ownership=environment.ownership,
                service_ports={"http": PORT},
                version=VERSION,
                settings=_configuration(args),
                settings_name=_CONFIGURATION,
                variables=_VARIABLES,
                metrics=Metrics(environment.monitors) if environment.monitors else None,
                after=[args.credentials],
                user=1000,
            ),
            child,
        )
        if environment.monitors is not None:
            self._let_in_prometheus(namespace)
        self.ready = workload.ready
        self.register_outputs({})

    def _let_in_prometheus(self, namespace: Namespace) -> None:
        prometheus = traffic.namespace_pods("observability", {"app.kubernetes.io/name": "prometheus"})
        traffic.network_policy(
            f"{NAME}-metrics",
            namespace.metadata(f"{NAME}-metrics"),
            pulumi.ResourceOptions(parent=self, depends_on=[namespace.ready], deleted_with=namespace.resource),
            selected=traffic.pods({"app": NAME}),
            ingress=[traffic.from_peers([prometheus], traffic.tcp(PORT))],
        )


def _configuration(args: UiPathBridgeArgs) -> dict[str, str]:
    return {
        "orchestrator-url": args.orchestrator_url,
        "default-strategy": args.default_strategy,
        "max-retries": str(args.max_retries),
        "timeout-seconds": str(args.timeout_seconds),
        "polling-interval-seconds": str(args.polling_interval_seconds),
    }


def _container(environment: Environment, resources: Resources) -> Container:
    return Container(
        name="bridge",
        image=pulumi.Output.concat(environment.registry, f"/{NAME}:{VERSION}"),
        resources=resources,
        command=["python", "/app/bridge.py"],
        ports={"http": PORT},
        env=[
            {"name": "UIPATH_TOKEN", "value_from": {"secret_key_ref": {"name": UIPATH_CREDENTIALS, "key": "token"}}},
        ],
        liveness=HttpProbe("/healthz"),
        readiness=HttpProbe("/healthz"),
        startup=HttpProbe("/healthz", period_seconds=2, failure_threshold=30),
    )
