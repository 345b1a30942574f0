"""The AWS Load Balancer Controller: its permissions end at what is this cluster's."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from components import base
from components.edge.aws_load_balancer_controller import (
    AwsLoadBalancerController,
    AwsLoadBalancerControllerArgs,
    network_load_balancer,
)
from tests.unit.components.environment import environment, gate
from tests.unit.components.ownership import ACCOUNT_IN_REGION, OWNERSHIP, untagged
from tests.unit.platform import noted_charts
from tests.unit.recording import ACCOUNT, RecordingEngine, recording


@pytest.fixture(scope="module")
def made() -> Iterator[RecordingEngine]:
    """In prod."""
    with recording("prod") as engine:
        engine.deploy(lambda: AwsLoadBalancerController("aws-load-balancer-controller", arguments()))
        yield engine


def arguments() -> AwsLoadBalancerControllerArgs:
    """What it needs in prod."""
    return AwsLoadBalancerControllerArgs(
        environment("prod"), "biz", "biz", "vpc-1", gate("cert-manager"), ACCOUNT_IN_REGION, OWNERSHIP
    )


def statements(engine: RecordingEngine) -> dict[str, dict[str, Any]]:
    """Statements of its policy by name."""
    policy = json.loads(engine.only("aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    return {item["Sid"]: item for item in policy["Statement"]}


def test_only_describing_is_unbounded(made: RecordingEngine) -> None:
    unbounded = {sid: item["Action"] for sid, item in statements(made).items() if item["Resource"] == "*"}

    assert unbounded.keys() == {"Describe"}
    assert all(action.partition(":")[2].startswith("Describe") for action in unbounded["Describe"])


def test_changes_what_carries_the_clusters_tag(made: RecordingEngine) -> None:
    found = statements(made)

    own = {"StringEquals": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "biz"}}
    assert found["OwnGroups"]["Condition"] == found["OwnBalancers"]["Condition"] == own
    assert found["CreateBalancer"]["Condition"] == {"StringEquals": {"aws:RequestTag/elbv2.k8s.aws/cluster": "biz"}}
    assert found["ClusterGroup"]["Condition"] == {
        "StringEquals": {"aws:ResourceTag/kubernetes.io/cluster/biz": "owned"}
    }
    assert found["GroupInNetwork"]["Resource"] == f"arn:aws:ec2:us-east-1:{ACCOUNT}:vpc/vpc-1"


def test_touches_only_balancers_that_it_named(made: RecordingEngine) -> None:
    for item in statements(made).values():
        resources = item["Resource"] if isinstance(item["Resource"], list) else [item["Resource"]]
        balancing = [resource for resource in resources if ":elasticloadbalancing:" in resource]
        assert all("/k8s-*/" in resource for resource in balancing)


def test_its_webhook_certificate_is_the_same_at_each_rendering(made: RecordingEngine) -> None:
    chart = made.only("kubernetes:helm.sh/v4:Chart")

    assert chart.inputs["values"]["enableCertManager"] is True
    assert any("cert-manager" in urn for urn in chart.dependencies)
    assert chart.inputs["values"]["vpcId"] == "vpc-1"
    assert chart.inputs["values"]["replicaCount"] == 2


def test_the_role_is_its_service_accounts(made: RecordingEngine) -> None:
    association = made.only("aws:eks/podIdentityAssociation:PodIdentityAssociation").inputs

    assert (association["namespace"], association["serviceAccount"]) == ("ingress", "aws-load-balancer-controller")
    assert not untagged(made)


def test_its_pods_reach_the_api_server_aws_and_their_credentials(engine: RecordingEngine) -> None:
    with noted_charts() as charts:
        engine.deploy(lambda: AwsLoadBalancerController("aws-load-balancer-controller", arguments()))
    labels = charts["aws-load-balancer-controller"].labels_of_pods
    assert base.client_labels("api-server", "internet", "cloud-identity").items() <= labels.items()


def test_a_network_load_balancer_sends_to_pods_and_keeps_clients_addresses() -> None:
    balancer = network_load_balancer(lambda _environment, certificates: certificates)
    prefix = "service.beta.kubernetes.io/aws-load-balancer"

    assert balancer.service_class == "service.k8s.aws/nlb"
    assert balancer.annotations[f"{prefix}-scheme"] == "internet-facing"
    assert balancer.annotations[f"{prefix}-nlb-target-type"] == "ip"
    assert "preserve_client_ip.enabled=true" in balancer.annotations[f"{prefix}-target-group-attributes"]
    assert "cross_zone.enabled=true" in balancer.annotations[f"{prefix}-attributes"]
    # TLS ends at the gateway
    assert not any("ssl" in key for key in balancer.annotations)
