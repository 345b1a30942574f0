"""A monthly budget that tells people before the money is gone.

Source: COST-5..7, A-40.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.ownership import Ownership

_ALERTS = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))


@dataclass(frozen=True)
class BudgetArgs:
    """What a budget needs.

    Args:
        budget_name: its name in AWS, unique in the account.
        monthly_limit_usd: US dollars per month.
        alert_emails: who is told.
        ownership: tags; the budget counts what carries the same ``environment``.
    """

    budget_name: str
    monthly_limit_usd: int
    alert_emails: Sequence[str]
    ownership: Ownership


class Budget(pulumi.ComponentResource):
    """Counts the costs of one environment; alerts at 80 % and 100 % spent, and when the forecast passes 100 %.

    AWS sees a tag in its bills once it is activated as cost allocation tag (Billing console, one day's delay).

    Args:
        name: logical name.
        args: limit and addresses.
        opts: carries the AWS provider.

    Source: COST-5..7, A-40.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:budget:Budget", name, None, opts)
        self.ready = aws.budgets.Budget(
            name,
            name=args.budget_name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(args.monthly_limit_usd),
            limit_unit="USD",
            cost_filters=[
                aws.budgets.BudgetCostFilterArgs(
                    name="TagKeyValue", values=[f"user:environment${args.ownership.environment}"]
                )
            ],
            notifications=[
                aws.budgets.BudgetNotificationArgs(
                    comparison_operator="GREATER_THAN",
                    notification_type=kind,
                    threshold=threshold,
                    threshold_type="PERCENTAGE",
                    subscriber_email_addresses=list(args.alert_emails),
                )
                for kind, threshold in _ALERTS
            ],
            tags=args.ownership.tags("budget"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
