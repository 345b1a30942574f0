"""OpenFlow, its MongoDB and RabbitMQ: keys of the stack's own, a way in for bots, members that find each other."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.rpa import OpenFlow, OpenFlowArgs
from components.secrets import inventory
from tests.unit.components.environment import NotedEdge, environment
from tests.unit.recording import RecordingEngine, recording

DEPLOYMENT, STATEFUL_SET = "kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet"


def deploy(engine: RecordingEngine, profile: str = "dev") -> NotedEdge:
    """Deploy it and give back what it asked the edge for."""
    edge = NotedEdge()
    engine.deploy(lambda: OpenFlow("openflow", OpenFlowArgs(environment(profile, edge=edge))))
    return edge


@pytest.fixture(scope="module")
def dev() -> Iterator[tuple[RecordingEngine, NotedEdge]]:
    with recording() as engine:
        yield engine, deploy(engine)


@pytest.fixture(scope="module")
def prod() -> Iterator[RecordingEngine]:
    with recording("prod") as engine:
        deploy(engine, "prod")
        yield engine


def container(engine: RecordingEngine, kind: str, name: str) -> dict[str, Any]:
    return engine.only(kind, name).inputs["spec"]["template"]["spec"]["containers"][0]


def secrets(engine: RecordingEngine) -> dict[str, dict[str, Any]]:
    found = engine.of_type("kubernetes:external-secrets.io/v1:ExternalSecret")
    return {item.inputs["metadata"]["name"]: item.inputs["spec"] for item in found}


def test_every_key_that_openflow_publishes_a_default_of_is_generated(dev: tuple[RecordingEngine, NotedEdge]) -> None:
    template = secrets(dev[0])["openflow-credentials"]["target"]["template"]["data"]
    settings = dev[0].only("kubernetes:core/v1:ConfigMap", "openflow").inputs["data"]

    assert inventory()["openflow/keys"].generated.keys() == {"aes_secret", "cookie_secret", "oidc_cookie_key"}
    assert inventory()["openflow/keys"].generated.keys() <= template.keys()
    assert not template.keys() & settings.keys()
    assert {"secretRef": {"name": "openflow-credentials"}} in container(dev[0], DEPLOYMENT, "openflow")["envFrom"]


def test_templates_use_only_what_is_read(dev: tuple[RecordingEngine, NotedEdge]) -> None:
    spec = secrets(dev[0])["openflow-credentials"]
    read = {item["secretKey"] for item in spec["data"]}
    texts = " ".join(spec["target"]["template"]["data"].values())

    assert all(f"{{{{ .{name} }}}}" in texts for name in read)
    assert texts.count("{{ .") >= len(read)


def test_bots_get_in_without_sign_on_and_people_do_not(dev: tuple[RecordingEngine, NotedEdge]) -> None:
    exposed = dev[1].exposures["openflow"]

    assert (exposed.service, exposed.port, exposed.public_paths) == ("openflow", 3000, ("/ws",))


def test_the_debugger_of_the_image_stays_closed_and_nothing_is_reported(dev: tuple[RecordingEngine, NotedEdge]) -> None:
    settings = dev[0].only("kubernetes:core/v1:ConfigMap", "openflow").inputs["data"]

    assert container(dev[0], DEPLOYMENT, "openflow")["command"] == ["/usr/local/bin/node", "index.js"]
    assert settings["enable_analytics"] == settings["auto_create_users"] == "false"
    assert (settings["domain"], settings["protocol"]) == ("openflow.dev.automation.example.com", "https")


def test_it_waits_for_database_and_queue(dev: tuple[RecordingEngine, NotedEdge]) -> None:
    waits = dev[0].only(DEPLOYMENT, "openflow").dependencies

    assert all(any(urn.endswith(f"Service::{name}") for urn in waits) for name in ("mongodb", "rabbitmq"))


@pytest.mark.parametrize("name", ["mongodb", "rabbitmq"])
def test_volumes_are_kept_and_replicas_have_names(prod: RecordingEngine, name: str) -> None:
    spec = prod.only(STATEFUL_SET, name).inputs["spec"]
    claim = spec["volumeClaimTemplates"][0]
    peers = prod.only("kubernetes:core/v1:Service", f"{name}-peers").inputs
    mounts = {item["name"] for item in container(prod, STATEFUL_SET, name)["volumeMounts"]}

    assert (spec["replicas"], spec["serviceName"]) == (3, f"{name}-peers")
    assert claim["spec"]["storageClassName"] == "standard"
    assert claim["metadata"]["labels"]["cost-center"] == "cc-test"
    assert claim["metadata"]["name"] in mounts
    assert (peers["spec"]["clusterIP"], peers["spec"]["publishNotReadyAddresses"]) == ("None", True)
    assert peers["spec"]["selector"].items() <= spec["template"]["metadata"]["labels"].items()


def test_the_replica_set_knows_all_of_its_members(prod: RecordingEngine) -> None:
    members = prod.only("kubernetes:core/v1:ConfigMap", "mongodb").inputs["data"]["members"].split(",")
    url = secrets(prod)["openflow-credentials"]["target"]["template"]["data"]["mongodb_url"]

    assert members == [f"mongodb-{index}.mongodb-peers.workflows.svc.cluster.local:27017" for index in range(3)]
    assert f"@{','.join(members)}/?replicaSet=rs0" in url


def test_rabbitmq_s_nodes_are_those_of_its_configuration(prod: RecordingEngine) -> None:
    configuration = prod.only("kubernetes:core/v1:ConfigMap", "rabbitmq").inputs["data"]["platform.conf"]
    variables = {item["name"]: item.get("value") for item in container(prod, STATEFUL_SET, "rabbitmq")["env"]}
    domain = "rabbitmq-peers.workflows.svc.cluster.local"

    assert variables["RABBITMQ_NODENAME"] == f"rabbit@$(POD_NAME).{domain}"
    assert [f"= rabbit@rabbitmq-{index}.{domain}\n" in configuration for index in range(3)] == [True] * 3


@pytest.mark.parametrize(("name", "image"), [("mongodb", "mongo:8.0.29"), ("rabbitmq", "rabbitmq:4.2.9")])
def test_official_images_run_as_their_own_user_with_a_read_only_root(
    dev: tuple[RecordingEngine, NotedEdge], name: str, image: str
) -> None:
    pod = dev[0].only(STATEFUL_SET, name).inputs["spec"]["template"]["spec"]

    assert pod["containers"][0]["image"] == image
    assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == 999
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    assert dev[0].only(STATEFUL_SET, name).inputs["spec"]["replicas"] == 1


def test_one_of_rabbitmq_s_services_is_scraped(dev: tuple[RecordingEngine, NotedEdge]) -> None:
    monitor = dev[0].only("kubernetes:monitoring.coreos.com/v1:ServiceMonitor", "rabbitmq").inputs["spec"]
    wanted = monitor["selector"]["matchLabels"].items()
    found = [
        item.name
        for item in dev[0].of_type("kubernetes:core/v1:Service")
        if wanted <= item.inputs["metadata"]["labels"].items()
    ]

    assert found == ["rabbitmq"]
