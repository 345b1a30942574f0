"""What EKS supports, and whom its roles must trust."""

import json
import re
from collections.abc import Iterator
from typing import Any

from sandbox.providers.aws import policy_grammar
from sandbox.providers.aws.cloud import Cloud

# https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
KUBERNETES_VERSIONS = ("1.33", "1.34", "1.35", "1.36")
# https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
ADDONS = (
    "adot", "amazon-cloudwatch-observability", "aws-ebs-csi-driver", "aws-efs-csi-driver", "aws-guardduty-agent",
    "aws-mountpoint-s3-csi-driver", "aws-network-flow-monitoring-agent", "aws-privateca-connector", "cert-manager",
    "coredns", "eks-node-monitoring-agent", "eks-pod-identity-agent", "external-dns", "kube-proxy",
    "kube-state-metrics", "metrics-server", "prometheus-node-exporter", "snapshot-controller", "vpc-cni",
)  # fmt: skip
# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
ACCESS_POLICIES = (
    "AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSAutoNodePolicy", "AmazonEKSBlockStoragePolicy",
    "AmazonEKSClusterAdminPolicy", "AmazonEKSComputePolicy", "AmazonEKSEditPolicy", "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy", "AmazonEKSSecretReaderPolicy", "AmazonEKSViewPolicy",
)  # fmt: skip
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
AMI_TYPES = (
    "AL2023_x86_64_STANDARD", "AL2023_ARM_64_STANDARD", "AL2023_x86_64_NEURON", "AL2023_x86_64_NVIDIA",
    "AL2023_ARM_64_NVIDIA", "BOTTLEROCKET_x86_64", "BOTTLEROCKET_ARM_64", "BOTTLEROCKET_x86_64_NVIDIA",
    "BOTTLEROCKET_ARM_64_NVIDIA", "BOTTLEROCKET_x86_64_FIPS", "BOTTLEROCKET_ARM_64_FIPS", "CUSTOM",
    "WINDOWS_CORE_2022_x86_64", "WINDOWS_FULL_2022_x86_64",
)  # fmt: skip


def version_problems(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Give the problem of a Kubernetes version that EKS does not offer."""
    if isinstance(value, str) and value not in KUBERNETES_VERSIONS:
        yield name, f"unsupported Kubernetes version {value!r}; EKS offers {', '.join(KUBERNETES_VERSIONS)}"


def upgrade_problem(old: str, new: str) -> str | None:
    """Say why EKS does not go from one Kubernetes version to another, or None."""
    before, after = (tuple(int(part) for part in version.split(".")) for version in (old, new))
    if after < before:
        return f"EKS cannot go back from Kubernetes {old} to {new}; make a new cluster"
    if after[1] - before[1] > 1:
        step = f"{before[0]}.{before[1] + 1}"
        return f"EKS goes up one minor version at a time; from Kubernetes {old} to {step} first, not to {new}"
    return None


def trust_problem(cloud: Cloud, role_arn: str, service: str) -> str | None:
    """Say why a service cannot take a role, or None.

    Args:
        cloud: where the role is.
        role_arn: an existing role.
        service: service principal that must be trusted, e.g. ``eks.amazonaws.com``.
    """
    role = cloud.client("iam").get_role(RoleName=role_arn.rsplit("/", 1)[-1])["Role"]
    trusted = policy_grammar.services(role["AssumeRolePolicyDocument"])
    if service in trusted:
        return None
    named = ", ".join(sorted(trusted)) or "no service"
    return f"role {role_arn} cannot be taken by {service}: its trust policy names {named}"


def addon_version_problems(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Give the problem of an add-on version that is not one of EKS's builds."""
    if isinstance(value, str) and not re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", value):
        yield name, f"{value!r} must look like v1.21.1-eksbuild.8"


def configuration_problems(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Give the problem of an add-on's configuration that is not a JSON object."""
    if not isinstance(value, str):
        return
    try:
        valid = isinstance(json.loads(value), dict)
    except json.JSONDecodeError:
        valid = False
    if not valid:
        yield name, f"{value!r} is not a JSON object"
