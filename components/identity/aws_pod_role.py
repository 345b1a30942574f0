"""An IAM role that the pods of one service account take.

Source: CLU-5, SEC-5.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account.aws import Account
from components.identity.grants import ServiceAccountReference
from components.identity.policy_document import Statement, render
from components.identity.policy_linter import PolicyKind
from components.ownership import Ownership


@dataclass(frozen=True)
class PodRoleArgs:
    """Who takes the role and what it may do.

    Args:
        cluster_name: the cluster whose pods take it.
        service_account: the account whose pods take it.
        account: where it is.
        ownership: tags.
        statements: what it may do.
        managed_policy: a policy of AWS's own that it has beside, e.g. ``AmazonEKS_CNI_Policy``.
    """

    cluster_name: str
    service_account: ServiceAccountReference
    account: Account
    ownership: Ownership
    statements: Sequence[Statement] = ()
    managed_policy: str | None = None


class PodRole(pulumi.ComponentResource):
    """A role for EKS Pod Identity; only the named service account of the named cluster gets it.

    Pod Identity rather than an OIDC trust per cluster (IRSA): the trust is checked by the session tags that EKS sets,
    the service account needs no annotation, and a cluster that is made anew needs no new trust policies.

    Args:
        name: logical name.
        args: who, and what for.
        opts: carries the AWS provider.

    Source: CLU-5, SEC-5.
    """

    arn: pulumi.Output[str]
    ready: pulumi.Resource

    def __init__(self, name: str, args: PodRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:identity:PodRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        service_account = args.service_account
        role = aws.iam.Role(
            name,
            description=f"Pods of {service_account.namespace}/{service_account.name} in {args.cluster_name}",
            assume_role_policy=_trust(args),
            tags=args.ownership.tags("identity"),
            opts=child,
        )
        self.ready = role
        if args.managed_policy:
            self.ready = aws.iam.RolePolicyAttachment(
                f"{name}-managed",
                role=role.name,
                policy_arn=args.account.managed_policy_arn(args.managed_policy),
                opts=child,
            )
        if args.statements:
            self.ready = aws.iam.RolePolicy(
                f"{name}-policy",
                role=role.name,
                policy=render(PolicyKind.IDENTITY, args.statements),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[self.ready]),
            )
        self.arn = role.arn
        self.register_outputs({"arn": self.arn})


def _trust(args: PodRoleArgs) -> pulumi.Output[str]:
    statement = Statement(
        sid="PodsOfOneServiceAccount",
        actions=["sts:AssumeRole", "sts:TagSession"],
        principals={"Service": "pods.eks.amazonaws.com"},
        conditions={
            "StringEquals": {
                "aws:SourceAccount": args.account.id,
                "aws:RequestTag/kubernetes-namespace": args.service_account.namespace,
                "aws:RequestTag/kubernetes-service-account": args.service_account.name,
            },
            "ArnEquals": {"aws:SourceArn": args.account.arn("eks", f"cluster/{args.cluster_name}")},
        },
    )
    return render(PolicyKind.TRUST, [statement])
