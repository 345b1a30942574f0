"""What RDS refuses about a new database."""

import re
from collections.abc import Iterator

from sandbox.providers.aws import names
from sandbox.providers.aws.resource_type import Problem, Properties

# https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html
_POSTGRESQL_MAJORS = ("13", "14", "15", "16", "17", "18")


def required_problems(inputs: Properties) -> Iterator[Problem]:
    """Say what a new database lacks."""
    if "replicateSourceDb" in inputs or "snapshotIdentifier" in inputs:
        yield "snapshotIdentifier", "the sandbox makes new databases only, no replicas and none from snapshots"
    for name in ("engine", "allocatedStorage", "username"):
        if name not in inputs:
            yield name, "is missing; a new database needs it"


def password_problems(inputs: Properties) -> Iterator[Problem]:
    """Say what is wrong with the first user and its password."""
    managed = inputs.get("manageMasterUserPassword") is True
    if managed and "password" in inputs:
        yield "password", "must be absent where manageMasterUserPassword is true"
    if "manageMasterUserPassword" not in inputs and "password" not in inputs:
        yield "manageMasterUserPassword", "set it, so that RDS keeps the password in Secrets Manager, or give password"
    if "masterUserSecretKmsKeyId" in inputs and "manageMasterUserPassword" not in inputs:
        yield "masterUserSecretKmsKeyId", "needs manageMasterUserPassword = true"
    password = inputs.get("password")
    if isinstance(password, str) and (len(password) < 8 or re.search(r'[/@" ]', password)):
        yield "password", 'must have at least 8 characters, none of them / @ " or a space'
    if inputs.get("username") in ("admin", "rdsadmin") and inputs.get("engine") == "postgres":
        yield "username", f"{inputs['username']!r} is a reserved word of PostgreSQL on RDS; choose another name"


def postgresql_problems(inputs: Properties) -> Iterator[Problem]:
    """Say what PostgreSQL on RDS would refuse."""
    version = inputs.get("engineVersion")
    if isinstance(version, str) and version.split(".", maxsplit=1)[0] not in _POSTGRESQL_MAJORS:
        yield "engineVersion", f"{version!r} is not a PostgreSQL of RDS; majors are {', '.join(_POSTGRESQL_MAJORS)}"
    yield from names.POSTGRESQL_DATABASE.problems("dbName", inputs.get("dbName"))
    for export in inputs.get("enabledCloudwatchLogsExports") or []:
        allowed = ("iam-db-auth-error", "postgresql", "upgrade")
        yield from names.one_of("enabledCloudwatchLogsExports", export, allowed)


def storage_problems(inputs: Properties) -> Iterator[Problem]:
    """Say what is wrong with the disk."""
    size, most = inputs.get("allocatedStorage"), inputs.get("maxAllocatedStorage")
    if isinstance(size, int) and isinstance(most, int) and most != 0 and most < size * 1.1:
        yield "maxAllocatedStorage", f"{most} must be at least a tenth more than allocatedStorage, {size}"
    if inputs.get("storageType") == "gp3" and isinstance(size, int) and size < 400 and inputs.get("iops"):
        yield "iops", "cannot be set for gp3 below 400 GiB; it has 3000"
