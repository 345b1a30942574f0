"""Resource ids of Azure Resource Manager, and its errors."""

import re
from typing import Final

from sandbox.environment import AZURE_ID
from sandbox.providers.stand_in import StandInError

SUBSCRIPTION: Final = AZURE_ID
TENANT: Final = AZURE_ID
# object and client id of whoever deploys
CALLER: Final = "00000000-0000-0000-0000-000000000001"
_PAIRS: Final = r"(?:/[^/]+/[^/]+)+"
_ID: Final = re.compile(
    rf"/subscriptions/(?P<subscription>[^/]+)(?:/resourceGroups/[^/]+)?(?:/providers/[^/]+{_PAIRS})*", re.IGNORECASE
)
_PROVIDERS: Final = re.compile(r"/providers/", re.IGNORECASE)
_GROUP: Final = re.compile(r"/subscriptions/[^/]+/resourceGroups/([^/]+)", re.IGNORECASE)


class ArmError(StandInError):
    """What ARM answers: status, code and message, as the provider shows them."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f'Status={status} Code="{code}" Message="{message}"')
        self.code = code


def is_id(value: str) -> bool:
    """Tell whether a text is the id of a subscription or of something in one."""
    return bool(_ID.fullmatch(value))


def key(resource_id: str) -> str:
    """Give the form in which two ids of one resource are equal: ARM ids are case-insensitive."""
    return resource_id.rstrip("/").lower()


def subscription_of(resource_id: str) -> str:
    """Give the subscription that an id names."""
    match = _ID.fullmatch(resource_id)
    return match["subscription"] if match else ""


def group_of(resource_id: str) -> str:
    """Give the resource group that an id names, or an empty text."""
    match = _GROUP.match(resource_id)
    return match[1] if match else ""


def name_of(resource_id: str) -> str:
    """Give the last name in an id."""
    return resource_id.rstrip("/").rpartition("/")[2]


def type_of(resource_id: str) -> str:
    """Give the type of what an id names, e.g. ``Microsoft.Network/virtualNetworks/subnets``."""
    parts = _PROVIDERS.split(resource_id)
    if len(parts) > 1:
        namespace, *pairs = parts[-1].split("/")
        return "/".join([namespace, *pairs[::2]])
    return "Microsoft.Resources/resourceGroups" if group_of(resource_id) else "Microsoft.Resources/subscriptions"


def parent_of(resource_id: str) -> str:
    """Give the id of what a resource is in: its parent resource, its group, or what it is an extension of."""
    scope, _, tail = resource_id.rpartition("/providers/")
    if tail.count("/") > 2:
        return resource_id.rsplit("/", 2)[0]
    return scope if tail and scope else resource_id.rsplit("/", 2)[0]
