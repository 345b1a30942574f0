"""The inventory of credentials: whole, unambiguous, and no more of it than a stack needs. Source: SEC-5..8, SEC-11."""

import base64
from typing import Any

import pytest
from pydantic import ValidationError

from components.secrets import SecretFormat, SecretRow, inventory, secrets_of
from stacks.settings import ComponentSettings

RANDOM = "abcdefghijklmnopqrstuvwxyz012345"


def test_every_row_belongs_to_switches_that_exist() -> None:
    switches = {field.alias for field in ComponentSettings.model_fields.values()}
    assert {name for row in inventory().values() for name in row.components} <= switches


def test_no_secret_hides_another_when_names_are_flattened() -> None:
    """The program calls ``a/b`` and ``a-b`` alike."""
    flat = [path.replace("/", "-") for path in inventory()]
    assert len(set(flat)) == len(flat)


def test_a_stack_has_what_its_components_need_and_what_all_have() -> None:
    assert "sso/cookie" not in secrets_of([])
    assert "postgres/analytics" in secrets_of([])
    assert "sso/cookie" in secrets_of(["oauth2Proxy", "grafana"])


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"generated": {"password": "password"}, "supplied": True, "keys": ["password"]},
        {"generated": {"password": "password"}, "keys": ["password"]},
        {"keys": ["password"]},
        {"generated": {"password": "unknown"}},
        {"supplied": True, "unknown": 1},
    ],
)
def test_a_row_is_either_made_here_or_supplied(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SecretRow.model_validate({"description": "", **fields})


def test_properties_are_all_that_the_vault_has_of_it() -> None:
    made = SecretRow(description="", generated={"password": SecretFormat.PASSWORD}, fixed={"username": "app"})
    supplied = SecretRow(description="", supplied=True, keys=("token", "url"))

    assert made.properties == {"password", "username"}
    assert supplied.properties == {"token", "url"}
    assert SecretRow(description="", supplied=True).properties == frozenset()


@pytest.mark.parametrize(
    ("form", "kept", "renewable"),
    [
        (SecretFormat.PASSWORD, "", True),
        (SecretFormat.PASSWORD, "it encrypts", False),
        (SecretFormat.FERNET, "", False),
    ],
)
def test_what_has_a_reason_to_stay_is_not_renewed(form: SecretFormat, kept: str, *, renewable: bool) -> None:
    """Source: SEC-11."""
    assert SecretRow(description="", generated={"key": form}, kept=kept).is_renewable is renewable


def test_a_password_stays_as_it_was_drawn() -> None:
    assert SecretFormat.PASSWORD.shape(RANDOM) == RANDOM


def test_a_fernet_key_is_thirty_two_bytes_in_url_safe_base64() -> None:
    key = SecretFormat.FERNET.shape(RANDOM)
    assert len(key) == 44
    assert base64.urlsafe_b64decode(key) == RANDOM.encode()
