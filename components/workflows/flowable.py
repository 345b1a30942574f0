"""Flowable, for formal, governed processes.

Source: WF-FLOWABLE-1..3.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.base import (
    Autoscaling,
    Container,
    Environment,
    ExecProbe,
    ExternalSecret,
    ExternalSecretArgs,
    HttpProbe,
    Priority,
    Resources,
    SecretKey,
    Workload,
    WorkloadArgs,
)
from components.database import DatabaseConnection, DatabaseServer
from components.workflows.rest_api import RestApi

NAME = "flowable"
PORT = 8080
PATH = "/flowable-rest"
# renovate: datasource=docker depName=flowable/flowable-rest
VERSION = "7.2.0"
ADMINISTRATOR = {"username": SecretKey("flowable/admin", "username"), "password": SecretKey("flowable/admin")}
# the API's description: the one page that asks nobody who they are, and so does not ask the database either
_ALIVE = f"{PATH}/docs/index.html"
_USER, _PASSWORD = "FLOWABLE_REST_APP_ADMIN_USERID", "FLOWABLE_REST_APP_ADMIN_PASSWORD"
_HEALTHY = f'wget -q -O /dev/null "http://${_USER}:${_PASSWORD}@127.0.0.1:{PORT}{PATH}/actuator/health"'


@dataclass(frozen=True)
class FlowableArgs:
    """What Flowable needs.

    Args:
        environment: the stack that it is part of.
        database: where its database ``flowable`` is.
    """

    environment: Environment
    database: DatabaseServer


class Flowable(pulumi.ComponentResource):
    """``flowable:8080/flowable-rest``: Flowable's engines behind their REST API; reachable inside the cluster only.

    Its administrator's password is the vault's; the health check knows it, as Flowable tells nobody else how it is.

    Args:
        name: logical name.
        args: database.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the REST API answers.
        api: the process engine's REST API.

    Source: WF-FLOWABLE-1..3.
    """

    ready: pulumi.Resource
    api: RestApi

    def __init__(self, name: str, args: FlowableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:workflows:Flowable", name, None, opts)
        environment = args.environment
        child = pulumi.ResourceOptions(parent=self)
        namespace, size = environment.namespaces["workflows"], environment.size(NAME)
        connection = args.database.database(NAME)
        credentials = ExternalSecret(
            f"{NAME}-credentials",
            ExternalSecretArgs(
                environment=environment,
                namespace=namespace,
                keys={
                    "SPRING_DATASOURCE_USERNAME": connection.credentials["username"],
                    "SPRING_DATASOURCE_PASSWORD": connection.credentials["password"],
                    _USER: ADMINISTRATOR["username"],
                    _PASSWORD: ADMINISTRATOR["password"],
                },
                component="workflows",
            ),
            child,
        )
        workload = Workload(
            NAME,
            WorkloadArgs(
                namespace=namespace,
                component="workflows",
                container=_container(Resources.of(size)),
                autoscaling=Autoscaling.of(size),
                replicas=size.replicas,
                spread_zones=environment.is_highly_available,
                ownership=environment.ownership,
                service_ports={"http": PORT},
                version=VERSION,
                settings=_settings(connection),
                secrets=[credentials.name],
                destinations=["database"],
                after=[credentials.ready, args.database.ready],
                priority=Priority.HIGH,
                # the image names its user, and the kubelet cannot check a name
                user=100,
                grace_period_seconds=60,
            ),
            child,
        )
        self.ready = workload.ready
        self.api = RestApi(f"http://{NAME}:{PORT}{PATH}/service", ADMINISTRATOR, self.ready)
        self.register_outputs({"url": self.api.url})


def _container(resources: Resources) -> Container:
    return Container(
        name=NAME,
        image=f"flowable/flowable-rest:{VERSION}",
        resources=resources,
        ports={"http": PORT},
        liveness=HttpProbe(_ALIVE),
        readiness=ExecProbe(["sh", "-c", _HEALTHY]),
        # the first start makes the database's schema
        startup=HttpProbe(_ALIVE, period_seconds=5, failure_threshold=60),
        writable={"/tmp": "256Mi"},  # noqa: S108 - the pod's own
    )


def _settings(connection: DatabaseConnection) -> Mapping[str, str]:
    return {
        "SPRING_DATASOURCE_DRIVERCLASSNAME": "org.postgresql.Driver",
        "SPRING_DATASOURCE_URL": connection.jdbc_url,
        # the image's own fifty per replica would use up a small server
        "SPRING_DATASOURCE_HIKARI_MINIMUMIDLE": "2",
        "SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE": "10",
        "FLOWABLE_HISTORYLEVEL": "full",
        "FLOWABLE_REST_APP_CREATEDEMODEFINITIONS": "false",
        "FLOWABLE_REST_APP_AUTHENTICATIONMODE": "verify-privilege",
        # Java objects from outside are how deserialization attacks come in
        "REST_VARIABLES_ALLOW_SERIALIZABLE": "false",
        "MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE": "health,info,metrics",
        "JAVA_OPTS": "-XX:MaxRAMPercentage=65.0 -XX:+ExitOnOutOfMemoryError",
    }
