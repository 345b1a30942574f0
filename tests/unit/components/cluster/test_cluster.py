"""The EKS cluster: private, encrypted, logged; nodes without public address; add-ons in the order that nodes need."""

import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest
from pulumi.output import Unknown

from components.cluster.aws import Cluster, ClusterArgs
from components.cluster.aws_addons import addon_versions
from components.cluster.aws_node_pool import ami_type
from components.cluster.node_pool import NodePool
from tests.unit.components.ownership import ACCOUNT_IN_REGION, KEY_ARN, OWNERSHIP, untagged
from tests.unit.recording import ACCOUNT, RecordingEngine, Registration

POOL = NodePool(name="general", instance_type="m5.xlarge", min_size=2, desired_size=3, max_size=4, disk_size_gib=100)
ARGS = ClusterArgs(
    cluster_name="biz",
    version="1.35",
    administrator_role_arns=(),
    public_access_cidrs=(),
    service_cidr=IPv4Network("172.20.0.0/16"),
    control_plane_subnet_ids=["intra-a", "intra-b"],
    node_subnet_ids=["private-a", "private-b"],
    pools=[POOL],
    log_retention_days=90,
    secrets_key_arn=KEY_ARN + "-secrets",
    log_key_arn=KEY_ARN + "-logs",
    volume_key_arn=KEY_ARN + "-volumes",
    protect=False,
    account=ACCOUNT_IN_REGION,
    ownership=OWNERSHIP,
)
CLUSTER = "aws:eks/cluster:Cluster"
ADDON = "aws:eks/addon:Addon"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"


def cluster_outputs(_name: str, _inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "endpoint": "https://biz.example",
        "certificateAuthority": {"data": "Q0E="},
        "identities": [{"oidcs": [{"issuer": "https://oidc.example/id/1"}]}],
        "vpcConfig": {"subnetIds": ["intra-a", "intra-b"], "clusterSecurityGroupId": "sg-cluster"},
    }


def deploy(engine: RecordingEngine, args: ClusterArgs = ARGS) -> Cluster:
    engine.outputs[CLUSTER] = cluster_outputs
    engine.outputs["aws:ec2/launchTemplate:LaunchTemplate"] = lambda _name, _inputs: {"latestVersion": 3}
    return engine.deploy(lambda: Cluster("cluster", args))


def waits_for(engine: RecordingEngine, item: Registration) -> Iterator[Registration]:
    """Everything that must stand before a resource is made."""
    by_urn = {other.urn: other for other in engine.registrations}
    todo, seen = list(item.dependencies), set[str]()
    while todo:
        urn = todo.pop()
        if urn not in seen:
            seen.add(urn)
            yield by_urn[urn]
            todo.extend(by_urn[urn].dependencies)


def test_the_control_plane_is_private_encrypted_and_logged(engine: RecordingEngine) -> None:
    deploy(engine)
    cluster = engine.only(CLUSTER).inputs
    assert cluster["vpcConfig"] == {
        "subnetIds": ["intra-a", "intra-b"],
        "endpointPrivateAccess": True,
        "endpointPublicAccess": False,
    }
    assert cluster["encryptionConfig"] == {"provider": {"keyArn": KEY_ARN + "-secrets"}, "resources": ["secrets"]}
    assert sorted(cluster["enabledClusterLogTypes"]) == [
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    ]
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["bootstrapSelfManagedAddons"] is False
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}


def test_the_api_server_is_reached_from_listed_networks_only(engine: RecordingEngine) -> None:
    deploy(engine, replace(ARGS, public_access_cidrs=(IPv4Network("198.51.100.0/24"),)))
    access = engine.only(CLUSTER).inputs["vpcConfig"]
    assert (access["endpointPublicAccess"], access["publicAccessCidrs"]) == (True, ["198.51.100.0/24"])


def test_logs_go_to_a_group_made_before_the_cluster(engine: RecordingEngine) -> None:
    deploy(engine)
    group = engine.only("aws:cloudwatch/logGroup:LogGroup")
    assert group.inputs["name"] == "/aws/eks/biz/cluster"
    assert (group.inputs["kmsKeyId"], group.inputs["retentionInDays"]) == (KEY_ARN + "-logs", 90)
    assert group.urn in engine.only(CLUSTER).dependencies


