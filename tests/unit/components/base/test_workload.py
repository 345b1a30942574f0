"""The shape of workloads, shown by healthz. Source: CLU-14, CLU-15, NET-9, POL-1..3, SEC-2."""

import hashlib
from ipaddress import IPv4Address
from typing import Any

import pytest

from components.base import ControlPlane, Healthz, HealthzArgs, Namespace, NamespaceArgs, allowances
from components.base.container import DRAIN_SECONDS
from tests.unit.platform import CONTROL_PLANE_NETWORKS, Deployment, settings_of
from tests.unit.recording import RecordingEngine

HEALTHZ = "integration/healthz"
CONTROL_PLANE = ControlPlane(CONTROL_PLANE_NETWORKS, IPv4Address("172.20.0.1"))
REPLICAS = {"dev": (2, 4), "stg": (2, 6), "prod": (3, 10)}


@pytest.fixture
def deployment(platform: Deployment) -> dict[str, Any]:
    return platform.of_kind("Deployment")[HEALTHZ]


@pytest.fixture
def pod(deployment: dict[str, Any]) -> dict[str, Any]:
    return deployment["spec"]["template"]["spec"]


@pytest.fixture
def container(pod: dict[str, Any]) -> dict[str, Any]:
    assert len(pod["containers"]) == 1
    return pod["containers"][0]


@pytest.mark.parametrize(
    "kind",
    ["Deployment", "ServiceAccount", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"],
)
def test_has_one_of_each_under_its_own_name(platform: Deployment, kind: str) -> None:
    assert HEALTHZ in platform.of_kind(kind)


def test_autoscaler_owns_the_number_of_replicas(platform: Deployment, deployment: dict[str, Any]) -> None:
    assert "replicas" not in deployment["spec"]
    autoscaler = platform.of_kind("HorizontalPodAutoscaler")[HEALTHZ]["spec"]
    assert (autoscaler["minReplicas"], autoscaler["maxReplicas"]) == REPLICAS[platform.settings.profile]
    assert autoscaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "healthz"}
    assert {metric["resource"]["name"] for metric in autoscaler["metrics"]} == {"cpu", "memory"}


def test_disruption_budget_service_and_spread_select_its_pods(
    platform: Deployment, deployment: dict[str, Any], pod: dict[str, Any]
) -> None:
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    budget = platform.of_kind("PodDisruptionBudget")[HEALTHZ]["spec"]
    selectors = [
        budget["selector"]["matchLabels"],
        platform.of_kind("Service")[HEALTHZ]["spec"]["selector"],
        deployment["spec"]["selector"]["matchLabels"],
        *(each["labelSelector"]["matchLabels"] for each in pod["topologySpreadConstraints"]),
    ]
    assert all(selector and selector.items() <= labels.items() for selector in selectors)
    # a version in a selector would make every upgrade a replacement
    assert all("version" not in key for selector in selectors for key in selector)
    assert budget["maxUnavailable"] < REPLICAS[platform.settings.profile][0]


def test_answers_on_the_health_port(platform: Deployment, container: dict[str, Any]) -> None:
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": 8080}
    assert [port["port"] for port in platform.of_kind("Service")[HEALTHZ]["spec"]["ports"]] == [8080]
    assert platform.outputs["healthzAddress"] == "healthz.integration.svc.cluster.local:8080"


@pytest.mark.parametrize("probe", ["livenessProbe", "readinessProbe", "startupProbe"])
def test_is_probed_on_a_port_that_it_opens(container: dict[str, Any], probe: str) -> None:
    assert container[probe]["httpGet"]["port"] in {port["name"] for port in container["ports"]}


def test_is_hardened(pod: dict[str, Any], container: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert pod["automountServiceAccountToken"] is False


def test_writes_only_to_volumes_of_bounded_size(pod: dict[str, Any], container: dict[str, Any]) -> None:
    volumes = {volume["name"]: volume["emptyDir"]["sizeLimit"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
    assert all(volumes.values())


def test_has_requests_and_limits(container: dict[str, Any]) -> None:
    for part in ("requests", "limits"):
        assert set(container["resources"][part]) == {"cpu", "memory"}
    assert container["resources"]["requests"]["memory"] == container["resources"]["limits"]["memory"]


def test_finishes_what_it_began(pod: dict[str, Any], container: dict[str, Any]) -> None:
    assert container["lifecycle"]["preStop"]["sleep"]["seconds"] == DRAIN_SECONDS
    assert pod["terminationGracePeriodSeconds"] > DRAIN_SECONDS


def test_uneven_spread_over_zones_is_tolerated_only_in_dev(platform: Deployment, pod: dict[str, Any]) -> None:
    modes = {each["topologyKey"]: each["whenUnsatisfiable"] for each in pod["topologySpreadConstraints"]}
    strict = platform.settings.profile != "dev"
    assert modes == {
        "topology.kubernetes.io/zone": "DoNotSchedule" if strict else "ScheduleAnyway",
        "kubernetes.io/hostname": "ScheduleAnyway",
    }


def test_priority_exists(platform: Deployment, pod: dict[str, Any]) -> None:
    assert pod["priorityClassName"] in platform.of_kind("PriorityClass")


def test_gate_means_all_of_it(platform: Deployment) -> None:
    service = platform.engine.only("kubernetes:core/v1:Service", "healthz")
    behind = {item.type.rpartition(":")[2] for item in platform.objects if item.urn in service.dependencies}
    assert {"Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget"} <= behind
    # the provider waits for a Service's pods, so nothing that makes pods may wait for the Service
    assert not [item.name for item in platform.objects if service.urn in item.dependencies]


def test_single_replica_has_no_disruption_budget(engine: RecordingEngine) -> None:
    settings = settings_of("dev")

    def program() -> None:
        namespace = Namespace(
            "ml", NamespaceArgs(allowances("dev")["ml"], "1.35", CONTROL_PLANE, [], settings.ownership)
        )
        Healthz("healthz", HealthzArgs(namespace, (1, 2), spread_zones=False, ownership=settings.ownership))

    engine.deploy(program)
    assert engine.only("kubernetes:autoscaling/v2:HorizontalPodAutoscaler").inputs["spec"]["minReplicas"] == 1
    assert not engine.of_type("kubernetes:policy/v1:PodDisruptionBudget")


def test_settings_come_from_a_config_map_whose_change_rolls_the_pods(
    platform: Deployment, deployment: dict[str, Any], container: dict[str, Any]
) -> None:
    assert platform.of_kind("ConfigMap")[HEALTHZ]["data"] == {"PODINFO_LEVEL": "info"}
    assert container["envFrom"] == [{"configMapRef": {"name": "healthz"}}]
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    assert annotations["checksum/settings"] == hashlib.sha256(b'{"PODINFO_LEVEL": "info"}').hexdigest()
