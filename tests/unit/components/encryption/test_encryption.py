"""KMS keys: they rotate, are found by alias, and let in no service that is not named."""

import json
from typing import Any

import pytest

from components.encryption.aws import Encryption, EncryptionArgs, KeyPurpose
from tests.unit.components.ownership import ACCOUNT_IN_REGION, OWNERSHIP, untagged
from tests.unit.recording import ACCOUNT, RecordingEngine

KEY = "aws:kms/key:Key"


def deploy(engine: RecordingEngine, *purposes: KeyPurpose, protect: bool = False) -> Encryption:
    args = EncryptionArgs(
        prefix="biz",
        purposes=purposes or tuple(KeyPurpose),
        deletion_window_days=7,
        protect=protect,
        account=ACCOUNT_IN_REGION,
        ownership=OWNERSHIP,
    )
    engine.outputs[KEY] = lambda name, _inputs: {"keyId": f"{name}-key"}
    return engine.deploy(lambda: Encryption("keys", args))


def statements(engine: RecordingEngine, purpose: KeyPurpose) -> list[dict[str, Any]]:
    return json.loads(engine.only(KEY, f"keys-{purpose}").inputs["policy"])["Statement"]


def test_every_key_rotates_and_has_an_alias(engine: RecordingEngine) -> None:
    deploy(engine)
    assert len(engine.of_type(KEY)) == len(KeyPurpose)
    assert all(item.inputs["enableKeyRotation"] and item.inputs["description"] for item in engine.of_type(KEY))
    aliases = {item.inputs["name"]: item.inputs["targetKeyId"] for item in engine.of_type("aws:kms/alias:Alias")}
    assert aliases == {f"alias/biz/{purpose}": f"keys-{purpose}-key" for purpose in KeyPurpose}
    assert not untagged(engine)


@pytest.mark.parametrize("purpose", [item for item in KeyPurpose if item not in {KeyPurpose.LOGS, KeyPurpose.VOLUMES}])
def test_a_plain_key_is_governed_by_the_accounts_iam_alone(engine: RecordingEngine, purpose: KeyPurpose) -> None:
    deploy(engine)
    (administration,) = statements(engine, purpose)
    assert administration["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def test_the_log_key_serves_this_stacks_log_groups_only(engine: RecordingEngine) -> None:
    deploy(engine)
    _, service = statements(engine, KeyPurpose.LOGS)
    assert service["Principal"] == {"Service": "logs.us-east-1.amazonaws.com"}
    groups = service["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/eks/biz/*" in groups
    assert all("/biz/" in group for group in groups)


def test_the_volume_key_serves_ec2_of_this_account_only(engine: RecordingEngine) -> None:
    deploy(engine)
    _, service = statements(engine, KeyPurpose.VOLUMES)
    assert service["Condition"]["StringEquals"] == {
        "kms:CallerAccount": ACCOUNT,
        "kms:ViaService": "ec2.us-east-1.amazonaws.com",
    }
    assert "kms:CreateGrant" in service["Action"]


def test_keys_outlive_the_stack_where_data_is_protected(engine: RecordingEngine) -> None:
    deploy(engine, KeyPurpose.LAKE, protect=True)
    assert [(item.protect, item.retain_on_delete) for item in engine.of_type(KEY)] == [(True, True)]


def test_a_key_that_was_not_asked_for_is_not_there(engine: RecordingEngine) -> None:
    encryption = deploy(engine, KeyPurpose.LAKE)
    assert engine.value(encryption.arn(KeyPurpose.LAKE)) == engine.value(encryption.arn(KeyPurpose.LAKE))
    with pytest.raises(KeyError):
        encryption.arn(KeyPurpose.DATABASE)
