"""Azure as a stack deploys to it: its subscription, and how resources get there.

Source: CFG-2, CFG-13.
"""

import copy

import pulumi
import pulumi_azure_native as azure

from components.account.azure import Account
from components.naming.azure import Names
from stacks import azure_checks
from stacks.settings import Settings


def sign_in(settings: Settings) -> tuple[Account, pulumi.ResourceOptions]:
    """Look into the settings' subscription; gives it, and the options that carry the provider.

    Args:
        settings: the stack's settings; subscription and tenant are set.

    Raises:
        ValueError: the subscription or the tenant is not named.
        SettingsError: nobody can sign in there; nothing has been declared then.
    """
    cloud = settings.cloud
    if cloud.subscription_id is None or cloud.tenant_id is None:
        raise ValueError("cloud.subscriptionId or cloud.tenantId is missing: name what the stack may touch")
    names = Names(settings.kubernetes.cluster_name, cloud.subscription_id)
    account = Account(cloud.subscription_id, cloud.tenant_id, cloud.region, names, settings.ownership)
    provider = azure.Provider("azure", subscription_id=account.id, tenant_id=account.tenant_id, location=account.region)
    azure_checks.check(account.id, account.tenant_id, provider)
    return account, pulumi.ResourceOptions(provider=provider, transformations=[_without_aliases])


def _without_aliases(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    """Leave out what a resource was called in other API versions: no stack of this program was made with one.

    The SDK lists up to a hundred for each resource, and resolving them takes most of a run's time.
    """
    opts = copy.copy(args.opts)
    opts.aliases = None
    return pulumi.ResourceTransformationResult(args.props, opts)
