"""Credentials that are due are told of, and nothing else happens. Source: SEC-11."""

from datetime import date, timedelta

import pulumi
import pytest

from stacks import renewal

RENEWED = date(2026, 1, 1)


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", told.append)
    return told


@pytest.mark.parametrize("days", [0, 90])
def test_credentials_may_be_ninety_days_old(warnings: list[str], days: int) -> None:
    renewal.remind(RENEWED, RENEWED + timedelta(days=days))

    assert warnings == []


def test_older_ones_are_told_of_with_what_to_do(warnings: list[str]) -> None:
    renewal.remind(RENEWED, date(2026, 4, 2))

    (warning,) = warnings
    assert warning.startswith("vault.renewedOn: the generated credentials are 91 days old, more than 90")
    assert '"2026-04-02"' in warning
