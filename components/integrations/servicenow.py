"""The ServiceNow worker, off by default.

Source: INTEG-SNOW-1..5, CLU-11, CLU-12, ARCH-14, A-5..A-8, A-18.
"""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import (
    Autoscaling,
    Container,
    Environment,
    ExternalSecret,
    ExternalSecretArgs,
    HttpProbe,
    Metrics,
    Resources,
    SecretKey,
    Size,
    Workload,
    WorkloadArgs,
)
from components.cache import CacheServer
from components.workflows import RestApi

NAME = "servicenow-worker"
PORT = 8080
# the image is built from workloads/servicenow-worker
VERSION = "1.0.0"
# of Valkey's numbered databases the one for locks, tickets and cached answers
_CACHE_DATABASE = 0
_CONFIGURATION, _CREDENTIALS = "servicenow-config", "servicenow-credentials"
_VARIABLES = {
    "SERVICENOW_INSTANCE": "instance-url",
    "SERVICENOW_API_VERSION": "api-version",
    "SERVICENOW_DEFAULT_TABLE": "default-table",
    "SERVICENOW_POLLING_INTERVAL": "polling-interval",
    "SERVICENOW_MAX_POLLING_ATTEMPTS": "max-polling-attempts",
}
_BEHAVIOR: kubernetes.autoscaling.v2.HorizontalPodAutoscalerBehaviorArgsDict = {
    "scale_down": {
        "stabilization_window_seconds": 300,
        "policies": [{"type": "Percent", "value": 50, "period_seconds": 60}],
    },
    "scale_up": {
        "stabilization_window_seconds": 0,
        "policies": [
            {"type": "Pods", "value": 2, "period_seconds": 60},
            {"type": "Percent", "value": 100, "period_seconds": 60},
        ],
    },
}


@dataclass(frozen=True)
class ServiceNowWorkerArgs:
    """What the worker needs.

    Args:
        environment: the stack that it is part of.
        engine: the BPM engine whose external tasks it does.
        cache: where it keeps its locks and tickets.
        instance_url: address of the ServiceNow instance, with scheme.
        api_version: of its REST API.
        default_table: in which tickets are made.
        polling_interval_seconds: between two looks at a ticket.
        max_polling_attempts: looks after which a ticket without a decision is escalated.
    """

    environment: Environment
    engine: RestApi
    cache: CacheServer
    instance_url: str
    api_version: str
    default_table: str
    polling_interval_seconds: int
    max_polling_attempts: int


class ServiceNowWorker(pulumi.ComponentResource):
    """``servicenow-worker``: does the engine's external tasks in ServiceNow; scaled by how many of them wait.

    Args:
        name: logical name.
        args: the instance, the engine and the cache.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: it answers health checks.

    Source: INTEG-SNOW-1..5, CLU-11, CLU-12.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: ServiceNowWorkerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:integrations:ServiceNowWorker", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        environment = args.environment
        instance, platform = self._instance_credentials(), self._platform_credentials()
        size = environment.size(NAME)
        workload = Workload(
            NAME,
            WorkloadArgs(
                namespace=environment.namespaces["workflows"],
                component="integration",
                container=self._container(Resources.of(size)),
                autoscaling=_autoscaling(size),
                spread_zones=environment.is_highly_available,
                ownership=environment.ownership,
                service_ports={"http": PORT},
                version=VERSION,
                settings=self._configuration(),
                settings_name=_CONFIGURATION,
                variables=_VARIABLES,
                secrets=[platform.name],
                destinations=["internet", "cache"],
                metrics=Metrics(environment.monitors) if environment.monitors else None,
                after=[instance.ready, platform.ready, args.engine.ready, args.cache.ready],
                user=1000,
                # a task is locked for a minute
                grace_period_seconds=60,
            ),
            self._child,
        )
        self.ready = workload.ready
        self.register_outputs({})

    def _instance_credentials(self) -> ExternalSecret:
        keys = {key: SecretKey("servicenow/prod/credentials", key) for key in ("username", "password", "instance")}
        return self._secret(_CREDENTIALS, keys, {})

    def _platform_credentials(self) -> ExternalSecret:
        """What it signs in with at the engine and the cache."""
        engine = {f"engine_{key}": source for key, source in self._args.engine.credentials.items()}
        return self._secret(
            NAME,
            {**engine, **self._args.cache.credentials},
            {
                "CAMUNDA_USER": "{{ .engine_username }}",
                "CAMUNDA_PASSWORD": "{{ .engine_password }}",
                "REDIS_URL": self._args.cache.url_template(_CACHE_DATABASE),
            },
        )

    def _secret(self, name: str, keys: dict[str, SecretKey], template: dict[str, str]) -> ExternalSecret:
        environment = self._args.environment
        return ExternalSecret(
            name,
            ExternalSecretArgs(
                environment=environment,
                namespace=environment.namespaces["workflows"],
                keys=keys,
                component="integration",
                template=template,
            ),
            self._child,
        )

    def _configuration(self) -> dict[str, str]:
        return {
            "instance-url": self._args.instance_url,
            "api-version": self._args.api_version,
            "default-table": self._args.default_table,
            "polling-interval": str(self._args.polling_interval_seconds),
            "max-polling-attempts": str(self._args.max_polling_attempts),
        }

    def _container(self, resources: Resources) -> Container:
        credentials = {"SNOW_USER": "username", "SNOW_PASSWORD": "password"}
        return Container(
            name="worker",
            image=pulumi.Output.concat(self._args.environment.registry, f"/{NAME}:{VERSION}"),
            resources=resources,
            ports={"http": PORT},
            env=[
                {"name": "CAMUNDA_REST_URL", "value": self._args.engine.url},
                *(
                    {"name": name, "value_from": {"secret_key_ref": {"name": _CREDENTIALS, "key": key}}}
                    for name, key in credentials.items()
                ),
            ],
            liveness=HttpProbe("/health", period_seconds=10, initial_delay_seconds=30),
            readiness=HttpProbe("/health"),
            startup=HttpProbe("/health", period_seconds=5, failure_threshold=12),
        )


def _autoscaling(size: Size) -> Autoscaling:
    return Autoscaling(
        minimum=size.replicas,
        maximum=size.max_replicas or size.replicas,
        cpu_percent=70,
        memory_percent=80,
        pod_metrics={"external_tasks_pending": 10},
        behavior=_BEHAVIOR,
        name=f"{NAME}-hpa",
        initial=3,
    )
