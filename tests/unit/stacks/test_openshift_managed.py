"""Foundation and platform on an OpenShift cluster that the stack makes. Source: CLU-3, A-31."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from policies.rules.inspection.taggable_types import is_taggable
from sandbox.providers.azure import checks, rules
from sandbox.providers.azure.resource_type import types
from stacks.foundation import Foundation
from stacks.settings import Settings, SettingsError
from tests.unit.azure_outputs import AZURE_FUNCTIONS, AZURE_OUTPUTS, SUBSCRIPTION
from tests.unit.conftest import Programs
from tests.unit.platform import settings_of
from tests.unit.programs import foundation_of
from tests.unit.recording import RecordingEngine, Registration, recording

DEV = "openshift-dev.ok.managed"
PROD = "openshift-prod.ok.managed"
CLUSTER = "azure-native:redhatopenshift:OpenShiftCluster"
ROLE = "azure-native:authorization:RoleAssignment"
SUBNET = "azure-native:network:Subnet"
PUBLIC = "openshift-dev.ok.managed-and-public"
SECRETS = ("canary-client-secret", "canary-kubeconfig", "Y2FuYXJ5")


@dataclass(frozen=True)
class Deployment:
    """A foundation that was deployed."""

    settings: Settings
    engine: RecordingEngine
    foundation: Foundation

    @property
    def cluster(self) -> Registration:
        return self.engine.only(CLUSTER)

    @property
    def in_azure(self) -> list[Registration]:
        return [item for item in self.engine.registrations if item.type.startswith("azure-native:")]


def deploy(engine: RecordingEngine, settings: Settings) -> Deployment:
    engine.outputs |= AZURE_OUTPUTS
    engine.functions |= AZURE_FUNCTIONS
    return Deployment(settings, engine, engine.deploy(lambda: foundation_of(settings)))


@pytest.fixture(scope="module")
def deployments() -> Iterator[Mapping[str, Deployment]]:
    with ExitStack() as engines:
        yield {name: deploy(engines.enter_context(recording(name)), settings_of(name)) for name in (DEV, PROD, PUBLIC)}


@pytest.fixture(params=[DEV, PROD])
def deployment(request: pytest.FixtureRequest, deployments: Mapping[str, Deployment]) -> Deployment:
    return deployments[request.param]


def plain(value: Any) -> Any:
    """A value without the marks of its secrets."""
    value = unwrap_rpc_secret(value) if is_rpc_secret(value) else value
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    return [plain(member) for member in value] if isinstance(value, list) else value


def without_secrets(value: Any) -> Any:
    """A value without its secrets."""
    if is_rpc_secret(value):
        return None
    if isinstance(value, dict):
        return {key: without_secrets(member) for key, member in value.items()}
    return [without_secrets(member) for member in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", [DEV, PROD, PUBLIC])
def test_azure_has_no_objection_to_what_is_asked_of_it(name: str, deployments: Mapping[str, Deployment]) -> None:
    # what is recorded has no ids of Azure's
    without_an_id = {("cluster", "masterProfile.subnetId"), ("cluster", "workerProfiles.subnetId")}
    objections: dict[tuple[str, str], str] = {}
    for item in deployments[name].in_azure:
        kind, inputs = types()[item.type], plain(item.inputs)
        found = (*checks.problems(kind, inputs), *rules.problems(kind, inputs))
        objections |= {(item.name, path): reason for path, reason in found}
    assert objections.keys() == without_an_id, objections


def test_machines_are_as_the_settings_say_and_encrypted_at_the_host(deployment: Deployment) -> None:
    inputs, (pool,) = deployment.cluster.inputs, deployment.settings.node_pools
    (workers,) = inputs["workerProfiles"]
    assert (workers["count"], workers["vmSize"], workers["diskSizeGB"]) == (
        pool.desired_size,
        pool.instance_type,
        pool.disk_size_gib,
    )
    assert inputs["masterProfile"]["vmSize"] == "Standard_D8s_v5"
    assert {profile["encryptionAtHost"] for profile in (workers, inputs["masterProfile"])} == {"Enabled"}
    plan = deployment.settings.network
    profile = inputs["networkProfile"]
    assert (profile["podCidr"], profile["serviceCidr"]) == (str(plan.pod_cidr), str(plan.service_cidr))


def test_nothing_is_reached_from_outside_unless_dev_says_so(deployments: Mapping[str, Deployment]) -> None:
    for name, expected in ((DEV, "Private"), (PROD, "Private"), (PUBLIC, "Public")):
        inputs = deployments[name].cluster.inputs
        assert inputs["apiserverProfile"] == {"visibility": expected}
        assert inputs["ingressProfiles"] == [{"name": "default", "visibility": expected}]


def test_prod_is_protected_and_has_validated_cryptography(deployments: Mapping[str, Deployment]) -> None:
    dev, prod = deployments[DEV].cluster, deployments[PROD].cluster
    assert (dev.protect, prod.protect) == (False, True)
    modules = [each.inputs["clusterProfile"]["fipsValidatedModules"] for each in (dev, prod)]
    assert modules == ["Disabled", "Enabled"]


def test_what_the_service_makes_is_in_a_group_of_its_own(deployment: Deployment) -> None:
    name = deployment.settings.kubernetes.cluster_name
    cluster = deployment.cluster.inputs
    assert (
        cluster["clusterProfile"]["resourceGroupId"] == f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}-machines"
    )
    assert cluster["resourceGroupName"] == f"{name}-cluster"
    assert len(cluster["resourceName"]) <= 30
    made = {
        item.inputs["resourceGroupName"] for item in deployment.engine.of_type("azure-native:resources:ResourceGroup")
    }
    assert made == {f"{name}-cluster", f"{name}-network"}


def test_cluster_and_service_may_change_the_network_and_nothing_else(deployment: Deployment) -> None:
    section = deployment.settings.openshift
    assert section is not None
    assert section.managed is not None
    roles = {item.inputs["principalId"]: item.inputs for item in deployment.engine.of_type(ROLE)}
    principals = {section.managed.service_principal.object_id, section.managed.resource_provider_object_id}
    assert roles.keys() == principals
    (scope,) = {role["scope"] for role in roles.values()}
    assert scope == deployment.engine.value(deployment.foundation.outputs["networkId"])
    assert {role["roleDefinitionId"].rpartition("/")[2] for role in roles.values()} == {
        "4d97b98b-1d4f-4787-a291-c67834d212e7"
    }
    waits_for = set(deployment.cluster.dependencies)
    assert {item.urn for item in (*deployment.engine.of_type(ROLE), *deployment.engine.of_type(SUBNET))} <= waits_for


def test_each_secret_is_one_wherever_it_goes(deployments: Mapping[str, Deployment]) -> None:
    public = deployments[PUBLIC]
    given = json.dumps([plain(item.inputs) for item in public.engine.registrations], default=str)
    assert [secret for secret in SECRETS if secret not in given] == []
    for item in public.engine.registrations:
        parts = json.dumps(without_secrets(item.inputs), default=str)
        assert [secret for secret in SECRETS if secret in parts] == [], item.name


def test_outputs_have_the_names_that_they_have_elsewhere(deployment: Deployment) -> None:
    outputs = deployment.foundation.outputs
    domain = deployment.cluster.inputs["clusterProfile"]["domain"]
    assert deployment.engine.value(outputs["clusterEndpoint"]) == f"https://api.{domain}.westeurope.aroapp.io:6443"
    assert deployment.engine.value(outputs["clusterId"]) == "cluster-id"
    kubeconfig = yaml.safe_load(deployment.engine.value(outputs["kubeconfig"]))
    assert kubeconfig["clusters"][0]["cluster"]["server"] == "https://api.openshift.example:6443"


def test_the_api_server_calls_from_the_subnet_of_its_machines(deployment: Deployment) -> None:
    subnets = {item.name: item.inputs for item in deployment.engine.of_type(SUBNET)}
    assert deployment.foundation.control_plane_networks == deployment.foundation.control_plane_networks[:1]
    (network,) = map(str, deployment.foundation.control_plane_networks)
    assert subnets["network-control-plane"]["addressPrefix"] == network


def test_monitoring_is_switched_on_where_the_settings_ask_for_it(
    deployments: Mapping[str, Deployment], engine: RecordingEngine
) -> None:
    patch = deployments[DEV].engine.only("kubernetes:core/v1:ConfigMapPatch")
    metadata = patch.inputs["metadata"]
    assert (metadata["namespace"], metadata["name"]) == ("openshift-monitoring", "cluster-monitoring-config")
    assert yaml.safe_load(patch.inputs["data"]["config.yaml"]) == {"enableUserWorkload": True}

    settings = settings_of(DEV)
    assert settings.openshift is not None
    section = settings.openshift.model_copy(update={"user_workload_monitoring": False})
    assert deploy(engine, settings.model_copy(update={"openshift": section})).cluster
    assert not [item for item in engine.registrations if item.type.endswith(":ConfigMapPatch")]


def test_the_platform_stands_on_it(programs: Programs) -> None:
    program = programs(DEV)
    (made,) = program.of_kind("StorageClass").values()
    assert (made["metadata"]["name"], made["reclaimPolicy"]) == ("managed-csi-retain", "Retain")
    assert made["provisioner"] == "disk.csi.azure.com"
    assert "cost-center=cc-platform" in made["parameters"]["tags"]
    assert program.of_kind("Route")
    assert program.taken_for_gone == []


def test_everything_in_azure_carries_the_ownership_tags(deployment: Deployment) -> None:
    expected = deployment.settings.ownership.tags("any")
    untagged = [
        item.name
        for item in deployment.in_azure
        if is_taggable(item.type)
        and any(item.inputs.get("tags", {}).get(key) != expected[key] for key in expected if key != "component")
    ]
    assert untagged == []


def test_one_provider_makes_everything_in_azure(deployment: Deployment) -> None:
    provider = deployment.engine.only("pulumi:providers:azure-native")
    assert provider.inputs["subscriptionId"] == SUBSCRIPTION
    assert [item.name for item in deployment.in_azure if not item.provider.startswith(f"{provider.urn}::")] == []


def test_nobody_signs_in_at_azure(engine: RecordingEngine) -> None:
    def refuse(_args: dict[str, Any]) -> dict[str, Any]:
        return {"tenantId": "11111111-1111-1111-1111-111111111111", "subscriptionId": SUBSCRIPTION}

    engine.functions |= {**AZURE_FUNCTIONS, "azure-native:authorization:getClientConfig": refuse}
    with pytest.raises(SettingsError) as refused:
        engine.deploy(lambda: foundation_of(settings_of(DEV)))
    (problem,) = refused.value.problems
    assert problem.startswith(f'biz-automation:cloud.tenantId: "{SUBSCRIPTION}" is not allowed')
    assert [item.type for item in engine.registrations] == ["pulumi:providers:azure-native"]


def test_a_first_preview_survives_what_it_cannot_know(engine: RecordingEngine) -> None:
    engine.preview = True
    assert deploy(engine, settings_of(PROD)).cluster
