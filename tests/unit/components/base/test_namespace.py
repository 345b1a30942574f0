"""Each namespace has its guard rails, in every stack. Source: SEC-1..3, CLU-6..8, CLU-16, A-51, A-57."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.utils.quantity import parse_quantity

from components import base
from tests.unit.platform import NODES, Deployment

NAMESPACES = {"data", "workflows", "observability", "integration", "security", "ml", "opencost", "ingress"}
# name -> (most replicas, CPU limit in cores) of what the requirements give: CLU-12, CLU-13, INTEG-UIPATH-3
AUTOSCALED = {"workflows": [(20, 1.0), (2, 0.5)], "data": [(10, 1.0)]}
EXCEPTIONS: dict[str, str] = yaml.safe_load(
    (Path(base.__file__).parent / "pod_security_exceptions.yaml").read_text(encoding="utf-8")
)


def limits_of(pod: dict[str, Any], resource: str) -> Any:
    return sum(parse_quantity(container["resources"]["limits"][resource]) for container in pod["containers"])


def test_has_the_namespaces_of_the_requirements(platform: Deployment) -> None:
    assert set(platform.of_kind("Namespace")) == NAMESPACES
    assert platform.outputs["namespaces"] == sorted(NAMESPACES)


@pytest.mark.parametrize("kind", ["ResourceQuota", "LimitRange"])
def test_each_has_one(platform: Deployment, kind: str) -> None:
    assert sorted(reference.split("/")[0] for reference in platform.of_kind(kind)) == sorted(NAMESPACES)


def test_pod_security_is_restricted_or_excepted_with_a_reason(platform: Deployment) -> None:
    labels = {name: item["metadata"]["labels"] for name, item in platform.of_kind("Namespace").items()}
    prefix = "pod-security.kubernetes.io/"
    assert {name for name, each in labels.items() if each[f"{prefix}enforce"] != "restricted"} == set(EXCEPTIONS)
    assert all(len(reason.split()) > 3 for reason in EXCEPTIONS.values())
    version = f"v{platform.settings.kubernetes.version}"
    for each in labels.values():
        assert (each[f"{prefix}audit"], each[f"{prefix}warn"]) == ("restricted", "restricted")
        assert {each[f"{prefix}{mode}-version"] for mode in ("enforce", "audit", "warn")} == {version}


def test_carries_its_name_as_a_label(platform: Deployment) -> None:
    assert {name: item["metadata"]["labels"]["name"] for name, item in platform.of_kind("Namespace").items()} == {
        name: name for name in NAMESPACES
    }


def test_quota_holds_what_autoscalers_may_reach(platform: Deployment) -> None:
    quotas = {name.split("/")[0]: item["spec"]["hard"] for name, item in platform.of_kind("ResourceQuota").items()}
    for name, workloads in AUTOSCALED.items():
        assert sum(count * cores for count, cores in workloads) <= float(quotas[name]["limits.cpu"])
    for reference, autoscaler in platform.of_kind("HorizontalPodAutoscaler").items():
        pod = platform.of_kind("Deployment")[reference]["spec"]["template"]["spec"]
        # a rolling update adds one more
        most = int(autoscaler["spec"]["maxReplicas"]) + 1
        quota = quotas[reference.split("/")[0]]
        assert most * limits_of(pod, "cpu") <= parse_quantity(quota["limits.cpu"])
        assert most * limits_of(pod, "memory") <= parse_quantity(quota["limits.memory"])
        assert most <= int(quota["pods"])


def test_quotas_grow_with_the_profile() -> None:
    dev, stg, prod = (base.allowances(profile) for profile in ("dev", "stg", "prod"))
    for name in NAMESPACES:
        sizes = [(each[name].cpu_limits, each[name].memory_limits, each[name].pods) for each in (dev, stg, prod)]
        assert sizes == sorted(sizes)
        assert sizes[0] != sizes[2]


def test_container_without_limits_gets_some_that_fit_the_most_allowed(platform: Deployment) -> None:
    for item in platform.of_kind("LimitRange").values():
        limit = item["spec"]["limits"][0]
        for resource in ("cpu", "memory"):
            request, default, most = (
                parse_quantity(limit[key][resource]) for key in ("defaultRequest", "default", "max")
            )
            assert request <= default <= most


def test_default_service_account_has_no_token(platform: Deployment) -> None:
    accounts = platform.of_kind("ServiceAccountPatch")
    assert {name: accounts[f"{name}/default"]["automountServiceAccountToken"] for name in NAMESPACES} == dict.fromkeys(
        NAMESPACES, False
    )


def test_load_balancers_only_at_the_ingress(platform: Deployment) -> None:
    quotas = {name.split("/")[0]: item["spec"]["hard"] for name, item in platform.of_kind("ResourceQuota").items()}
    allowed = {name for name, hard in quotas.items() if hard["services.loadbalancers"] != "0"}
    assert allowed == {"ingress"}
    assert {name for name, hard in quotas.items() if hard["services.nodeports"] != "0"} == {"ingress"}


def test_namespace_waits_for_nodes_and_classes(platform: Deployment) -> None:
    gates = {item.urn: item for item in platform.engine.registrations}
    for item in platform.objects:
        if item.type.endswith(":Namespace"):
            kinds = {gates[urn].type for urn in item.dependencies}
            assert {NODES, "kubernetes:scheduling.k8s.io/v1:PriorityClass"} <= kinds


def test_everything_inside_waits_for_every_guard_rail(platform: Deployment) -> None:
    by_urn = {item.urn: item for item in platform.objects}
    rails = {"ResourceQuota", "LimitRange", "NetworkPolicy", "ServiceAccountPatch"}

    def behind(urn: str) -> set[str]:
        return {urn}.union(*(behind(each) for each in by_urn[urn].dependencies if each in by_urn))

    for workload in platform.engine.of_type("kubernetes:apps/v1:Deployment"):
        namespace = workload.inputs["metadata"]["namespace"]
        guarded = {
            item.urn
            for item in platform.objects
            if item.type.rpartition(":")[2] in rails
            and item.inputs["metadata"].get("namespace") == namespace
            and "base:Namespace" in item.urn
        }
        assert len(guarded) >= 8
        assert guarded <= behind(workload.urn)


def test_contents_end_with_their_namespace(platform: Deployment) -> None:
    namespaces = {item.inputs["metadata"]["name"]: item.urn for item in platform.objects if ":Namespace" in item.type}
    for item in platform.objects:
        home = item.inputs.get("metadata", {}).get("namespace")
        assert item.deleted_with == (namespaces[home] if home else "")
