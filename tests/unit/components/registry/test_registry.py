"""Image repositories: tags never move, pushes are scanned, images are encrypted and end."""

import json

import pytest

from components.registry.aws import Registry, RegistryArgs
from components.registry.repositories import repository_names
from tests.unit.components.ownership import ACCOUNT_IN_REGION, KEY_ARN, OWNERSHIP, untagged
from tests.unit.recording import ACCOUNT, RecordingEngine

REPOSITORY = "aws:ecr/repository:Repository"


def deploy(engine: RecordingEngine, *, protect: bool = True) -> Registry:
    args = RegistryArgs(prefix="biz", key_arn=KEY_ARN, protect=protect, account=ACCOUNT_IN_REGION, ownership=OWNERSHIP)
    return engine.deploy(lambda: Registry("registry", args))


def test_every_image_has_an_immutable_scanned_encrypted_repository(engine: RecordingEngine) -> None:
    deploy(engine)
    assert [item.inputs["name"] for item in engine.of_type(REPOSITORY)] == [
        f"biz/{name}" for name in repository_names()
    ]
    for item in engine.of_type(REPOSITORY):
        assert item.inputs["imageTagMutability"] == "IMMUTABLE"
        assert item.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        assert item.inputs["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": KEY_ARN}]
    assert not untagged(engine)


def test_images_end(engine: RecordingEngine) -> None:
    deploy(engine)
    policies = engine.of_type("aws:ecr/lifecyclePolicy:LifecyclePolicy")
    assert [item.inputs["repository"] for item in policies] == [f"biz/{name}" for name in repository_names()]
    rules = json.loads(policies[0].inputs["policy"])["rules"]
    assert [rule["selection"]["tagStatus"] for rule in rules] == ["untagged", "any"]


@pytest.mark.parametrize("protect", [True, False])
def test_images_are_deleted_only_where_nothing_is_protected(engine: RecordingEngine, *, protect: bool) -> None:
    deploy(engine, protect=protect)
    assert {item.inputs["forceDelete"] for item in engine.of_type(REPOSITORY)} == {not protect}


def test_images_are_pulled_from_this_account(engine: RecordingEngine) -> None:
    registry = deploy(engine)
    assert engine.value(registry.url) == f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/biz"
