"""What several capabilities read alike of what a program registered."""

from collections.abc import Sequence
from typing import Any

from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from tests.unit.programs import Program
from tests.unit.recording import ACCOUNT, REGION, Registration

LOCK = "azure-native:authorization:ManagementLockByScope"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
_ALL_LOGS = [{"categoryGroup": "allLogs", "enabled": True}]


def aws_key(purpose: str) -> str:
    """ARN of the stack's own key for a purpose, as the recording engine makes it."""
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:keys-{purpose}-id"


def azure_key(program: Program, purpose: str) -> str:
    """Address of the stack's own key for a purpose, without a version, which a service then follows."""
    (vault,) = [item for item in program.engine.of_type("azure-native:keyvault:Vault") if item.name == "keys-vault"]
    return f"https://{vault.inputs['vaultName']}.vault.azure.net/keys/{purpose}"


def log_groups(program: Program, *names: str) -> list[Registration]:
    """Log groups by their logical names."""
    return [item for item in program.engine.of_type(LOG_GROUP) if item.name in names]


def unlogged(program: Program, *names: str) -> list[str]:
    """Which of these settings of Azure do not send all logs of their service to a workspace."""
    found = {
        item.name
        for item in program.engine.of_type("azure-native:monitor:DiagnosticSetting")
        if item.inputs["logs"] == _ALL_LOGS and item.inputs["workspaceId"]
    }
    return sorted(set(names) - found)


def unkept(found: Sequence[Registration], *, retained: bool = True) -> list[str]:
    """What the engine would delete; what it ``retained`` stays even where it is taken out of the program."""
    if not found:
        return ["there is none"]
    return [item.name for item in found if not item.protect or item.retain_on_delete is not retained]


def revealed(value: Any) -> Any:
    """The value of an input, if it is a secret as well."""
    return unwrap_rpc_secret(value) if is_rpc_secret(value) else value
