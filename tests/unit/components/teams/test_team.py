"""Two teams on one platform: what each has of its own, and that neither gets at the other's. Source: ARCH-16."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from components import base
from components.identity import Access, Grant
from components.teams import EventsAccess, Team, TeamArgs
from tests.unit.components.base.connectivity import Connection, Connectivity, Endpoint
from tests.unit.components.environment import NotedIdentity, environment, gate
from tests.unit.recording import RecordingEngine, recording

COST_CENTERS = {"growth": "cc-growth", "finance": "cc-finance"}
ALLOWANCE = base.Allowance("restricted", 2, 8, 4, 16, 40, 50)
STRIMZI, CORE, RBAC = "kafka.strimzi.io/v1", "core/v1", "rbac.authorization.k8s.io/v1"


@dataclass(frozen=True)
class Teams:
    """Both teams, as they were registered."""

    engine: RecordingEngine
    grants: dict[str, Any]

    def kind(self, kind: str, api: str) -> dict[str, dict[str, Any]]:
        found = [item.inputs for item in self.engine.of_type(f"kubernetes:{api}:{kind}")]
        return {
            "/".join(filter(None, (item["metadata"].get("namespace"), item["metadata"]["name"]))): item
            for item in found
        }


@pytest.fixture(scope="module")
def teams() -> Iterator[Teams]:
    with recording() as engine:
        identity = NotedIdentity()

        def program() -> None:
            platform = environment()
            noted = platform.identity
            assert isinstance(noted, NotedIdentity)
            noted.grants = identity.grants
            for name, topics in (("growth", ["orders.placed"]), ("finance", ())):
                Team(
                    name,
                    TeamArgs(
                        environment=platform,
                        organisation="example",
                        kubernetes_version="1.35",
                        roles=gate(f"{name}-roles"),
                        cost_center=COST_CENTERS[name],
                        allowance=ALLOWANCE,
                        topics=topics,
                        events=EventsAccess(gate(f"{name}-kafka"), gate(f"{name}-certificates")),
                        tracking_uri="http://mlflow.example",
                    ),
                )

        engine.deploy(program)
        yield Teams(engine, dict(identity.grants))


@pytest.fixture
def alone(engine: RecordingEngine) -> RecordingEngine:
    """A team without Kafka and MLflow."""
    engine.deploy(
        lambda: Team(
            "growth",
            TeamArgs(environment(), "example", "1.35", gate("roles"), "cc-growth", ALLOWANCE),
        )
    )
    return engine


def test_each_has_a_namespace_with_guard_rails(teams: Teams) -> None:
    for name in COST_CENTERS:
        labels = teams.kind("Namespace", CORE)[f"team-{name}"]["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        quota = teams.kind("ResourceQuota", CORE)[f"team-{name}/quota"]["spec"]["hard"]
        assert (quota["requests.cpu"], quota["limits.memory"]) == ("2", "16Gi")
        assert f"team-{name}/limits" in teams.kind("LimitRange", CORE)
        assert f"team-{name}/default-deny" in teams.kind("NetworkPolicy", "networking.k8s.io/v1")


def test_each_pays_for_itself(teams: Teams) -> None:
    for name, cost_center in COST_CENTERS.items():
        own = [
            item.inputs["metadata"]["labels"]["cost-center"]
            for item in teams.engine.registrations
            if item.inputs.get("metadata", {}).get("namespace") == f"team-{name}"
            or item.inputs.get("metadata", {}).get("name") in {f"team-{name}", f"team.{name}.orders.placed"}
        ]
        assert len(own) > 15
        assert set(own) == {cost_center}


def test_each_has_its_own_groups(teams: Teams) -> None:
    bindings = teams.kind("RoleBinding", RBAC)
    for name in COST_CENTERS:
        for role in ("viewer", "operator", "deployer"):
            binding = bindings[f"team-{name}/biz-automation-{role}"]
            groups = {item["name"] for item in binding["subjects"]}
            assert groups == {f"example:team-{name}:{role}", f"example:{role}"}


def test_topics_and_rights_stay_below_the_teams_prefix(teams: Teams) -> None:
    assert set(teams.kind("KafkaTopic", STRIMZI)) == {"integration/team.growth.orders.placed"}
    for name in COST_CENTERS:
        rules = teams.kind("KafkaUser", STRIMZI)[f"integration/team-{name}"]["spec"]["authorization"]["acls"]
        assert {(rule["resource"]["type"], rule["resource"]["name"]) for rule in rules} == {
            ("topic", f"team.{name}."),
            ("group", f"team-{name}."),
        }
        assert {rule["resource"]["patternType"] for rule in rules} == {"prefix"}
        assert not {"Create", "Delete", "Alter"} & {each for rule in rules for each in rule["operations"]}


def test_credentials_for_kafka_are_in_the_teams_namespace(teams: Teams) -> None:
    secrets = teams.kind("ExternalSecret", "external-secrets.io/v1")
    assert {name for name in secrets if name.startswith("team-")} == {
        "team-growth/kafka-team-growth",
        "team-finance/kafka-team-finance",
    }
    remote = secrets["team-growth/kafka-team-growth"]["spec"]["data"][0]["remoteRef"]
    assert remote["key"] == "biz/kafka/team-growth"
    assert "team-growth/kafka-client" in teams.kind("Certificate", "cert-manager.io/v1")


def test_each_writes_its_own_folder_of_the_lake(teams: Teams) -> None:
    assert teams.grants == {
        f"team-{name}/workload": [Grant("lake/curated", Access.WRITE, f"teams/{name}/")] for name in COST_CENTERS
    }
    account = teams.kind("ServiceAccount", CORE)["team-growth/workload"]
    assert account["metadata"]["annotations"] == {"cloud.example/role": "workload"}
    assert account["automountServiceAccountToken"] is False


def test_the_team_is_told_where_its_own_is(teams: Teams) -> None:
    assert teams.kind("ConfigMap", CORE)["team-growth/platform"]["data"] == {
        "LAKE_URI": "s3://biz-curated/teams/growth/",
        "KAFKA_TOPIC_PREFIX": "team.growth.",
        "MLFLOW_TRACKING_URI": "http://mlflow.example",
        "MLFLOW_EXPERIMENT_NAME": "team-growth",
    }


def test_pods_reach_kafka_with_the_label_and_no_other_team(teams: Teams) -> None:
    policies = teams.kind("NetworkPolicy", "networking.k8s.io/v1").values()
    labels = {name: item["metadata"]["labels"] for name, item in teams.kind("Namespace", CORE).items()}
    connectivity = Connectivity(policies, labels)
    client = Endpoint("10.10.3.3", "team-growth", {"biz-automation/kafka": "client"})
    other = Endpoint("10.10.3.4", "team-finance", {"app": "any"})
    broker = Endpoint("10.10.3.5", "integration", {"strimzi.io/name": "events-kafka"})
    cache = Endpoint("10.10.3.6", "data", {"app": "redis"})
    assert connectivity.allows(Connection(client, broker, 9093))
    assert not connectivity.allows(Connection(client, broker, 9091))
    assert not connectivity.allows(Connection(other, broker, 9093))
    assert not connectivity.allows(Connection(client, other, 8080))
    assert not connectivity.allows(
        Connection(Endpoint("10.10.3.7", "team-growth", {"biz-automation/cache": "client"}), cache, 6379)
    )


def test_without_kafka_and_mlflow_nothing_speaks_of_them(alone: RecordingEngine) -> None:
    assert not alone.of_type(f"kubernetes:{STRIMZI}:KafkaUser")
    settings = alone.only(f"kubernetes:{CORE}:ConfigMap", "team-growth-platform").inputs["data"]
    assert settings.keys() == {"LAKE_URI"}
