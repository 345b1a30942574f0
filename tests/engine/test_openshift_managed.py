"""An OpenShift cluster that the stack makes, through the real engine. Source: CLU-3, A-31.

The other side is the store of the Azure stand-in, and the API server that stands for the cluster.
"""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from sandbox import leftovers
from sandbox.cluster_api import ClusterApi
from sandbox.environment import KubernetesEndpoint, read_endpoints
from sandbox.providers.azure import other_side
from tests.engine.engine import Engine, type_name
from tests.engine.test_clouds import OF_EVERY_CLOUD
from tests.unit.settings.configuration import PROJECT, case

# with a pull secret, so that a whole profile is secret
CASE = "openshift-dev.ok.managed-and-public"
CLUSTER = "Microsoft.RedHatOpenShift/openShiftClusters"
MONITORING = "/api/v1/namespaces/openshift-monitoring/configmaps/cluster-monitoring-config"
CANARIES = ("canary-client-secret", "Y2FuYXJ5")

Stacks = Callable[..., Engine]


@pytest.fixture
def managed(platform: Engine, on_openshift: Callable[[str], Engine]) -> Stacks:
    """Makes a stack out of the case file, with other values for some keys."""

    def make(stack: str, **changes: Any) -> Engine:
        values, encrypted = case(CASE)
        config = {f"{PROJECT}:{key}": value for key, value in {**values, **changes}.items() if key not in encrypted}
        (platform.program / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}), encoding="utf-8")
        engine = on_openshift(stack)
        engine.command("stack", "init", stack).check()
        for key in encrypted:
            encrypt(engine, stack, key, values[key])
        return engine

    return make


def encrypt(engine: Engine, stack: str, key: str, value: str) -> None:
    """Set a value as people do who keep it secret."""
    engine.command("config", "set", "--stack", stack, "--secret", f"{PROJECT}:{key}", value).check()


def test_the_whole_platform_is_planned_with_its_cluster_and_every_policy_agrees(managed: Stacks) -> None:
    stack = "managed-whole-dev"
    report = managed(stack).preview(stack).check()
    assert set(report.changes) == {"create"}
    assert report.violations == []
    types = [type_name(urn) for urn in report.operations]
    assert {name.partition(":")[0] for name in types} - OF_EVERY_CLOUD == {"azure-native"}
    assert types.count("azure-native:redhatopenshift:OpenShiftCluster") == 1
    assert sum(name.endswith(":Route") for name in types) > 5


def test_the_life_of_a_foundation(managed: Stacks) -> None:
    stack = "managed-dev"
    off = dict.fromkeys(case(CASE)[0]["components"], False)
    engine = managed(stack, components=off)
    store = engine.sandbox_directory / other_side.STORE
    endpoint = read_endpoints(engine.sandbox_directory)["kubernetes"]
    api = ClusterApi(KubernetesEndpoint.from_json(endpoint))

    report = engine.up(stack).check()
    assert report.violations == []
    (cluster_id,) = other_side.ids(CLUSTER, store)
    cluster = other_side.show(cluster_id, store)
    assert (cluster["masterProfile"]["encryptionAtHost"], cluster["apiserverProfile"]["visibility"]) == (
        "Enabled",
        "Public",
    )
    outputs = engine.outputs(stack)
    assert outputs["clusterId"] == cluster_id
    assert outputs["clusterEndpoint"] == cluster["apiserverProfile"]["url"].rstrip("/")
    assert yaml.safe_load(outputs["kubeconfig"])["clusters"][0]["cluster"]["server"] == endpoint["server"]
    state = engine.command("stack", "export", "--stack", stack).check().output
    secrets = [*CANARIES, *(endpoint[key] for key in ("token", "clientKey") if key in endpoint)]
    assert [secret for secret in secrets if secret in state] == []

    assert yaml.safe_load((api.get(MONITORING) or {})["data"]["config.yaml"]) == {"enableUserWorkload": True}
    retained = api.get("/apis/storage.k8s.io/v1/storageclasses/managed-csi-retain") or {}
    assert (retained["reclaimPolicy"], retained["provisioner"]) == ("Retain", "disk.csi.azure.com")
    assert engine.up(stack).check().changed == {}

    # an update inside the cluster, as the settings tell of it afterwards
    version = ("config", "set", "--stack", stack, "--path", f"{PROJECT}:openshift.managed.version", "4.20.9")
    engine.command(*version).check()
    assert engine.up(stack).check().changed == {}

    encrypt(engine, stack, "openshiftClientSecret", "renewed")
    renewed = engine.up(stack).check().changed
    assert {type_name(urn): operation for urn, operation in renewed.items()} == {
        "azure-native:redhatopenshift:OpenShiftCluster": "update"
    }
    engine.destroy(stack).check()
    assert leftovers.in_azure(engine.sandbox_directory) == []
    assert api.get("/apis/storage.k8s.io/v1/storageclasses/managed-csi-retain") is None
