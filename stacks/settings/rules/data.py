"""Rules on the database and the data lake. Source: DB-1, LAKE-3, A-30, A-35, A-43."""

from collections.abc import Iterator

from stacks.settings.model import CloudProvider, DatabaseMode, LifecycleSettings, Profile, Settings
from stacks.settings.problems import Problem, closest, refuse
from stacks.settings.reference_tables import database_classes, postgres_versions
from stacks.settings.rules.partial import readable

_MODE_OF = {
    Profile.DEV: DatabaseMode.IN_CLUSTER,
    Profile.STG: DatabaseMode.MANAGED,
    Profile.PROD: DatabaseMode.MANAGED,
}
_LEAST_RETENTION_DAYS = 7


def _mode_follows_profile(settings: Settings) -> Iterator[Problem]:
    expected, reason = _MODE_OF[settings.profile], f"profile is {settings.profile}"
    if settings.cloud.provider is CloudProvider.OPENSHIFT:
        expected, reason = DatabaseMode.IN_CLUSTER, "cloud.provider is openshift, which runs no databases"
    if settings.database.mode is not expected:
        yield refuse(("database", "mode"), settings.database.mode, expected, because=reason)


def _version_is_supported(settings: Settings) -> Iterator[Problem]:
    if settings.database.version not in postgres_versions():
        listed = ", ".join(f'"{version}"' for version in postgres_versions())
        yield refuse(("database", "version"), settings.database.version, listed)


def _class_follows_mode(settings: Settings) -> Iterator[Problem]:
    path = ("database", "instanceClass")
    mode, instance_class = settings.database.mode, settings.database.instance_class
    if mode is DatabaseMode.MANAGED and instance_class is None:
        listed = ", ".join(database_classes(settings.cloud.provider)) or "a machine class of the cloud's databases"
        yield Problem(path, f"missing; allowed: {listed}, since database.mode is managed")
    elif mode is DatabaseMode.IN_CLUSTER and instance_class is not None:
        yield refuse(path, instance_class, "no value", because="database.mode is in-cluster")


def _class_exists(settings: Settings) -> Iterator[Problem]:
    known = database_classes(settings.cloud.provider)
    instance_class = settings.database.instance_class
    if not known or settings.database.mode is DatabaseMode.IN_CLUSTER or instance_class in {None, *known}:
        return
    hint = closest(str(instance_class), known)
    yield refuse(("database", "instanceClass"), instance_class, ", ".join(known), hint=hint)


def _standby_follows_mode_and_profile(settings: Settings) -> Iterator[Problem]:
    path = ("database", "multiZone")
    mode, multi_zone = settings.database.mode, settings.database.multi_zone
    if mode is DatabaseMode.IN_CLUSTER and multi_zone:
        yield refuse(path, multi_zone, "false", because="database.mode is in-cluster")
    elif mode is DatabaseMode.MANAGED and settings.profile is not Profile.DEV and not multi_zone:
        yield refuse(path, multi_zone, "true", because=f"profile is {settings.profile}")


def _backups_reach_back(settings: Settings) -> Iterator[Problem]:
    days = settings.database.backup_retention_days
    if settings.profile is not Profile.DEV and days < _LEAST_RETENTION_DAYS:
        yield refuse(
            ("database", "backupRetentionDays"),
            days,
            f"an integer from {_LEAST_RETENTION_DAYS} to 35",
            because=f"profile is {settings.profile}",
        )


def _prod_protects_the_lake(settings: Settings) -> Iterator[Problem]:
    if settings.profile is Profile.PROD and not settings.lake.protect:
        yield refuse(("lake", "protect"), settings.lake.protect, "true", because="profile is prod")


def _lifecycles_are_ordered(settings: Settings) -> Iterator[Problem]:
    for zone in ("raw", "curated", "archive"):
        yield from readable(_lifecycle_of(zone, settings))


def _lifecycle_of(zone: str, settings: Settings) -> Iterator[Problem]:
    lifecycle: LifecycleSettings = getattr(settings.lake, zone)
    earliest = lifecycle.infrequent_access_days + 30
    if lifecycle.archive_days < earliest:
        yield refuse(
            ("lake", zone, "archiveDays"),
            lifecycle.archive_days,
            f"an integer from {earliest}",
            because="objects stay 30 days or more in infrequent access",
        )
    if lifecycle.expiration_days is not None and lifecycle.expiration_days <= lifecycle.archive_days:
        yield refuse(
            ("lake", zone, "expirationDays"),
            lifecycle.expiration_days,
            f"an integer above archiveDays ({lifecycle.archive_days}), or no value",
        )


RULES = (
    _mode_follows_profile,
    _version_is_supported,
    _class_follows_mode,
    _class_exists,
    _standby_follows_mode_and_profile,
    _backups_reach_back,
    _prod_protects_the_lake,
    _lifecycles_are_ordered,
)
