"""Kubeflow Pipelines: names, order, what each server may do, and where things are kept. Source: MLOPS-1, MLOPS-7."""

from collections.abc import Generator
from typing import Any

import pytest
import yaml

from components.base import destinations
from components.datalake import S3Store
from components.mlops import Pipelines, PipelinesArgs
from components.mlops.pipelines_servers import pipelines_servers
from tests.unit.components.environment import NotedEdge, NotedIdentity, environment
from tests.unit.recording import RecordingEngine, recording

CHART = "kubernetes:helm.sh/v4:Chart"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SERVICE = "kubernetes:core/v1:Service"
ROLE = "kubernetes:rbac.authorization.k8s.io/v1:Role"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


class Deployed:
    """Pipelines alone, and what it asked its surroundings for."""

    def __init__(self, engine: RecordingEngine, profile: str) -> None:
        self.engine = engine
        self.pipelines = engine.deploy(lambda: self._program(profile))
        self.values: dict[str, Any] = engine.only(CHART, "pipelines-argo-workflows").inputs["values"]

    def _program(self, profile: str) -> Pipelines:
        surroundings = environment(profile)
        assert isinstance(surroundings.edge, NotedEdge)
        assert isinstance(surroundings.identity, NotedIdentity)
        self.edge, self.identity = surroundings.edge, surroundings.identity
        store = S3Store("s3.eu-west-1.example", "eu-west-1")
        return Pipelines("pipelines", PipelinesArgs(surroundings, store))

    def pod(self, name: str) -> dict[str, Any]:
        return self.engine.only(DEPLOYMENT, name).inputs["spec"]["template"]

    def container(self, name: str) -> dict[str, Any]:
        return self.pod(name)["spec"]["containers"][0]


@pytest.fixture(scope="module")
def deployed() -> Generator[Deployed]:
    with recording() as engine:
        yield Deployed(engine, "dev")


def ports(deployed: Deployed, name: str) -> dict[str, int]:
    """Ports of a Service by their names."""
    return {port["name"]: port["port"] for port in deployed.engine.only(SERVICE, name).inputs["spec"]["ports"]}


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        # names that steps, agents and clients have built in
        ("ml-pipeline", {"http": 8888, "grpc": 8887}),
        ("metadata-grpc-service", {"grpc-api": 8080}),
        ("metadata-envoy-service", {"http": 9090}),
        ("ml-pipeline-ui", {"http": 80}),
        ("mysql", {"mysql": 3306}),
    ],
)
def test_services_have_the_names_and_ports_that_callers_expect(
    deployed: Deployed, service: str, expected: dict[str, int]
) -> None:
    assert ports(deployed, service) == expected


def test_every_server_of_the_table_runs_bounded_and_restricted(deployed: Deployed) -> None:
    names = {item.name for item in deployed.engine.of_type(DEPLOYMENT)}

    assert names == pipelines_servers().keys()
    for name in names:
        container = deployed.container(name)
        assert container["resources"]["limits"].keys() == {"cpu", "memory"}
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert deployed.pod(name)["metadata"]["labels"]["app"] == name


def test_images_of_the_project_have_one_version() -> None:
    images = [row.image for row in pipelines_servers().values() if "/kfp-" in row.image]
    settings = pipelines_servers()["ml-pipeline"].settings
    images += [settings["V2_DRIVER_IMAGE"], settings["V2_LAUNCHER_IMAGE"]]

    assert {image.rpartition(":")[2] for image in images} == {"2.16.0"}


def test_servers_wait_for_database_definitions_and_workflow_controller(deployed: Deployed) -> None:
    dependencies = deployed.engine.only(DEPLOYMENT, "ml-pipeline").dependencies

    for needed in ("Service::mysql", "CustomResourceDefinition::scheduledworkflows", "Chart::pipelines-argo"):
        assert any(needed in urn for urn in dependencies), needed


def test_only_servers_with_permissions_reach_the_api_server(deployed: Deployed) -> None:
    roles = {item.name for item in deployed.engine.of_type(ROLE)}

    for name, row in pipelines_servers().items():
        labels = deployed.pod(name)["metadata"]["labels"]
        assert (labels.get("biz-automation/api-server") == "client") == bool(row.permissions) == (name in roles)
        assert deployed.pod(name)["spec"]["automountServiceAccountToken"] is bool(row.permissions)


def test_nobody_reads_secrets_through_the_api(deployed: Deployed) -> None:
    rules = [rule for item in deployed.engine.of_type(ROLE) for rule in item.inputs["rules"]]

    assert rules
    assert all("secrets" not in rule["resources"] and "*" not in rule["resources"] for rule in rules)


def test_who_may_do_what_with_the_lake(deployed: Deployed) -> None:
    assert {account: grants[0].access for account, grants in deployed.identity.grants.items()} == {
        "ml/ml-pipeline": "write",
        "ml/ml-pipeline-ui": "read",
        "ml/pipeline-runner": "write",
    }
    assert {grants[0].resource for grants in deployed.identity.grants.values()} == {"lake/curated"}


