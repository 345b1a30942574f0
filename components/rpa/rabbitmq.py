"""RabbitMQ, through which OpenFlow talks to its clients.

Source: RPA-2, A-36.
"""

from dataclasses import dataclass

import pulumi

from components.base import (
    Container,
    Environment,
    ExternalSecret,
    ExternalSecretArgs,
    HttpProbe,
    Metrics,
    Mount,
    Priority,
    Resources,
    SecretKey,
    Storage,
    Workload,
    WorkloadArgs,
)

NAME = "rabbitmq"
PORT = 5672
# renovate: datasource=docker depName=rabbitmq
VERSION = "4.2.9"
_DATA = "/var/lib/rabbitmq"
_CREDENTIALS, _COOKIE = f"{NAME}-credentials", f"{NAME}-cookie"
# Erlang refuses a cookie that a group may read, which every file of a Secret is
_START = f"""
install -m 400 /etc/rabbitmq-cookie/cookie {_DATA}/.erlang.cookie
exec docker-entrypoint.sh rabbitmq-server
"""


@dataclass(frozen=True)
class RabbitMqArgs:
    """What RabbitMQ needs.

    Args:
        environment: the stack that it is part of.
    """

    environment: Environment


class RabbitMq(pulumi.ComponentResource):
    """``rabbitmq:5672``: one node, or a cluster of them; its user and the nodes' common secret are the vault's.

    Args:
        name: logical name.
        args: the stack.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the nodes are up.
        credentials: the user's ``username`` and ``password``.
        url_template: address with both, as the template of an ExternalSecret that reads them as ``rabbitmq_username``
            and ``rabbitmq_password``.

    Source: RPA-2, A-36.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: RabbitMqArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:rpa:RabbitMq", name, None, opts)
        self._environment, self._child = args.environment, pulumi.ResourceOptions(parent=self)
        environment, size = args.environment, args.environment.size(NAME)
        namespace = environment.namespaces["workflows"]
        domain = f"{NAME}-peers.{namespace.name}.svc.cluster.local"
        self.credentials = {key: SecretKey("rabbitmq/openflow", key) for key in ("username", "password")}
        self.url_template = (
            f"amqp://{{{{ .rabbitmq_username }}}}:{{{{ .rabbitmq_password }}}}@{NAME}:{PORT}"
            # the smallest that the server takes; the client's own default is below it
            "?frameMax=0x2000"
        )
        names = {"username": "RABBITMQ_DEFAULT_USER", "password": "RABBITMQ_DEFAULT_PASS"}
        secrets = [
            self._secret(_CREDENTIALS, {names[key]: source for key, source in self.credentials.items()}),
            self._secret(_COOKIE, {"cookie": SecretKey("rabbitmq/nodes", "cookie")}),
        ]
        workload = Workload(
            NAME,
            WorkloadArgs(
                namespace=namespace,
                component="rpa",
                container=_container(Resources.of(size), domain),
                autoscaling=None,
                replicas=size.replicas,
                spread_zones=environment.is_highly_available,
                ownership=environment.ownership,
                service_ports={"amqp": PORT, "metrics": 15692},
                version=VERSION,
                settings={"platform.conf": _configuration(domain, size.replicas)},
                variables={},
                secrets=[_CREDENTIALS],
                metrics=Metrics(environment.monitors, port="metrics") if environment.monitors else None,
                after=[secret.ready for secret in secrets],
                priority=Priority.HIGH,
                # the image's own
                user=999,
                grace_period_seconds=60,
                storage=Storage(str(size.storage), _DATA, environment.storage_class),
            ),
            self._child,
        )
        self.ready = workload.ready
        self.register_outputs({})

    def _secret(self, name: str, keys: dict[str, SecretKey]) -> ExternalSecret:
        return ExternalSecret(
            name,
            ExternalSecretArgs(
                environment=self._environment,
                namespace=self._environment.namespaces["workflows"],
                keys=keys,
                component="rpa",
            ),
            self._child,
        )


def _configuration(domain: str, replicas: int) -> str:
    nodes = [
        f"cluster_formation.classic_config.nodes.{index + 1} = rabbit@{NAME}-{index}.{domain}"
        for index in range(replicas)
    ]
    return "\n".join(
        [
            "log.console = true",
            "vm_memory_high_watermark.relative = 0.6",
            "disk_free_limit.absolute = 500MB",
            "cluster_formation.peer_discovery_backend = classic_config",
            *nodes,
            "",
        ]
    )


def _container(resources: Resources, domain: str) -> Container:
    # the plug-in for metrics answers once the node has booted
    booted = "/metrics"
    return Container(
        name=NAME,
        image=f"rabbitmq:{VERSION}",
        resources=resources,
        command=["bash", "-ec", _START],
        ports={"amqp": PORT, "metrics": 15692, "epmd": 4369, "peers": 25672},
        env=[
            {"name": "POD_NAME", "value_from": {"field_ref": {"field_path": "metadata.name"}}},
            {"name": "RABBITMQ_USE_LONGNAME", "value": "true"},
            {"name": "RABBITMQ_NODENAME", "value": f"rabbit@$(POD_NAME).{domain}"},
            {"name": "RABBITMQ_LOGS", "value": "-"},
        ],
        liveness=HttpProbe(booted, port="metrics", period_seconds=30, failure_threshold=5),
        readiness=HttpProbe(booted, port="metrics"),
        startup=HttpProbe(booted, port="metrics", period_seconds=5, failure_threshold=60),
        mounts=[
            Mount("configuration", "/etc/rabbitmq/conf.d", {"name": "", "config_map": {"name": NAME}}),
            Mount("cookie", "/etc/rabbitmq-cookie", {"name": "", "secret": {"secret_name": _COOKIE}}),
        ],
    )
