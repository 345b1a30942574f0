"""The budget warns alike on every cloud that sends a bill. Source: COST-5..7, A-40."""

import pytest

from tests.unit.conftest import Programs
from tests.unit.parity.claims import AWS, AZURE, Claim, cases, unlike
from tests.unit.programs import Program

ALERTS = {("actual", 80), ("actual", 100), ("forecasted", 100)}


def aws_alerts(program: Program) -> list[str]:
    (budget,) = program.engine.of_type("aws:budgets/budget:Budget")
    mails = tuple(program.settings.budget.alert_emails)
    found = {
        (each["notificationType"].lower(), each["threshold"], tuple(each["subscriberEmailAddresses"]))
        for each in budget.inputs["notifications"]
    }
    return unlike({(*alert, mails) for alert in ALERTS}, found)


def azure_alerts(program: Program) -> list[str]:
    (budget,) = program.engine.of_type("azure-native:consumption:Budget")
    mails = tuple(program.settings.budget.alert_emails)
    found = {
        (each["thresholdType"].lower(), each["threshold"], tuple(each["contactEmails"]))
        for each in budget.inputs["notifications"].values()
        if each["enabled"]
    }
    return unlike({(*alert, mails) for alert in ALERTS}, found)


def aws_limit(program: Program) -> list[str]:
    (budget,) = program.engine.of_type("aws:budgets/budget:Budget")
    found = (float(budget.inputs["limitAmount"]), budget.inputs["timeUnit"].lower())
    return unlike((program.settings.budget.monthly_limit_usd, "monthly"), found)


def azure_limit(program: Program) -> list[str]:
    (budget,) = program.engine.of_type("azure-native:consumption:Budget")
    found = (budget.inputs["amount"], budget.inputs["timeGrain"].lower())
    return unlike((program.settings.budget.monthly_limit_usd, "monthly"), found)


def aws_counted(program: Program) -> list[str]:
    (budget,) = program.engine.of_type("aws:budgets/budget:Budget")
    wanted = [{"name": "TagKeyValue", "values": [f"user:environment${program.settings.ownership.environment}"]}]
    return unlike(wanted, budget.inputs["costFilters"])


def azure_counted(program: Program) -> list[str]:
    (budget,) = program.engine.of_type("azure-native:consumption:Budget")
    wanted = {"name": "environment", "operator": "In", "values": [program.settings.ownership.environment]}
    return unlike({"tags": wanted}, budget.inputs["filter"])


CLAIMS = [
    Claim("budget", "the limit is the settings' own", {AWS: aws_limit, AZURE: azure_limit}),
    Claim("budget", "people are told before the money is gone", {AWS: aws_alerts, AZURE: azure_alerts}),
    Claim("budget", "only the stack's own costs count", {AWS: aws_counted, AZURE: azure_counted}),
]


@pytest.mark.parametrize(("claim", "stack"), cases(CLAIMS))
def test_budget(claim: Claim, stack: str, programs: Programs) -> None:
    claim.judge(programs(stack))
