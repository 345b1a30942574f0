"""Topics and users as data: rights, sizes, and how credentials travel. Source: KAFKA-2, SEC-1, SEC-10."""

from typing import Any

import pytest

from components.kafka import topics, users
from components.secrets import inventory
from tests.unit.components.kafka.conftest import Events

EXTERNAL_SECRETS = "kubernetes:external-secrets.io/v1"


def acls(events: Events, user: str) -> dict[tuple[str, str, str], list[str]]:
    """Operations of a user by kind, pattern and name of the resource."""
    rules = events.spec("KafkaUser", user)["authorization"]["acls"]
    return {
        (rule["resource"]["type"], rule["resource"]["patternType"], rule["resource"]["name"]): rule["operations"]
        for rule in rules
    }


def test_prod_topics_have_three_copies_and_end_by_age(prod: Events) -> None:
    for name, row in topics().items():
        topic = prod.spec("KafkaTopic", name)
        assert (topic["replicas"], topic["config"]["min.insync.replicas"]) == (3, 2)
        assert topic["partitions"] == row.prod.partitions
        assert topic["config"]["retention.ms"] == row.prod.retention_hours * 3_600_000


def test_dev_topics_have_one_copy(dev: Events) -> None:
    assert all(item.inputs["spec"]["replicas"] == 1 for item in dev.kind("KafkaTopic").values())


def test_no_profile_has_fewer_partitions_than_a_smaller_one() -> None:
    for row in topics().values():
        assert row.dev.partitions <= row.stg.partitions <= row.prod.partitions


def test_users_name_topics_that_exist() -> None:
    named = {topic for row in users().values() for topic in (*row.produces, *row.consumes)}
    assert named <= topics().keys()


def test_every_topic_has_somebody_who_writes_it_and_somebody_who_reads_it() -> None:
    assert {topic for row in users().values() for topic in row.produces} == topics().keys()
    assert {topic for row in users().values() for topic in row.consumes} == topics().keys()


def test_a_user_may_do_what_its_lists_say_and_no_more(prod: Events) -> None:
    assert acls(prod, "models") == {
        ("topic", "literal", "integration.dead-letter"): ["Describe", "Write"],
        ("topic", "literal", "invoices.arrived"): ["Describe", "Read"],
        ("topic", "literal", "iot.telemetry"): ["Describe", "Read"],
        ("topic", "literal", "predictions.made"): ["Describe", "Write"],
        ("group", "prefix", "models."): ["Describe", "Read"],
    }
    assert acls(prod, "machines") == {("topic", "literal", "iot.telemetry"): ["Describe", "Write"]}


def test_who_reads_and_writes_a_topic_has_one_rule_for_it(prod: Events) -> None:
    assert acls(prod, "kestra")["topic", "literal", "leads.captured"] == ["Describe", "Read", "Write"]


@pytest.mark.parametrize("user", [*users(), "connect"])
def test_passwords_come_from_the_vault(prod: Events, user: str) -> None:
    assert inventory()[f"kafka/{user}"].properties == {"password"}
    authentication = prod.spec("KafkaUser", user)["authentication"]
    reference = authentication["password"]["valueFrom"]["secretKeyRef"]
    assert (authentication["type"], reference) == ("scram-sha-512", {"name": f"kafka-{user}", "key": "password"})
    secret = prod.kind("ExternalSecret", EXTERNAL_SECRETS)[f"integration/kafka-{user}"].inputs["spec"]
    assert secret["data"] == [
        {"secretKey": "password", "remoteRef": {"key": f"biz/kafka/{user}", "property": "password"}}
    ]


def test_credentials_are_where_the_clients_are_and_nowhere_else(prod: Events) -> None:
    expected = {f"{place}/kafka-{user}" for user, row in users().items() for place in (*row.namespaces, "integration")}
    assert set(prod.kind("ExternalSecret", EXTERNAL_SECRETS)) == {*expected, "integration/kafka-connect"}


def test_a_clients_secret_is_its_whole_configuration(prod: Events) -> None:
    secret = prod.kind("ExternalSecret", EXTERNAL_SECRETS)["workflows/kafka-kestra"].inputs["spec"]
    data: dict[str, Any] = secret["target"]["template"]["data"]
    assert data.keys() >= {"bootstrap.servers", "username", "password"}
    assert (data["security.protocol"], data["sasl.mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    assert 'username="kestra" password="{{ .password }}";' in data["sasl.jaas.config"]


def test_clients_can_tell_the_brokers_from_others(prod: Events) -> None:
    certificates = prod.kind("Certificate", "kubernetes:cert-manager.io/v1")
    places = {place for row in users().values() for place in row.namespaces} | {"integration"}
    assert {name for name in certificates if name.endswith("/kafka-client")} == {
        f"{place}/kafka-client" for place in places
    }
