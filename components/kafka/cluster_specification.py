"""The cluster ``events`` in Strimzi's own form.

Source: KAFKA-1, A-30, A-57; POL-1..4, Pod Security "restricted".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.base import Environment, Priority, Size
from components.kafka.contract import CLUSTER, LISTENER, METADATA_VERSION, PORT, VERSION
from components.kafka.topics import replication

LISTENER_CERTIFICATE = f"{CLUSTER}-listener"
REBALANCE_TEMPLATE = f"{CLUSTER}-rebalance"
CRUISE_CONTROL_METRICS = f"{CLUSTER}-cruise-control-metrics"
METRICS_KEY = "metrics.yaml"
ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"


@dataclass(frozen=True)
class Pool:
    """Equal nodes of the cluster.

    Args:
        name: of the pool; its pods are called ``events-<name>-<number>``.
        roles: what they do: ``controller``, ``broker`` or both.
        size: of each, and how many.
    """

    name: str
    roles: Sequence[str]
    size: Size


def pools(environment: Environment) -> Sequence[Pool]:
    """The cluster's nodes: in prod, controllers keep the quorum apart from the load; elsewhere nodes do both."""
    brokers = environment.size("kafka-broker")
    if environment.profile != "prod":
        return [Pool("node", ("controller", "broker"), brokers)]
    controllers = environment.size("kafka-controller")
    return [Pool("controller", ("controller",), controllers), Pool("broker", ("broker",), brokers)]


def pool_specification(environment: Environment, pool: Pool) -> dict[str, Any]:
    """A KafkaNodePool."""
    heap = _heap(pool.size)
    return {
        "replicas": pool.size.replicas,
        "roles": list(pool.roles),
        "resources": pool.size.resources,
        "jvmOptions": {"-Xms": heap, "-Xmx": heap},
        "storage": {
            "type": "jbod",
            "volumes": [
                {
                    "id": 0,
                    "type": "persistent-claim",
                    "size": pool.size.storage,
                    "class": environment.storage_class,
                    "kraftMetadata": "shared",
                    "deleteClaim": False,
                }
            ],
        },
    }


def cluster_specification(environment: Environment) -> dict[str, Any]:
    """The Kafka object."""
    specification: dict[str, Any] = {
        "kafka": _kafka(environment),
        "entityOperator": _entity_operator(environment),
        "kafkaExporter": {
            "topicRegex": ".*",
            "groupRegex": ".*",
            "resources": environment.size("kafka-exporter").resources,
            "template": {"pod": pod(environment, "kafka-exporter", Priority.STANDARD)},
        },
    }
    if environment.profile == "prod":
        specification["cruiseControl"] = _cruise_control(environment)
    return specification


def pod(environment: Environment, app: str, priority: Priority, *destinations: str) -> dict[str, Any]:
    """The part of a pod template that all of Strimzi's pods share."""
    return {
        "metadata": {"labels": {"app": app, **environment.client_labels(*destinations)}},
        "priorityClassName": priority.value,
        "enableServiceLinks": False,
    }


def spread(labels: Mapping[str, str], *keys: str, strict: bool, per: str | None = None) -> list[dict[str, Any]]:
    """Even spread of pods over zones and hosts.

    Args:
        labels: of the pods.
        keys: labels of the nodes.
        strict: whether a pod rather waits than makes it uneven.
        per: label of the pods by whose value they are counted apart.
    """
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "DoNotSchedule" if strict else "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(labels)},
            **({"matchLabelKeys": [per]} if per else {}),
        }
        for key in keys
    ]


def _kafka(environment: Environment) -> dict[str, Any]:
    replicas, in_sync = replication(environment)
    # brokers read their certificates, and where they are, from the API server
    template = pod(environment, "kafka", Priority.CRITICAL, "api-server")
    template["terminationGracePeriodSeconds"] = 120
    rack: dict[str, Any] = {}
    if environment.is_highly_available:
        rack = {"rack": {"type": "topology-label", "topologyKey": ZONE}}
        labels = {"strimzi.io/name": f"{CLUSTER}-kafka"}
        template["topologySpreadConstraints"] = spread(labels, ZONE, HOST, strict=True, per="strimzi.io/pool-name")
    return {
        "version": VERSION,
        "metadataVersion": METADATA_VERSION,
        "listeners": [_listener()],
        "authorization": {"type": "simple"},
        "config": {
            "auto.create.topics.enable": False,
            "default.replication.factor": replicas,
            "min.insync.replicas": in_sync,
            **{
                f"{topic}.{setting}": value
                for topic in ("transaction.state.log", "share.coordinator.state.topic")
                for setting, value in (("replication.factor", replicas), ("min.isr", in_sync))
            },
            "offsets.topic.replication.factor": replicas,
        },
        **rack,
        "metricsConfig": {"type": "strimziMetricsReporter"},
        "template": {"pod": template, "podDisruptionBudget": {"maxUnavailable": 1}},
    }


def _listener() -> dict[str, Any]:
    certificate = {"secretName": LISTENER_CERTIFICATE, "certificate": "tls.crt", "key": "tls.key"}
    return {
        "name": LISTENER,
        "port": PORT,
        "type": "internal",
        "tls": True,
        "authentication": {"type": "scram-sha-512"},
        "configuration": {"brokerCertChainAndKey": certificate},
    }


def _entity_operator(environment: Environment) -> dict[str, Any]:
    resources = environment.size("kafka-entity-operator").resources
    return {
        "topicOperator": {"resources": resources},
        # Secrets that it makes itself stay apart from those of the vault
        "userOperator": {"resources": resources, "secretPrefix": "kafka-user-"},
        "template": {"pod": pod(environment, "kafka-entity-operator", Priority.HIGH, "api-server")},
    }


def _cruise_control(environment: Environment) -> dict[str, Any]:
    size = environment.size("kafka-cruise-control")
    heap = _heap(size)
    return {
        "resources": size.resources,
        "jvmOptions": {"-Xms": heap, "-Xmx": heap},
        "autoRebalance": [
            {"mode": mode, "template": {"name": REBALANCE_TEMPLATE}} for mode in ("add-brokers", "remove-brokers")
        ],
        "metricsConfig": {
            "type": "jmxPrometheusExporter",
            "valueFrom": {"configMapKeyRef": {"name": CRUISE_CONTROL_METRICS, "key": METRICS_KEY}},
        },
        "template": {"pod": pod(environment, "kafka-cruise-control", Priority.STANDARD)},
    }


def _heap(size: Size) -> str:
    """Half of the memory: the operating system keeps what is read often in the rest."""
    quantity = size.memory_limit or size.memory
    mebibytes = int(quantity[:-2]) * {"Mi": 1, "Gi": 1024}[quantity[-2:]]
    return f"{mebibytes // 2}m"
