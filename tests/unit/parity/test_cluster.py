"""The cluster is as closed, as watched and as large on every cloud. Source: CLU-1..5, CLU-17, SEC-15."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from components.cluster.node_pool import POOL_LABEL
from tests.unit.conftest import Programs
from tests.unit.parity.claims import AWS, AZURE, OPENSHIFT, Claim, IsGood, cases, failing, unlike
from tests.unit.parity.reading import LOCK, aws_key, log_groups, revealed, unkept, unlogged
from tests.unit.programs import Program
from tests.unit.recording import Registration

EKS, AKS = "aws:eks/cluster:Cluster", "azure-native:containerservice:ManagedCluster"
NODE_GROUP, TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
AGENT_POOL = "azure-native:containerservice:AgentPool"
CONTROL_PLANE_LOGS = {"api", "audit", "authenticator", "controllerManager", "scheduler"}
DISKS = "keys-disks-id"

Sizes = tuple[float, float, float]


def eks(program: Program) -> dict[str, Any]:
    return program.engine.only(EKS).inputs


def aks(program: Program) -> dict[str, Any]:
    return program.engine.only(AKS).inputs


def pools(program: Program) -> Iterator[dict[str, Any]]:
    """Every pool of AKS: one is written in the cluster, the others are agent pools of their own."""
    yield from aks(program)["agentPoolProfiles"]
    yield from (item.inputs for item in program.engine.of_type(AGENT_POOL))


def found_in_pools(program: Program, is_good: IsGood) -> list[str]:
    return [pool.get("name") or pool["agentPoolName"] for pool in pools(program) if not is_good(pool)]


def aws_private(program: Program) -> list[str]:
    config = eks(program)["vpcConfig"]
    networks = [str(each) for each in program.settings.kubernetes.public_access_cidrs]
    found = (config["endpointPrivateAccess"], config["endpointPublicAccess"], config.get("publicAccessCidrs", []))
    return unlike((True, bool(networks), networks), found)


def azure_private(program: Program) -> list[str]:
    profile = aks(program)["apiServerAccessProfile"]
    networks = [str(each) for each in program.settings.kubernetes.public_access_cidrs]
    found = (
        profile["enableVnetIntegration"],
        not profile["enablePrivateCluster"],
        profile.get("authorizedIPRanges", []),
    )
    return unlike((True, bool(networks), networks), found)


def aws_signing_in(program: Program) -> list[str]:
    return unlike("API", eks(program)["accessConfig"]["authenticationMode"]) + stored_credentials(program)


def azure_signing_in(program: Program) -> list[str]:
    cluster = aks(program)
    found = (cluster["disableLocalAccounts"], cluster["aadProfile"]["enableAzureRBAC"])
    return unlike((True, True), found) + stored_credentials(program)


def stored_credentials(program: Program) -> list[str]:
    """What of the provider's kubeconfig signs in by itself, instead of asking for a token that lasts minutes."""
    (provider,) = program.engine.of_type("pulumi:providers:kubernetes")
    kubeconfig = revealed(provider.inputs.get("kubeconfig"))
    users = json.loads(kubeconfig)["users"] if kubeconfig else []
    return [key for user in users for key in user["user"] if key != "exec"]


def aws_secrets(program: Program) -> list[str]:
    wanted = {"provider": {"keyArn": aws_key("cluster")}, "resources": ["secrets"]}
    return unlike(wanted, eks(program)["encryptionConfig"])


def azure_secrets(program: Program) -> list[str]:
    kms = aks(program)["securityProfile"]["azureKeyVaultKms"]
    return unlike((True, "cluster", "Private"), (kms["enabled"], key_name(kms["keyId"]), kms["keyVaultNetworkAccess"]))


def key_name(uri: str) -> str:
    return uri.partition("/keys/")[2].partition("/")[0]


def storage_classes(program: Program) -> list[Registration]:
    return program.engine.of_type("kubernetes:storage.k8s.io/v1:StorageClass")


def aws_disks(program: Program) -> list[str]:
    """Of machines, and of volumes."""

    def is_encrypted(template: Mapping[str, Any]) -> bool:
        disks = [device["ebs"] for device in template["blockDeviceMappings"]]
        return all(disk["encrypted"] == "true" and disk["kmsKeyId"] == aws_key("volumes") for disk in disks)

    return failing(program.engine.of_type(TEMPLATE), is_encrypted) + failing(
        storage_classes(program), lambda each: each["parameters"]["kmsKeyId"] == aws_key("volumes")
    )


def azure_disks(program: Program) -> list[str]:
    disks = program.engine.only("azure-native:compute:DiskEncryptionSet").inputs
    return (
        unlike(("volumes", DISKS), (key_name(disks["activeKey"]["keyUrl"]), aks(program)["diskEncryptionSetID"]))
        + found_in_pools(program, lambda pool: pool["enableEncryptionAtHost"])
        + failing(storage_classes(program), lambda each: each["parameters"]["diskEncryptionSetID"] == DISKS)
    )


def aws_tagged_volumes(program: Program) -> list[str]:
    (driver,) = [
        item
        for item in program.engine.of_type("aws:eks/addon:Addon")
        if item.inputs["addonName"] == "aws-ebs-csi-driver"
    ]
    configuration = json.loads(driver.inputs["configurationValues"])
    return unlike(dict(program.settings.ownership.tags("cluster")), configuration["controller"]["extraVolumeTags"])


