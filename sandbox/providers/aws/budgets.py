"""Budgets and the alarms of a budget."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from typing_extensions import override

from sandbox.providers.aws import names
from sandbox.providers.aws.cloud import Cloud
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties, ResourceType

_KIND = "budgets/budget"
_KINDS = (
    "USAGE", "COST", "RI_UTILIZATION", "RI_COVERAGE", "SAVINGS_PLANS_UTILIZATION", "SAVINGS_PLANS_COVERAGE",
)  # fmt: skip
# moto keeps budget and notifications, but not to whom they go, and no tags
_KEPT = ("costTypes", "notifications", "tags")
_TIME = "%Y-%m-%d_%H:%M"


class Budget(ResourceType):
    """Resource ``aws.budgets.Budget``."""

    token = "aws:budgets/budget:Budget"  # noqa: S105 - a type token
    service = "budgets"
    label = "Budget"
    replaces = frozenset({"accountId", "budgetType", "name", "namePrefix"})
    references = (Reference("notifications.subscriberSnsTopicArns", "SNS topic"),)
    automatic_name = "name"
    name_length = 100

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.BUDGET.problems("name", inputs.get("name"))
        yield from names.one_of("budgetType", inputs.get("budgetType"), _KINDS)
        yield from names.one_of("timeUnit", inputs.get("timeUnit"), ("DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY"))
        amount = inputs.get("limitAmount")
        if isinstance(amount, str) and not re.fullmatch(r"\d*[1-9]\d*(\.\d+)?|0?\.\d*[1-9]\d*", amount):
            yield "limitAmount", f"{amount!r} is not a positive number"
        for alarm in inputs.get("notifications") or []:
            if isinstance(alarm, dict):
                yield from _notification_problems(alarm)

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        account, name = inputs.get("accountId") or cloud.account, inputs["name"]
        tags = [{"Key": key, "Value": value} for key, value in (inputs.get("tags") or {}).items()]
        cloud.client("budgets").create_budget(
            AccountId=account,
            Budget=_as_request(inputs),
            NotificationsWithSubscribers=[_alarm(alarm) for alarm in inputs.get("notifications") or []],
            **({"ResourceTags": tags} if tags else {}),
        )
        identifier = f"{account}:{name}"
        self._keep(cloud, identifier, inputs)
        return identifier

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        account, name = identifier.split(":", 1)
        budget = cloud.client("budgets").describe_budget(AccountId=account, BudgetName=name)["Budget"]
        limit: dict[str, str] = budget.get("BudgetLimit") or {}
        filters: dict[str, list[str]] = budget.get("CostFilters") or {}
        period: dict[str, Any] = budget.get("TimePeriod") or {}
        return {
            "accountId": account,
            "arn": f"arn:aws:budgets::{account}:budget/{name}",
            "budgetType": budget["BudgetType"],
            "costFilters": [{"name": key, "values": values} for key, values in filters.items()],
            "limitAmount": _amount(known.get("limitAmount"), limit.get("Amount")),
            "limitUnit": limit.get("Unit"),
            "name": budget["BudgetName"],
            "timePeriodEnd": _time(period.get("End")),
            "timePeriodStart": _time(period.get("Start")),
            "timeUnit": budget["TimeUnit"],
            **(cloud.store.get(_KIND, identifier) or {}),
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        # moto cannot change a budget; one of the same name has the same identifier
        self.delete(cloud, identifier, old)
        self.create(cloud, new)

    @override
    def retag(self, cloud: Cloud, identifier: str, old: Properties, tags: Mapping[str, str]) -> None:
        cloud.store.put(_KIND, identifier, {**(cloud.store.get(_KIND, identifier) or {}), "tags": dict(tags)})

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        account, name = identifier.split(":", 1)
        cloud.client("budgets").delete_budget(AccountId=account, BudgetName=name)
        cloud.store.delete(_KIND, identifier)

    @staticmethod
    def _keep(cloud: Cloud, identifier: str, inputs: Properties) -> None:
        cloud.store.put(_KIND, identifier, {name: inputs[name] for name in _KEPT if inputs.get(name) is not None})


def _as_request(inputs: Properties) -> dict[str, Any]:
    budget: dict[str, Any] = {
        "BudgetName": inputs["name"],
        "BudgetType": inputs["budgetType"],
        "TimeUnit": inputs["timeUnit"],
    }
    if inputs.get("limitAmount"):
        budget["BudgetLimit"] = {"Amount": inputs["limitAmount"], "Unit": inputs.get("limitUnit") or "USD"}
    if inputs.get("costFilters"):
        budget["CostFilters"] = {item["name"]: item["values"] for item in inputs["costFilters"]}
    if inputs.get("costTypes"):
        budget["CostTypes"] = {name[0].upper() + name[1:]: value for name, value in inputs["costTypes"].items()}
    times = {"Start": inputs.get("timePeriodStart"), "End": inputs.get("timePeriodEnd")}
    period = {name: datetime.strptime(text, _TIME).replace(tzinfo=UTC) for name, text in times.items() if text}
    return budget | ({"TimePeriod": period} if period else {})


def _alarm(alarm: dict[str, Any]) -> dict[str, Any]:
    subscribers = [
        *({"SubscriptionType": "EMAIL", "Address": address} for address in alarm.get("subscriberEmailAddresses") or []),
        *({"SubscriptionType": "SNS", "Address": arn} for arn in alarm.get("subscriberSnsTopicArns") or []),
    ]
    fields = ("comparisonOperator", "notificationType", "threshold", "thresholdType")
    notification = {name[0].upper() + name[1:]: alarm[name] for name in fields}
    return {"Notification": notification, "Subscribers": subscribers}


def _notification_problems(alarm: dict[str, Any]) -> Iterator[Problem]:
    for name, allowed in (
        ("comparisonOperator", ("GREATER_THAN", "LESS_THAN", "EQUAL_TO")),
        ("notificationType", ("ACTUAL", "FORECASTED")),
        ("thresholdType", ("PERCENTAGE", "ABSOLUTE_VALUE")),
    ):
        yield from names.one_of("notifications", alarm.get(name), allowed)
    addresses = alarm.get("subscriberEmailAddresses") or []
    if not addresses and not alarm.get("subscriberSnsTopicArns"):
        yield "notifications", "an alarm needs at least one e-mail address or SNS topic"
    for address in addresses:
        if isinstance(address, str) and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
            yield "notifications", f"{address!r} is not an e-mail address"


def _amount(known: Any, live: str | None) -> str | None:
    """Give the limit in the program's spelling where both mean the same number."""
    return known if isinstance(known, str) and live is not None and float(known) == float(live) else live


def _time(value: Any) -> str | None:
    return value.astimezone(UTC).strftime(_TIME) if isinstance(value, datetime) else None


TYPES = (Budget(),)
