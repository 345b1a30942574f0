"""ingress-nginx: the same hosts, certificates and sign-on, and a warning."""

from collections.abc import Iterator

import pytest

from components import base, edge
from tests.unit.components.edge.edges import BALANCER, WEBHOOKS, Published, application, published, way_in
from tests.unit.components.environment import BASE_DOMAIN
from tests.unit.recording import RecordingEngine

AUTH_URL = "nginx.ingress.kubernetes.io/auth-url"
AUTH_SIGNIN = "nginx.ingress.kubernetes.io/auth-signin"


@pytest.fixture(scope="module")
def dev() -> Iterator[Published]:
    """In dev."""
    with published(edge.IngressNginx, "dev") as made:
        yield made


def annotations(made: Published, name: str) -> dict[str, str]:
    """Annotations of an Ingress."""
    return made.item("Ingress", name).inputs["metadata"]["annotations"]


def test_api_gateway_hands_sign_on_to_oauth2_proxy(dev: Published) -> None:
    found = annotations(dev, "api-gateway")

    assert found[AUTH_URL] == "http://oauth2-proxy.ingress.svc.cluster.local:80/oauth2/auth"
    assert found[AUTH_SIGNIN].startswith(f"https://auth.{BASE_DOMAIN}/oauth2/start?rd=")
    assert dev.spec("Ingress", "api-gateway")["rules"][0]["host"] == f"*.{BASE_DOMAIN}"


def test_an_application_asks_for_sign_on_but_for_its_public_paths(dev: Published) -> None:
    assert dev.addresses[0] == f"https://kestra.{BASE_DOMAIN}"
    public = dev.spec("Ingress", "kestra-public")["rules"][0]["http"]["paths"]

    assert annotations(dev, "kestra")[AUTH_URL] == annotations(dev, "api-gateway")[AUTH_URL]
    assert AUTH_URL not in annotations(dev, "kestra-public")
    assert AUTH_URL not in annotations(dev, "auth-public")
    assert [path["path"] for path in public] == [WEBHOOKS]


def test_each_host_has_one_certificate(dev: Published) -> None:
    owners: dict[str, list[str]] = {}
    for item in dev.of_kind("Ingress"):
        (tls,) = item.inputs["spec"]["tls"]
        issuer = item.inputs["metadata"]["annotations"].get("cert-manager.io/cluster-issuer")
        owners.setdefault(tls["secretName"], []).extend([issuer] if issuer else [])
    assert owners == {f"{name}-tls": ["letsencrypt-prod"] for name in ("api-gateway", "kestra", "grafana", "auth")}


def test_webhook_certificate_comes_from_cert_manager(dev: Published) -> None:
    webhooks = dev.values("ingress-nginx")["controller"]["admissionWebhooks"]

    assert webhooks == {"certManager": {"enabled": True}, "patch": {"enabled": False}}


def test_the_service_has_what_the_cloud_says(dev: Published) -> None:
    controller = dev.values("ingress-nginx")["controller"]

    assert controller["service"]["annotations"] == BALANCER.annotations
    assert controller["config"]["whitelist-source-range"] == "198.51.100.0/24"


def test_a_host_has_one_owner(engine: RecordingEngine) -> None:
    def program() -> None:
        way, stack = way_in(edge.IngressNginx)
        for namespace in ("workflows", "data"):
            exposure = base.Exposure("kestra", stack.namespaces[namespace], "kestra", 8080)
            way.expose(exposure, application(namespace))

    with pytest.raises(ValueError, match="published already"):
        engine.deploy(program)


def test_warns_that_it_is_retired(engine: RecordingEngine, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING"):
        engine.deploy(lambda: way_in(edge.IngressNginx))

    assert "retired" in caplog.text
