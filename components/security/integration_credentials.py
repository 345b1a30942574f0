"""Credentials of the external platforms that flows call.

Source: SEC-8, WF-KESTRA-7, A-7, C.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.base import Environment, ExternalSecret, ExternalSecretArgs, SecretKey

# name of the Secret -> its key, and where the vault has it, as plain text
_SECRETS: Mapping[str, tuple[str, SecretKey]] = {
    "hubspot-token": ("token", SecretKey("hubspot/token", None)),
    "manychat-api-key": ("api-key", SecretKey("manychat/api-key", None)),
    "slack-webhook-url": ("url", SecretKey("slack/webhook-url", None)),
}
FLOW_SECRETS: Mapping[str, SecretKey] = {
    name.upper().replace("-", "_"): source for name, (_, source) in _SECRETS.items()
}
"""The same credentials by the names under which Kestra's flows read them."""


@dataclass(frozen=True)
class IntegrationCredentialsArgs:
    """What the credentials need.

    Args:
        environment: the stack that they are part of.
    """

    environment: Environment


class IntegrationCredentials(pulumi.ComponentResource):
    """The Secrets ``hubspot-token``, ``manychat-api-key`` and ``slack-webhook-url`` in the namespace ``workflows``.

    People put their values into the vault; until they do, the Secret is missing and nothing else suffers.

    Args:
        name: logical name.
        args: the stack.
        opts: carries the cluster's provider.

    Source: SEC-8, WF-KESTRA-7, A-7.
    """

    def __init__(self, name: str, args: IntegrationCredentialsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:security:IntegrationCredentials", name, None, opts)
        environment = args.environment
        for secret, (key, source) in _SECRETS.items():
            ExternalSecret(
                secret,
                ExternalSecretArgs(
                    store=environment.vault,
                    namespace=environment.namespaces["workflows"],
                    keys={key: source},
                    component="security",
                    ownership=environment.ownership,
                ),
                pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
