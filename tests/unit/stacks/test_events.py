"""Kafka, Kafka Connect, KEDA and a team with topics, as the settings switch them on. Source: ARCH-12, ARCH-16."""

from stacks.settings import EdgeSettings, Settings, TeamSettings
from tests.unit.platform import TEAM, deploy, settings_of
from tests.unit.recording import RecordingEngine

ON = ("cert_manager", "external_secrets", "kafka", "kafka_connect", "keda")


def everything_on() -> Settings:
    settings = settings_of("dev")
    components = settings.components.model_copy(update=dict.fromkeys(ON, True))
    team = TeamSettings(name=TEAM, cost_center="cc-data", topics=("orders.placed",))
    edge = EdgeSettings(acme_email="platform@example.com")
    return settings.model_copy(update={"components": components, "teams": (team,), "edge": edge})


def test_brokers_come_before_what_talks_to_them(engine: RecordingEngine) -> None:
    platform = deploy(engine, everything_on())

    assert platform.outputs["kafkaBootstrap"] == "events-kafka-bootstrap.integration.svc.cluster.local:9093"
    gate = engine.only("kubernetes:core/v1:ConfigMap", "kafka-client")
    (topic,) = (item for item in engine.registrations if item.name == "topic-team.growth.orders.placed")
    connect = engine.only("kubernetes:kafka.strimzi.io/v1:KafkaUser", "user-connect")
    assert gate.urn in topic.dependencies
    assert gate.urn in connect.dependencies
    assert "security" in engine.only("kubernetes:helm.sh/v4:Chart", "keda").inputs["namespace"]
