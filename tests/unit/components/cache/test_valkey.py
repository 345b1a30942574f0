"""Valkey: names, password and what the chart is told."""

from typing import Any

import pytest

from components.base import destinations
from components.cache import CacheServer, Valkey, ValkeyArgs
from tests.unit.components.environment import environment
from tests.unit.recording import RecordingEngine

CHART = "kubernetes:helm.sh/v4:Chart"
SECRET = "kubernetes:external-secrets.io/v1:ExternalSecret"


def deploy(engine: RecordingEngine, profile: str = "dev", *, monitored: bool = True) -> CacheServer:
    """Deploy it alone."""
    return engine.deploy(
        lambda: Valkey("redis", ValkeyArgs(environment(profile, monitored=monitored))).server,
    )


def values(engine: RecordingEngine) -> dict[str, Any]:
    """Values of the chart."""
    return engine.only(CHART).inputs["values"]


def test_it_is_reached_as_redis(engine: RecordingEngine) -> None:
    """Source: DB-11, NET-9, NET-12, A-14."""
    server = deploy(engine)
    chart = engine.only(CHART).inputs

    assert (server.host, server.port) == ("redis.data.svc.cluster.local", 6379)
    assert server.url_template(2) == "redis://:{{ .password }}@redis.data.svc.cluster.local:6379/2"
    assert (chart["name"], chart["namespace"], chart["values"]["fullnameOverride"]) == ("redis", "data", "redis")
    assert destinations()["cache"].pods == {"app": "redis"}


def test_its_password_comes_from_the_vault(engine: RecordingEngine) -> None:
    server = deploy(engine)
    secret = engine.only(SECRET)
    [item] = secret.inputs["spec"]["data"]

    assert (secret.inputs["metadata"]["name"], item["secretKey"]) == ("redis", "password")
    assert item["remoteRef"] == {"key": "biz/redis/default", "property": "password"}
    assert server.credentials["password"].path == "redis/default"
    assert values(engine)["auth"] == {
        "enabled": True,
        "usersExistingSecret": "redis",
        "aclUsers": {"default": {"permissions": "~* &* +@all", "passwordKey": "password"}},
    }
    assert secret.urn in engine.only(CHART).dependencies


@pytest.mark.parametrize(("profile", "copies", "storage", "memory"), [("dev", 0, "1Gi", 192), ("prod", 2, "8Gi", 768)])
def test_each_profile_has_its_size(
    engine: RecordingEngine, profile: str, copies: int, storage: str, memory: int
) -> None:
    deploy(engine, profile)
    given = values(engine)

    assert given["replica"]["replicas"] == copies
    assert given["replica"]["persistence"] == {"size": storage, "storageClass": "standard"}
    assert given["podDisruptionBudget"]["enabled"] is (copies > 0)
    assert bool(given["topologySpreadConstraints"]) is (copies > 0)
    assert f"maxmemory {memory}mb" in given["valkeyConfig"].splitlines()


def test_queues_are_never_evicted_and_survive_a_restart(engine: RecordingEngine) -> None:
    deploy(engine)
    settings = values(engine)["valkeyConfig"].splitlines()

    assert {"maxmemory-policy volatile-lru", "appendonly yes"} <= set(settings)


def test_every_container_is_bounded(engine: RecordingEngine) -> None:
    deploy(engine)
    given = values(engine)

    for resources in (given["resources"], given["initResources"], given["metrics"]["exporter"]["resources"]):
        assert resources["requests"].keys() == resources["limits"].keys() == {"cpu", "memory"}


def test_nothing_scrapes_where_there_are_no_monitors(engine: RecordingEngine) -> None:
    deploy(engine, monitored=False)

    assert values(engine)["metrics"]["enabled"] is False
    assert values(engine)["metrics"]["serviceMonitor"]["enabled"] is False
