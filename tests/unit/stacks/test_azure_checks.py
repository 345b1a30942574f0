"""What the program asks of Azure before it declares anything. Source: CFG-2, CFG-13."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from stacks.azure import build
from stacks.settings import Settings, SettingsError
from tests.unit.azure_outputs import AZURE_FUNCTIONS
from tests.unit.platform import settings_of
from tests.unit.recording import RecordingEngine

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "11111111-2222-3333-4444-666666666666"
OTHER = "99999999-2222-3333-4444-666666666666"
CONFIG = "azure-native:authorization:getClientConfig"
ROLE = "azure-native:authorization:getRoleDefinition"

Answer = Callable[[dict[str, Any]], dict[str, Any]]


class ProviderError(grpc.RpcError):
    """What the engine answers where a provider fails."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return str(self)


def failing(message: str) -> Answer:
    def fail(_args: dict[str, Any]) -> dict[str, Any]:
        raise ProviderError(f"invocation of the function returned an error: {message}")

    return fail


def signed_in(tenant: str) -> Answer:
    return lambda _args: {"tenantId": tenant, "subscriptionId": SUBSCRIPTION}


def own() -> Settings:
    settings = settings_of("azure-dev")
    cloud = settings.cloud.model_copy(update={"subscription_id": SUBSCRIPTION, "tenant_id": TENANT})
    return settings.model_copy(update={"cloud": cloud})


@pytest.mark.parametrize(
    ("function", "answer", "start", "end"),
    [
        (
            CONFIG,
            failing(f"AADSTS90002: Tenant '{TENANT}' not found."),
            f'cloud.tenantId: "{TENANT}" is not allowed: nobody signs in there (',
            f"as with `az login --tenant {TENANT}`",
        ),
        (
            CONFIG,
            failing(f"ERROR: Subscription '{SUBSCRIPTION}' not found."),
            f'cloud.subscriptionId: "{SUBSCRIPTION}" is not allowed: who deploys cannot read it (',
            "`az account list` shows them",
        ),
        (
            CONFIG,
            signed_in(OTHER),
            f'cloud.tenantId: "{TENANT}" is not allowed: who deploys signs in in another tenant;',
            f'allowed: "{OTHER}"',
        ),
        (
            ROLE,
            failing('Status=404 Code="SubscriptionNotFound"'),
            f'cloud.subscriptionId: "{SUBSCRIPTION}" is not allowed: who deploys cannot read it (',
            f"allowed: a subscription of tenant {TENANT} that whoever deploys may read; `az account list` shows them",
        ),
    ],
)
def test_each_reason_to_refuse_is_one_message_that_names_the_key(
    engine: RecordingEngine,
    function: str,
    answer: Answer,
    start: str,
    end: str,
) -> None:
    engine.functions |= AZURE_FUNCTIONS
    engine.functions[CONFIG] = signed_in(TENANT)
    engine.functions[function] = answer
    with pytest.raises(SettingsError) as refused:
        engine.deploy(lambda: build(own()))
    (problem,) = refused.value.problems
    assert problem.startswith(f"biz-automation:{start}")
    assert problem.endswith(end)
    assert [item.type for item in engine.registrations] == ["pulumi:providers:azure-native"], "the one that is asked"


def test_the_question_is_about_the_settings_subscription(engine: RecordingEngine) -> None:
    asked: list[dict[str, Any]] = []
    engine.functions[CONFIG] = signed_in(TENANT)

    def note(arguments: dict[str, Any]) -> dict[str, Any]:
        asked.append(arguments)
        raise ProviderError

    engine.functions[ROLE] = note
    with pytest.raises(SettingsError):
        engine.deploy(lambda: build(own()))
    assert [item["scope"] for item in asked] == [f"/subscriptions/{SUBSCRIPTION}"]
