"""Kafka Connect: its sign-on, its topics, its connectors. Source: KAFKA-3."""

from tests.unit.components.kafka.conftest import Events


def test_signs_on_as_its_user_and_trusts_the_platforms_authority(prod: Events) -> None:
    connect = prod.spec("KafkaConnect", "connect")
    assert connect["bootstrapServers"] == "events-kafka-bootstrap.integration.svc.cluster.local:9093"
    assert connect["authentication"] == {
        "type": "scram-sha-512",
        "username": "connect",
        "passwordSecret": {"secretName": "kafka-connect", "password": "password"},
    }
    assert connect["tls"]["trustedCertificates"] == [{"secretName": "kafka-client", "certificate": "ca.crt"}]


def test_its_topics_are_made_compacted_and_its_own(prod: Events) -> None:
    connect = prod.spec("KafkaConnect", "connect")
    rules = prod.spec("KafkaUser", "connect")["authorization"]["acls"]
    owned = {rule["resource"]["name"] for rule in rules if "Create" in rule["operations"]}
    for kind in ("config", "offset", "status"):
        name = connect[f"{kind}StorageTopic"]
        assert prod.spec("KafkaTopic", name)["config"]["cleanup.policy"] == "compact"
        assert name in owned
    # Connect refuses a topic of configurations with more than one partition
    assert prod.spec("KafkaTopic", "connect.configs")["partitions"] == 1
    assert any(
        connect["groupId"].startswith(rule["resource"]["name"]) for rule in rules if rule["resource"]["type"] == "group"
    )


def test_connectors_are_objects(prod: Events) -> None:
    annotations = prod.kind("KafkaConnect")["integration/connect"].inputs["metadata"]["annotations"]
    assert annotations == {"strimzi.io/use-connector-resources": "true"}
    heartbeat = prod.kind("KafkaConnector")["integration/heartbeat"].inputs
    assert heartbeat["metadata"]["labels"]["strimzi.io/cluster"] == "connect"
    assert heartbeat["spec"]["class"] == "org.apache.kafka.connect.mirror.MirrorHeartbeatConnector"


def test_no_connector_has_a_secret_in_it(prod: Events) -> None:
    config = prod.spec("KafkaConnector", "heartbeat")["config"]
    assert config["target.cluster.security.protocol"] == "SASL_SSL"
    assert config["target.cluster.sasl.jaas.config"] == "${strimzisecrets:integration/kafka-connect:sasl.jaas.config}"


def test_prod_has_three_workers_and_dev_one(dev: Events, prod: Events) -> None:
    assert (dev.spec("KafkaConnect", "connect")["replicas"], prod.spec("KafkaConnect", "connect")["replicas"]) == (1, 3)
    assert prod.spec("KafkaConnect", "connect")["template"]["podDisruptionBudget"] == {"maxUnavailable": 1}
