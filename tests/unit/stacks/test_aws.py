"""The AWS foundation as each stack's file describes it."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from stacks.aws import build
from stacks.foundation import Access, Foundation, Grant, ServiceAccountReference
from stacks.settings import ComponentSettings, Settings
from stacks.settings.loading import parse
from tests.unit.aws_outputs import AWS_OUTPUTS
from tests.unit.recording import ACCOUNT, RecordingEngine, recording

ROOT = Path(__file__).parents[3]
PREFIX = "biz-automation:"
STACKS = ("dev", "stg", "prod")


def settings_of(stack: str) -> Settings:
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    settings, problems = parse({key.removeprefix(PREFIX): value for key, value in config.items()}, stack)
    assert settings is not None, problems
    return settings


@dataclass(frozen=True)
class Deployment:
    stack: str
    settings: Settings
    engine: RecordingEngine
    foundation: Foundation

    def count(self, kind: str) -> int:
        return Counter(item.type.rsplit(":", 1)[-1] for item in self.engine.registrations)[kind]


def deploy(engine: RecordingEngine, stack: str) -> Deployment:
    settings = settings_of(stack)
    engine.outputs |= AWS_OUTPUTS
    return Deployment(stack, settings, engine, engine.deploy(lambda: build(settings)))


@pytest.fixture(scope="module")
def deployments() -> Iterator[dict[str, Deployment]]:
    with recording("dev") as dev, recording("stg") as stg, recording("prod") as prod:
        yield {engine.stack: deploy(engine, engine.stack) for engine in (dev, stg, prod)}


@pytest.fixture(params=STACKS)
def deployment(request: pytest.FixtureRequest, deployments: dict[str, Deployment]) -> Deployment:
    return deployments[request.param]


def test_the_network_grows_with_the_profile(deployments: dict[str, Deployment]) -> None:
    counts = {name: (item.count("Subnet"), item.count("NatGateway")) for name, item in deployments.items()}
    assert counts == {"dev": (8, 1), "stg": (12, 1), "prod": (12, 3)}


def test_the_cloud_runs_the_database_except_in_dev(deployment: Deployment) -> None:
    managed = deployment.stack != "dev"
    assert deployment.count("Instance") == int(managed)
    assert (deployment.foundation.database is not None) is managed
    superuser = deployment.engine.value(deployment.foundation.secrets["postgres/superuser"])
    made_here = f"{deployment.settings.kubernetes.cluster_name}/postgres/superuser"
    assert (superuser == made_here) is not managed
    assert "postgres/analytics" in deployment.foundation.secrets


def test_what_the_cluster_runs_is_backed_up_to_the_bucket_of_backups(deployments: dict[str, Deployment]) -> None:
    """Source: A-43."""
    dev, prod = deployments["dev"], deployments["prod"]
    backups = dev.foundation.database_backups

    assert dev.engine.value(backups["destinationPath"]) == "s3://biz-automation-dev-backups/database/"
    assert backups["s3Credentials"] == {"inheritFromIAMRole": True}
    assert prod.foundation.database_backups == {}


def test_names_what_pods_must_reach_beside_internet_and_neighbours(deployment: Deployment) -> None:
    """Where Pod Identity's agent answers, and the private endpoints of AWS' own services."""
    networks = {
        name: [str(each) for each in found] for name, found in deployment.foundation.destination_networks.items()
    }
    homes = [
        item.inputs["cidrBlock"]
        for item in deployment.engine.of_type("aws:ec2/subnet:Subnet")
        if item.name.startswith("network-endpoint-")
    ]
    assert len(homes) == deployment.settings.network.zones
    assert networks == {
        "cloud-identity": ["169.254.170.23/32", "fd00:ec2::23/128"],
        "internet": homes,
        "object-store": homes,
        "vault": homes,
    }


def test_data_is_protected_where_the_settings_say_so(deployment: Deployment) -> None:
    kept = {item.type for item in deployment.engine.registrations if item.protect}
    data = {"aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:eks/cluster:Cluster"}
    database = {"aws:rds/instance:Instance"} if deployment.foundation.database else set[str]()
    assert kept == (data | database if deployment.settings.lake.protect else set())


def test_prod_protects_its_data(deployments: dict[str, Deployment]) -> None:
    assert {name: item.settings.lake.protect for name, item in deployments.items()}["prod"] is True


def test_one_provider_bound_to_the_account_makes_everything(deployment: Deployment) -> None:
    provider = deployment.engine.only("pulumi:providers:aws")
    assert provider.inputs["region"] == "us-east-1"
    assert ACCOUNT in provider.inputs["allowedAccountIds"]
    strangers = [
        item.name
        for item in deployment.engine.registrations
        if item.type.startswith("aws:") and not item.provider.startswith(f"{provider.urn}::")
    ]
    assert strangers == []


def test_every_resource_says_who_pays(deployment: Deployment) -> None:
    tagged = [item.inputs["tags"] for item in deployment.engine.registrations if item.inputs.get("tags")]
    assert len(tagged) > 40
    assert {tags["cost-center"] for tags in tagged} == {deployment.settings.organisation.cost_center}
    assert {tags["environment"] for tags in tagged} == {deployment.stack}


def test_hands_the_platform_what_it_needs(deployments: dict[str, Deployment]) -> None:
    engine, foundation = deployments["dev"].engine, deployments["dev"].foundation
    assert {zone: engine.value(uri) for zone, uri in foundation.lake.items()} == {
        zone: f"s3://biz-automation-dev-{zone}" for zone in ("raw", "curated", "archive")
    }
    assert {name: engine.value(bucket) for name, bucket in foundation.backup.items()} == {
        name: f"biz-automation-dev-{name}" for name in ("velero-backups", "backups")
    }
    assert engine.value(foundation.registry) == f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/biz-automation-dev"
    assert foundation.cluster is not None
    assert engine.value(foundation.cluster.urn) == engine.only("aws:eks/cluster:Cluster").urn


def test_no_resource_waits_for_a_component(deployment: Deployment) -> None:
    components = {item.urn for item in deployment.engine.registrations if not item.custom}
    waiting = [item.name for item in deployment.engine.registrations if components & set(item.dependencies)]
    assert waiting == []


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_first_preview_survives_what_it_cannot_know(engine: RecordingEngine, stack: str) -> None:
    engine.preview = True
    assert deploy(engine, stack).count("NodeGroup") == 2


def test_an_account_must_be_named(engine: RecordingEngine) -> None:
    settings = settings_of("dev")
    nameless = settings.model_copy(update={"cloud": settings.cloud.model_copy(update={"account_id": None})})
    with pytest.raises(ValueError, match=r"cloud\.accountId is missing"):
        engine.deploy(lambda: build(nameless))


def test_secrets_that_people_supply_are_readable_and_no_others(engine: RecordingEngine) -> None:
    """Source: SEC-5: least privilege."""
    settings = settings_of("dev")
    components = ComponentSettings(external_secrets=True, oauth2_proxy=True)
    engine.outputs |= AWS_OUTPUTS

    def program() -> None:
        foundation = build(settings.model_copy(update={"components": components}))
        foundation.identity.bind(
            ServiceAccountReference("security", "external-secrets"), [Grant("secret", Access.READ)]
        )

    engine.deploy(program)
    policy = engine.only("aws:iam/rolePolicy:RolePolicy", "identity-security-external-secrets-policy").inputs["policy"]
    reading = next(item for item in json.loads(policy)["Statement"] if item["Sid"] == "Secrets0")
    start = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:"
    assert set(reading["Resource"]) == {f"{start}biz-automation-dev/*", f"{start}sso/client-??????"}
