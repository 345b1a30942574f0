"""A monthly budget that tells people before the money is gone.

Source: COST-5..7, A-40.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pulumi
from pulumi_azure_native import consumption

from components.account.azure import Account

_ALERTS = (("Actual", 80), ("Actual", 100), ("Forecasted", 100))


@dataclass(frozen=True)
class BudgetArgs:
    """What a budget needs.

    Args:
        monthly_limit_usd: US dollars per month.
        alert_emails: who is told.
        today: a day of the month in which the budget begins.
        account: where it is; it counts what has the stack's own ``environment`` tag.
    """

    monthly_limit_usd: int
    alert_emails: Sequence[str]
    today: date
    account: Account


class Budget(pulumi.ComponentResource):
    """Counts the costs of one environment; alerts at 80 % and 100 % spent, and when the forecast passes 100 %.

    A budget is in the currency of the subscription's bill, and begins in the month in which it is made.

    Args:
        name: logical name.
        args: limit and addresses.
        opts: carries the Azure provider.

    Source: COST-5..7, A-40.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:budget:Budget", name, None, opts)
        account = args.account
        self.ready = consumption.Budget(
            name,
            budget_name=account.names.name("budget", "monthly"),
            scope=account.scope,
            category="Cost",
            time_grain="Monthly",
            amount=args.monthly_limit_usd,
            time_period={"start_date": args.today.replace(day=1).strftime("%Y-%m-%dT00:00:00Z")},
            filter={
                "tags": {"name": "environment", "operator": "In", "values": [account.ownership.environment]},
            },
            notifications={
                f"{kind}-{threshold}": {
                    "enabled": True,
                    "operator": "GreaterThan",
                    "threshold": threshold,
                    "threshold_type": kind,
                    "contact_emails": list(args.alert_emails),
                }
                for kind, threshold in _ALERTS
            },
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["timePeriod"]),
        )
        self.register_outputs({})
