"""Rules on the organisation and the budget. Source: POL-2, COST-9, CFG-10, A-11."""

from collections.abc import Iterator

from stacks.settings.model import CloudProvider, Profile, Settings
from stacks.settings.openshift_model import PLACEHOLDER_CLUSTER
from stacks.settings.problems import Problem, refuse
from stacks.settings.rules.lists import duplicates

# The account of AWS's own documentation; the sandbox's stand-in answers as this account.
PLACEHOLDER_ACCOUNT = "123456789012"
# No subscription of Azure is called so.
PLACEHOLDER_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
# RFC 2606 and RFC 6761 reserve these for documentation; your-domain.com is the requirements' own placeholder.
_PLACEHOLDER_DOMAINS = ("example.com", "example.net", "example.org", "your-domain.com")
_PLACEHOLDER_SUFFIXES = (".example", ".test", ".invalid", ".localhost")


def _cost_center_is_listed(settings: Settings) -> Iterator[Problem]:
    organisation = settings.organisation
    if organisation.cost_center not in organisation.cost_centers:
        yield refuse(
            ("organisation", "costCenter"),
            organisation.cost_center,
            f"one of organisation.costCenters ({', '.join(organisation.cost_centers)})",
        )


def _cost_centers_differ(settings: Settings) -> Iterator[Problem]:
    yield from duplicates(("organisation", "costCenters"), settings.organisation.cost_centers)


def _emails_differ(settings: Settings) -> Iterator[Problem]:
    yield from duplicates(("budget", "alertEmails"), settings.budget.alert_emails)


def _is_placeholder(domain: str) -> bool:
    names = any(domain == name or domain.endswith(f".{name}") for name in _PLACEHOLDER_DOMAINS)
    return names or domain.endswith(_PLACEHOLDER_SUFFIXES)


def _is_real(settings: Settings) -> bool:
    if settings.cloud.provider is CloudProvider.AWS:
        return settings.cloud.account_id not in {None, PLACEHOLDER_ACCOUNT}
    if settings.cloud.provider is CloudProvider.AZURE or settings.managed_openshift is not None:
        return settings.cloud.subscription_id not in {None, PLACEHOLDER_SUBSCRIPTION}
    if settings.openshift is not None:
        return settings.openshift.cluster_id not in {None, PLACEHOLDER_CLUSTER}
    return settings.profile is Profile.PROD


def _domain_is_real(settings: Settings) -> Iterator[Problem]:
    domain = settings.organisation.base_domain
    if _is_placeholder(domain) and _is_real(settings):
        yield refuse(
            ("organisation", "baseDomain"), domain, "a domain of the organisation's own", because="it is a placeholder"
        )


def _emails_are_real(settings: Settings) -> Iterator[Problem]:
    for index, email in enumerate(settings.budget.alert_emails):
        if _is_placeholder(email.partition("@")[2]) and _is_real(settings):
            yield refuse(
                ("budget", "alertEmails", index), email, "an address that is read", because="it is a placeholder"
            )


RULES = (_cost_center_is_listed, _cost_centers_differ, _emails_differ, _domain_is_real, _emails_are_real)
