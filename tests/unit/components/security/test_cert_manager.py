"""cert-manager: its issuers, their order, and what the chart is told."""

from typing import Any

import pulumi

from components.security import CertManager, CertManagerArgs
from tests.unit.components.environment import environment
from tests.unit.recording import RecordingEngine

SOLVER = {"dns01": {"route53": {"region": "us-east-1"}}}
CHART = "kubernetes:helm.sh/v4:Chart"
ISSUER = "kubernetes:cert-manager.io/v1:ClusterIssuer"


def deploy(engine: RecordingEngine, profile: str = "dev") -> CertManager:
    """Deploy it alone."""
    return engine.deploy(
        lambda: CertManager("cert-manager", CertManagerArgs(environment(profile), "ops@example.com", SOLVER))
    )


def values(engine: RecordingEngine) -> dict[str, Any]:
    """Values of the chart."""
    return engine.only(CHART, "cert-manager").inputs["values"]


def test_there_is_an_issuer_for_public_and_one_for_internal_names(engine: RecordingEngine) -> None:
    deploy(engine)
    issuers = {item.inputs["metadata"]["name"]: item.inputs["spec"] for item in engine.of_type(ISSUER)}

    assert issuers.keys() == {
        "letsencrypt-staging",
        "letsencrypt-prod",
        "platform-internal",
        "platform-internal-root",
    }
    acme = issuers["letsencrypt-prod"]["acme"]
    assert (acme["email"], acme["solvers"]) == ("ops@example.com", [SOLVER])
    assert "staging" in issuers["letsencrypt-staging"]["acme"]["server"]


def test_issuers_wait_for_the_chart_and_the_chart_for_monitors(engine: RecordingEngine) -> None:
    deploy(engine)
    chart = engine.only(CHART, "cert-manager")

    assert all(chart.urn in item.dependencies for item in engine.of_type(ISSUER))
    assert any("monitors" in urn for urn in chart.dependencies)


def test_prod_has_replicas_and_dev_one(engine: RecordingEngine) -> None:
    deploy(engine, "prod")

    parts = {"webhook": values(engine)["webhook"], "cainjector": values(engine)["cainjector"]}
    assert values(engine)["replicaCount"] == 2
    assert {name: part["replicaCount"] for name, part in parts.items()} == {"webhook": 3, "cainjector": 2}
    for part in (values(engine), *parts.values()):
        assert part["podDisruptionBudget"]["enabled"] is True
        assert len(part["topologySpreadConstraints"]) == 2


def test_a_single_pod_has_no_budget_that_would_block_its_node(engine: RecordingEngine) -> None:
    deploy(engine, "stg")

    assert values(engine)["replicaCount"] == 1
    assert values(engine)["podDisruptionBudget"]["enabled"] is False


def test_proofs_are_looked_up_in_the_clusters_own_dns(engine: RecordingEngine) -> None:
    """Source: SEC-3: no pod may ask another."""
    deploy(engine)

    assert values(engine)["dns01RecursiveNameserversOnly"] is True


def test_the_gate_is_a_resource_that_can_be_waited_for(engine: RecordingEngine) -> None:
    assert isinstance(deploy(engine).ready, pulumi.CustomResource)
