"""The BPM engine with Camunda 7's REST API.

Source: WF-CAMUNDA-1..4, NET-5, NET-9, NET-12, A-9.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.base import (
    Autoscaling,
    Container,
    Environment,
    Exposure,
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

NAME = "camunda"
PORT = 8080
REST_PATH = "/engine-rest"
# the one resource that answers without credentials: which engines there are
ALIVE = f"{REST_PATH}/engine"
ADMINISTRATOR = {"username": SecretKey("camunda/admin", "username"), "password": SecretKey("camunda/admin")}


@dataclass(frozen=True)
class _Distribution:
    """One engine's image, and how it is told things.

    Args:
        repository: of the image.
        tag: of the image.
        version: of the engine.
        launcher: what starts it, in the image's working directory.
        prefix: of its environment variables.
    """

    repository: str
    tag: str
    version: str
    launcher: str
    prefix: str


DISTRIBUTIONS: Mapping[str, _Distribution] = {
    # renovate: datasource=docker depName=operaton/operaton
    "operaton": _Distribution("operaton/operaton", "2.1.5", "2.1.5", "./operaton.sh", "OPERATON_BPM"),
    # the last of the community edition
    "camunda-7": _Distribution("camunda/camunda-bpm-platform", "run-7.24.0", "7.24.0", "./camunda.sh", "CAMUNDA_BPM"),
}


@dataclass(frozen=True)
class CamundaArgs:
    """What the engine needs.

    Args:
        environment: the stack that it is part of.
        database: where its database ``camunda`` is.
        engine: ``operaton`` or ``camunda-7``.
    """

    environment: Environment
    database: DatabaseServer
    engine: str


class Camunda(pulumi.ComponentResource):
    """``camunda:8080/engine-rest``: the engine, its REST API and its web applications (``/camunda/app/cockpit``).

    The API asks for credentials (HTTP basic), the engine checks authorizations, and its only user is an administrator
    whose password the vault made. Processes are deployed by REST.

    Args:
        name: logical name.
        args: database, and which engine.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the REST API answers.
        api: the REST API.

    Raises:
        KeyError: there is no such engine.

    Source: WF-CAMUNDA-1..4, NET-5, NET-9, NET-12, A-9.
    """

    ready: pulumi.Resource
    api: RestApi

    def __init__(self, name: str, args: CamundaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:workflows:Camunda", name, None, opts)
        environment, distribution = args.environment, DISTRIBUTIONS[args.engine]
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
                    f"{distribution.prefix}_ADMINUSER_ID": ADMINISTRATOR["username"],
                    f"{distribution.prefix}_ADMINUSER_PASSWORD": ADMINISTRATOR["password"],
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
                container=_container(distribution, Resources.of(size)),
                autoscaling=Autoscaling.of(size),
                replicas=size.replicas,
                spread_zones=environment.is_highly_available,
                ownership=environment.ownership,
                service_ports={"http": PORT},
                version=distribution.version,
                settings=_settings(distribution.prefix, connection),
                secrets=[credentials.name],
                destinations=["database"],
                after=[credentials.ready, args.database.ready],
                priority=Priority.HIGH,
                # both images' own
                user=1000,
                grace_period_seconds=60,
            ),
            child,
        )
        self.ready = workload.ready
        self.api = RestApi(f"http://{NAME}:{PORT}{REST_PATH}", ADMINISTRATOR, self.ready)
        if environment.edge is not None:
            environment.edge.expose(Exposure(NAME, namespace, NAME, PORT, after=self.ready), child)
        self.register_outputs({"url": self.api.url})


def _container(distribution: _Distribution, resources: Resources) -> Container:
    return Container(
        name=NAME,
        image=f"{distribution.repository}:{distribution.tag}",
        resources=resources,
        # the example application, which the image starts otherwise, stays off
        args=[distribution.launcher, "--webapps", "--rest"],
        ports={"http": PORT},
        liveness=HttpProbe(ALIVE),
        readiness=HttpProbe(ALIVE),
        # the first start makes the database's schema
        startup=HttpProbe(ALIVE, period_seconds=5, failure_threshold=60),
        writable={"/tmp": "256Mi"},  # noqa: S108 - the pod's own
    )


def _settings(prefix: str, connection: DatabaseConnection) -> Mapping[str, str]:
    return {
        "SPRING_DATASOURCE_DRIVER_CLASS_NAME": "org.postgresql.Driver",
        "SPRING_DATASOURCE_URL": connection.jdbc_url,
        "JAVA_OPTS": "-XX:MaxRAMPercentage=65.0 -XX:+ExitOnOutOfMemoryError",
        # TLS ends at the gateway: only the application can say that the browser's way is encrypted
        "SERVER_SERVLET_SESSION_COOKIE_SECURE": "true",
        "SERVER_SERVLET_SESSION_COOKIE_HTTPONLY": "true",
        "SERVER_FORWARDHEADERSSTRATEGY": "native",
        f"{prefix}_HISTORYLEVEL": "full",
        f"{prefix}_AUTHORIZATION_ENABLED": "true",
        f"{prefix}_RUN_AUTH_ENABLED": "true",
        f"{prefix}_RUN_CORS_ENABLED": "false",
        f"{prefix}_RUN_EXAMPLE_ENABLED": "false",
        f"{prefix}_RUN_REST_DISABLEWADL": "true",
        # Operaton's own would be /operaton
        f"{prefix}_WEBAPP_APPLICATIONPATH": "/camunda",
        f"{prefix}_WEBAPP_HEADERSECURITY_HSTSDISABLED": "false",
    }
