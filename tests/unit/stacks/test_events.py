"""Kafka, Kafka Connect, KEDA and a team with topics, as the settings switch them on. Source: ARCH-12, ARCH-16."""

from tests.unit.stacks.conftest import PlatformOf


def test_brokers_come_before_what_talks_to_them(platform_of: PlatformOf) -> None:
    platform = platform_of("dev")
    engine = platform.engine

    assert platform.outputs["kafkaBootstrap"] == "events-kafka-bootstrap.integration.svc.cluster.local:9093"
    gate = engine.only("kubernetes:core/v1:ConfigMap", "kafka-client")
    (topic,) = (item for item in engine.registrations if item.name == "topic-team.growth.orders.placed")
    connect = engine.only("kubernetes:kafka.strimzi.io/v1:KafkaUser", "user-connect")
    assert gate.urn in topic.dependencies
    assert gate.urn in connect.dependencies
    assert "security" in engine.only("kubernetes:helm.sh/v4:Chart", "keda").inputs["namespace"]
