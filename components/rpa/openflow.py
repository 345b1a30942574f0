"""OpenFlow, which coordinates the RPA bots.

Source: RPA-1, RPA-2, A-20, A-36.
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
from components.rpa.mongodb import MongoDb, MongoDbArgs
from components.rpa.rabbitmq import RabbitMq, RabbitMqArgs

NAME = "openflow"
PORT = 3000
# renovate: datasource=docker depName=openiap/openflow
VERSION = "1.5.12.50"
# bots connect to wss://openflow.<base domain>/ws/v1 (or /ws/v2) and prove there who they are
BOT_PATH = "/ws"
_ALIVE = "/livenessprobe"


@dataclass(frozen=True)
class OpenFlowArgs:
    """What OpenFlow needs.

    Args:
        environment: the stack that it is part of.
    """

    environment: Environment


class OpenFlow(pulumi.ComponentResource):
    """``openflow:3000``: OpenFlow's API and web pages, with its MongoDB and RabbitMQ; the bots run elsewhere.

    Every key is generated for the stack: none of those that OpenFlow and its chart publish is in use. It starts no
    agents in the cluster, so it has no access to the Kubernetes API. The first to sign in on the web page becomes its
    administrator, which only people of the platform's identity provider reach.

    Args:
        name: logical name.
        args: the stack.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the API answers.

    Source: RPA-1, RPA-2, A-36.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: OpenFlowArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:rpa:OpenFlow", name, None, opts)
        environment, child = args.environment, pulumi.ResourceOptions(parent=self)
        namespace, size = environment.namespaces["workflows"], environment.size(NAME)
        mongodb = MongoDb("mongodb", MongoDbArgs(environment), child)
        rabbitmq = RabbitMq("rabbitmq", RabbitMqArgs(environment), child)
        secret = self._secret(environment, mongodb, rabbitmq)
        workload = Workload(
            NAME,
            WorkloadArgs(
                namespace=namespace,
                component="rpa",
                container=_container(Resources.of(size)),
                autoscaling=Autoscaling.of(size),
                replicas=size.replicas,
                spread_zones=environment.is_highly_available,
                ownership=environment.ownership,
                service_ports={"http": PORT},
                version=VERSION,
                settings=_settings(environment),
                secrets=[secret.name],
                after=[secret.ready, mongodb.ready, rabbitmq.ready],
                priority=Priority.HIGH,
                # the image's node
                user=1000,
            ),
            child,
        )
        self.ready = workload.ready
        if environment.edge is not None:
            environment.edge.expose(
                Exposure(NAME, namespace, NAME, PORT, public_paths=(BOT_PATH,), after=self.ready), child
            )
        self.register_outputs({})

    def _secret(self, environment: Environment, mongodb: MongoDb, rabbitmq: RabbitMq) -> ExternalSecret:
        own = ("aes_secret", "cookie_secret", "oidc_cookie_key")
        return ExternalSecret(
            f"{NAME}-credentials",
            ExternalSecretArgs(
                environment=environment,
                namespace=environment.namespaces["workflows"],
                keys={
                    **{key: SecretKey("openflow/keys", key) for key in own},
                    **{f"mongodb_{key}": source for key, source in mongodb.credentials.items()},
                    **{f"rabbitmq_{key}": source for key, source in rabbitmq.credentials.items()},
                },
                component="rpa",
                template={
                    **{key: f"{{{{ .{key} }}}}" for key in own},
                    "mongodb_url": mongodb.url_template,
                    "amqp_url": rabbitmq.url_template,
                    "amqp_username": "{{ .rabbitmq_username }}",
                    "amqp_password": "{{ .rabbitmq_password }}",
                },
            ),
            pulumi.ResourceOptions(parent=self),
        )


def _settings(environment: Environment) -> Mapping[str, str]:
    return {
        "NODE_ENV": "production",
        "HOME": "/tmp",  # noqa: S108 - the pod's own
        "domain": environment.host(NAME),
        "protocol": "https",
        "port": str(PORT),
        "mongodb_db": NAME,
        # what the settings say holds, whatever was once saved in the database
        "disable_db_config": "true",
        # replicas share the work and tell each other when a cache is out of date
        "enable_openflow_amqp": "true",
        "auto_create_users": "false",
        "multi_tenant": "false",
        # nothing is reported to the makers
        "enable_analytics": "false",
        "log_with_colors": "false",
    }


def _container(resources: Resources) -> Container:
    return Container(
        name=NAME,
        image=f"openiap/openflow:{VERSION}",
        resources=resources,
        # the image's own entry point opens the debugger to the network
        command=["/usr/local/bin/node", "index.js"],
        ports={"http": PORT},
        liveness=HttpProbe(_ALIVE),
        readiness=HttpProbe(_ALIVE),
        startup=HttpProbe(_ALIVE, period_seconds=5, failure_threshold=60),
        writable={"/tmp": "256Mi"},  # noqa: S108 - the pod's own
    )
