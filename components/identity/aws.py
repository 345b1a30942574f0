"""Cloud permissions of service accounts, through EKS Pod Identity.

Source: CLU-5, SEC-5.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

import pulumi
import pulumi_aws as aws

from components.account.aws import Account
from components.base import client_labels
from components.identity.aws_pod_role import PodRole, PodRoleArgs
from components.identity.grants import (
    Access,
    Grant,
    GrantError,
    IdentityBinding,
    ServiceAccountReference,
    require_grants,
    require_known,
    require_reading,
    unknown_resource,
)
from components.identity.policy_document import Statement
from components.ownership import Ownership

# where the agent on each node answers, on port 80
# Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
AGENT = (IPv4Network("169.254.170.23/32"), IPv6Network("fd00:ec2::23/128"))
_READ_OBJECTS = ("s3:GetObject", "s3:GetObjectVersion")
_WRITE_OBJECTS = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject")


@dataclass(frozen=True)
class GrantableBucket:
    """A bucket that workloads may be let into: its ARN and the KMS key of its objects."""

    arn: str
    key_arn: pulumi.Input[str]


@dataclass(frozen=True)
class IdentityArgs:
    """What service accounts can be given.

    Args:
        cluster_name: the cluster, as an output of it: no association before it is there.
        cluster: name of the cluster as text, for trust policies.
        zones: lake zones by name.
        buckets: other buckets by name.
        secret_prefix: start of the names of the stack's secrets.
        secret_key_arn: KMS key of the secrets.
        base_domain: under which DNS records are.
        account: where they are.
        ownership: tags.
        further_secrets: ARNs of secrets outside the prefix that ``secret`` includes.
    """

    cluster_name: pulumi.Input[str]
    cluster: str
    zones: Mapping[str, GrantableBucket]
    buckets: Mapping[str, GrantableBucket]
    secret_prefix: str
    secret_key_arn: pulumi.Input[str]
    base_domain: str
    account: Account
    ownership: Ownership
    further_secrets: Sequence[pulumi.Input[str]] = field(default_factory=tuple[pulumi.Input[str], ...])


class Identity(pulumi.ComponentResource):
    """Makes one role per bound service account.

    Args:
        name: logical name.
        args: what can be given.
        opts: carries the AWS provider.

    Source: CLU-5, SEC-5.
    """

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:identity:Identity", name, None, opts)
        self._args = args
        self.register_outputs({})

    def bind(self, account: ServiceAccountReference, grants: Sequence[Grant]) -> IdentityBinding:
        """Give a service account the access that the grants name, and nothing else.

        Args:
            account: the service account; it need not exist yet.
            grants: at least one.

        Raises:
            GrantError: a grant names a resource that the foundation does not have.
        """
        require_grants(account, grants)
        args = self._args
        statements = [
            statement for position, grant in enumerate(grants) for statement in self._statements(position, grant)
        ]
        name = f"{self._name}-{account.namespace}-{account.name}"
        role = PodRole(
            name,
            PodRoleArgs(
                cluster_name=args.cluster,
                service_account=account,
                account=args.account,
                ownership=args.ownership,
                statements=statements,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        association = aws.eks.PodIdentityAssociation(
            name,
            cluster_name=args.cluster_name,
            namespace=account.namespace,
            service_account=account.name,
            role_arn=role.arn,
            tags=args.ownership.tags("identity"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role.ready]),
        )
        return IdentityBinding(pod_labels=client_labels("cloud-identity"), ready=association)

    def _statements(self, position: int, grant: Grant) -> list[Statement]:
        family, _, name = grant.resource.partition("/")
        if family == "lake":
            return _bucket_statements(position, self._named(grant, self._args.zones, name), grant)
        if family == "bucket":
            return _bucket_statements(position, self._named(grant, self._args.buckets, name), grant)
        if family == "secret" and not grant.prefix:
            return self._secret_statements(position, grant, name)
        if family == "dns":
            return self._record_statements(position, grant, name)
        raise unknown_resource(grant)

    def _named(self, grant: Grant, known: Mapping[str, GrantableBucket], name: str) -> GrantableBucket:
        require_known(grant, name, known)
        return known[name]

    def _secret_statements(self, position: int, grant: Grant, prefix: str) -> list[Statement]:
        require_reading(grant)
        args = self._args
        below = f"{args.secret_prefix}/{prefix}/" if prefix else f"{args.secret_prefix}/"
        resources: list[pulumi.Input[str]] = [args.account.arn("secretsmanager", f"secret:{below}*")]
        if not prefix:
            resources.extend(args.further_secrets)
        through = f"secretsmanager.{args.account.region}.amazonaws.com"
        return [
            Statement(
                sid=f"Secrets{position}",
                actions=["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
                resources=resources,
            ),
            Statement(
                sid=f"SecretKey{position}",
                actions=["kms:Decrypt"],
                resources=[args.secret_key_arn],
                conditions={"StringEquals": {"kms:ViaService": through}},
            ),
        ]

    def _record_statements(self, position: int, grant: Grant, label: str) -> list[Statement]:
        """Records by name: zones may be another stack's as well, so that a zone is not what bounds them."""
        partition, domain = self._args.account.partition, self._args.base_domain
        zones, changes = f"arn:{partition}:route53:::hostedzone/*", f"arn:{partition}:route53:::change/*"
        names = [f"{label}.{domain}", f"{label}.*.{domain}"] if label else [domain, f"*.{domain}"]
        reading = [
            Statement(
                sid=f"Zones{position}",
                actions=["route53:ListHostedZones", "route53:ListHostedZonesByName"],
                resources=["*"],
            ),
            Statement(sid=f"Records{position}", actions=["route53:ListResourceRecordSets"], resources=[zones]),
            Statement(sid=f"Changes{position}", actions=["route53:GetChange"], resources=[changes]),
        ]
        if grant.access is Access.READ:
            return reading
        return [
            *reading,
            Statement(
                sid=f"ChangeRecords{position}",
                actions=["route53:ChangeResourceRecordSets"],
                resources=[zones],
                conditions={
                    "ForAllValues:StringLike": {"route53:ChangeResourceRecordSetsNormalizedRecordNames": names},
                    "ForAllValues:StringEquals": {
                        "route53:ChangeResourceRecordSetsRecordTypes": ["TXT"]
                        if label
                        else ["A", "AAAA", "CNAME", "TXT"]
                    },
                },
            ),
        ]


