"""External Secrets: who reads the vault, through which store, and what the chart is told."""

from collections.abc import Iterator
from typing import Any, cast

import pulumi
import pytest

from components.base import Environment
from components.secrets import SecretStoreSpecification
from components.security import ExternalSecretsOperator, ExternalSecretsOperatorArgs
from tests.unit.components.environment import NotedIdentity, environment
from tests.unit.recording import RecordingEngine, recording

PROVIDER = {"aws": {"service": "SecretsManager", "region": "us-east-1"}}
CHART = "kubernetes:helm.sh/v4:Chart"
CLUSTER_STORE = "kubernetes:external-secrets.io/v1:ClusterSecretStore"
STORE = "kubernetes:external-secrets.io/v1:SecretStore"


def deploy(
    engine: RecordingEngine, profile: str = "dev", *, per_namespace: bool = False
) -> tuple[ExternalSecretsOperator, Environment]:
    """Deploy it alone."""

    def program() -> tuple[ExternalSecretsOperator, Environment]:
        around = environment(profile)
        specification = SecretStoreSpecification("aws-secrets-manager", PROVIDER)
        args = ExternalSecretsOperatorArgs(
            around, specification, {"sso/client": "sso/client"}, store_per_namespace=per_namespace
        )
        return ExternalSecretsOperator("external-secrets", args), around

    return engine.deploy(program)


@pytest.fixture(scope="module")
def prod() -> Iterator[RecordingEngine]:
    with recording("prod") as engine:
        deploy(engine, "prod")
        yield engine


def values(engine: RecordingEngine) -> dict[str, Any]:
    """Values of the chart."""
    return engine.only(CHART, "external-secrets").inputs["values"]


def test_only_the_operators_own_account_reads_the_vault(engine: RecordingEngine) -> None:
    """Source: SEC-5: one identity, reading only."""
    _, around = deploy(engine)
    grants = cast("NotedIdentity", around.identity).grants

    assert {account: [(item.resource, item.access) for item in given] for account, given in grants.items()} == {
        "security/external-secrets": [("secret", "read")]
    }
    assert values(engine)["serviceAccount"] == {
        "name": "external-secrets",
        "annotations": {"cloud.example/role": "external-secrets"},
    }
    assert values(engine)["rbac"]["serviceAccountTokenCreate"] is False


def test_the_platforms_namespaces_share_a_store_without_credentials(engine: RecordingEngine) -> None:
    """Source: A-7, SEC-5."""
    operator, _ = deploy(engine)
    store = engine.only(CLUSTER_STORE)

    assert store.inputs["metadata"]["name"] == "aws-secrets-manager"
    assert store.inputs["spec"] == {
        "provider": PROVIDER,
        "conditions": [{"namespaceSelector": {"matchLabels": {"app.kubernetes.io/part-of": "biz-automation"}}}],
    }
    assert engine.only(CHART).urn in store.dependencies
    assert (operator.store.name, operator.store.kind) == ("aws-secrets-manager", "ClusterSecretStore")
    assert engine.value(operator.store.ready.urn) == store.urn
    assert operator.store.remote_name("sso/client") == "sso/client"


def test_each_namespace_may_have_a_store_of_its_own(engine: RecordingEngine) -> None:
    """Source: A-7."""
    operator, around = deploy(engine, per_namespace=True)
    stores = engine.of_type(STORE)

    assert not engine.of_type(CLUSTER_STORE)
    assert {item.inputs["metadata"]["namespace"] for item in stores} == around.namespaces.keys()
    assert {item.inputs["metadata"]["name"] for item in stores} == {"aws-secrets-manager"}
    assert operator.store.kind == "SecretStore"
    # the gate is the end of a chain through all of them
    by_urn = {item.urn: item for item in stores}
    behind: str | None = engine.value(operator.store.ready.urn)
    chain: list[str] = []
    while behind in by_urn:
        chain.append(behind)
        behind = next((urn for urn in by_urn[behind].dependencies if urn in by_urn), None)
    assert len(chain) == len(stores)


def test_prod_survives_the_loss_of_a_pod(prod: RecordingEngine) -> None:
    for part in (values(prod), values(prod)["webhook"]):
        assert part["replicaCount"] == 2
        assert part["podDisruptionBudget"]["enabled"] is True
        assert {item["topologyKey"] for item in part["topologySpreadConstraints"]} == {
            "topology.kubernetes.io/zone",
            "kubernetes.io/hostname",
        }
    assert values(prod)["leaderElect"] is True


def test_dev_keeps_it_small(engine: RecordingEngine) -> None:
    deploy(engine)

    assert [values(engine)[part]["replicaCount"] for part in ("webhook", "certController")] == [1, 1]
    assert values(engine)["replicaCount"] == 1
    assert values(engine)["podDisruptionBudget"]["enabled"] is False
    assert values(engine)["topologySpreadConstraints"] == []


def test_it_waits_for_monitors_only_where_there_are_any(engine: RecordingEngine) -> None:
    deploy(engine)

    assert values(engine)["serviceMonitor"]["enabled"] is True
    assert any("monitors" in urn for urn in engine.only(CHART).dependencies)


def test_the_gate_is_a_resource_that_can_be_waited_for(engine: RecordingEngine) -> None:
    operator, _ = deploy(engine)

    assert isinstance(operator.store.ready, pulumi.CustomResource)
