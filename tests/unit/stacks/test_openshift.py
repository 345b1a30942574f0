"""Foundation and platform on OpenShift as each stack's file describes them, everything on. Source: A-31, CLU-3."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from components.observability.cluster_monitoring import querier_configuration
from stacks import openshift
from stacks.foundation import Access, Foundation, Grant, GrantError, ServiceAccountReference
from tests.unit.conftest import Programs
from tests.unit.openshift_cluster import cluster_of
from tests.unit.platform import Deployment, settings_of
from tests.unit.programs import deploy
from tests.unit.recording import RecordingEngine

STACKS = ("openshift-dev", "openshift-stg", "openshift-prod")
# of a secret in Pulumi's protocol
SIGNATURE = "4dabf18193072939515e22adb298388d"
PASSWORD = "random:index/randomPassword:RandomPassword"
USERS = ("runAsUser", "runAsGroup", "fsGroup")


def _password(_name: str, _inputs: dict[str, Any]) -> dict[str, Any]:
    return {"result": "canary"}


def value_of(secret: dict[str, Any]) -> Any:
    """What a secret input holds; one that is no secret has no signature and fails here."""
    assert SIGNATURE in secret
    return secret["value"]


@pytest.fixture(scope="module")
def deployments(programs: Programs) -> Mapping[str, Deployment]:
    return {stack: programs(stack) for stack in STACKS}


@pytest.fixture(params=STACKS)
def deployment(request: pytest.FixtureRequest, deployments: Mapping[str, Deployment]) -> Deployment:
    return deployments[request.param]


@pytest.fixture
def dev(deployments: Mapping[str, Deployment]) -> Deployment:
    return deployments["openshift-dev"]


def numbers_in(value: Any) -> list[str]:
    """Keys that name a user or a group by number, however deep they are."""
    if isinstance(value, dict):
        # on their way to the engine all numbers are decimal ones
        own = [key for key, member in value.items() if key in USERS and isinstance(member, int | float)]
        return own + [found for member in value.values() for found in numbers_in(member)]
    return [found for member in value for found in numbers_in(member)] if isinstance(value, list) else []


def policy(deployment: Deployment, name: str) -> dict[str, Any]:
    return deployment.of_kind("NetworkPolicy")[name]["spec"]


def test_no_pod_names_its_user(deployment: Deployment) -> None:
    """SecurityContextConstraints restricted-v2 would refuse it."""
    assert {item.name: found for item in deployment.objects if (found := numbers_in(item.inputs))} == {}
    for name, workload in deployment.of_kind("Deployment").items():
        security = workload["spec"]["template"]["spec"]["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name


def test_only_the_log_collector_reads_the_nodes_files(deployment: Deployment) -> None:
    constraints = deployment.of_kind("SecurityContextConstraints")
    assert list(constraints) == ["biz-automation-observability-fluent-bit"]
    (constraint,) = constraints.values()
    assert constraint["users"] == ["system:serviceaccount:observability:fluent-bit"]
    assert constraint["groups"] == []
    allowed = {key for key, value in constraint.items() if key.startswith("allow") and value}
    assert allowed == {"allowHostDirVolumePlugin"}
    assert constraint["requiredDropCapabilities"] == ["ALL"]


def test_nothing_of_the_owners_is_made(deployment: Deployment) -> None:
    assert deployment.of_kind("StorageClass") == {}
    assert {item.type for item in deployment.engine.registrations if item.type.startswith(("aws", "azure"))} == set()
    charts = {item.name for item in deployment.objects if item.type.endswith(":Chart")}
    assert charts.isdisjoint({"prometheus-operator-crds", "external-dns", "api-gateway-controller"})


def test_routes_end_tls_redirect_and_are_not_open_to_strangers(deployment: Deployment) -> None:
    routes = deployment.of_kind("Route")
    hosts = [route["spec"]["host"] for route in routes.values()]
    assert len(set(hosts)) == len(hosts), "a host belongs to one namespace"
    assert {host.partition(".")[2] for host in hosts} == {deployment.settings.organisation.base_domain}
    for route in routes.values():
        tls = {"termination": "edge", "insecureEdgeTerminationPolicy": "Redirect"}
        assert tls.items() <= route["spec"]["tls"].items()
        annotations = route["metadata"]["annotations"]
        assert annotations["haproxy.router.openshift.io/ip_allowlist"] == "0.0.0.0/0"
    # the router looks for this port among those of the pods
    ports = {route["spec"]["to"]["name"]: route["spec"]["port"]["targetPort"] for route in routes.values()}
    assert ports["oauth2-proxy"] == "http"
    assert ports["kestra-sign-on"] == 4180
    public = {name for name, route in routes.items() if not route["spec"]["to"]["name"].endswith("-sign-on")}
    assert public == {"ingress/auth"}
    assert {name.partition("/")[0] for name in routes} == {"ingress"}


def test_a_proxy_lets_public_paths_pass_and_asks_for_the_rest(dev: Deployment) -> None:
    settings = dev.of_kind("ConfigMap")["ingress/kestra-sign-on-configuration"]["data"]["oauth2-proxy.cfg"]
    lines = dict(line.split(" = ", 1) for line in settings.splitlines())
    assert json.loads(lines["upstreams"]) == ["http://kestra.workflows.svc.cluster.local:8080"]
    public = json.loads(lines["skip_auth_routes"])
    assert public
    assert all(path.startswith("^/api/v1/") for path in public)
    assert json.loads(lines["redirect_url"]) == "https://auth.dev.openshift.example.com/oauth2/callback"
    assert json.loads(lines["allowed_groups"]) == ["platform-admins", "platform-editors", "platform-viewers"]
    other = dev.of_kind("ConfigMap")["ingress/grafana-sign-on-configuration"]["data"]["oauth2-proxy.cfg"]
    assert "skip_auth_routes = []" in other.splitlines()


def test_without_sign_on_only_public_paths_answer(engine: RecordingEngine) -> None:
    settings = settings_of("openshift-dev")
    components = settings.components.model_copy(update={"oauth2_proxy": False})
    routes = deploy(engine, settings.model_copy(update={"components": components})).of_kind("Route")
    services = {name.partition("/")[0]: route["spec"]["to"]["name"] for name, route in routes.items()}
    assert services == {"workflows": "kestra", "data": "airflow-webserver"}
    assert all(len(route["spec"]["path"]) > 1 for route in routes.values())


def test_a_certificate_per_host_is_read_by_the_router_alone(engine: RecordingEngine) -> None:
    """Source: NET-6, SEC-12."""
    settings = settings_of("openshift-dev")
    assert settings.openshift is not None
    section = settings.openshift.model_validate(
        {**settings.openshift.model_dump(mode="json", by_alias=True), "routeCertificates": "issuer"},
        strict=False,
        by_alias=True,
    )
    deployment = deploy(engine, settings.model_copy(update={"openshift": section}))
    route = deployment.of_kind("Route")["ingress/kestra"]
    assert route["spec"]["tls"]["externalCertificate"] == {"name": "kestra-tls"}
    issued = deployment.of_kind("Certificate")["ingress/kestra-tls"]["spec"]
    assert issued["dnsNames"] == ["kestra.dev.openshift.example.com"]
    assert issued["issuerRef"]["name"] == "letsencrypt-prod"
    (rule,) = deployment.of_kind("Role")["ingress/kestra-tls"]["rules"]
    assert (rule["resourceNames"], rule["verbs"]) == (["kestra-tls"], ["get", "list", "watch"])
    (subject,) = deployment.of_kind("RoleBinding")["ingress/kestra-tls"]["subjects"]
    assert (subject["namespace"], subject["name"]) == ("openshift-ingress", "router")


def test_dns_is_openshifts_own(deployment: Deployment) -> None:
    """Source: A-3."""
    (rule,) = policy(deployment, "workflows/allow-dns")["egress"]
    (peer,) = rule["to"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "openshift-dns"}
    assert {(port["protocol"], port["port"]) for port in rule["ports"]} == {("UDP", 5353), ("TCP", 5353)}
    written = json.dumps([item["spec"] for item in deployment.of_kind("NetworkPolicy").values()])
    assert "kube-dns" not in written


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("ingress/allow-ingress-controller", {"policy-group.network.openshift.io/ingress": ""}),
        ("security/allow-admission", {"policy-group.network.openshift.io/host-network": ""}),
        ("data/allow-metrics-scrape", {"kubernetes.io/metadata.name": "openshift-user-workload-monitoring"}),
    ],
)
def test_the_clusters_own_pods_get_in(dev: Deployment, name: str, labels: dict[str, str]) -> None:
    (rule,) = policy(dev, name)["ingress"]
    selectors = [peer.get("namespaceSelector", {}).get("matchLabels") for peer in rule["from"]]
    assert labels in selectors


def test_dev_keeps_credentials_in_a_namespace_that_only_the_operator_reads(dev: Deployment) -> None:
    """Source: SEC-5, SEC-10."""
    store = dev.of_kind("ClusterSecretStore")["kubernetes-secrets"]["spec"]["provider"]["kubernetes"]
    assert store["remoteNamespace"] == "biz-automation-vault"
    secret = dev.of_kind("Secret")["biz-automation-vault/postgres-analytics"]
    assert value_of(secret["stringData"]) == {"username": "analytics", "password": "canary"}
    (rule,) = dev.of_kind("Role")["biz-automation-vault/secrets-token"]["rules"]
    assert (rule["resources"], rule["resourceNames"]) == (["serviceaccounts/token"], ["secret-reader"])
    (subject,) = dev.of_kind("RoleBinding")["biz-automation-vault/secrets-token"]["subjects"]
    assert (subject["namespace"], subject["name"]) == ("security", "external-secrets")
    remote = dev.of_kind("ExternalSecret")["data/postgres-analytics"]["spec"]["data"]
    assert {item["remoteRef"]["key"] for item in remote} == {"postgres-analytics"}


def test_with_a_vault_the_program_makes_no_credentials(deployments: Mapping[str, Deployment]) -> None:
    prod = deployments["openshift-prod"]
    assert prod.engine.of_type(PASSWORD) == []
    vault = prod.of_kind("ClusterSecretStore")["vault"]["spec"]["provider"]["vault"]
    assert vault["server"] == "https://vault.example.com:8200"
    assert vault["auth"] == {"kubernetes": {"mountPath": "kubernetes", "role": "biz-automation-openshift-prod"}}
    remote = prod.of_kind("ExternalSecret")["data/postgres-analytics"]["spec"]["data"]
    assert {item["remoteRef"]["key"] for item in remote} == {"biz-automation-openshift-prod/postgres/analytics"}


def test_keys_of_the_object_store_reach_bound_workloads_by_a_secret(dev: Deployment) -> None:
    kestra = dev.of_kind("ExternalSecret")["workflows/kestra-object-store"]["spec"]
    assert kestra["target"]["template"]["data"] == {
        "AWS_ACCESS_KEY_ID": "{{ .AWS_ACCESS_KEY_ID }}",
        "AWS_SECRET_ACCESS_KEY": "{{ .AWS_SECRET_ACCESS_KEY }}",
        "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "LAKE_PATH_STYLE": "true",
        "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": "path",
    }
    (container,) = dev.of_kind("Deployment")["workflows/kestra"]["spec"]["template"]["spec"]["containers"]
    assert {"secretRef": {"name": "kestra-object-store"}} in container["envFrom"]


def test_backups_of_the_database_go_to_the_object_store(dev: Deployment) -> None:
    """Source: A-43."""
    store = dev.of_kind("ObjectStore")["data/postgres"]["spec"]["configuration"]
    assert store["destinationPath"] == "s3://biz-automation-openshift-dev-backups/database/"
    assert store["endpointURL"] == "https://s3.example.com"
    assert store["s3Credentials"] == {
        "accessKeyId": {"name": "postgres-object-store", "key": "AWS_ACCESS_KEY_ID"},
        "secretAccessKey": {"name": "postgres-object-store", "key": "AWS_SECRET_ACCESS_KEY"},
    }
    assert "data/postgres-object-store" in dev.of_kind("ExternalSecret")


def test_prometheus_is_the_clusters_and_grafana_ours(deployment: Deployment) -> None:
    (chart,) = [item.inputs["values"] for item in deployment.objects if item.inputs.get("name") == "prometheus"]
    parts = {key: value["enabled"] for key, value in chart.items() if isinstance(value, dict) and "enabled" in value}
    assert set(parts.values()) == {False}
    assert {"prometheusOperator", "prometheus", "alertmanager", "nodeExporter", "kubeStateMetrics"} <= parts.keys()
    assert chart["grafana"]["sidecar"]["datasources"]["url"] == "http://prometheus.observability.svc:9090/"
    service = deployment.of_kind("Service")["observability/prometheus"]["spec"]
    assert [port["port"] for port in service["ports"]] == [9090]
    (subject,) = deployment.of_kind("ClusterRoleBinding")["observability-prometheus-reader"]["subjects"]
    assert (subject["namespace"], subject["name"]) == ("observability", "prometheus")


def test_the_queriers_configuration_is_yaml_with_the_address_filled_in() -> None:
    written = querier_configuration(openshift.MONITORING)
    (cluster,) = yaml.safe_load(written)["static_resources"]["clusters"]
    (endpoint,) = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
    address = endpoint["endpoint"]["address"]["socket_address"]
    assert address == {"address": "thanos-querier.openshift-monitoring.svc", "port_value": 9091}
    assert "QUERIER" not in written


def test_images_come_from_the_clusters_registry(dev: Deployment) -> None:
    streams = dev.of_kind("ImageStream")
    assert "biz-automation-images/healthz" in streams
    pullers = dev.of_kind("RoleBinding")["biz-automation-images/image-pullers"]["subjects"]
    assert {"system:serviceaccounts:workflows", "system:serviceaccounts:data"} <= {item["name"] for item in pullers}
    assert dev.engine.value(dev.outputs["registryUrl"]).endswith(":5000/biz-automation-images")


def test_one_provider_is_bound_to_the_cluster_and_has_no_credentials(dev: Deployment) -> None:
    provider = dev.engine.only("pulumi:providers:kubernetes")
    assert provider.inputs["clusterIdentifier"] == "00000000-0000-4000-8000-000000000000"
    assert "kubeconfig" not in provider.inputs
    assert all(item.provider.startswith(f"{provider.urn}::") for item in dev.objects)


def test_a_token_becomes_a_secret_kubeconfig(engine: RecordingEngine) -> None:
    settings = settings_of("openshift-dev")
    assert settings.openshift is not None
    changed = settings.model_copy(
        update={
            "openshift_token": _Token(),
            "openshift": settings.openshift.model_copy(update={"api_server": "https://api.example.com:6443"}),
        }
    )
    engine.outputs[PASSWORD] = _password
    foundation = engine.deploy(lambda: openshift.build(changed, lambda _: cluster_of(changed)))
    inputs = engine.only("pulumi:providers:kubernetes").inputs
    document = yaml.safe_load(value_of(inputs["kubeconfig"]))
    assert document["users"] == [{"name": "platform", "user": {"token": "canary-token"}}]
    assert "canary-token" not in repr(engine.value(dict(foundation.outputs)))


class _Token:
    def get_secret_value(self) -> str:
        return "canary-token"


def test_grants_name_what_there_is(engine: RecordingEngine) -> None:
    settings = settings_of("openshift-dev")

    def program() -> Foundation:
        return openshift.build(settings, lambda _: cluster_of(settings))

    engine.outputs[PASSWORD] = _password
    identity = engine.deploy(program).identity
    account = ServiceAccountReference("data", "somebody")
    with pytest.raises(GrantError, match="there is no 'cooked'; allowed are archive, curated, raw"):
        identity.bind(account, [Grant("lake/cooked", Access.READ)])
    with pytest.raises(GrantError, match="no grants"):
        identity.bind(account, [])
    with pytest.raises(GrantError, match="secrets can be read only"):
        identity.bind(account, [Grant("secret", Access.WRITE)])
    with pytest.raises(GrantError, match="allowed are lake/<zone>"):
        identity.bind(account, [Grant("queue/orders", Access.READ)])
    assert identity.bind(account, [Grant("dns", Access.WRITE)]).credentials is None


def test_a_first_preview_survives_what_it_cannot_know(engine: RecordingEngine) -> None:
    engine.preview = True
    assert deploy(engine, settings_of("openshift-prod")).of_kind("Route")


def test_only_what_lives_in_a_namespace_ends_with_one(deployment: Deployment) -> None:
    assert deployment.taken_for_gone == []
