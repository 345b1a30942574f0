"""A stand-in for Azure with a store of its own."""

from pathlib import Path

import pytest

from sandbox.providers.azure import arm
from sandbox.providers.azure.provider import AzureStandIn
from tests.sandbox.azure.driver import AzureDriver


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AzureDriver:
    """A driver of an empty subscription."""
    monkeypatch.setenv("SANDBOX_DIRECTORY", str(tmp_path))
    provider = AzureStandIn()
    provider.configure_provider({"subscriptionId": arm.SUBSCRIPTION, "tenantId": arm.TENANT})
    return AzureDriver(provider)
