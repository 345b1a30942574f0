"""The AWS account and region that a stack lives in.

Source: CFG-2, CFG-13.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """Account, region and partition, all known before anything is created.

    ARNs made here are plain text, so that policies and previews see them whole.

    Args:
        id: account number, twelve digits.
        region: e.g. ``us-east-1``.
        partition: ``aws``, or another partition of AWS.
    """

    id: str
    region: str
    partition: str = "aws"

    @property
    def root(self) -> str:
        """ARN of the account itself: whoever the account's IAM policies let in."""
        return f"arn:{self.partition}:iam::{self.id}:root"

    def arn(self, service: str, resource: str) -> str:
        """ARN of a regional resource of this account.

        Args:
            service: service prefix, e.g. ``logs``.
            resource: the ARN's last part, e.g. ``log-group:/aws/eks/x``.
        """
        return f"arn:{self.partition}:{service}:{self.region}:{self.id}:{resource}"

    def global_arn(self, service: str, resource: str) -> str:
        """ARN of a resource of this account in a service without regions, e.g. IAM."""
        return f"arn:{self.partition}:{service}::{self.id}:{resource}"

    def bucket_arn(self, bucket: str) -> str:
        """ARN of a bucket, or of objects in it (``bucket/prefix*``)."""
        return f"arn:{self.partition}:s3:::{bucket}"

    def cluster_access_policy_arn(self, name: str) -> str:
        """ARN of an access policy of EKS, e.g. ``AmazonEKSClusterAdminPolicy``."""
        return f"arn:{self.partition}:eks::aws:cluster-access-policy/{name}"

    def managed_policy_arn(self, path: str) -> str:
        """ARN of a policy that AWS itself maintains, e.g. ``AmazonEKSClusterPolicy``."""
        return f"arn:{self.partition}:iam::aws:policy/{path}"
