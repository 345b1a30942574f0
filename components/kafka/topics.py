"""Topics as data.

Source: KAFKA-2, A-30.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import pulumi
import pulumi_kubernetes as kubernetes
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from components.base import Environment
from components.kafka.contract import API_VERSION, CLUSTER_LABEL, NAMESPACE
from components.tables import read_table

TOPICS = Path(__file__).with_name("topics.yaml")
_HOUR_MILLISECONDS = 3_600_000


class TopicSize(BaseModel):
    """How much one topic holds in one profile."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    partitions: Annotated[int, Field(ge=1, le=100)]
    retention_hours: Annotated[int, Field(ge=1)]


class TopicRow(BaseModel):
    """One topic; the file's head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str
    dev: TopicSize
    stg: TopicSize
    prod: TopicSize

    def size(self, profile: str) -> TopicSize:
        """Its size in a profile."""
        return {"dev": self.dev, "stg": self.stg, "prod": self.prod}[profile]


@cache
def topics() -> Mapping[str, TopicRow]:
    """The platform's topics by name."""
    rows = read_table(TOPICS)
    return TypeAdapter(dict[str, TopicRow]).validate_python(rows)


def replication(environment: Environment) -> tuple[int, int]:
    """How many brokers hold each event, and how many of them must have it before it counts as written."""
    return (3, 2) if environment.is_highly_available else (1, 1)


def retained(size: TopicSize) -> Mapping[str, Any]:
    """Settings of a topic whose events end by their age."""
    return {"cleanup.policy": "delete", "retention.ms": size.retention_hours * _HOUR_MILLISECONDS}


def compacted() -> Mapping[str, Any]:
    """Settings of a topic that keeps the last event of each key."""
    return {"cleanup.policy": "compact"}


def topic(
    environment: Environment, name: str, partitions: int, config: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """A topic, as the topic operator makes it.

    Args:
        environment: the stack that it is part of.
        name: of the topic.
        partitions: how many.
        config: its settings, beside those that every topic has.
        opts: parent and gates.
    """
    replicas, in_sync = replication(environment)
    namespace = environment.namespaces[NAMESPACE]
    defaults = pulumi.ResourceOptions(
        deleted_with=namespace.resource,
        # a topic's events go with it
        protect=environment.profile == "prod",
    )
    return kubernetes.apiextensions.CustomResource(
        f"topic-{name}",
        api_version=API_VERSION,
        kind="KafkaTopic",
        metadata={
            "name": name,
            "namespace": namespace.name,
            "labels": {**environment.labels(name, "events"), **CLUSTER_LABEL},
        },
        spec={
            "partitions": partitions,
            "replicas": replicas,
            "config": {"min.insync.replicas": in_sync, **config},
        },
        opts=pulumi.ResourceOptions.merge(defaults, opts),
    )
