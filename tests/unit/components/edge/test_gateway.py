"""The gateway: one way in, closed to whoever has not signed on."""

from collections.abc import Iterator
from typing import Any

import pytest

from components import base, edge
from tests.unit.components.edge.edges import BALANCER, SOURCES, WEBHOOKS, Published, application, published, way_in
from tests.unit.components.environment import BASE_DOMAIN
from tests.unit.recording import RecordingEngine


@pytest.fixture(scope="module")
def dev() -> Iterator[Published]:
    """In dev."""
    with published(edge.Gateway, "dev") as made:
        yield made


@pytest.fixture(scope="module")
def prod() -> Iterator[Published]:
    """In prod."""
    with published(edge.Gateway, "prod") as made:
        yield made


def proxy(made: Published) -> dict[str, Any]:
    """What the controller is told of the proxies."""
    return made.spec("EnvoyProxy", "api-gateway")["provider"]["kubernetes"]


def test_control_plane_has_the_secrets_that_the_dropped_job_would_make(dev: Published) -> None:
    controller, proxies = dev.spec("Certificate", "envoy-gateway"), dev.spec("Certificate", "envoy")

    assert (controller["secretName"], proxies["secretName"]) == ("envoy-gateway", "envoy")
    # the proxies accept no other name
    assert "envoy-gateway" in controller["dnsNames"]
    assert {item["issuerRef"]["name"] for item in (controller, proxies)} == {"platform-internal"}
    chart = dev.engine.only("kubernetes:helm.sh/v4:Chart", "gateway-helm")
    assert {dev.item("Certificate", name).urn for name in ("envoy-gateway", "envoy")} < set(chart.dependencies)
    assert dev.values("gateway-helm")["topologyInjector"] == {"enabled": False}


def test_definitions_have_one_owner_and_the_standard_channel(dev: Published) -> None:
    assert dev.values("gateway-helm")["crds"] == {"enabled": False}
    assert dev.values("gateway-crds-helm")["crds"]["gatewayAPI"] == {"enabled": True, "channel": "standard"}


def test_https_has_a_certificate_for_every_host(dev: Published) -> None:
    certificate = dev.spec("Certificate", "api-gateway-tls")

    assert certificate["dnsNames"] == [BASE_DOMAIN, f"*.{BASE_DOMAIN}"]
    assert certificate["issuerRef"] == {"kind": "ClusterIssuer", "name": "letsencrypt-prod"}
    (secret,) = listener(dev, "https")["tls"]["certificateRefs"]
    assert secret["name"] == certificate["secretName"]
    assert dev.spec("ClientTrafficPolicy", "api-gateway")["tls"] == {"minVersion": "1.2"}


def listener(made: Published, name: str) -> dict[str, Any]:
    """One listener of the Gateway."""
    (found,) = [item for item in made.spec("Gateway", "api-gateway")["listeners"] if item["name"] == name]
    return found


def test_http_only_redirects(dev: Published) -> None:
    route = dev.spec("HTTPRoute", "redirect-to-https")

    assert route["parentRefs"][0]["sectionName"] == "http"
    (rule,) = route["rules"]
    assert "backendRefs" not in rule
    assert rule["filters"][0]["requestRedirect"] == {"scheme": "https", "statusCode": 301}
    assert listener(dev, "http")["allowedRoutes"]["namespaces"] == {"from": "Same"}


def test_whatever_passes_has_signed_on(dev: Published) -> None:
    policy = dev.spec("SecurityPolicy", "api-gateway")

    assert [(item["kind"], item["name"], item["sectionName"]) for item in policy["targetRefs"]] == [
        ("Gateway", "api-gateway", "https")
    ]
    assert policy["extAuth"]["failOpen"] is False
    assert policy["extAuth"]["http"]["backendRefs"] == [{"name": "oauth2-proxy", "port": 80}]
    # no path of oauth2-proxy's own, such as /ping, is judged in place of the application's
    assert policy["extAuth"]["http"]["path"] == "/gateway"


def test_nobody_can_claim_to_be_somebody(dev: Published) -> None:
    headers = dev.spec("ClientTrafficPolicy", "api-gateway")["headers"]["earlyRequestHeaders"]
    told = dev.spec("SecurityPolicy", "api-gateway")["extAuth"]["http"]["headersToBackend"]

    assert set(told) == set(headers["remove"])
    assert "x-auth-request-user" in told
    assert headers["set"][0]["name"] == "x-auth-request-redirect"


