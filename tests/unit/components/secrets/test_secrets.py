"""Secrets: encrypted, random, named as operators look for them, and never in clear."""

import json
from dataclasses import replace

import pulumi

from components.secrets import GeneratedSecret, SecretFormat, team_secrets
from components.secrets.aws import Secrets, SecretsArgs
from tests.unit.components.ownership import KEY_ARN, OWNERSHIP, untagged
from tests.unit.recording import RecordingEngine

ARGS = SecretsArgs(
    prefix="biz",
    generated=[
        GeneratedSecret(
            "postgres/analytics", "Application user", {"password": SecretFormat.PASSWORD}, {"username": "analytics"}
        )
    ],
    renewed_on="2026-11-24",
    key_arn=KEY_ARN,
    recovery_window_days=30,
    region="us-east-1",
    ownership=OWNERSHIP,
)
PASSWORD = "random:index/randomPassword:RandomPassword"


def deploy(engine: RecordingEngine, args: SecretsArgs = ARGS) -> Secrets:
    engine.outputs[PASSWORD] = lambda _name, _inputs: {"result": pulumi.Output.secret("canary")}
    return engine.deploy(lambda: Secrets("secrets", args))


def test_a_secret_is_encrypted_and_can_be_brought_back(engine: RecordingEngine) -> None:
    secrets = deploy(engine)
    secret = engine.only("aws:secretsmanager/secret:Secret").inputs
    assert (secret["name"], secret["kmsKeyId"], secret["recoveryWindowInDays"]) == (
        "biz/postgres/analytics",
        KEY_ARN,
        30,
    )
    assert engine.value(secrets.names["postgres/analytics"]) == "biz/postgres/analytics"
    assert not untagged(engine)


def test_the_password_is_random_long_and_secret(engine: RecordingEngine) -> None:
    deploy(engine)
    made = engine.only(PASSWORD).inputs
    assert made["length"] == 32
    assert (made["minLower"], made["minNumeric"], made["minUpper"]) == (1, 1, 1), "some applications insist"
    text = engine.only("aws:secretsmanager/secretVersion:SecretVersion").inputs["secretString"]
    assert pulumi.runtime.rpc.is_rpc_secret(text)
    assert json.loads(pulumi.runtime.rpc.unwrap_rpc_secret(text)) == {"username": "analytics", "password": "canary"}


def test_the_store_carries_no_credentials(engine: RecordingEngine) -> None:
    store = deploy(engine).store
    assert store.name == "aws-secrets-manager"
    assert store.provider == {"aws": {"service": "SecretsManager", "region": "us-east-1"}}


def test_another_day_of_renewal_makes_other_values_but_not_of_keys_that_encrypt(engine: RecordingEngine) -> None:
    """Source: SEC-11."""
    key = GeneratedSecret("airflow/fernet", "Connections", {"key": SecretFormat.FERNET}, {}, is_renewable=False)
    deploy(engine, replace(ARGS, generated=[*ARGS.generated, key]))

    keepers = {item.name: item.inputs.get("keepers") for item in engine.of_type(PASSWORD)}
    assert keepers == {
        "secrets-airflow-fernet-key": None,
        "secrets-postgres-analytics-password": {"renewedOn": "2026-11-24"},
    }


def test_each_team_has_a_password_of_its_own_for_kafka() -> None:
    rows = team_secrets(["growth", "finance"])
    assert {path: row.properties for path, row in rows.items()} == {
        "kafka/team-growth": {"password"},
        "kafka/team-finance": {"password"},
    }
