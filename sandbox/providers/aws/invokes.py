"""Data sources of the AWS provider."""

from typing import Any

from sandbox.providers.aws.cloud import Cloud


def invoke(cloud: Cloud, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
    raise NotImplementedError
