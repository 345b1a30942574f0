"""Kafka, and scaling by queues."""

from components import kafka, scaling, teams
from stacks.layers.assembly import Assembly, needed


def carry_events(assembly: Assembly) -> None:
    """What applications tell each other through, and what scales them by it."""
    environment, opts = assembly.environment, assembly.opts
    if assembly.on.keda:
        scaling.Keda("keda", scaling.KedaArgs(environment, needed(assembly.certificates, "certManager")), opts)
    if assembly.on.kafka:
        certificates = needed(assembly.certificates, "certManager")
        events = kafka.Kafka("kafka", kafka.KafkaArgs(environment, certificates), opts)
        assembly.events = teams.EventsAccess(events.ready, certificates)
        assembly.outputs["kafkaBootstrap"] = events.bootstrap
        if assembly.on.kafka_connect:
            kafka.KafkaConnect("kafka-connect", kafka.KafkaConnectArgs(environment, events.ready), opts)
