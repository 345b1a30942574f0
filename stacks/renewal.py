"""Reminds of credentials that are due.

The day of the last renewal is a setting, so that two runs of one commit do the same: the clock decides about a warning
and about nothing else.

Source: SEC-11.
"""

from datetime import date, timedelta

import pulumi

PERIOD = timedelta(days=90)


def remind(renewed_on: date, today: date) -> None:
    """Warn where the generated credentials are older than they may be.

    Args:
        renewed_on: the setting ``vault.renewedOn``.
        today: the day of the deployment.
    """
    age = today - renewed_on
    if age > PERIOD:
        pulumi.log.warn(
            f"vault.renewedOn: the generated credentials are {age.days} days old, more than {PERIOD.days}; set it to "
            f'"{today}" and update the stack, which renews them'
        )
