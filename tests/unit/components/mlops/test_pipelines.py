"""Kubeflow Pipelines: names, order, what each server may do, and where things are kept. Source: MLOPS-1, MLOPS-7."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest
import yaml
from typing_extensions import override

from components.base import destinations
from components.datalake import S3Store
from components.mlops import Pipelines, PipelinesArgs
from components.mlops.pipelines_servers import pipelines_servers
from tests.unit.components.environment import (
    PRIVATE_STORE,
    NotedEdge,
    NotedIdentity,
    environment,
    keyed_identity,
)
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


class KeyedDeployed(Deployed):
    """Pipelines on a cluster that assigns users, and whose cloud knows no service accounts."""

    @override
    def _program(self, profile: str) -> Pipelines:
        surroundings = environment(profile, store=PRIVATE_STORE)
        surroundings = replace(surroundings, identity=keyed_identity(PRIVATE_STORE), assigns_user_ids=True)
        return Pipelines("pipelines", PipelinesArgs(surroundings, PRIVATE_STORE))


@pytest.fixture(scope="module")
def keyed() -> Generator[Deployed]:
    with recording() as engine:
        yield KeyedDeployed(engine, "dev")


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


def test_logs_are_archived_with_the_keys_of_the_steps_account(keyed: Deployed) -> None:
    archive = keyed.values["artifactRepository"]["s3"]
    secret = "pipeline-runner-object-store"

    assert keyed.values["useStaticCredentials"] is True
    assert archive["useSDKCreds"] is False
    assert (archive["endpoint"], archive["region"]) == ("s3.example.com", "datacentre-1")
    assert archive["accessKeySecret"] == {"name": secret, "key": "AWS_ACCESS_KEY_ID"}
    assert archive["secretKeySecret"] == {"name": secret, "key": "AWS_SECRET_ACCESS_KEY"}
    assert archive["caSecret"] == {"name": secret, "key": "ca.crt"}


def test_the_launcher_is_told_of_a_store_of_ones_own(keyed: Deployed) -> None:
    launcher = keyed.engine.only(CONFIG_MAP, "kfp-launcher").inputs["data"]

    assert launcher["defaultPipelineRoot"] == "s3://biz-curated/pipelines/artifacts"
    assert yaml.safe_load(launcher["providers"]) == {
        "s3": {
            "default": {
                "endpoint": "https://s3.example.com",
                "region": "datacentre-1",
                "forcePathStyle": True,
                "credentials": {
                    "fromEnv": False,
                    "secretRef": {
                        "secretName": "pipeline-runner-object-store",
                        "accessKeyKey": "AWS_ACCESS_KEY_ID",
                        "secretKeyKey": "AWS_SECRET_ACCESS_KEY",
                    },
                },
            }
        }
    }


def test_only_steps_and_what_shows_them_read_that_one_secret(keyed: Deployed) -> None:
    rules = {item.name: item.inputs["rules"] for item in keyed.engine.of_type(ROLE)}
    readers = {
        name: [rule for rule in held if "secrets" in rule["resources"]]
        for name, held in rules.items()
        if any("secrets" in rule["resources"] for rule in held)
    }

    assert readers.keys() == {"pipeline-runner", "ml-pipeline-ui"}
    for (rule,) in readers.values():
        assert (rule["resourceNames"], rule["verbs"]) == (["pipeline-runner-object-store"], ["get"])


def test_servers_have_keys_of_their_own_and_steps_the_authority(keyed: Deployed) -> None:
    variables = {item["name"]: item.get("value") for item in keyed.container("ml-pipeline")["env"]}

    for name in ("ml-pipeline", "ml-pipeline-ui"):
        assert {"secretRef": {"name": f"{name}-object-store"}} in keyed.container(name)["envFrom"]
        assert "/etc/object-store" in {item["mountPath"] for item in keyed.container(name)["volumeMounts"]}
    assert variables["OBJECTSTORECONFIG_HOST"] == "s3.example.com"
    assert variables["CABUNDLE_SECRET_NAME"] == "pipeline-runner-object-store"
    assert variables["CABUNDLE_KEY_NAME"] == "ca.crt"


def test_steps_get_no_number_where_the_cluster_assigns_users(keyed: Deployed, deployed: Deployed) -> None:
    def numbers(where: Deployed) -> dict[str, str]:
        settings = where.engine.only(CONFIG_MAP, "ml-pipeline").inputs["data"]
        return {key: value for key, value in settings.items() if key.endswith("RUN_AS_USER")}

    assert numbers(keyed) == {}
    assert set(numbers(deployed).values()) == {"1000"}


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
