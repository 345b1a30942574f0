"""What is still there after a destroy, asked of AWS and of the API server, not of Pulumi."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import boto3

from sandbox.cluster_api import ClusterApi
from sandbox.environment import ACCESS_KEY, REGION

PART_OF = "biz-automation"
# the last is there while the cluster is an OpenShift
SYSTEM_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease", "openshift-monitoring"})


@dataclass(frozen=True)
class Query:
    """One question to AWS: which operation lists the things, where they are in the answer, which of them count."""

    service: str
    operation: str
    key: str
    name: str
    counts: Callable[[dict[str, Any]], bool] = lambda _item: True


def _not_default(item: dict[str, Any]) -> bool:
    return not (item.get("IsDefault") or item.get("DefaultForAz") or item.get("GroupName") == "default")


def _not_gone(item: dict[str, Any]) -> bool:
    return item.get("State") not in ("deleted", "terminated", "shutting-down")


QUERIES = (
    Query("ec2", "describe_vpcs", "Vpcs", "VpcId", _not_default),
    Query("ec2", "describe_subnets", "Subnets", "SubnetId", _not_default),
    Query("ec2", "describe_security_groups", "SecurityGroups", "GroupId", _not_default),
    Query("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId", _not_gone),
    Query("ec2", "describe_addresses", "Addresses", "AllocationId"),
    Query("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", _not_gone),
    Query("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    Query("ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateName"),
    Query("ec2", "describe_volumes", "Volumes", "VolumeId"),
    Query("eks", "list_clusters", "clusters", ""),
    Query("iam", "list_roles", "Roles", "RoleName"),
    Query("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", "Arn"),
    Query("s3", "list_buckets", "Buckets", "Name"),
    Query("secretsmanager", "list_secrets", "SecretList", "Name"),
    Query("ecr", "describe_repositories", "repositories", "repositoryName"),
    Query("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    Query("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    Query("glue", "get_databases", "DatabaseList", "Name"),
    Query("logs", "describe_log_groups", "logGroups", "logGroupName"),
    Query("sns", "list_topics", "Topics", "TopicArn"),
    Query("sqs", "list_queues", "QueueUrls", ""),
    Query("events", "list_rules", "Rules", "Name"),
)


def in_aws(endpoint: str, account: str) -> list[str]:
    """Return what the AWS stand-in still holds, as `service name`; what every new account has does not count.

    Args:
        endpoint: URL of the stand-in.
        account: 12 digits.
    """
    session = boto3.Session(ACCESS_KEY, ACCESS_KEY, region_name=REGION)

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=endpoint)  # pyright: ignore[reportCallIssue, reportArgumentType]

    found = [
        f"{query.service} {item[query.name] if query.name else item}"
        for query in QUERIES
        for item in getattr(client(query.service), query.operation)().get(query.key, [])
        if not isinstance(item, dict) or query.counts(item)
    ]
    policies = client("iam").list_policies(Scope="Local")["Policies"]
    found += [f"iam {policy['PolicyName']}" for policy in policies]
    found += [f"kms {key}" for key in _live_keys(client("kms"))]
    budgets = client("budgets").describe_budgets(AccountId=account).get("Budgets", [])
    return found + [f"budgets {budget['BudgetName']}" for budget in budgets]


def _live_keys(kms: Any) -> list[str]:
    # a deleted key stays for its waiting period
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    return [key["KeyId"] for key in keys if key["KeyState"] != "PendingDeletion" and key["KeyManager"] == "CUSTOMER"]


def in_store(directory: Path) -> list[str]:
    """Return what the sandbox keeps for AWS where moto lacks an API, as `kind name`.

    Args:
        directory: state directory of the sandbox.
    """
    file = directory / "aws-store.json"
    kinds = cast("dict[str, dict[str, Any]]", json.loads(file.read_text())) if file.exists() else {}
    return [f"{kind} {name}" for kind, things in kinds.items() for name in things]


def in_azure(directory: Path) -> list[str]:
    """Return what the Azure stand-in still holds but what Azure makes by itself, as `type name`.

    Args:
        directory: state directory of the sandbox.
    """
    # the stand-in reads the SDK's classes, which no other question needs
    from sandbox.providers.azure import arm, other_side  # noqa: PLC0415
    from sandbox.providers.azure.rules import network  # noqa: PLC0415

    ids = other_side.ids(path=directory / other_side.STORE)
    return [f"{arm.type_of(one)} {arm.name_of(one)}" for one in ids if arm.group_of(one) != network.WATCHERS]


def in_cluster(api: ClusterApi) -> list[str]:
    """Return what the cluster still holds of this project, as `kind name`."""
    found = [
        f"namespace {item['metadata']['name']}"
        for item in api.items("/api/v1/namespaces")
        if item["metadata"]["name"] not in SYSTEM_NAMESPACES
    ]
    for kind, collection in (
        ("clusterrole", "/apis/rbac.authorization.k8s.io/v1/clusterroles"),
        ("clusterrolebinding", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"),
        ("storageclass", "/apis/storage.k8s.io/v1/storageclasses"),
        ("priorityclass", "/apis/scheduling.k8s.io/v1/priorityclasses"),
        ("ingressclass", "/apis/networking.k8s.io/v1/ingressclasses"),
        ("customresourcedefinition", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"),
    ):
        selected = f"{collection}?labelSelector=app.kubernetes.io/part-of%3D{PART_OF}"
        found += [f"{kind} {item['metadata']['name']}" for item in api.items(selected)]
    return found
