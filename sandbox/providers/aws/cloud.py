"""The AWS account and region that the stand-in talks to, and the errors that come back from it."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sandbox.providers.aws.store import open_store
from sandbox.providers.stand_in import StandInError
from sandbox.providers.store import Store

PARTITION = "aws"
_THROTTLED = re.compile(r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown")
_ABSENT = re.compile(r"NotFound|NoSuch|NonExist|DoesNotExist|^404$")


class Absent(Exception):  # noqa: N818 - a fact rather than an error
    """AWS answered with an empty list: what was asked for is gone."""


def only(items: list[Any]) -> Any:
    """Give the one thing that was asked for.

    Args:
        items: AWS's answer, a list of at most one thing.

    Raises:
        Absent: the list is empty.
    """
    if not items:
        raise Absent("AWS shows no such thing")
    return items[0]


def is_throttled(error: Exception) -> bool:
    """Tell whether AWS asks to slow down.

    Args:
        error: what boto3 raised.
    """
    return bool(_THROTTLED.search(error_code(error)))


def is_absent(error: Exception) -> bool:
    """Tell whether an AWS error says that the thing asked for does not exist.

    Args:
        error: what boto3 raised.
    """
    return isinstance(error, Absent) or bool(_ABSENT.search(error_code(error)))


def error_code(error: Exception) -> str:
    """Give the AWS error code of an exception that boto3 raised, or an empty string."""
    response: Any = getattr(error, "response", None)
    return str(response["Error"].get("Code", "")) if isinstance(response, dict) else ""


def describe(error: Exception) -> str:
    """Say what an AWS call answered, in one sentence: code and message, or boto3's own complaint."""
    response: Any = getattr(error, "response", None)
    if type(error).__name__ in {"EndpointConnectionError", "ConnectionClosedError"}:
        return f"{error} Is AWS_ENDPOINT_URL right, and does the sandbox run? Start it with 'make up'."
    if not isinstance(response, dict):
        return " ".join(str(error).split())
    detail: dict[str, Any] = response["Error"]
    return f"{detail.get('Code', 'Unknown')}: {detail.get('Message', 'no message')}"


@dataclass
class Cloud:
    """One AWS account in one region.

    Attributes:
        region: region of the calls, e.g. ``us-east-1``.
        endpoint: URL of the API server for every service, or None for AWS itself.
        default_tags: tags that every taggable resource gets.
        credentials: ``aws_access_key_id`` and the like, as boto3 names them; empty: boto3's own search.
        store: what the API server cannot keep.
    """

    region: str
    endpoint: str | None
    default_tags: Mapping[str, str] = field(default_factory=dict[str, str])
    credentials: Mapping[str, str] = field(default_factory=dict[str, str])
    store: Store = field(default_factory=open_store)
    _clients: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    _regions: dict[str, "Cloud"] = field(default_factory=dict[str, "Cloud"], repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @cached_property
    def _session(self) -> Any:
        import boto3  # noqa: PLC0415 - a check or a diff must not pay for loading boto3

        make: Any = boto3.Session  # its credentials have one keyword each, and its services one overload each
        return make(region_name=self.region, **self.credentials)

    def client(self, service: str) -> Any:
        """Give the boto3 client of a service; one per service, made on first use.

        Args:
            service: boto3 name of the service, e.g. ``ec2``.
        """
        with self._lock:
            if service not in self._clients:
                from botocore.config import Config  # noqa: PLC0415 - see above

                self._clients[service] = self._session.client(
                    service,
                    endpoint_url=self.endpoint,
                    config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
                )
            return self._clients[service]

    @cached_property
    def account(self) -> str:
        """Account number that the credentials belong to, 12 digits."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def in_region(self, region: str | None) -> "Cloud":
        """Give the same account in another region; itself for None or its own region."""
        if region is None or region == self.region:
            return self
        with self._lock:
            if region not in self._regions:
                self._regions[region] = Cloud(region, self.endpoint, self.default_tags, self.credentials, self.store)
            return self._regions[region]

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """Make an ARN in this account.

        Args:
            service: namespace of the service, e.g. ``ec2``.
            resource: the last part, e.g. ``vpc/vpc-1``.
            regional: whether the ARN names the region.
        """
        return f"arn:{PARTITION}:{service}:{self.region if regional else ''}:{self.account}:{resource}"

    def require_account(self, allowed: list[str], forbidden: list[str]) -> None:
        """Refuse to work in an account that the provider's configuration rules out.

        Raises:
            StandInError: the account is not allowed, or forbidden.
        """
        if allowed and self.account not in allowed:
            raise StandInError(
                f"AWS account ID not allowed: {self.account}; allowedAccountIds has {', '.join(allowed)}."
                " Use credentials of an allowed account, or add this one to the list."
            )
        if self.account in forbidden:
            raise StandInError(f"AWS account ID not allowed: {self.account} is in forbiddenAccountIds.")
