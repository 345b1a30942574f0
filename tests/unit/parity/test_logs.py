"""Logs end when the settings say, and are read by identities alone. Source: CLU-17, SEC-15, LAKE-1."""

import pytest

from tests.unit.conftest import Programs
from tests.unit.parity.claims import AWS, AZURE, Claim, cases, failing
from tests.unit.parity.reading import LOG_GROUP, aws_key
from tests.unit.programs import Program

WORKSPACE = "azure-native:operationalinsights:Workspace"


def days(program: Program) -> set[int]:
    settings = program.settings
    return {
        settings.kubernetes.log_retention_days,
        settings.lake.log_retention_days,
        settings.network.flow_log_retention_days,
    }


def aws_ended(program: Program) -> list[str]:
    return failing(program.engine.of_type(LOG_GROUP), lambda group: group["retentionInDays"] in days(program))


def azure_ended(program: Program) -> list[str]:
    return failing(program.engine.of_type(WORKSPACE), lambda each: each["retentionInDays"] in days(program))


def aws_encrypted(program: Program) -> list[str]:
    return failing(program.engine.of_type(LOG_GROUP), lambda group: group["kmsKeyId"] == aws_key("logs"))


def azure_encrypted(program: Program) -> list[str]:
    """A key of one's own belongs to a dedicated cluster, which a workspace would name."""
    return failing(program.engine.of_type(WORKSPACE), lambda each: "clusterResourceId" in each.get("features", {}))


def aws_read(program: Program) -> list[str]:
    """Only a policy of a log group could open it, and there is none."""
    return [item.name for item in program.engine.of_type("aws:cloudwatch/logResourcePolicy:LogResourcePolicy")]


def azure_read(program: Program) -> list[str]:
    return failing(program.engine.of_type(WORKSPACE), lambda each: each["features"]["disableLocalAuth"] is True)


CLAIMS = [
    Claim("logs", "end when the settings say", {AWS: aws_ended, AZURE: azure_ended}),
    Claim("logs", "encrypted with a key of our own", {AWS: aws_encrypted, AZURE: azure_encrypted}),
    Claim("logs", "are read by identities alone", {AWS: aws_read, AZURE: azure_read}),
]


@pytest.mark.parametrize(("claim", "stack"), cases(CLAIMS))
def test_logs(claim: Claim, stack: str, programs: Programs) -> None:
    claim.judge(programs(stack))