def test_the_lake_is_opened_by_identity_not_by_keys(deployed: Deployed) -> None:
    settings = deployed.engine.only(CONFIG_MAP, "ml-pipeline").inputs["data"]
    variables = {item["name"]: item.get("value") for item in deployed.container("ml-pipeline")["env"]}

    assert settings["OBJECTSTORECONFIG_ACCESSKEY"] == settings["OBJECTSTORECONFIG_SECRETACCESSKEY"] == ""
    assert variables["OBJECTSTORECONFIG_BUCKETNAME"] == "biz-curated"
    assert variables["OBJECTSTORECONFIG_HOST"] == "s3.eu-west-1.example"
    assert deployed.values["artifactRepository"]["s3"]["useSDKCreds"] is True
    launcher = deployed.engine.only(CONFIG_MAP, "kfp-launcher").inputs["data"]
    assert launcher == {"defaultPipelineRoot": "s3://biz-curated/pipelines/artifacts"}


def test_the_interface_finds_the_logs_where_workflows_put_them(deployed: Deployed) -> None:
    variables = {item["name"]: item["value"] for item in deployed.container("ml-pipeline-ui")["env"]}
    archive = deployed.values["artifactRepository"]["s3"]

    assert variables["ARGO_KEYFORMAT"] == archive["keyFormat"]
    assert variables["ARGO_ARCHIVE_BUCKETNAME"] == archive["bucket"]


def test_steps_run_as_the_runner_with_what_they_may_call(deployed: Deployed) -> None:
    defaults = deployed.values["controller"]["workflowDefaults"]["spec"]

    assert deployed.values["singleNamespace"] is True
    assert deployed.values["server"] == {"enabled": False}
    assert defaults["serviceAccountName"] == "pipeline-runner"
    assert defaults["podMetadata"]["labels"] == {
        "biz-automation/api-server": "client",
        "biz-automation/cloud-identity": "client",
        "biz-automation/object-store": "client",
    }
    for part in ("mainContainer", "executor"):
        assert deployed.values[part]["resources"]["limits"].keys() == {"cpu", "memory"}
        assert deployed.values[part]["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_database_credentials_come_from_the_vault(deployed: Deployed) -> None:
    def sources(name: str) -> dict[str, str]:
        spec = deployed.engine.only("kubernetes:external-secrets.io/v1:ExternalSecret", name).inputs["spec"]
        return {item["secretKey"]: item["remoteRef"]["property"] for item in spec["data"]}

    assert sources("ml-mysql") == {
        "MYSQL_ROOT_PASSWORD": "root-password",
        "MYSQL_USER": "username",
        "MYSQL_PASSWORD": "password",
    }
    assert sources("ml-pipelines-database") == {
        "DBCONFIG_MYSQLCONFIG_USER": "username",
        "DBCONFIG_MYSQLCONFIG_PASSWORD": "password",
    }
    for name in ("ml-pipeline", "metadata-grpc-service"):
        assert {"secretRef": {"name": "pipelines-database"}} in deployed.container(name)["envFrom"]


def test_the_database_keeps_its_volume_and_makes_both_schemas(deployed: Deployed) -> None:
    spec = deployed.engine.only("kubernetes:apps/v1:StatefulSet", "mysql").inputs["spec"]
    container = spec["template"]["spec"]["containers"][0]
    claim = spec["volumeClaimTemplates"][0]["spec"]

    assert container["env"] == [{"name": "MYSQL_DATABASE", "value": "mlpipeline"}]
    assert "metadb" in deployed.engine.only(CONFIG_MAP, "mysql").inputs["data"]["metadata.sql"]
    assert (claim["storageClassName"], claim["resources"]["requests"]["storage"]) == ("standard", "5Gi")
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_envoy_passes_on_to_the_metadata_store(deployed: Deployed) -> None:
    data = deployed.engine.only(CONFIG_MAP, "metadata-envoy-service-configuration").inputs["data"]
    configuration = yaml.safe_load(data["envoy.yaml"])["static_resources"]
    cluster = configuration["clusters"][0]
    endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
    listener = configuration["listeners"][0]["address"]["socket_address"]

    assert (endpoint["address"], endpoint["port_value"]) == ("metadata-grpc-service", 8080)
    assert {"http": listener["port_value"]} == ports(deployed, "metadata-envoy-service")


def test_is_published_and_open_to_workflows(deployed: Deployed) -> None:
    exposure = deployed.edge.exposures["pipelines"]
    destination = destinations()["pipelines"]

    assert (exposure.service, exposure.port, exposure.public_paths) == ("ml-pipeline-ui", 80, ())
    assert deployed.pipelines.address == "http://ml-pipeline.ml.svc.cluster.local:8888"
    assert (destination.pods, destination.ports) == ({"app": "ml-pipeline"}, (8888,))
    assert "workflows" in destination.clients


def test_recurring_runs_outlive_the_program(deployed: Deployed) -> None:
    definition = deployed.engine.only("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition")

    assert definition.retain_on_delete is True
    assert definition.inputs["spec"]["names"]["kind"] == "ScheduledWorkflow"


def test_prod_has_two_of_what_people_call() -> None:
    with recording("prod") as engine:
        deployed = Deployed(engine, "prod")
        replicas = {item.name: item.inputs["spec"]["replicas"] for item in engine.of_type(DEPLOYMENT)}
        budgets = {item.name for item in engine.of_type("kubernetes:policy/v1:PodDisruptionBudget")}

        assert replicas["ml-pipeline"] == replicas["ml-pipeline-ui"] == 2
        assert budgets == {name for name, number in replicas.items() if number > 1}
        assert deployed.values["controller"]["pdb"]["enabled"] is True
