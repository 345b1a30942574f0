"""What Azure refuses ends the real program before anything is made, and the sandbox's Azure wants no login.

Source: CFG-2, CFG-13.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.environment import AZURE_ID
from tests.engine.engine import Engine, Report
from tests.unit.settings.configuration import PROJECT, patch, stack_values

FOREIGN = "11111111-1111-1111-1111-111111111111"
# a subscription that is no placeholder wants addresses that are none, too
REAL = {
    "organisation.baseDomain": "dev.contoso.com",
    "budget.alertEmails": ["platform@contoso.com"],
    "edge.acmeEmail": "platform@contoso.com",
}
# the engine's built-in provider reads the stack's outputs; the other one is asked who signs in
ASKED = {"pulumi:pulumi:Stack", "pulumi:providers:pulumi", "pulumi:providers:azure-native"}
LOGINS = (
    "ARM_CLIENT_ID",
    "ARM_CLIENT_SECRET",
    "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_OIDC_TOKEN",
    "ARM_USE_MSI",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_TENANT_ID",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_CONFIG_DIR",
)


def preview(platform: Engine, stack: str, change: Mapping[str, Any], environment: Mapping[str, str]) -> Report:
    """Preview a stack that is azure-dev but for some values."""
    values = patch(stack_values("azure-dev"), change, [])
    config = {f"{PROJECT}:{key}": value for key, value in values.items()}
    (platform.program / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}), encoding="utf-8")
    platform.command("stack", "init", stack).check()
    return platform.preview(stack, environment=environment)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("subscriptionId", 'who deploys cannot read it (Status=404 Code="SubscriptionNotFound" '),
        ("tenantId", 'nobody signs in there (Status=400 Code="invalid_tenant" Message="AADSTS90002: '),
    ],
)
def test_another_subscription_or_tenant_ends_a_preview_by_one_message(platform: Engine, key: str, reason: str) -> None:
    report = preview(platform, f"{key.lower()}-dev", {**REAL, f"cloud.{key}": FOREIGN}, {})
    assert report.exit_code != 0
    (error,) = report.errors
    assert error.startswith("Azure cannot take the stack, 1 problem:")
    assert f'{PROJECT}:cloud.{key}: "{FOREIGN}" is not allowed: {reason}' in error
    assert {urn.split("::")[2].rpartition("$")[2] for urn in report.operations} <= ASKED


def test_the_sandbox_wants_no_login_and_the_settings_alone_name_the_subscription(
    platform: Engine, tmp_path: Path
) -> None:
    elsewhere = {"ARM_SUBSCRIPTION_ID": FOREIGN, "ARM_TENANT_ID": FOREIGN, "HOME": str(tmp_path)}
    report = preview(platform, "nologin-dev", {}, {**dict.fromkeys(LOGINS, ""), **elsewhere}).check()
    assert report.changes["create"] > 500
    assert report.violations == []
    assert stack_values("azure-dev")["cloud"]["subscriptionId"] == AZURE_ID
