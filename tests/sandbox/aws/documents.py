"""Policies that tests use."""

import json
from typing import Any

ACCOUNT = "123456789012"
VERSION = "2012-10-17"


def policy(*statements: dict[str, Any], version: str = VERSION) -> str:
    return json.dumps({"Version": version, "Statement": list(statements)})


def trust(service: str) -> str:
    """Trust policy that lets one AWS service take the role."""
    return policy(
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    )


def allow(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def key_policy(service: str | None = None) -> str:
    """Key policy that leaves the account in charge, and lets one service use the key."""
    statements = [allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})]
    if service:
        statements.append(allow("kms:GenerateDataKey*", Principal={"Service": service}))
    return policy(*statements)
