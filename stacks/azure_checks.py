"""Whether whoever signs in gets at the settings' subscription, asked before anything is declared; in previews as well.

The AWS provider itself refuses another account than the settings name. The Azure Native provider takes any subscription
and any tenant, and a wrong one would show only as the first resource of an update fails.

Source: CFG-2, CFG-13.
"""

import pulumi
from pulumi_azure_native import authorization

from stacks.settings import SettingsError

# every subscription has it, and whoever may do anything there may read it
_READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
_LONGEST_REASON = 300


def check(subscription_id: str, tenant_id: str, provider: pulumi.ProviderResource) -> None:
    """Sign in, and look into the subscription.

    Args:
        subscription_id: of the settings.
        tenant_id: of the settings.
        provider: bound to both.

    Raises:
        SettingsError: nobody can sign in, in that tenant, or who does cannot read the subscription.
    """
    opts = pulumi.InvokeOptions(provider=provider)
    try:
        signed_in = authorization.get_client_config(opts=opts).tenant_id
    except Exception as error:
        if subscription_id in str(error) and tenant_id not in str(error):
            # where the Azure CLI signs in, the provider asks it for the subscription first
            raise _unreadable(subscription_id, tenant_id, error) from error
        what = f"the Entra tenant in which whoever deploys signs in, as with `az login --tenant {tenant_id}`"
        raise _refused("tenantId", tenant_id, f"nobody signs in there ({_reason(error)})", what) from error
    if signed_in != tenant_id:
        raise _refused("tenantId", tenant_id, "who deploys signs in in another tenant", f'"{signed_in}"')
    try:
        scope = f"/subscriptions/{subscription_id}"
        authorization.get_role_definition(role_definition_id=_READER, scope=scope, opts=opts)
    except Exception as error:
        raise _unreadable(subscription_id, tenant_id, error) from error


def _unreadable(subscription_id: str, tenant_id: str, error: Exception) -> SettingsError:
    what = f"a subscription of tenant {tenant_id} that whoever deploys may read; `az account list` shows them"
    return _refused("subscriptionId", subscription_id, f"who deploys cannot read it ({_reason(error)})", what)


def _refused(key: str, value: str, because: str, allowed: str) -> SettingsError:
    problem = f'biz-automation:cloud.{key}: "{value}" is not allowed: {because}; allowed: {allowed}'
    return SettingsError("Azure cannot take the stack, 1 problem:", [problem])


def _reason(error: Exception) -> str:
    """What Azure or its sign-in said, on one line."""
    text = " ".join(str(error).split())
    return text.rpartition("returned an error: ")[2][:_LONGEST_REASON]
