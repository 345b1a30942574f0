"""Rules on the cloud and the cluster. Source: CFG-2..6, CLU-1..4, A-5, A-33."""

import importlib.util
from collections.abc import Iterator

from pydantic.alias_generators import to_camel

from stacks.settings.model import CloudProvider, Distribution, Profile, Settings
from stacks.settings.problems import Problem, refuse
from stacks.settings.reference_tables import kubernetes_versions

DISTRIBUTION_OF = {
    CloudProvider.AWS: Distribution.EKS,
    CloudProvider.AZURE: Distribution.AKS,
    CloudProvider.OPENSHIFT: Distribution.OPENSHIFT,
}
# sections and keys that only one cloud has a use for
_KEYS_OF_ONE_CLOUD = (
    ("cloud", "account_id", CloudProvider.AWS),
    ("cloud", "subscription_id", CloudProvider.AZURE),
    ("cloud", "tenant_id", CloudProvider.AZURE),
    ("kubernetes", "administrator_role_arns", CloudProvider.AWS),
    ("kubernetes", "administrator_group_ids", CloudProvider.AZURE),
    ("network", "interface_endpoints", CloudProvider.AWS),
    ("network", "pod_cidr", CloudProvider.AZURE),
)
_WIDEST_PUBLIC_ACCESS = 16


def _provider_is_built(settings: Settings) -> Iterator[Problem]:
    provider = settings.cloud.provider
    built = [name for name in CloudProvider if importlib.util.find_spec(f"stacks.{name}")]
    if provider not in built:
        yield refuse(("cloud", "provider"), provider, ", ".join(built), because="this version has no foundation for it")


def _distribution_belongs_to_provider(settings: Settings) -> Iterator[Problem]:
    expected = DISTRIBUTION_OF[settings.cloud.provider]
    actual = settings.kubernetes.distribution
    if actual is not expected:
        yield refuse(
            ("kubernetes", "distribution"), actual, expected, because=f"cloud.provider is {settings.cloud.provider}"
        )


def _keys_belong_to_provider(settings: Settings) -> Iterator[Problem]:
    if settings.cloud.provider is CloudProvider.OPENSHIFT:
        # its own rules tell of what the cluster's owner keeps
        return
    for section, key, owner in _KEYS_OF_ONE_CLOUD:
        value = getattr(getattr(settings, section), key)
        if value not in {None, ()} and settings.cloud.provider is not owner:
            path = (section, to_camel(key))
            shown = value[0] if isinstance(value, tuple) else value
            yield refuse(path, shown, "no value", because=f"it is for {owner}, and cloud.provider is another one")


def _version_is_supported(settings: Settings) -> Iterator[Problem]:
    if settings.kubernetes.distribution is not DISTRIBUTION_OF[settings.cloud.provider]:
        return
    supported = kubernetes_versions(settings.kubernetes.distribution)
    if supported and settings.kubernetes.version not in supported:
        listed = ", ".join(f'"{version}" (until {end})' for version, end in supported.items())
        yield refuse(("kubernetes", "version"), settings.kubernetes.version, listed)


def _api_server_stays_private(settings: Settings) -> Iterator[Problem]:
    if settings.cloud.provider is CloudProvider.OPENSHIFT:
        return
    for index, network in enumerate(settings.kubernetes.public_access_cidrs):
        path = ("kubernetes", "publicAccessCidrs", index)
        if settings.profile is not Profile.DEV:
            yield refuse(path, network, "no network", because=f"in {settings.profile} the API server is private")
        elif network.prefixlen < _WIDEST_PUBLIC_ACCESS:
            yield refuse(
                path, network, f"a network of /{_WIDEST_PUBLIC_ACCESS} or smaller", because="too much of the internet"
            )


RULES = (
    _provider_is_built,
    _distribution_belongs_to_provider,
    _keys_belong_to_provider,
    _version_is_supported,
    _api_server_stays_private,
)
