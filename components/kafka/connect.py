"""Kafka Connect and its connectors.

Source: KAFKA-3, A-30.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from components.base import Environment, Priority, pod_monitor
from components.kafka.cluster_specification import HOST, ZONE, pod, spread
from components.kafka.contract import (
    API_VERSION,
    BOOTSTRAP,
    CLIENT,
    NAMESPACE,
    PUBLIC_PROPERTIES,
    SASL_MECHANISM,
    VERSION,
    credentials,
)
from components.kafka.topics import compacted, topic
from components.kafka.users import KafkaUser, KafkaUserArgs
from components.tables import read_table

CONNECT = Path(__file__).with_name("connect.yaml")
NAME = "connect"
# what the operator calls the Secret with the authorities that Connect trusts, and Connect's pods
_AUTHORITIES = f"{NAME}-connect-tls-trusted-certs"
_PODS = {"strimzi.io/name": f"{NAME}-connect"}
_JSON = "org.apache.kafka.connect.json.JsonConverter"


class ConnectorRow(BaseModel):
    """One connector; the file's head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    class_: str = Field(alias="class")
    tasks_max: int = Field(ge=1)
    connection: str | None = None
    config: Mapping[str, str | int | bool] = Field(default_factory=dict[str, str | int | bool])


class _Tables(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topics: Mapping[str, int]
    connectors: Mapping[str, ConnectorRow]


@cache
def _tables() -> _Tables:
    return _Tables.model_validate(read_table(CONNECT))


@dataclass(frozen=True)
class KafkaConnectArgs:
    """What Kafka Connect needs.

    Args:
        environment: the stack that it is part of.
        kafka: gate: the cluster, its topics and users stand.
    """

    environment: Environment
    kafka: pulumi.Resource


class KafkaConnect(pulumi.ComponentResource):
    """Kafka Connect ``connect`` with its user, its topics and its connectors, all of them objects in the cluster.

    Args:
        name: logical name.
        args: the environment, and Kafka's gate.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: Connect and its connectors stand.

    Source: KAFKA-3, A-30.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: KafkaConnectArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:kafka:KafkaConnect", name, None, opts)
        self._args, self._environment = args, args.environment
        self._namespace = args.environment.namespaces[NAMESPACE]
        topics = [
            topic(self._environment, each, partitions, compacted(), self._inside(args.kafka))
            for each, partitions in _tables().topics.items()
        ]
        user = KafkaUser(
            NAME,
            KafkaUserArgs(
                environment=self._environment,
                namespaces=[self._namespace],
                after=[args.kafka],
                owns=list(_tables().topics),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        connect = self._connect(user.ready, *topics)
        *_, self.ready = (connect, *(self._connector(each, row, connect) for each, row in _tables().connectors.items()))
        if self._environment.monitors:
            pod_monitor(
                f"kafka-{NAME}",
                self._metadata(f"kafka-{NAME}"),
                self._inside(self._environment.monitors),
                selected=_PODS,
                port="tcp-prometheus",
            )
        self.register_outputs({})

    def _metadata(self, name: str, **labels: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        own = self._environment.labels(name, "events")
        return {"name": name, "namespace": self._namespace.name, "labels": {**own, **labels}}

    def _inside(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, depends_on=[self._namespace.ready, *after], deleted_with=self._namespace.resource
        )

    def _connect(self, *after: pulumi.Resource) -> pulumi.Resource:
        metadata = self._metadata(NAME)
        # connectors are objects; what somebody changes by Connect's own API is set back
        metadata["annotations"] = {"strimzi.io/use-connector-resources": "true"}
        return kubernetes.apiextensions.CustomResource(
            NAME,
            api_version=API_VERSION,
            kind="KafkaConnect",
            metadata=metadata,
            spec=_specification(self._environment),
            opts=self._inside(*after),
        )

    def _connector(self, name: str, row: ConnectorRow, connect: pulumi.Resource) -> pulumi.Resource:
        return kubernetes.apiextensions.CustomResource(
            f"connector-{name}",
            api_version=API_VERSION,
            kind="KafkaConnector",
            metadata=self._metadata(name, **{"strimzi.io/cluster": NAME}),
            spec={
                "class": row.class_,
                "tasksMax": row.tasks_max,
                "autoRestart": {"enabled": True, "maxRestarts": 10},
                "config": {**row.config, **(_connection(row.connection) if row.connection else {})},
            },
            opts=self._inside(connect),
        )


def _specification(environment: Environment) -> dict[str, Any]:
    size = environment.size("kafka-connect")
    # Connect reads its credentials from the API server
    template = pod(environment, "kafka-connect", Priority.HIGH, "api-server")
    if environment.is_highly_available:
        template["topologySpreadConstraints"] = spread(_PODS, ZONE, HOST, strict=False)
    return {
        "version": VERSION,
        "replicas": size.replicas,
        "bootstrapServers": BOOTSTRAP,
        "groupId": f"{NAME}.workers",
        "configStorageTopic": f"{NAME}.configs",
        "offsetStorageTopic": f"{NAME}.offsets",
        "statusStorageTopic": f"{NAME}.status",
        "tls": {"trustedCertificates": [{"secretName": CLIENT, "certificate": "ca.crt"}]},
        "authentication": {
            "type": SASL_MECHANISM.lower(),
            "username": NAME,
            "passwordSecret": {"secretName": credentials(NAME), "password": "password"},
        },
        "config": {
            # as the brokers have it
            **{f"{topic}.storage.replication.factor": -1 for topic in ("config", "offset", "status")},
            "key.converter": _JSON,
            "value.converter": _JSON,
            "topic.creation.enable": False,
        },
        "resources": size.resources,
        "metricsConfig": {"type": "strimziMetricsReporter"},
        "template": {"pod": template, "podDisruptionBudget": {"maxUnavailable": 1}},
    }


def _connection(prefix: str) -> dict[str, str]:
    """How a connector's own client signs on: Connect puts the secrets in when it starts the connector."""
    settings = {
        **PUBLIC_PROPERTIES,
        "sasl.jaas.config": f"${{strimzisecrets:{NAMESPACE}/{credentials(NAME)}:sasl.jaas.config}}",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": f"${{strimzisecrets:{NAMESPACE}/{_AUTHORITIES}:ca.crt}}",
    }
    return {f"{prefix}{key}": value for key, value in settings.items()}
