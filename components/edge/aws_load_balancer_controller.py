"""Load balancers of AWS for the cluster's Services.

Source: NET-8, CLU-5, SEC-5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.account.aws import Account
from components.base import Environment, PlatformChart, PlatformChartArgs, Priority
from components.edge.load_balancer import Installer, LoadBalancer
from components.identity import ServiceAccountReference
from components.identity.aws_pod_role import PodRole, PodRoleArgs
from components.identity.policy_document import Statement
from components.ownership import Ownership

_NAME = "aws-load-balancer-controller"
_SELECTED = {"app.kubernetes.io/name": _NAME}
# the controller marks with it whatever it makes, and begins every name so
_CLUSTER_TAG, _MADE = "elbv2.k8s.aws/cluster", "k8s-*"
_ANNOTATION = "service.beta.kubernetes.io/aws-load-balancer"
_DESCRIBE = (
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInstances",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
    "ec2:DescribeVpcs",
    "elasticloadbalancing:DescribeCapacityReservation",
    "elasticloadbalancing:DescribeListenerAttributes",
    "elasticloadbalancing:DescribeListenerCertificates",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
)
_CHANGE = (
    "DeleteLoadBalancer",
    "DeleteTargetGroup",
    "ModifyLoadBalancerAttributes",
    "ModifyTargetGroup",
    "ModifyTargetGroupAttributes",
    "SetIpAddressType",
    "SetSecurityGroups",
    "SetSubnets",
)
_LISTEN = ("CreateListener", "DeleteListener", "ModifyListener", "ModifyListenerAttributes")


@dataclass(frozen=True)
class AwsLoadBalancerControllerArgs:
    """What the controller needs.

    Args:
        environment: the stack that it is part of.
        cluster_name: the cluster, as an output of it: no association before it is there.
        cluster: its name as text, for policies.
        vpc_id: network of the cluster; pods cannot ask the machine that they run on.
        certificates: gate: cert-manager runs.
        account: where it is.
        ownership: tags.
    """

    environment: Environment
    cluster_name: pulumi.Input[str]
    cluster: str
    vpc_id: pulumi.Input[str]
    certificates: pulumi.Resource
    account: Account
    ownership: Ownership


class AwsLoadBalancerController(pulumi.ComponentResource):
    """The AWS Load Balancer Controller, for network load balancers that send straight to pods.

    Its permissions are those that the project publishes, without what application load balancers, web application
    firewalls, Shield and Cognito need, and bound to this cluster's tags and to the names that it gives.

    Args:
        name: logical name.
        args: cluster and network.
        opts: carries the cluster's provider and AWS's.

    Attributes:
        ready: gate: it runs.

    Source: NET-8, CLU-5, SEC-5.
    """

    ready: pulumi.Resource

    def __init__(
        self, name: str, args: AwsLoadBalancerControllerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("biz-automation:edge:AwsLoadBalancerController", name, None, opts)
        environment = args.environment
        namespace = environment.namespaces["ingress"]
        role = PodRole(
            name,
            PodRoleArgs(
                cluster_name=args.cluster,
                service_account=ServiceAccountReference(namespace.name, _NAME),
                account=args.account,
                ownership=args.ownership,
                statements=permissions(args.cluster, args.account, args.vpc_id),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        association = aws.eks.PodIdentityAssociation(
            name,
            cluster_name=args.cluster_name,
            namespace=namespace.name,
            service_account=_NAME,
            role_arn=role.arn,
            tags=args.ownership.tags("identity"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role.ready]),
        )
        self.ready = PlatformChart(
            name,
            PlatformChartArgs(
                environment=environment,
                chart=_NAME,
                namespace=namespace,
                values=_values(args),
                component="edge",
                release=_NAME,
                after=[association, args.certificates],
                destinations=["api-server", "internet", "cloud-identity"],
                pod_labels={"app": _NAME},
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready
        self.register_outputs({})


def network_load_balancer(install: Installer) -> LoadBalancer:
    """A network load balancer on the internet.

    TLS passes through: the gateway ends it. Clients keep their own addresses, which the gateway judges.

    Args:
        install: puts the controller into the cluster.
    """
    return LoadBalancer(
        annotations={
            f"{_ANNOTATION}-scheme": "internet-facing",
            f"{_ANNOTATION}-nlb-target-type": "ip",
            f"{_ANNOTATION}-attributes": "load_balancing.cross_zone.enabled=true",
            f"{_ANNOTATION}-target-group-attributes": "preserve_client_ip.enabled=true",
        },
        service_class="service.k8s.aws/nlb",
        install=install,
    )


def permissions(cluster: str, account: Account, vpc_id: pulumi.Input[str]) -> Sequence[Statement]:
    """What the controller may do.

    Args:
        cluster: name of the cluster.
        account: where it is.
        vpc_id: network of the cluster.
    """
    return [
        Statement(sid="Describe", actions=_DESCRIBE, resources=["*"]),
        Statement(
            sid="ServiceLinkedRole",
            actions=["iam:CreateServiceLinkedRole"],
            resources=[
                account.global_arn(
                    "iam",
                    "role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing",
                )
            ],
            conditions={"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
        ),
        *_group_permissions(cluster, account, vpc_id),
        *_balancer_permissions(cluster, account),
    ]


def _group_permissions(cluster: str, account: Account, vpc_id: pulumi.Input[str]) -> Sequence[Statement]:
    """Security groups: its own, and the rules that let them into the cluster's."""
    groups = [account.arn("ec2", "security-group/*")]
    rules = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"]
    created = {"StringEquals": {f"aws:RequestTag/{_CLUSTER_TAG}": cluster}}
    return [
        Statement(
            sid="GroupInNetwork",
            actions=["ec2:CreateSecurityGroup", "ec2:GetSecurityGroupsForVpc"],
            resources=[pulumi.Output.concat(account.arn("ec2", "vpc/"), vpc_id)],
        ),
        Statement(sid="CreateGroup", actions=["ec2:CreateSecurityGroup"], resources=groups, conditions=created),
        Statement(
            sid="TagGroup",
            actions=["ec2:CreateTags"],
            resources=groups,
            conditions={
                "StringEquals": {**created["StringEquals"], "ec2:CreateAction": "CreateSecurityGroup"},
            },
        ),
        Statement(
            sid="OwnGroups",
            actions=[*rules, "ec2:CreateTags", "ec2:DeleteSecurityGroup", "ec2:DeleteTags"],
            resources=groups,
            conditions=_own(cluster),
        ),
        Statement(
            sid="ClusterGroup",
            actions=rules,
            resources=groups,
            conditions={"StringEquals": {f"aws:ResourceTag/kubernetes.io/cluster/{cluster}": "owned"}},
        ),
    ]


