"""Rules on the cloud and the cluster. Source: CFG-2..6, CLU-1..4, A-5, A-33."""

import importlib.util
from collections.abc import Iterator

from components.network.aws_zones import zone_names
from stacks.settings.model import CloudProvider, Distribution, Profile, Settings
from stacks.settings.problems import Problem, closest, refuse
from stacks.settings.reference_tables import aws_log_retention_days, aws_regions, kubernetes_versions

DISTRIBUTION_OF = {
    CloudProvider.AWS: Distribution.EKS,
    CloudProvider.AZURE: Distribution.AKS,
    CloudProvider.OPENSHIFT: Distribution.OPENSHIFT,
}
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


def _region_exists(settings: Settings) -> Iterator[Problem]:
    region = settings.cloud.region
    if settings.cloud.provider is CloudProvider.AWS and region not in aws_regions():
        hint = closest(region, aws_regions())
        listed = ", ".join(aws_regions())
        yield refuse(("cloud", "region"), region, f"a region of aws ({listed})", hint=hint)


def _zones_exist(settings: Settings) -> Iterator[Problem]:
    region, zones = settings.cloud.region, settings.network.zones
    if settings.cloud.provider is not CloudProvider.AWS or region not in aws_regions():
        return
    try:
        zone_names(region, zones)
    except ValueError:
        yield refuse(
            ("network", "zones"), zones, "2, or another cloud.region", because=f"{region} has fewer usable zones"
        )


def _account_is_named(settings: Settings) -> Iterator[Problem]:
    if settings.cloud.provider is CloudProvider.AWS and settings.cloud.account_id is None:
        yield Problem(
            ("cloud", "accountId"),
            "missing; allowed: the AWS account that the stack may touch, twelve digits in quotes "
            '("123456789012" stands for none yet and works in the sandbox only)',
        )


def _version_is_supported(settings: Settings) -> Iterator[Problem]:
    supported = kubernetes_versions(settings.kubernetes.distribution)
    if supported and settings.kubernetes.version not in supported:
        listed = ", ".join(f'"{version}" (until {end})' for version, end in supported.items())
        yield refuse(("kubernetes", "version"), settings.kubernetes.version, listed)


def _api_server_stays_private(settings: Settings) -> Iterator[Problem]:
    for index, network in enumerate(settings.kubernetes.public_access_cidrs):
        path = ("kubernetes", "publicAccessCidrs", index)
        if settings.profile is not Profile.DEV:
            yield refuse(path, network, "no network", because=f"in {settings.profile} the API server is private")
        elif network.prefixlen < _WIDEST_PUBLIC_ACCESS:
            yield refuse(
                path, network, f"a network of /{_WIDEST_PUBLIC_ACCESS} or smaller", because="too much of the internet"
            )


def _log_retention_exists(settings: Settings) -> Iterator[Problem]:
    if settings.cloud.provider is not CloudProvider.AWS:
        return
    listed = ", ".join(map(str, aws_log_retention_days()))
    for path, days in (
        (("kubernetes", "logRetentionDays"), settings.kubernetes.log_retention_days),
        (("network", "flowLogRetentionDays"), settings.network.flow_log_retention_days),
    ):
        if days not in aws_log_retention_days():
            yield refuse(path, days, listed, because="CloudWatch Logs keeps logs for fixed numbers of days")


RULES = (
    _provider_is_built,
    _distribution_belongs_to_provider,
    _region_exists,
    _account_is_named,
    _version_is_supported,
    _api_server_stays_private,
    _zones_exist,
    _log_retention_exists,
)
