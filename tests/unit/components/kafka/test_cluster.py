"""The cluster: its nodes, how it is reached, what it survives. Source: KAFKA-1, CLU-7."""

from collections.abc import Iterator
from typing import Any

from components.base import destinations
from components.kafka import BOOTSTRAP
from tests.unit.components.kafka.conftest import Events

CHART = "kubernetes:helm.sh/v4:Chart"


def sized(specification: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The resources of every container of a Kafka object."""
    operator = specification["entityOperator"]
    yield from (operator["topicOperator"]["resources"], operator["userOperator"]["resources"])
    yield from (
        specification[part]["resources"] for part in ("kafkaExporter", "cruiseControl") if part in specification
    )


def pods(specification: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The pod template of each part of a Kafka object."""
    return {part: specification[part]["template"]["pod"] for part in specification}


def test_clients_find_it_under_the_agreed_name(prod: Events) -> None:
    assert BOOTSTRAP == "events-kafka-bootstrap.integration.svc.cluster.local:9093"
    (listener,) = prod.spec("Kafka", "events")["kafka"]["listeners"]
    assert (listener["port"], listener["type"], listener["tls"]) == (9093, "internal", True)
    assert listener["authentication"] == {"type": "scram-sha-512"}
    assert destinations()["kafka"].ports == (9093,)


def test_brokers_show_a_certificate_of_the_platforms_authority(prod: Events) -> None:
    (listener,) = prod.spec("Kafka", "events")["kafka"]["listeners"]
    shown = listener["configuration"]["brokerCertChainAndKey"]
    certificate = prod.kind("Certificate", "kubernetes:cert-manager.io/v1")["integration/events-listener"].inputs[
        "spec"
    ]
    assert certificate["secretName"] == shown["secretName"]
    assert certificate["issuerRef"] == {"kind": "ClusterIssuer", "name": "platform-internal"}
    assert {BOOTSTRAP.partition(":")[0], "*.events-kafka-brokers.integration.svc"} <= set(certificate["dnsNames"])


def test_nobody_does_what_nobody_allowed(prod: Events) -> None:
    assert prod.spec("Kafka", "events")["kafka"]["authorization"] == {"type": "simple"}
    assert prod.spec("Kafka", "events")["kafka"]["config"]["auto.create.topics.enable"] is False


def test_prod_keeps_the_quorum_apart_and_three_copies(prod: Events) -> None:
    assert prod.spec("KafkaNodePool", "controller")["roles"] == ["controller"]
    assert prod.spec("KafkaNodePool", "broker")["roles"] == ["broker"]
    assert {prod.spec("KafkaNodePool", pool)["replicas"] for pool in ("controller", "broker")} == {3}
    config = prod.spec("Kafka", "events")["kafka"]["config"]
    assert (config["default.replication.factor"], config["min.insync.replicas"]) == (3, 2)
    assert {value for key, value in config.items() if key.endswith("replication.factor")} == {3}


def test_dev_has_one_node_that_does_both(dev: Events) -> None:
    assert list(dev.kind("KafkaNodePool")) == ["integration/node"]
    pool = dev.spec("KafkaNodePool", "node")
    assert (pool["roles"], pool["replicas"]) == (["controller", "broker"], 1)
    config = dev.spec("Kafka", "events")["kafka"]["config"]
    assert {value for key, value in config.items() if key.endswith((".factor", ".isr", ".replicas"))} == {1}
    assert "cruiseControl" not in dev.spec("Kafka", "events")


def test_volumes_are_never_deleted(dev: Events, prod: Events) -> None:
    for events in (dev, prod):
        for pool in events.kind("KafkaNodePool").values():
            (volume,) = pool.inputs["spec"]["storage"]["volumes"]
            assert (volume["type"], volume["deleteClaim"], volume["class"]) == ("persistent-claim", False, "standard")


def test_prod_is_protected_and_dev_is_not(dev: Events, prod: Events) -> None:
    for kind in ("Kafka", "KafkaNodePool", "KafkaTopic"):
        assert all(item.protect for item in prod.kind(kind).values())
        assert not any(item.protect for item in dev.kind(kind).values())


def test_nodes_are_spread_over_zones_and_hosts(prod: Events) -> None:
    kafka = prod.spec("Kafka", "events")["kafka"]
    assert kafka["rack"]["topologyKey"] == "topology.kubernetes.io/zone"
    constraints = kafka["template"]["pod"]["topologySpreadConstraints"]
    assert {item["topologyKey"] for item in constraints} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    assert {item["whenUnsatisfiable"] for item in constraints} == {"DoNotSchedule"}
    # controllers and brokers are counted apart, or a zone could have all of one kind
    assert all(item["matchLabelKeys"] == ["strimzi.io/pool-name"] for item in constraints)


def test_every_container_is_bounded(dev: Events, prod: Events) -> None:
    for events in (dev, prod):
        bounded = [*sized(events.spec("Kafka", "events")), events.spec("KafkaConnect", "connect")["resources"]]
        bounded += [pool.inputs["spec"]["resources"] for pool in events.kind("KafkaNodePool").values()]
        assert all({"cpu", "memory"} == set(item[each]) for item in bounded for each in ("requests", "limits"))


def test_heap_is_half_of_the_memory(dev: Events, prod: Events) -> None:
    assert dev.spec("KafkaNodePool", "node")["jvmOptions"] == {"-Xms": "512m", "-Xmx": "512m"}
    assert prod.spec("KafkaNodePool", "broker")["jvmOptions"]["-Xmx"] == "2048m"


def test_only_what_asks_the_api_server_may_reach_it(prod: Events) -> None:
    labels = {part: pod["metadata"]["labels"] for part, pod in pods(prod.spec("Kafka", "events")).items()}
    assert {part for part, own in labels.items() if "biz-automation/api-server" in own} == {"kafka", "entityOperator"}
    assert {own["app"] for own in labels.values()} == {
        "kafka",
        "kafka-entity-operator",
        "kafka-exporter",
        "kafka-cruise-control",
    }


def test_the_operator_makes_restricted_pods_and_no_policies(prod: Events) -> None:
    chart = prod.engine.only(CHART, "strimzi").inputs
    assert chart["namespace"] == "integration"
    assert chart["values"]["generateNetworkPolicy"] is False
    assert {"name": "STRIMZI_POD_SECURITY_PROVIDER_CLASS", "value": "restricted"} in chart["values"]["extraEnvs"]
    assert (chart["values"]["replicas"], chart["values"]["leaderElection"]) == (2, {"enable": True})


def test_objects_come_after_what_knows_them(prod: Events) -> None:
    chart, cluster = prod.engine.only(CHART, "strimzi"), prod.kind("Kafka")["integration/events"]
    for pool in prod.kind("KafkaNodePool").values():
        assert chart.urn in pool.dependencies
        assert pool.urn in cluster.dependencies
    assert all(
        cluster.urn in item.dependencies for item in prod.kind("KafkaUser").values() if "connect" not in item.name
    )


def test_everything_shows_its_metrics(prod: Events) -> None:
    monitors = prod.kind("PodMonitor", "kubernetes:monitoring.coreos.com/v1")
    ports = {name: item.inputs["spec"]["podMetricsEndpoints"][0]["port"] for name, item in monitors.items()}
    assert ports == {
        "integration/strimzi": "http",
        "integration/kafka": "tcp-prometheus",
        "integration/kafka-topic-operator": "healthcheck-to",
        "integration/kafka-user-operator": "healthcheck-uo",
        "integration/kafka-connect": "tcp-prometheus",
    }
    reference = prod.spec("Kafka", "events")["cruiseControl"]["metricsConfig"]["valueFrom"]["configMapKeyRef"]
    rules = prod.kind("ConfigMap", "kubernetes:core/v1")[f"integration/{reference['name']}"]
    assert reference["key"] in rules.inputs["data"]
    rebalance = prod.spec("Kafka", "events")["cruiseControl"]["autoRebalance"]
    assert {f"integration/{item['template']['name']}" for item in rebalance} == set(prod.kind("KafkaRebalance"))