def azure_tagged_volumes(program: Program) -> list[str]:
    tags = program.settings.ownership.tags("cluster")
    wanted = ",".join(f"{key}={value}" for key, value in tags.items())
    return failing(storage_classes(program), lambda each: each["parameters"].get("tags") == wanted)


def aws_logged(program: Program) -> list[str]:
    groups = log_groups(program, "cluster-logs")
    days = program.settings.kubernetes.log_retention_days
    return sorted(CONTROL_PLANE_LOGS - set(eks(program)["enabledClusterLogTypes"])) + failing(
        groups, lambda group: (group["retentionInDays"], group["kmsKeyId"]) == (days, aws_key("logs"))
    )


def azure_logged(program: Program) -> list[str]:
    return unlogged(program, "cluster-logs")


def aws_nodes(program: Program) -> list[str]:
    """Sizes of the settings' pools, and machines without public addresses."""
    found = {
        item.inputs["labels"][POOL_LABEL]: sizes(item.inputs["scalingConfig"], "minSize", "desiredSize", "maxSize")
        for item in program.engine.of_type(NODE_GROUP)
    }

    def has_no_address(template: Mapping[str, Any]) -> bool:
        return all(each["associatePublicIpAddress"] == "false" for each in template["networkInterfaces"])

    return unlike(wanted_sizes(program), found) + failing(program.engine.of_type(TEMPLATE), has_no_address)


def azure_nodes(program: Program) -> list[str]:
    found: dict[str, Sizes] = {}
    for pool in pools(program):
        name, size = pool["nodeLabels"][POOL_LABEL], sizes(pool, "minCount", "count", "maxCount")
        one, two, three = found.get(name, (0, 0, 0))
        found[name] = (one + size[0], two + size[1], three + size[2])
    # nodes of the cluster's own workloads, which AWS runs elsewhere
    found.pop("system")
    return unlike(wanted_sizes(program), found) + found_in_pools(program, lambda pool: not pool["enableNodePublicIP"])


def sizes(pool: Mapping[str, Any], *keys: str) -> Sizes:
    smallest, desired, largest = (float(pool[key]) for key in keys)
    return smallest, desired, largest


def wanted_sizes(program: Program) -> dict[str, Sizes]:
    pools = program.settings.node_pools
    return {pool.name: (pool.min_size, pool.desired_size, pool.max_size) for pool in pools}


def aws_kept(program: Program) -> list[str]:
    return unkept(program.engine.of_type(EKS), retained=False)


def azure_kept(program: Program) -> list[str]:
    return unkept(program.engine.of_type(AKS), retained=False)


def aws_kept_by_cloud(program: Program) -> list[str]:
    return failing(program.engine.of_type(EKS), lambda cluster: cluster["deletionProtection"])


def azure_kept_by_cloud(program: Program) -> list[str]:
    locked = [item for item in program.engine.of_type(LOCK) if item.inputs["scope"] == "cluster-id"]
    return failing(locked, lambda lock: lock["level"] == "CanNotDelete")


def volumes(program: Program) -> list[str]:
    """One class for volumes that go with their claim, which is the default, and one for those that stay."""
    offered = program.foundation.storage_classes
    return unlike([(True, False), (False, True)], [(each.default, each.retain) for each in offered])


def nobody(program: Program) -> list[str]:
    """What is the cluster's owner's: the program makes no cluster that it could look at."""
    return ["the cluster is its owner's"] if program.foundation.cluster is None else []


CLAIMS = [
    Claim(
        "cluster",
        "the API server is reached from the networks that the settings name alone",
        {AWS: aws_private, AZURE: azure_private, OPENSHIFT: nobody},
    ),
    Claim(
        "cluster",
        "no credentials are stored to sign in with",
        {AWS: aws_signing_in, AZURE: azure_signing_in, OPENSHIFT: stored_credentials},
    ),
    Claim(
        "cluster",
        "Kubernetes Secrets are encrypted with a key of our own",
        {AWS: aws_secrets, AZURE: azure_secrets, OPENSHIFT: nobody},
    ),
    Claim(
        "cluster",
        "disks and volumes are encrypted with a key of our own",
        {AWS: aws_disks, AZURE: azure_disks, OPENSHIFT: nobody},
    ),
    Claim(
        "cluster",
        "volumes say who pays",
        {AWS: aws_tagged_volumes, AZURE: azure_tagged_volumes, OPENSHIFT: nobody},
    ),
    Claim("cluster", "offers volumes that stay", {AWS: volumes, AZURE: volumes, OPENSHIFT: volumes}),
    Claim(
        "cluster",
        "every log of the control plane is kept",
        {AWS: aws_logged, AZURE: azure_logged, OPENSHIFT: nobody},
    ),
    Claim(
        "cluster",
        "nodes are as many as the settings say, and have no public address",
        {AWS: aws_nodes, AZURE: azure_nodes, OPENSHIFT: nobody},
    ),
    Claim(
        "cluster",
        "the engine refuses to delete it",
        {AWS: aws_kept, AZURE: azure_kept, OPENSHIFT: nobody},
        ("prod",),
    ),
    Claim(
        "cluster",
        "the cloud refuses to delete it",
        {AWS: aws_kept_by_cloud, AZURE: azure_kept_by_cloud, OPENSHIFT: nobody},
        ("prod",),
    ),
]


@pytest.mark.parametrize(("claim", "stack"), cases(CLAIMS))
def test_cluster(claim: Claim, stack: str, programs: Programs) -> None:
    claim.judge(programs(stack))