def _balancer_permissions(cluster: str, account: Account) -> Sequence[Statement]:
    def arns(*kinds: str) -> list[str]:
        return [account.arn("elasticloadbalancing", f"{kind}/{_MADE}/*") for kind in kinds]

    def actions(*names: str) -> list[str]:
        return [f"elasticloadbalancing:{name}" for name in names]

    balancers, targets, listeners = arns("loadbalancer/net"), arns("targetgroup"), arns("listener/net")
    return [
        Statement(
            sid="CreateBalancer",
            actions=actions("CreateLoadBalancer", "CreateTargetGroup", "AddTags"),
            resources=[*balancers, *targets],
            conditions={"StringEquals": {f"aws:RequestTag/{_CLUSTER_TAG}": cluster}},
        ),
        Statement(
            sid="OwnBalancers",
            actions=actions(*_CHANGE, "AddTags", "RemoveTags"),
            resources=[*balancers, *targets],
            conditions=_own(cluster),
        ),
        Statement(
            sid="Listeners", actions=actions(*_LISTEN, "AddTags", "RemoveTags"), resources=[*balancers, *listeners]
        ),
        Statement(sid="Targets", actions=actions("RegisterTargets", "DeregisterTargets"), resources=targets),
    ]


def _own(cluster: str) -> dict[str, dict[str, str]]:
    return {"StringEquals": {f"aws:ResourceTag/{_CLUSTER_TAG}": cluster}}


def _values(args: AwsLoadBalancerControllerArgs) -> dict[str, Any]:
    environment = args.environment
    size = environment.size(_NAME)
    return {
        "clusterName": args.cluster,
        "region": args.account.region,
        "vpcId": args.vpc_id,
        "replicaCount": size.replicas,
        "resources": size.resources,
        "priorityClassName": Priority.CRITICAL.value,
        "podDisruptionBudget": {"maxUnavailable": 1} if size.replicas > 1 else {},
        "configureDefaultAffinity": False,
        "topologySpreadConstraints": environment.spread(_SELECTED),
        "serviceAccount": {"name": _NAME},
        "podSecurityContext": {"fsGroup": 65534, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
        },
        # else its webhook gets a new certificate at every rendering
        "enableCertManager": True,
        # Services name the class themselves, and nothing but Services is served
        "enableServiceMutatorWebhook": False,
        "createIngressClassResource": False,
        "ingressClassParams": {"create": False},
        "webhookConfig": {"disableIngressValidation": True},
        "controllerConfig": {"featureGates": {"ALBGatewayAPI": False, "NLBGatewayAPI": False}},
        "enableShield": False,
        "enableWaf": False,
        "enableWafv2": False,
        "defaultTags": dict(args.ownership.tags("edge")),
        "serviceMonitor": {"enabled": environment.monitors is not None},
    }
