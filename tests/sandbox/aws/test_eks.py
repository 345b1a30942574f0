"""EKS: what moto keeps, what the store keeps, and the way to the sandbox's own API server."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.providers.aws import store
from sandbox.providers.stand_in import UNKNOWN, StandInError
from tests.sandbox.aws.documents import key_policy, trust
from tests.sandbox.aws.driver import TIMEOUT, AwsDriver, Made, reference
from tests.sandbox.aws.test_operations import subnet_pair

CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
ADDON = "aws:eks/addon:Addon"
ENTRY = "aws:eks/accessEntry:AccessEntry"
ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"


def role(aws: AwsDriver, name: str, service: str) -> Made:
    return aws.create("aws:iam/role:Role", name, assumeRolePolicy=trust(service))


def cluster_inputs(aws: AwsDriver) -> dict[str, Any]:
    _, subnets = subnet_pair(aws)
    key = aws.create("aws:kms/key:Key", "secrets", policy=key_policy())
    return {
        "name": "test",
        "version": "1.35",
        "roleArn": role(aws, "control-plane", "eks.amazonaws.com")["arn"],
        "accessConfig": {"authenticationMode": "API"},
        "bootstrapSelfManagedAddons": False,
        "enabledClusterLogTypes": ["api", "audit"],
        "encryptionConfig": {"provider": {"keyArn": key["arn"]}, "resources": ["secrets"]},
        "vpcConfig": {"subnetIds": subnets, "endpointPrivateAccess": True, "endpointPublicAccess": False},
    }


@pytest.fixture
def cluster(aws: AwsDriver) -> Made:
    return aws.create(CLUSTER, "main", **cluster_inputs(aws))


def test_a_cluster(aws: AwsDriver, cluster: Made) -> None:
    found = aws.client("eks").describe_cluster(name="test")["cluster"]
    assert found["resourcesVpcConfig"]["endpointPublicAccess"] is False
    assert found["encryptionConfig"][0]["resources"] == ["secrets"]
    group = cluster["vpcConfig"]["clusterSecurityGroupId"]
    assert aws.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert cluster["identities"][0]["oidcs"][0]["issuer"].startswith("https://oidc.eks.us-east-1.amazonaws.com/id/")
    aws.update(cluster, version="1.36", enabledClusterLogTypes=["api"], tags={"a": "b"})
    assert cluster["version"] == "1.36"
    assert aws.diff(cluster, roleArn="arn:aws:iam::123456789012:role/other").replaces == ("roleArn",)
    aws.destroy()


def test_a_preview_knows_what_it_cannot_know(aws: AwsDriver) -> None:
    resource = reference(CLUSTER, "planned")
    inputs, failures = aws.provider.check_resource(resource, {}, cluster_inputs(aws))
    assert failures == []
    identifier, outputs = aws.provider.create_resource(resource, inputs, preview=True, timeout=TIMEOUT)
    assert identifier == ""
    assert outputs["name"] == "test"
    assert outputs["endpoint"] is outputs["identities"] is outputs["vpcConfig"]["clusterSecurityGroupId"] is UNKNOWN
    assert aws.client("eks").list_clusters()["clusters"] == []


def test_the_endpoint_is_the_sandbox_s_api_server(aws: AwsDriver, cluster: Made, state_directory: Path) -> None:
    server = {"server": "https://127.0.0.1:6443", "certificateAuthority": "Q0E=", "token": "t"}
    endpoints = state_directory / "endpoints.json"
    before = endpoints.read_text()
    endpoints.write_text(json.dumps({"kubernetes": server}))
    found = aws.provider.read_resource(cluster.reference, cluster.id, cluster.inputs, cluster.outputs)
    endpoints.write_text(before)
    assert found is not None
    assert found.outputs["endpoint"] == "https://127.0.0.1:6443"
    assert found.outputs["certificateAuthority"] == {"data": "Q0E="}


def test_nodes_follow_their_launch_template(aws: AwsDriver, cluster: Made) -> None:
    nodes = role(aws, "nodes", "ec2.amazonaws.com")
    template = aws.create("aws:ec2/launchTemplate:LaunchTemplate", "nodes", metadataOptions={"httpTokens": "required"})
    group = aws.create(
        NODE_GROUP,
        "general",
        clusterName=cluster["name"],
        nodeRoleArn=nodes["arn"],
        subnetIds=cluster["vpcConfig"]["subnetIds"],
        version="1.35",
        instanceTypes=["m5.xlarge"],
        launchTemplate={"id": template.id, "version": "1"},
        scalingConfig={"minSize": 3, "desiredSize": 3, "maxSize": 6},
        updateConfig={"maxUnavailablePercentage": 33},
        labels={"pool": "general"},
        taints=[{"key": "a", "value": "b", "effect": "NO_SCHEDULE"}],
    )
    aws.update(template, metadataOptions={"httpTokens": "required", "httpPutResponseHopLimit": 1})
    aws.update(
        group,
        launchTemplate={"id": template.id, "version": "2"},
        labels={"other": "label"},
        taints=None,
        scalingConfig={"minSize": 3, "desiredSize": 4, "maxSize": 6},
        tags={"a": "b"},
    )
    name = group["nodeGroupName"]
    found = aws.client("eks").describe_nodegroup(clusterName="test", nodegroupName=name)["nodegroup"]
    assert (found["labels"], found["taints"], found["scalingConfig"]["desiredSize"]) == ({"other": "label"}, [], 4)
    assert aws.diff(group, instanceTypes=["m5.large"]).replaces == ("instanceTypes",)
    with pytest.raises(StandInError, match="has no version 3"):
        aws.update(group, launchTemplate={"id": template.id, "version": "3"})
    with pytest.raises(StandInError, match="nodegroups attached"):
        aws.provider.delete_resource(cluster.reference, "test", cluster.inputs, cluster.outputs, timeout=TIMEOUT)
    aws.destroy()


def test_what_the_store_keeps(aws: AwsDriver, cluster: Made) -> None:
    pods = role(aws, "pods", "pods.eks.amazonaws.com")
    addon = aws.create(
        ADDON,
        "cni",
        clusterName="test",
        addonName="vpc-cni",
        addonVersion="v1.21.1-eksbuild.8",
        configurationValues='{"enableNetworkPolicy": "true"}',
        podIdentityAssociations=[{"roleArn": pods["arn"], "serviceAccount": "aws-node"}],
        resolveConflictsOnCreate="OVERWRITE",
    )
    entry = aws.create(ENTRY, "viewer", clusterName="test", principalArn=pods["arn"])
    scope = {"type": "namespace", "namespaces": ["data"]}
    view = aws.create(
        ASSOCIATION, "viewer", clusterName="test", principalArn=pods["arn"], policyArn=VIEW, accessScope=scope
    )
    identity = aws.create(
        POD_IDENTITY, "worker", clusterName="test", namespace="data", serviceAccount="worker", roleArn=pods["arn"]
    )
    aws.update(addon, addonVersion="v1.22.3-eksbuild.1", tags={"a": "b"})
    aws.update(entry, kubernetesGroups=["viewers"])
    aws.update(identity, disableSessionTags=True, tags={"a": "b"})
    kept = store.read("eks/addon", "test:vpc-cni")
    assert kept is not None
    assert kept["addonVersion"] == "v1.22.3-eksbuild.1"
    assert aws.diff(view, accessScope={"type": "cluster"}).delete_before_replace
    with pytest.raises(StandInError, match="Addon already exists"):
        aws.create(ADDON, "again", clusterName="test", addonName="vpc-cni")
    with pytest.raises(StandInError, match="has an association already"):
        aws.create(
            POD_IDENTITY, "again", clusterName="test", namespace="data", serviceAccount="worker", roleArn=pods["arn"]
        )
    aws.destroy()
    assert store.read("eks/addon", "test:vpc-cni") is None


def test_the_creator_has_an_access_entry(aws: AwsDriver, cluster: Made) -> None:
    caller = aws.client("sts").get_caller_identity()["Arn"]
    assert store.read("eks/access-entry", f"test:{caller}") is not None


def test_what_goes_with_the_cluster(aws: AwsDriver, cluster: Made) -> None:
    addon = aws.create(ADDON, "dns", clusterName="test", addonName="coredns", addonVersion="v1.14.2-eksbuild.4")
    aws.delete(cluster)
    assert not aws.exists(addon)
    aws.made.remove(addon)


@pytest.mark.parametrize(
    ("version", "reason"), [("1.34", "cannot go back"), ("1.37", "unsupported Kubernetes version")]
)
def test_versions_that_do_not_follow(aws: AwsDriver, cluster: Made, version: str, reason: str) -> None:
    inputs = {**cluster.inputs, "version": version}
    _, failures = aws.provider.check_resource(cluster.reference, cluster.inputs, inputs)
    if failures:
        assert reason in failures[0][1]
        return
    with pytest.raises(StandInError, match=reason):
        aws.update(cluster, version=version)


def test_deletion_protection(aws: AwsDriver, cluster: Made) -> None:
    aws.update(cluster, deletionProtection=True)
    with pytest.raises(StandInError, match="has deletion protection"):
        aws.provider.delete_resource(cluster.reference, "test", cluster.inputs, cluster.outputs, timeout=TIMEOUT)
    aws.update(cluster, deletionProtection=False)


def test_roles_must_trust_their_service(aws: AwsDriver, cluster: Made) -> None:
    wrong = role(aws, "wrong", "lambda.amazonaws.com")
    with pytest.raises(
        StandInError, match=r"cannot be taken by pods\.eks\.amazonaws\.com: its trust policy names lambda"
    ):
        aws.create(POD_IDENTITY, "w", clusterName="test", namespace="a", serviceAccount="b", roleArn=wrong["arn"])
