"""The budget counts its own environment and tells people in time."""

from components.budget.aws import Budget, BudgetArgs
from tests.unit.components.ownership import OWNERSHIP, untagged
from tests.unit.recording import RecordingEngine


def test_people_are_told_before_and_when_the_money_is_gone(engine: RecordingEngine) -> None:
    args = BudgetArgs(
        budget_name="biz-monthly", monthly_limit_usd=1200, alert_emails=["a@example.com"], ownership=OWNERSHIP
    )
    engine.deploy(lambda: Budget("budget", args))
    budget = engine.only("aws:budgets/budget:Budget").inputs
    assert (budget["limitAmount"], budget["limitUnit"], budget["timeUnit"]) == ("1200", "USD", "MONTHLY")
    assert budget["costFilters"] == [{"name": "TagKeyValue", "values": ["user:environment$dev"]}]
    alerts = [(item["notificationType"], item["threshold"]) for item in budget["notifications"]]
    assert alerts == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    assert all(item["subscriberEmailAddresses"] == ["a@example.com"] for item in budget["notifications"])
    assert not untagged(engine)
