"""Kafka: the operator, the cluster, its topics and users, and Kafka Connect."""

from components.kafka.connect import KafkaConnect, KafkaConnectArgs
from components.kafka.contract import BOOTSTRAP, CLIENT, credentials
from components.kafka.kafka import Kafka, KafkaArgs
from components.kafka.topics import TopicSize, retained, topic, topics
from components.kafka.users import KafkaUser, KafkaUserArgs, client_certificate, users

__all__ = [
    "BOOTSTRAP",
    "CLIENT",
    "Kafka",
    "KafkaArgs",
    "KafkaConnect",
    "KafkaConnectArgs",
    "KafkaUser",
    "KafkaUserArgs",
    "TopicSize",
    "client_certificate",
    "credentials",
    "retained",
    "topic",
    "topics",
    "users",
]
