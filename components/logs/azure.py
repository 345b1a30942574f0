"""Log Analytics workspaces, and what services write into them.

Source: CLU-17, SEC-15, LAKE-1.
"""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor, operationalinsights

from components.account.azure import Account


@dataclass(frozen=True)
class WorkspaceArgs:
    """What a workspace needs.

    Args:
        purpose: what it holds, e.g. ``cluster``.
        resource_group_name: the group that it is in.
        retention_days: days that logs are kept, 30 to 730.
        account: where it is.
    """

    purpose: str
    resource_group_name: pulumi.Input[str]
    retention_days: int
    account: Account


class Workspace(pulumi.ComponentResource):
    """A workspace without keys of its own: it is read with Entra identities alone.

    Args:
        name: logical name.
        args: what it is for.
        opts: carries the Azure provider.

    Attributes:
        id: resource id.

    Source: CLU-17, SEC-15.
    """

    id: pulumi.Output[str]

    def __init__(self, name: str, args: WorkspaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:logs:Workspace", name, None, opts)
        workspace = operationalinsights.Workspace(
            name,
            workspace_name=args.account.names.name("workspace", args.purpose),
            resource_group_name=args.resource_group_name,
            location=args.account.region,
            sku={"name": "PerGB2018"},
            retention_in_days=args.retention_days,
            features={"disable_local_auth": True, "enable_log_access_using_only_resource_permissions": True},
            tags=args.account.ownership.tags("logs"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = workspace.id
        self.register_outputs({"id": self.id})


def diagnose(
    name: str,
    resource_id: pulumi.Input[str],
    workspace_id: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> monitor.DiagnosticSetting:
    """Have a service write all of its logs.

    Args:
        name: logical name.
        resource_id: the service.
        workspace_id: where to.
        opts: parent and so on.
    """
    return monitor.DiagnosticSetting(
        name,
        name="all-logs",
        resource_uri=resource_id,
        workspace_id=workspace_id,
        log_analytics_destination_type="Dedicated",
        logs=[{"category_group": "allLogs", "enabled": True}],
        opts=opts,
    )