@pytest.mark.parametrize("protect", [True, False])
def test_a_protected_cluster_is_kept_by_aws_and_engine(engine: RecordingEngine, *, protect: bool) -> None:
    deploy(engine, replace(ARGS, protect=protect))
    cluster = engine.only(CLUSTER)
    assert (cluster.protect, cluster.inputs["deletionProtection"]) == (protect, protect)


def test_nodes_have_no_public_address_and_close_their_metadata_to_pods(engine: RecordingEngine) -> None:
    deploy(engine)
    template = engine.only("aws:ec2/launchTemplate:LaunchTemplate").inputs
    metadata = template["metadataOptions"]
    assert (metadata["httpTokens"], metadata["httpPutResponseHopLimit"]) == ("required", 1)
    (interface,) = template["networkInterfaces"]
    assert interface["associatePublicIpAddress"] == "false"
    assert interface["securityGroups"] == ["sg-cluster"]
    disk = template["blockDeviceMappings"][0]["ebs"]
    assert (disk["encrypted"], disk["kmsKeyId"], disk["volumeType"], disk["volumeSize"]) == (
        "true",
        KEY_ARN + "-volumes",
        "gp3",
        100,
    )
    tagged = {item["resourceType"]: item["tags"]["cost-center"] for item in template["tagSpecifications"]}
    assert tagged == {"instance": "cc-test", "volume": "cc-test", "network-interface": "cc-test"}


def test_a_pool_has_the_size_and_the_machines_that_it_was_given(engine: RecordingEngine) -> None:
    deploy(engine)
    group = engine.only(NODE_GROUP).inputs
    assert group["scalingConfig"] == {"minSize": 2, "desiredSize": 3, "maxSize": 4}
    assert (group["instanceTypes"], group["subnetIds"], group["version"]) == (
        ["m5.xlarge"],
        ["private-a", "private-b"],
        "1.35",
    )
    assert group["launchTemplate"] == {"id": "cluster-general-id", "version": "3"}


def test_nodes_carry_only_the_policies_that_every_node_needs(engine: RecordingEngine) -> None:
    deploy(engine)
    attached: dict[str, set[str]] = {}
    for item in engine.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment"):
        attached.setdefault(item.inputs["role"], set()).add(item.inputs["policyArn"].rsplit("/", 1)[-1])
    assert attached["cluster-node-id"] == {"AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"}
    assert attached["cluster-addon-vpc-cni-id"] == {"AmazonEKS_CNI_Policy"}
    assert not [policy for policies in attached.values() for policy in policies if "FullAccess" in policy]


def test_every_pinned_addon_is_installed_at_its_version(engine: RecordingEngine) -> None:
    deploy(engine)
    installed = {item.inputs["addonName"]: item.inputs["addonVersion"] for item in engine.of_type(ADDON)}
    assert installed == addon_versions("1.35")


def test_the_network_plugin_enforces_network_policies(engine: RecordingEngine) -> None:
    deploy(engine)
    plugin = engine.only(ADDON, "cluster-addon-vpc-cni").inputs
    assert json.loads(plugin["configurationValues"])["enableNetworkPolicy"] == "true"
    assert [item["serviceAccount"] for item in plugin["podIdentityAssociations"]] == ["aws-node"]


def test_nodes_wait_for_networking_and_workloads_for_nodes(engine: RecordingEngine) -> None:
    cluster = deploy(engine)
    before_nodes = {item.name for item in waits_for(engine, engine.only(NODE_GROUP))}
    assert {"cluster-addon-vpc-cni", "cluster-addon-kube-proxy", "cluster-addon-eks-pod-identity-agent"} <= before_nodes
    assert "cluster-addon-coredns" not in before_nodes
    gate = next(item for item in engine.registrations if item.urn == engine.value(cluster.ready.urn))
    addons = {item.name for item in waits_for(engine, gate) if item.type == ADDON} | {gate.name}
    assert addons == {f"cluster-addon-{name}" for name in addon_versions("1.35")}
    assert engine.only(NODE_GROUP).urn in {item.urn for item in waits_for(engine, gate)}


def test_an_addons_role_is_for_its_own_service_account(engine: RecordingEngine) -> None:
    deploy(engine)
    trust = json.loads(engine.only("aws:iam/role:Role", "cluster-addon-aws-ebs-csi-driver").inputs["assumeRolePolicy"])
    condition = trust["Statement"][0]["Condition"]
    assert condition["StringEquals"]["aws:RequestTag/kubernetes-service-account"] == "ebs-csi-controller-sa"
    assert condition["ArnEquals"] == {"aws:SourceArn": f"arn:aws:eks:us-east-1:{ACCOUNT}:cluster/biz"}


