"""oauth2-proxy: whom it lets in, and that it keeps no secret in the open."""

import json
import tomllib
from collections.abc import Iterator

import pytest

from components import edge
from components.cache import CacheServer
from tests.unit.components.environment import BASE_DOMAIN, NotedEdge, environment, gate
from tests.unit.recording import RecordingEngine, recording

CHART = "kubernetes:helm.sh/v4:Chart"


def deploy(engine: RecordingEngine, profile: str) -> NotedEdge:
    """Deploy it alone."""

    def program() -> NotedEdge:
        stack = environment(profile)
        groups = ["admins", "editors", "viewers"]
        sessions = CacheServer(gate("valkey"))
        args = edge.OAuth2ProxyArgs(stack, "https://id.example.com", "biz", groups, sessions)
        edge.OAuth2Proxy("oauth2-proxy", args)
        assert isinstance(stack.edge, NotedEdge)
        return stack.edge

    return engine.deploy(program)


@pytest.fixture(scope="module")
def made() -> Iterator[tuple[RecordingEngine, NotedEdge]]:
    """In dev."""
    with recording("dev") as engine:
        yield engine, deploy(engine, "dev")


def test_whoever_is_in_no_group_stays_out(made: tuple[RecordingEngine, NotedEdge]) -> None:
    configuration = tomllib.loads(made[0].only(CHART).inputs["values"]["config"]["configFile"])

    assert configuration["allowed_groups"] == ["admins", "editors", "viewers"]
    assert configuration["oidc_issuer_url"] == "https://id.example.com"
    assert configuration["client_id"] == "biz"
    assert configuration["redirect_url"] == f"https://auth.{BASE_DOMAIN}/oauth2/callback"
    assert configuration["cookie_domains"] == configuration["whitelist_domains"] == [f".{BASE_DOMAIN}"]
    assert configuration["cookie_secure"] is True
    # it judges requests: what it lets pass goes nowhere from here
    assert configuration["upstreams"] == ["static://200"]


def test_credentials_come_from_the_vault(made: tuple[RecordingEngine, NotedEdge]) -> None:
    engine, _ = made
    read = {
        item.inputs["metadata"]["name"]: {
            data["secretKey"]: (data["remoteRef"]["key"], data["remoteRef"]["property"])
            for data in item.inputs["spec"]["data"]
        }
        for item in engine.registrations
        if item.type.endswith(":ExternalSecret") and "spec" in item.inputs
    }
    values = engine.only(CHART).inputs["values"]

    assert read == {
        "oauth2-proxy": {"client-secret": ("sso/client", "secret"), "cookie-secret": ("biz/sso/cookie", "secret")},
        "oauth2-proxy-sessions": {"redis-password": ("biz/redis/default", "password")},
    }
    assert values["config"]["existingSecret"] == "oauth2-proxy"
    assert values["sessionStorage"]["redis"]["existingSecret"] == "oauth2-proxy-sessions"
    assert "clientSecret" not in json.dumps(values)


def test_sessions_are_in_valkey(made: tuple[RecordingEngine, NotedEdge]) -> None:
    storage = made[0].only(CHART).inputs["values"]["sessionStorage"]

    assert storage["type"] == "redis"
    assert any("valkey" in urn for urn in made[0].only(CHART).dependencies)
    assert storage["redis"]["standalone"]["connectionUrl"] == "redis://redis.data.svc.cluster.local:6379"


def test_is_reachable_without_sign_on(made: tuple[RecordingEngine, NotedEdge]) -> None:
    exposure = made[1].exposures["auth"]

    assert (exposure.service, exposure.port, exposure.public_paths) == ("oauth2-proxy", 80, ("/",))
    assert set(exposure.paths) == {"auth-public"}


def test_prod_has_replicas(engine: RecordingEngine) -> None:
    deploy(engine, "prod")
    values = engine.only(CHART).inputs["values"]

    assert values["replicaCount"] == 2
    assert values["podDisruptionBudget"] == {"enabled": True}