def _bucket_statements(position: int, bucket: GrantableBucket, grant: Grant) -> list[Statement]:
    writes, prefix = grant.access is Access.WRITE, grant.prefix
    if prefix and not re.fullmatch(r"[a-z0-9-]+(/[a-z0-9-]+)*/", prefix):
        raise GrantError(f"grant {grant.resource!r}: prefix {prefix!r}; allowed are names that each end in a slash")
    return [
        Statement(sid=f"Bucket{position}", actions=["s3:GetBucketLocation"], resources=[bucket.arn]),
        Statement(
            sid=f"List{position}",
            actions=["s3:ListBucket", *(["s3:ListBucketMultipartUploads"] if writes else [])],
            resources=[bucket.arn],
            # who may look into a folder only may not list what lies beside it
            conditions={"StringLike": {"s3:prefix": f"{prefix}*"}} if prefix else {},
        ),
        Statement(
            sid=f"Objects{position}",
            actions=[*_READ_OBJECTS, *(_WRITE_OBJECTS if writes else ())],
            resources=[f"{bucket.arn}/{prefix}*"],
        ),
        Statement(
            sid=f"ObjectKey{position}",
            actions=["kms:Decrypt", *(["kms:GenerateDataKey"] if writes else [])],
            resources=[bucket.key_arn],
        ),
    ]