def test_an_application_has_its_route_in_its_own_namespace(dev: Published) -> None:
    assert dev.addresses[0] == f"https://kestra.{BASE_DOMAIN}"
    route = dev.item("HTTPRoute", "kestra")

    assert route.inputs["metadata"]["namespace"] == "workflows"
    assert route.inputs["spec"]["hostnames"] == [f"kestra.{BASE_DOMAIN}"]
    (rule,) = route.inputs["spec"]["rules"]
    assert [(item["name"], item["port"]) for item in rule["backendRefs"]] == [("kestra", 8080)]
    assert dev.item("Gateway", "api-gateway").inputs["metadata"]["namespace"] == "ingress"
    assert "kestra" not in {item.inputs["metadata"]["name"] for item in dev.of_kind("SecurityPolicy")}


def test_only_public_paths_pass_without_sign_on(dev: Published) -> None:
    policy = dev.spec("SecurityPolicy", "kestra-public")
    (rule,) = dev.spec("HTTPRoute", "kestra-public")["rules"]

    assert [item["path"]["value"] for item in rule["matches"]] == [WEBHOOKS]
    assert [(item["kind"], item["name"]) for item in policy["targetRefs"]] == [("HTTPRoute", "kestra-public")]
    assert "extAuth" not in policy
    assert {item.inputs["metadata"]["name"] for item in dev.of_kind("SecurityPolicy")} == {
        "api-gateway",
        "kestra-public",
        "auth-public",
    }


def test_source_networks_hold_for_every_policy(dev: Published) -> None:
    networks = [str(network) for network in SOURCES]
    for policy in dev.of_kind("SecurityPolicy"):
        authorization = policy.inputs["spec"]["authorization"]
        assert authorization["defaultAction"] == "Deny"
        assert [rule["principal"]["clientCIDRs"] for rule in authorization["rules"]] == [networks]
    assert proxy(dev)["envoyService"]["loadBalancerSourceRanges"] == networks


def test_the_service_has_what_the_cloud_says(dev: Published) -> None:
    service = proxy(dev)["envoyService"]

    assert service["annotations"] == BALANCER.annotations
    assert service["loadBalancerClass"] == BALANCER.service_class
    # the client's own address reaches the policies
    assert service["externalTrafficPolicy"] == "Local"


def test_the_internet_reaches_the_proxies_and_nothing_else(dev: Published) -> None:
    policy = dev.spec("NetworkPolicy", "allow-internet")

    assert policy["podSelector"]["matchLabels"] == {"app": "api-gateway"}
    assert proxy(dev)["envoyDeployment"]["pod"]["labels"]["app"] == "api-gateway"
    assert [port["port"] for port in policy["ingress"][0]["ports"]] == [10080, 10443]


def test_every_container_of_the_proxies_is_bounded(dev: Published) -> None:
    deployment = proxy(dev)["envoyDeployment"]
    (helper,) = deployment["patch"]["value"]["spec"]["template"]["spec"]["containers"]

    assert helper["name"] == "shutdown-manager"
    for resources in (deployment["container"]["resources"], helper["resources"]):
        assert resources["requests"].keys() == resources["limits"].keys() == {"cpu", "memory"}


def test_prod_scales_and_dev_has_one(dev: Published, prod: Published) -> None:
    small = proxy(dev)
    large = proxy(prod)

    assert small["envoyDeployment"]["replicas"] == 1
    assert not {"envoyHpa", "envoyPDB"} & small.keys()
    assert "replicas" not in large["envoyDeployment"]
    assert (large["envoyHpa"]["minReplicas"], large["envoyPDB"]["maxUnavailable"]) == (3, 1)
    assert large["envoyDeployment"]["pod"]["topologySpreadConstraints"]


def test_a_host_has_one_owner(engine: RecordingEngine) -> None:
    def program() -> None:
        way, stack = way_in(edge.Gateway)
        for namespace in ("workflows", "data"):
            exposure = base.Exposure("kestra", stack.namespaces[namespace], "kestra", 8080)
            way.expose(exposure, application(namespace))

    with pytest.raises(ValueError, match=f"data/kestra: kestra.{BASE_DOMAIN} is published already, for workflows"):
        engine.deploy(program)
    routes = [item for item in engine.registrations if item.type.endswith(":HTTPRoute")]
    assert "data" not in {item.inputs["metadata"]["namespace"] for item in routes}


def test_a_name_that_is_no_label_is_refused(engine: RecordingEngine) -> None:
    def program() -> None:
        way, stack = way_in(edge.Gateway)
        way.expose(base.Exposure("Kestra.ui", stack.namespaces["workflows"], "kestra", 8080), application("kestra"))

    with pytest.raises(ValueError, match=r"'Kestra\.ui' is no label of a host"):
        engine.deploy(program)
