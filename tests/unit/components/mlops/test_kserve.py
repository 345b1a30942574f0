"""KServe and the models that it serves. Source: MLOPS-3, MLOPS-5, MLOPS-6, A-53."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from components.base import destinations
from components.charts import Manifest, bill_of_materials
from components.mlops import InferenceService, InferenceServiceArgs, Kserve, KserveArgs, Model, models, serving_runtimes
from components.mlops.kserve import PREDICTOR, PREDICTOR_PORT, patches
from tests.unit.components.environment import (
    PRIVATE_STORE,
    NotedIdentity,
    blob_store,
    environment,
    gate,
    keyed_identity,
)
from tests.unit.recording import RecordingEngine, Registration, recording

CHART = "kubernetes:helm.sh/v4:Chart"
RUNTIME = "kubernetes:serving.kserve.io/v1alpha1:ClusterServingRuntime"
SERVICE = "kubernetes:serving.kserve.io/v1beta1:InferenceService"


class Deployed:
    """KServe and one model."""

    def __init__(self, engine: RecordingEngine, profile: str) -> None:
        self.engine = engine
        self.iris = engine.deploy(lambda: self._program(profile))

    def _program(self, profile: str) -> InferenceService:
        surroundings = environment(profile)
        assert isinstance(surroundings.identity, NotedIdentity)
        self.identity = surroundings.identity
        self.patches = patches(surroundings)
        kserve = Kserve("kserve", KserveArgs(surroundings, gate("certificates")))
        return InferenceService("iris", InferenceServiceArgs(surroundings, models()["iris"], kserve.ready))

    @property
    def controller(self) -> Registration:
        return self.engine.only(CHART, "kserve-kserve-resources")

    @property
    def predictor(self) -> dict[str, Any]:
        return self.engine.only(SERVICE).inputs["spec"]["predictor"]


@pytest.fixture(scope="module")
def deployed() -> Generator[Deployed]:
    with recording() as engine:
        yield Deployed(engine, "dev")


def test_needs_neither_mesh_nor_gateway(deployed: Deployed) -> None:
    controller = deployed.controller.inputs["values"]["kserve"]["controller"]

    assert controller["deploymentMode"] == "Standard"
    assert controller["gateway"]["disableIstioVirtualHost"] is True
    assert controller["gateway"]["disableIngressCreation"] is True


def test_definitions_and_certificates_come_first_then_servers_then_models(deployed: Deployed) -> None:
    definitions = deployed.engine.only(CHART, "kserve-kserve-crd").urn

    assert definitions in deployed.controller.dependencies
    assert any("certificates" in urn for urn in deployed.controller.dependencies)
    assert all(deployed.controller.urn in item.dependencies for item in deployed.engine.of_type(RUNTIME))


def test_has_the_servers_of_the_table_and_no_other(deployed: Deployed) -> None:
    runtimes = {item.name: item.inputs["spec"] for item in deployed.engine.of_type(RUNTIME)}

    assert runtimes.keys() == serving_runtimes().keys()
    assert {row.format for row in serving_runtimes().values()} >= {"sklearn", "mlflow"}
    version = bill_of_materials()["kserve-resources"].version
    for spec in runtimes.values():
        container = spec["containers"][0]
        assert container["resources"]["limits"].keys() == {"cpu", "memory"}
        assert container["securityContext"]["runAsNonRoot"] is True
        assert container["image"].startswith("docker.io/seldonio/") or container["image"].endswith(f":{version}")


def test_workflows_may_call_what_a_model_runs_as(deployed: Deployed) -> None:
    inference = destinations()["inference"]

    assert (inference.namespace, dict(inference.pods), inference.ports) == ("ml", PREDICTOR, (PREDICTOR_PORT,))
    assert "workflows" in inference.clients
    assert deployed.iris.address == "http://iris-predictor.ml.svc.cluster.local/v1/models/iris:predict"


def test_a_model_on_the_blob_api_has_the_stores_own_address(engine: RecordingEngine) -> None:
    def program() -> InferenceService:
        args = InferenceServiceArgs(environment(store=blob_store()), models()["iris"], gate("kserve"))
        return InferenceService("iris", args)

    engine.deploy(program)
    predictor = engine.only(SERVICE).inputs["spec"]["predictor"]

    assert predictor["model"]["storageUri"] == "https://bizlake.blob.core.windows.net/curated/models/iris"


def test_a_private_authority_is_where_the_download_looks_for_it(engine: RecordingEngine) -> None:
    def program() -> InferenceService:
        surroundings = replace(environment(store=PRIVATE_STORE), identity=keyed_identity(PRIVATE_STORE))
        return InferenceService("iris", InferenceServiceArgs(surroundings, models()["iris"], gate("kserve")))

    engine.deploy(program)
    name = "iris-predictor-object-store"
    secret = engine.only("kubernetes:external-secrets.io/v1:ExternalSecret").inputs["spec"]["target"]["template"]
    authority = engine.only("kubernetes:core/v1:ConfigMap", name)

    assert secret["metadata"]["annotations"]["serving.kserve.io/s3-cabundle-configmap"] == name
    assert authority.inputs["metadata"]["name"] == name
    assert authority.inputs["data"] == {"ca.crt": PRIVATE_STORE.authority}
    assert authority.urn in engine.only("kubernetes:core/v1:ServiceAccount", "iris-predictor").dependencies


def test_a_model_is_read_from_the_lake_by_an_account_of_its_own(deployed: Deployed) -> None:
    predictor = deployed.predictor

    assert predictor["model"]["storageUri"] == "s3://biz-curated/models/iris"
    assert predictor["model"]["modelFormat"] == {"name": "sklearn"}
    assert predictor["serviceAccountName"] == "iris-predictor"
    assert [(grant.resource, grant.access) for grant in deployed.identity.grants["ml/iris-predictor"]] == [
        ("lake/curated", "read")
    ]
    assert predictor["labels"] == {
        "biz-automation/cloud-identity": "client",
        "biz-automation/object-store": "client",
    }


def test_a_model_is_bounded_and_restricted(deployed: Deployed) -> None:
    predictor = deployed.predictor

    assert predictor["model"]["resources"]["limits"] == {"cpu": "500m", "memory": "512Mi"}
    assert predictor["securityContext"]["runAsNonRoot"] is True
    assert predictor["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (1, 1)


def test_prod_has_replicas_apart_from_each_other() -> None:
    with recording("prod") as engine:
        deployed = Deployed(engine, "prod")

        assert (deployed.predictor["minReplicas"], deployed.predictor["maxReplicas"]) == (2, 4)
        selectors = [item["labelSelector"]["matchLabels"] for item in deployed.predictor["topologySpreadConstraints"]]
        assert selectors == [{"app": "isvc.iris-predictor"}] * 2
        assert engine.only("kubernetes:policy/v1:PodDisruptionBudget", "kserve-controller-manager")


def test_the_proxy_of_the_metrics_does_not_log_tokens(deployed: Deployed) -> None:
    proxy = {"name": "kube-rbac-proxy", "args": ["--logtostderr=true", "--v=10"]}
    deployment: Manifest = {
        "kind": "Deployment",
        "metadata": {"name": "kserve-controller-manager"},
        "spec": {"selector": {"matchLabels": {}}, "template": {"spec": {"containers": [proxy]}}},
    }
    for patch in deployed.patches:
        patch(deployment)

    assert proxy["args"] == ["--logtostderr=true", "--v=0"]
    assert deployment["spec"]["template"]["spec"]["priorityClassName"] == "platform-high"


def test_models_and_controller_are_scraped(deployed: Deployed) -> None:
    models_monitor = deployed.engine.only("kubernetes:monitoring.coreos.com/v1:PodMonitor", "inference").inputs["spec"]
    controller = deployed.engine.only("kubernetes:monitoring.coreos.com/v1:ServiceMonitor").inputs["spec"]
    ports = {
        port["name"]
        for item in deployed.engine.of_type(RUNTIME)
        for port in item.inputs["spec"]["containers"][0]["ports"]
    }

    assert models_monitor["selector"] == {"matchLabels": PREDICTOR}
    assert {models_monitor["podMetricsEndpoints"][0]["port"]} == ports
    assert controller["endpoints"][0]["scheme"] == "https"


def test_a_model_has_a_server_and_a_size() -> None:
    formats = {row.format for row in serving_runtimes().values()}

    assert all(isinstance(model, Model) and model.format in formats for model in models().values())