def test_the_kubeconfig_holds_no_credentials(engine: RecordingEngine) -> None:
    cluster = deploy(engine)
    kubeconfig = json.loads(engine.value(cluster.kubeconfig))
    assert kubeconfig["clusters"][0]["cluster"] == {
        "server": "https://biz.example",
        "certificate-authority-data": "Q0E=",
    }
    user = kubeconfig["users"][0]["user"]
    assert list(user) == ["exec"]
    assert user["exec"]["args"][-2:] == ["--cluster-name", "biz"]
    assert engine.only("pulumi:providers:kubernetes").inputs["kubeconfig"] == engine.value(cluster.kubeconfig)


def test_tokens_of_the_cluster_can_be_trusted_from_outside(engine: RecordingEngine) -> None:
    deploy(engine)
    provider = engine.only("aws:iam/openIdConnectProvider:OpenIdConnectProvider").inputs
    assert (provider["url"], provider["clientIdLists"]) == ("https://oidc.example/id/1", ["sts.amazonaws.com"])


def test_volumes_are_encrypted_with_the_volume_key(engine: RecordingEngine) -> None:
    cluster = deploy(engine)
    assert [(item.name, item.default, item.retain) for item in cluster.storage_classes] == [
        ("standard", True, False),
        ("retained", False, True),
    ]
    for item in cluster.storage_classes:
        assert (item.parameters["encrypted"], item.parameters["kmsKeyId"]) == ("true", KEY_ARN + "-volumes")


def test_everything_carries_the_ownership_tags(engine: RecordingEngine) -> None:
    deploy(engine)
    assert not untagged(engine)


def test_survives_unknown_values(engine: RecordingEngine) -> None:
    engine.preview = True
    deploy(engine)
    assert len(engine.of_type(ADDON)) == 6
    (interface,) = engine.only("aws:ec2/launchTemplate:LaunchTemplate").inputs["networkInterfaces"]
    assert [type(item) for item in interface["securityGroups"]] == [Unknown]


@pytest.mark.parametrize(
    ("instance_type", "expected"),
    [
        ("m5.xlarge", "AL2023_x86_64_STANDARD"),
        ("m7g.large", "AL2023_ARM_64_STANDARD"),
        ("c6gn.large", "AL2023_ARM_64_STANDARD"),
        ("g4dn.xlarge", "AL2023_x86_64_NVIDIA"),
        ("g5g.xlarge", "AL2023_ARM_64_NVIDIA"),
        ("p5.48xlarge", "AL2023_x86_64_NVIDIA"),
    ],
)
def test_the_image_fits_the_machine(instance_type: str, expected: str) -> None:
    assert ami_type(instance_type) == expected


def test_an_unknown_kubernetes_version_is_refused() -> None:
    with pytest.raises(KeyError, match=r"no add-on versions for Kubernetes 1\.20"):
        addon_versions("1.20")


@pytest.mark.parametrize("version", ["1.35", "1.36"])
def test_the_proxy_has_the_clusters_own_version(version: str) -> None:
    versions = addon_versions(version)
    assert versions["kube-proxy"].startswith(f"v{version}.")
    assert versions.keys() == addon_versions("1.35").keys()


def test_administrators_get_access_entries_and_nobody_else_does(engine: RecordingEngine) -> None:
    roles = (f"arn:aws:iam::{ACCOUNT}:role/platform-administrator", f"arn:aws:iam::{ACCOUNT}:role/path/break-glass")
    deploy(engine, replace(ARGS, administrator_role_arns=roles))
    entries = engine.of_type("aws:eks/accessEntry:AccessEntry")
    associations = engine.of_type("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    assert {item.inputs["principalArn"] for item in entries} == set(roles)
    assert {item.inputs["principalArn"] for item in associations} == set(roles)
    for item in associations:
        assert item.inputs["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
        assert item.inputs["accessScope"] == {"type": "cluster"}


def test_without_administrators_there_is_no_access_entry(engine: RecordingEngine) -> None:
    deploy(engine)
    assert engine.of_type("aws:eks/accessEntry:AccessEntry") == []
