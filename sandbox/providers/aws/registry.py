"""Every AWS resource type that the sandbox knows, by type token."""

from collections.abc import Mapping
from difflib import get_close_matches

from sandbox.providers.aws import (
    budgets,
    cloudwatch,
    ec2_connections,
    ec2_launch,
    ec2_network,
    ec2_routing,
    ec2_security,
    ecr,
    eks_access,
    eks_addons,
    eks_cluster,
    eks_nodes,
    glue,
    iam,
    kms,
    messaging,
    rds,
    s3,
    s3_events,
    s3_lifecycle,
    secretsmanager,
)
from sandbox.providers.aws.resource_type import ResourceType
from sandbox.providers.stand_in import StandInError

_FAMILIES = (
    ec2_network.TYPES,
    ec2_routing.TYPES,
    ec2_security.TYPES,
    ec2_connections.TYPES,
    ec2_launch.TYPES,
    eks_cluster.TYPES,
    eks_nodes.TYPES,
    eks_addons.TYPES,
    eks_access.TYPES,
    iam.TYPES,
    kms.TYPES,
    s3.TYPES,
    s3_lifecycle.TYPES,
    s3_events.TYPES,
    cloudwatch.TYPES,
    messaging.TYPES,
    secretsmanager.TYPES,
    ecr.TYPES,
    rds.TYPES,
    glue.TYPES,
    budgets.TYPES,
)
TYPES: Mapping[str, ResourceType] = {kind.token: kind for family in _FAMILIES for kind in family}


def resource_type(token: str) -> ResourceType:
    """Give the handler of a type token.

    Raises:
        StandInError: the sandbox does not know the type; names the mend.
    """
    if token in TYPES:
        return TYPES[token]
    close = get_close_matches(token, TYPES, n=1, cutoff=0.85)
    meant = f" Did you mean {close[0]}?" if close else ""
    family = token.split(":")[1].split("/", maxsplit=1)[0] if token.count(":") == 2 else "<family>"
    raise StandInError(
        f"The sandbox does not know {token}; add a handler in sandbox/providers/aws/{family}.py and list it in"
        f" registry.py.{meant}"
    )
