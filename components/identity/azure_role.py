"""Who may do what where in Azure.

Source: CLU-5, SEC-5; https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pulumi
from pulumi_azure_native import authorization

from components.account.azure import Account
from components.tables import read_table


@dataclass(frozen=True)
class Permission:
    """A role at a scope.

    Args:
        role: row of ``azure_roles.yaml``, or the id of a role of the stack's own.
        scope: resource id of what the role is about; nothing beside it is.
        condition: narrows the role further, in the language of attribute-based access control.
    """

    role: pulumi.Input[str]
    scope: pulumi.Input[str]
    condition: str | None = None


def assign(
    name: str,
    principal_id: pulumi.Input[str],
    permission: Permission,
    account: Account,
    opts: pulumi.ResourceOptions,
) -> authorization.RoleAssignment:
    """Give a managed identity a role.

    The assignment's own name is made from the stack's and the logical one, so that it never changes: an assignment
    under a new name for the same identity, role and scope is refused as a duplicate.

    Args:
        name: logical name, unique in the stack.
        principal_id: object id of the identity.
        permission: which role, and where.
        account: where they are.
        opts: parent and so on.

    Raises:
        KeyError: the table has no such role.
    """
    return authorization.RoleAssignment(
        name,
        role_assignment_name=stable_id(name, account),
        scope=permission.scope,
        role_definition_id=role_id(permission.role, account),
        principal_id=principal_id,
        # the directory may not know a new identity yet: told its type, Azure does not look
        principal_type="ServicePrincipal",
        condition=permission.condition,
        condition_version="2.0" if permission.condition else None,
        opts=opts,
    )


def stable_id(name: str, account: Account) -> str:
    """A UUID that is always the same for a logical name of a stack, and no other's."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{account.scope}/{account.names.stem}/{name}"))


def role_id(role: pulumi.Input[str], account: Account) -> pulumi.Input[str]:
    """Resource id of a role.

    Raises:
        KeyError: the table has no such role.
    """
    if not isinstance(role, str):
        return role
    return f"{account.scope}/providers/Microsoft.Authorization/roleDefinitions/{_roles()[role]}"


@cache
def _roles() -> Mapping[str, str]:
    return read_table(Path(__file__).with_name("azure_roles.yaml"))
