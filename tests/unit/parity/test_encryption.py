"""Keys of our own are made, turned and kept alike on every cloud that makes keys. Source: LAKE-1, SEC-5, CLU-17."""

import json
from typing import Any

import pytest

from tests.unit.conftest import Programs
from tests.unit.parity.claims import AWS, AZURE, Claim, cases, failing, unlike
from tests.unit.parity.reading import unkept
from tests.unit.programs import Program
from tests.unit.recording import ACCOUNT

AWS_KEY, AZURE_KEY = "aws:kms/key:Key", "azure-native:keyvault:Key"
# what every cloud's stack keeps; the database only where the cloud runs it
PURPOSES = {"cluster", "volumes", "lake", "registry"}
CRYPTO_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"


def wanted(program: Program) -> set[str]:
    return PURPOSES | ({"database"} if program.foundation.database else set())


def purposes(program: Program, resource_type: str) -> set[str]:
    return {item.name.removeprefix("keys-") for item in program.engine.of_type(resource_type)}


def aws_purposes(program: Program) -> list[str]:
    return sorted(wanted(program) - purposes(program, AWS_KEY))


def azure_purposes(program: Program) -> list[str]:
    return sorted(wanted(program) - purposes(program, AZURE_KEY))


def aws_all_data(program: Program) -> list[str]:
    """Logs and secrets have a key as well."""
    return sorted({"logs", "secrets"} - purposes(program, AWS_KEY))


def azure_all_data(program: Program) -> list[str]:
    return sorted({"logs", "secrets"} - purposes(program, AZURE_KEY))


def aws_turned(program: Program) -> list[str]:
    """KMS turns a key once a year."""
    return failing(program.engine.of_type(AWS_KEY), lambda key: key["enableKeyRotation"] is True)


def azure_turned(program: Program) -> list[str]:
    def is_turned(key: dict[str, Any]) -> bool:
        actions = key["properties"]["rotationPolicy"]["lifetimeActions"]
        return {"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P1Y"}} in actions

    return failing(program.engine.of_type(AZURE_KEY), is_turned)


def aws_users(program: Program) -> list[str]:
    """Beyond the account's own IAM a key lets in services alone, for this account or for named log groups."""
    return failing(program.engine.of_type(AWS_KEY), lambda key: all(map(is_bounded, statements(key["policy"]))))


def statements(policy: str) -> list[dict[str, Any]]:
    return json.loads(policy)["Statement"]


def is_bounded(statement: dict[str, Any]) -> bool:
    if statement["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}:
        return True
    condition = statement.get("Condition", {})
    by_caller = condition.get("StringEquals", {}).get("kms:CallerAccount") == ACCOUNT
    by_log = "kms:EncryptionContext:aws:logs:arn" in condition.get("ArnLike", {})
    return by_caller or by_log


def azure_users(program: Program) -> list[str]:
    """Each key has one identity, which may use this key and do nothing else."""
    found = {
        item.inputs["principalId"]: (item.inputs["roleDefinitionId"].rpartition("/")[2], item.inputs["scope"])
        for item in program.engine.of_type("azure-native:authorization:RoleAssignment")
        if item.name.startswith("keys-")
    }
    stem = program.settings.kubernetes.cluster_name
    keys = purposes(program, AZURE_KEY)
    return unlike({f"principal-of-{stem}-key-{key}": (CRYPTO_USER, f"keys-{key}-id") for key in keys}, found)


def aws_kept(program: Program) -> list[str]:
    """The cloud waits as long as it can with the end of a key."""
    keys = program.engine.of_type(AWS_KEY)
    return unkept(keys) + failing(keys, lambda key: key["deletionWindowInDays"] == 30)


def azure_kept(program: Program) -> list[str]:
    engine = program.engine
    vaults = [item for item in engine.of_type("azure-native:keyvault:Vault") if item.name == "keys-vault"]
    return unkept([*engine.of_type(AZURE_KEY), *vaults]) + failing(
        vaults,
        lambda vault: (
            vault["properties"]["enablePurgeProtection"] and vault["properties"]["softDeleteRetentionInDays"] == 90
        ),
    )


CLAIMS = [
    Claim("encryption", "a key for each kind of data", {AWS: aws_purposes, AZURE: azure_purposes}),
    Claim("encryption", "a key for logs and secrets as well", {AWS: aws_all_data, AZURE: azure_all_data}),
    Claim("encryption", "keys are turned every year", {AWS: aws_turned, AZURE: azure_turned}),
    Claim("encryption", "a key serves its own data alone", {AWS: aws_users, AZURE: azure_users}),
    Claim("encryption", "nobody destroys a key by mistake", {AWS: aws_kept, AZURE: azure_kept}, ("prod",)),
]


@pytest.mark.parametrize(("claim", "stack"), cases(CLAIMS))
def test_encryption(claim: Claim, stack: str, programs: Programs) -> None:
    claim.judge(programs(stack))
