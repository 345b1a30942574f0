"""Credentials of external platforms: the names that flows and operators know, and nothing in clear. Source: C.2."""

from components.secrets import inventory
from components.security import FLOW_SECRETS, IntegrationCredentials, IntegrationCredentialsArgs
from tests.unit.components.environment import environment
from tests.unit.recording import RecordingEngine

EXTERNAL_SECRET = "kubernetes:external-secrets.io/v1:ExternalSecret"


def test_each_has_its_name_and_is_read_as_plain_text(engine: RecordingEngine) -> None:
    """Source: SEC-8, A-7."""
    engine.deploy(lambda: IntegrationCredentials("integration-credentials", IntegrationCredentialsArgs(environment())))
    made = {item.inputs["metadata"]["name"]: item.inputs for item in engine.of_type(EXTERNAL_SECRET)}

    assert {name: item["spec"]["data"] for name, item in made.items()} == {
        "hubspot-token": [{"secretKey": "token", "remoteRef": {"key": "hubspot/token"}}],
        "manychat-api-key": [{"secretKey": "api-key", "remoteRef": {"key": "manychat/api-key"}}],
        "slack-webhook-url": [{"secretKey": "url", "remoteRef": {"key": "slack/webhook-url"}}],
    }
    assert {item["metadata"]["namespace"] for item in made.values()} == {"workflows"}
    assert {item["spec"]["target"]["creationPolicy"] for item in made.values()} == {"Owner"}
    assert {item["spec"]["refreshInterval"] for item in made.values()} == {"1h"}


def test_flows_read_them_by_name_and_people_supply_them() -> None:
    assert FLOW_SECRETS.keys() == {"HUBSPOT_TOKEN", "MANYCHAT_API_KEY", "SLACK_WEBHOOK_URL"}
    assert all(inventory()[source.path].supplied for source in FLOW_SECRETS.values())
