"""Gatekeeper: what it judges, what it leaves alone, and what happens while it is down."""

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from components.security import Gatekeeper, GatekeeperArgs
from tests.unit.components.environment import environment
from tests.unit.recording import RecordingEngine, recording

CHART = "kubernetes:helm.sh/v4:Chart"
WEBHOOKS = "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration"
MONITOR = "kubernetes:monitoring.coreos.com/v1:PodMonitor"


def deploy(engine: RecordingEngine, profile: str = "dev", *, monitored: bool = True) -> Gatekeeper:
    """Deploy it alone."""
    return engine.deploy(lambda: Gatekeeper("gatekeeper", GatekeeperArgs(environment(profile, monitored=monitored))))


@pytest.fixture(scope="module")
def prod() -> Iterator[RecordingEngine]:
    with recording("prod") as engine:
        deploy(engine, "prod")
        yield engine


def values(engine: RecordingEngine) -> dict[str, Any]:
    """Values of the chart."""
    return engine.only(CHART, "gatekeeper").inputs["values"]


def webhooks(engine: RecordingEngine) -> dict[str, dict[str, Any]]:
    """Its webhooks by name."""
    return {item["name"]: item for item in engine.only(WEBHOOKS).inputs["webhooks"]}


def test_the_webhook_comes_after_the_pods_that_answer_it(prod: RecordingEngine) -> None:
    assert prod.only(CHART).urn in prod.only(WEBHOOKS).dependencies
    assert values(prod)["disableValidatingWebhook"] is True
    # the operator puts its certificate into the object of this name
    assert prod.only(WEBHOOKS).inputs["metadata"]["name"] == "gatekeeper-validating-webhook-configuration"


@pytest.mark.parametrize("namespace", ["kube-system", "kube-node-lease", "security"])
def test_what_keeps_the_cluster_alive_is_never_refused(prod: RecordingEngine, namespace: str) -> None:
    for webhook in webhooks(prod).values():
        (selected,) = webhook["namespaceSelector"]["matchExpressions"]
        assert (selected["key"], selected["operator"]) == ("kubernetes.io/metadata.name", "NotIn")
        assert namespace in selected["values"]


def test_the_pods_exempt_what_the_webhook_exempts(prod: RecordingEngine) -> None:
    assert values(prod)["controllerManager"]["exemptNamespaces"] == ["kube-system", "kube-node-lease"]


def test_heartbeats_and_permission_checks_wait_for_no_policy(prod: RecordingEngine) -> None:
    judged = webhooks(prod)["validation.gatekeeper.sh"]
    expressions = " ".join(item["expression"] for item in judged["matchConditions"])

    assert '"coordination.k8s.io"' in expressions
    assert '"authorization.k8s.io"' in expressions
    assert {rule["scope"] for rule in judged["rules"] if rule["resources"] != ["namespaces"]} == {"Namespaced"}


def test_containers_that_are_added_to_a_pod_are_judged_too(prod: RecordingEngine) -> None:
    rules = webhooks(prod)["validation.gatekeeper.sh"]["rules"]
    assert "pods/ephemeralcontainers" in [resource for rule in rules for resource in rule["resources"]]


@pytest.mark.parametrize(("profile", "policy"), [("dev", "Ignore"), ("stg", "Ignore"), ("prod", "Fail")])
def test_prod_refuses_what_nobody_judged(engine: RecordingEngine, profile: str, policy: str) -> None:
    deploy(engine, profile)
    assert {item["failurePolicy"] for item in webhooks(engine).values()} == {policy}


def test_prod_has_three_pods_and_keeps_one(prod: RecordingEngine) -> None:
    assert values(prod)["replicas"] == 3
    assert values(prod)["pdb"]["controllerManager"]["minAvailable"] == 1
    assert len(values(prod)["controllerManager"]["topologySpreadConstraints"]) == 2


def test_a_single_pod_has_no_budget_that_would_block_its_node(engine: RecordingEngine) -> None:
    deploy(engine)
    assert values(engine)["pdb"]["controllerManager"]["minAvailable"] == 0


def test_no_job_of_the_chart_is_lost_because_none_is_asked_for(prod: RecordingEngine) -> None:
    assert values(prod)["upgradeCRDs"]["enabled"] is False
    assert values(prod)["postInstall"] == {"labelNamespace": {"enabled": False}, "probeWebhook": {"enabled": False}}


def test_it_is_scraped_only_where_something_scrapes(engine: RecordingEngine, prod: RecordingEngine) -> None:
    deploy(engine, monitored=False)
    monitor = prod.only(MONITOR)

    assert not engine.of_type(MONITOR)
    assert monitor.inputs["spec"]["selector"] == {"matchLabels": {"gatekeeper.sh/system": "yes"}}
    assert any("monitors" in urn for urn in monitor.dependencies)


def test_the_gate_is_the_webhook(engine: RecordingEngine) -> None:
    gatekeeper = deploy(engine)
    assert isinstance(gatekeeper.ready, pulumi.CustomResource)
    assert engine.value(gatekeeper.ready.urn) == engine.only(WEBHOOKS).urn
