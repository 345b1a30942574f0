"""The AWS foundation as each stack's file describes it."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.aws import build
from stacks.foundation import Foundation
from stacks.settings import Settings
from stacks.settings.loading import parse
from tests.unit.recording import ACCOUNT, RecordingEngine

ROOT = Path(__file__).parents[3]
PREFIX = "biz-automation:"
STACKS = ("dev", "stg", "prod")


def settings_of(stack: str) -> Settings:
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    settings, problems = parse({key.removeprefix(PREFIX): value for key, value in config.items()}, stack)
    assert settings is not None, problems
    return settings


def cluster_outputs(_name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "endpoint": "https://eks.example",
        "certificateAuthority": {"data": "Q0E="},
        "identities": [{"oidcs": [{"issuer": "https://oidc.example/id/1"}]}],
        "vpcConfig": {**inputs["vpcConfig"], "clusterSecurityGroupId": "sg-cluster"},
    }


def deploy(engine: RecordingEngine, stack: str) -> Foundation:
    engine.stack = stack
    engine.outputs |= {
        "aws:eks/cluster:Cluster": cluster_outputs,
        "aws:ec2/launchTemplate:LaunchTemplate": lambda _name, _inputs: {"latestVersion": 1},
        "aws:rds/instance:Instance": lambda _name, _inputs: {
            "address": "db.example",
            "masterUserSecrets": [{"secretArn": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:rds!db-1"}],
        },
        "random:index/randomPassword:RandomPassword": lambda _name, _inputs: {"result": "canary"},
    }
    return engine.deploy(lambda: build(settings_of(stack)))


def counts(engine: RecordingEngine) -> Counter[str]:
    return Counter(item.type.rsplit(":", 1)[-1] for item in engine.registrations)


@pytest.mark.parametrize(("stack", "zones", "gateways"), [("dev", 2, 1), ("stg", 3, 1), ("prod", 3, 3)])
def test_the_network_grows_with_the_profile(engine: RecordingEngine, stack: str, zones: int, gateways: int) -> None:
    deploy(engine, stack)
    assert (counts(engine)["Subnet"], counts(engine)["NatGateway"]) == (zones * 3, gateways)


@pytest.mark.parametrize("stack", STACKS)
def test_the_cloud_runs_the_database_except_in_dev(engine: RecordingEngine, stack: str) -> None:
    foundation = deploy(engine, stack)
    managed = stack != "dev"
    assert counts(engine)["Instance"] == int(managed)
    assert (foundation.database is not None) is managed
    assert ("postgres/superuser" in foundation.secrets) is not managed
    assert "postgres/analytics" in foundation.secrets


@pytest.mark.parametrize("stack", STACKS)
def test_data_is_protected_where_the_settings_say_so(engine: RecordingEngine, stack: str) -> None:
    deploy(engine, stack)
    kept = {item.type for item in engine.registrations if item.protect}
    expected = {"aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:eks/cluster:Cluster", "aws:rds/instance:Instance"}
    assert kept == (expected if settings_of(stack).lake.protect else set())


@pytest.mark.parametrize("stack", STACKS)
def test_one_provider_bound_to_the_account_makes_everything(engine: RecordingEngine, stack: str) -> None:
    deploy(engine, stack)
    provider = engine.only("pulumi:providers:aws")
    assert provider.inputs["region"] == "us-east-1"
    assert ACCOUNT in provider.inputs["allowedAccountIds"]
    strangers = [
        item.name
        for item in engine.registrations
        if item.type.startswith("aws:") and not item.provider.startswith(f"{provider.urn}::")
    ]
    assert strangers == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_says_who_pays(engine: RecordingEngine, stack: str) -> None:
    deploy(engine, stack)
    settings = settings_of(stack)
    tagged = [item for item in engine.registrations if item.inputs.get("tags")]
    assert len(tagged) > 40
    assert {item.inputs["tags"]["cost-center"] for item in tagged} == {settings.organisation.cost_center}
    assert {item.inputs["tags"]["environment"] for item in tagged} == {stack}


def test_hands_the_platform_what_it_needs(engine: RecordingEngine) -> None:
    foundation = deploy(engine, "dev")
    assert {zone: engine.value(uri) for zone, uri in foundation.lake.items()} == {
        zone: f"s3://biz-automation-dev-{zone}" for zone in ("raw", "curated", "archive")
    }
    assert {name: engine.value(bucket) for name, bucket in foundation.backup.items()} == {
        name: f"biz-automation-dev-{name}" for name in ("velero-backups", "backups")
    }
    assert engine.value(foundation.registry) == f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/biz-automation-dev"
    assert foundation.cluster is not None
    assert engine.value(foundation.cluster.urn) == engine.only("aws:eks/cluster:Cluster").urn


@pytest.mark.parametrize("stack", STACKS)
def test_no_resource_waits_for_a_component(engine: RecordingEngine, stack: str) -> None:
    deploy(engine, stack)
    components = {item.urn for item in engine.registrations if not item.custom}
    assert [item.name for item in engine.registrations if components & set(item.dependencies)] == []


@pytest.mark.parametrize("stack", STACKS)
def test_a_first_preview_survives_what_it_cannot_know(engine: RecordingEngine, stack: str) -> None:
    engine.preview = True
    deploy(engine, stack)
    assert counts(engine)["Cluster"] == 2


def test_an_account_must_be_named(engine: RecordingEngine) -> None:
    settings = settings_of("dev")
    nameless = settings.model_copy(update={"cloud": settings.cloud.model_copy(update={"account_id": None})})
    with pytest.raises(ValueError, match=r"cloud\.accountId is missing"):
        engine.deploy(lambda: build(nameless))
