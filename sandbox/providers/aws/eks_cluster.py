"""EKS: clusters."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.environment import sandbox_directory
from sandbox.providers.aws import addresses, eks_rules, names
from sandbox.providers.aws.cloud import PARTITION, Cloud
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties, ResourceType
from sandbox.providers.aws.shapes import moment
from sandbox.providers.aws.tagging import TagCalls, as_properties
from sandbox.providers.stand_in import StandInError

KIND = "eks/cluster"
ADMINISTRATOR = f"arn:{PARTITION}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
# what moto takes and does not keep
_UNKEPT = (
    "accessConfig", "bootstrapSelfManagedAddons", "deletionProtection", "upgradePolicy", "zonalShiftConfig", "version",
)  # fmt: skip
_VPC_SETTINGS = (
    "subnetIds", "securityGroupIds", "endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs",
)  # fmt: skip


class Cluster(ResourceType):
    """Resource ``aws.eks.Cluster``; its endpoint is the sandbox's own API server where one runs."""

    token = "aws:eks/cluster:Cluster"  # noqa: S105 - a type token
    service = "eks"
    label = "EKS Cluster"
    replaces = frozenset(
        {
            "name",
            "roleArn",
            "encryptionConfig",
            "kubernetesNetworkConfig",
            "bootstrapSelfManagedAddons",
            "outpostConfig",
        }
    )
    defaults: ClassVar = {"bootstrapSelfManagedAddons": True, "deletionProtection": False, "enabledClusterLogTypes": []}
    computed = frozenset(
        {
            "vpcConfig.vpcId", "vpcConfig.clusterSecurityGroupId", "vpcConfig.publicAccessCidrs",
            "vpcConfig.endpointPublicAccess", "kubernetesNetworkConfig.ipFamily",
            "kubernetesNetworkConfig.serviceIpv4Cidr", "accessConfig.authenticationMode",
            "accessConfig.bootstrapClusterCreatorAdminPermissions",
        }
    )  # fmt: skip
    references = (
        Reference("roleArn", "IAM role"),
        Reference("vpcConfig.subnetIds", "subnet"),
        Reference("vpcConfig.securityGroupIds", "security group"),
        Reference("encryptionConfig.provider.keyArn", "KMS key"),
    )
    automatic_name = "name"
    name_length = 100
    unread = frozenset({"forceUpdateVersion", "defaultAddonsToRemoves"})
    tag_calls = TagCalls("tag_resource", "untag_resource", "resourceArn", "tags", "tagKeys", "map")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.EKS_CLUSTER.problems("name", inputs.get("name"))
        yield from eks_rules.version_problems("version", inputs.get("version"))
        for log_type in inputs.get("enabledClusterLogTypes") or []:
            yield from names.one_of("enabledClusterLogTypes", log_type, eks_rules.LOG_TYPES)
        yield from _vpc_problems(inputs.get("vpcConfig"))
        access = inputs.get("accessConfig")
        mode = access.get("authenticationMode") if isinstance(access, dict) else None
        yield from names.one_of("accessConfig", mode, ("API", "API_AND_CONFIG_MAP", "CONFIG_MAP"))
        network = inputs.get("kubernetesNetworkConfig")
        block = network.get("serviceIpv4Cidr") if isinstance(network, dict) else None
        yield from addresses.block_problems("kubernetesNetworkConfig", block, range(12, 25))
        encryption = inputs.get("encryptionConfig")
        if isinstance(encryption, dict) and encryption.get("resources") not in (["secrets"], None):
            yield "encryptionConfig", f"resources is {encryption['resources']}; EKS encrypts ['secrets'] only"
        policy = inputs.get("upgradePolicy")
        support = policy.get("supportType") if isinstance(policy, dict) else None
        yield from names.one_of("upgradePolicy", support, ("STANDARD", "EXTENDED"))

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        subnets = cloud.client("ec2").describe_subnets(SubnetIds=inputs["vpcConfig"]["subnetIds"])["Subnets"]
        if len({subnet["AvailabilityZone"] for subnet in subnets}) < 2:
            yield "Subnets specified must be in at least two different AZs; add a subnet of another zone"
        if len({subnet["VpcId"] for subnet in subnets}) > 1:
            yield "the subnets are of different VPCs; give subnets of one"
        problem = eks_rules.trust_problem(cloud, inputs["roleArn"], "eks.amazonaws.com")
        if problem:
            yield problem

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        name, version = inputs["name"], inputs.get("version") or eks_rules.KUBERNETES_VERSIONS[-1]
        request: dict[str, Any] = {
            "name": name,
            "version": version,
            "roleArn": inputs["roleArn"],
            "resourcesVpcConfig": _vpc_request(inputs["vpcConfig"]),
            "logging": _logging(inputs),
            "tags": inputs.get("tags") or {},
        }
        for field in ("accessConfig", "upgradePolicy", "zonalShiftConfig", "kubernetesNetworkConfig"):
            if inputs.get(field):
                request[field] = _api_case(inputs[field])
        for field in ("bootstrapSelfManagedAddons", "deletionProtection"):
            if field in inputs:
                request[field] = inputs[field]
        if inputs.get("encryptionConfig"):
            request["encryptionConfig"] = [inputs["encryptionConfig"]]
        cloud.client("eks").create_cluster(**request)
        cloud.store.delete_below(f"{name}:")  # of a cluster that went away with an earlier API server
        group = _make_security_group(cloud, name, inputs["vpcConfig"]["subnetIds"][0])
        kept = {field: inputs[field] for field in _UNKEPT if inputs.get(field) is not None}
        cloud.store.put(KIND, name, {**kept, "version": version, "clusterSecurityGroupId": group})
        _let_creator_in(cloud, name, inputs.get("accessConfig") or {})
        return name

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        cluster = cloud.client("eks").describe_cluster(name=identifier)["cluster"]
        record = cloud.store.get(KIND, identifier) or {}
        encryption = cluster.get("encryptionConfig") or []
        network = cluster.get("kubernetesNetworkConfig") or {}
        endpoint, authority = _endpoint(cluster)
        return {
            "arn": cluster["arn"],
            "name": cluster["name"],
            "roleArn": cluster["roleArn"],
            "version": record.get("version", cluster["version"]),
            "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP", **(record.get("accessConfig") or {})},
            "bootstrapSelfManagedAddons": record.get("bootstrapSelfManagedAddons", True),
            "certificateAuthority": {"data": authority},
            "createdAt": moment(cluster["createdAt"]),
            "deletionProtection": record.get("deletionProtection", False),
            "enabledClusterLogTypes": _enabled_logs(cluster.get("logging") or {}),
            "encryptionConfig": encryption[0] if encryption else None,
            "endpoint": endpoint,
            "identities": [{"oidcs": [{"issuer": cluster["identity"]["oidc"]["issuer"]}]}],
            "kubernetesNetworkConfig": {
                "ipFamily": "ipv4",
                **{key: value for key, value in network.items() if key != "elasticLoadBalancing"},
            },
            "platformVersion": cluster.get("platformVersion"),
            "status": cluster["status"],
            "tags": as_properties(cluster.get("tags"), "map"),
            "upgradePolicy": record.get("upgradePolicy", {"supportType": "EXTENDED"}),
            "vpcConfig": self._vpc_config(cloud, cluster["resourcesVpcConfig"], record),
            "zonalShiftConfig": record.get("zonalShiftConfig"),
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        if "version" in changed and new.get("version"):
            problem = eks_rules.upgrade_problem(old["version"], new["version"])
            if problem:
                raise StandInError(problem)
        client = cloud.client("eks")
        if "vpcConfig" in changed:
            client.update_cluster_config(name=identifier, resourcesVpcConfig=_vpc_request(new["vpcConfig"]))
        if "enabledClusterLogTypes" in changed:
            client.update_cluster_config(name=identifier, logging=_logging(new))
        record = cloud.store.get(KIND, identifier) or {}
        kept = {field: new[field] for field in changed & set(_UNKEPT) if new.get(field) is not None}
        cloud.store.put(KIND, identifier, {**record, **kept})

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        record = cloud.store.get(KIND, identifier) or {}
        if record.get("deletionProtection"):
            raise StandInError(f"cluster {identifier} has deletion protection; set deletionProtection to false first")
        cloud.client("eks").delete_cluster(name=identifier)
        if record.get("clusterSecurityGroupId"):
            cloud.client("ec2").delete_security_group(GroupId=record["clusterSecurityGroupId"])
        cloud.store.delete(KIND, identifier)
        cloud.store.delete_below(f"{identifier}:")

    @override
    def replaced(self, old: Properties, new: Properties, changed: frozenset[str]) -> frozenset[str]:
        bootstrap = "bootstrapClusterCreatorAdminPermissions"
        before, after = ((inputs.get("accessConfig") or {}) for inputs in (old, new))
        access = {"accessConfig"} if before.get(bootstrap, True) != after.get(bootstrap, True) else set[str]()
        return changed & (self.replaces | access)

    @staticmethod
    def _vpc_config(cloud: Cloud, config: dict[str, Any], record: dict[str, Any]) -> Properties:
        subnets = config.get("subnetIds") or []
        found = cloud.client("ec2").describe_subnets(SubnetIds=subnets)["Subnets"]
        public = config.get("endpointPublicAccess", True)
        return {
            "subnetIds": subnets,
            "securityGroupIds": config.get("securityGroupIds") or [],
            "endpointPrivateAccess": config.get("endpointPrivateAccess", False),
            "endpointPublicAccess": public,
            "publicAccessCidrs": config.get("publicAccessCidrs") or (["0.0.0.0/0"] if public else []),
            "vpcId": found[0]["VpcId"],
            "clusterSecurityGroupId": record.get("clusterSecurityGroupId"),
        }


def _api_case(block: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in block.items() if value is not None}


def _vpc_request(config: dict[str, Any]) -> dict[str, Any]:
    return {name: config[name] for name in _VPC_SETTINGS if config.get(name) is not None}


def _vpc_problems(config: Any) -> Iterator[Problem]:
    if not isinstance(config, dict):
        return
    yield from addresses.any_block_problems("vpcConfig", config.get("publicAccessCidrs"))
    if config.get("endpointPublicAccess") is False and config.get("endpointPrivateAccess") is not True:
        yield "vpcConfig", "endpointPublicAccess and endpointPrivateAccess are both off; nobody could reach the cluster"
    if config.get("endpointPublicAccess") is False and config.get("publicAccessCidrs"):
        yield "vpcConfig", "publicAccessCidrs needs endpointPublicAccess = true"
    if config.get("subnetIds") == []:
        yield "vpcConfig", "subnetIds is empty; give subnets of at least two availability zones"


def _logging(inputs: Properties) -> dict[str, Any]:
    enabled = list(inputs.get("enabledClusterLogTypes") or [])
    disabled = [kind for kind in eks_rules.LOG_TYPES if kind not in enabled]
    sides = [{"types": enabled, "enabled": True}, {"types": disabled, "enabled": False}]
    return {"clusterLogging": [side for side in sides if side["types"]]}


def _enabled_logs(logging: dict[str, Any]) -> list[str]:
    return [kind for side in logging.get("clusterLogging", []) if side.get("enabled") for kind in side["types"]]


def _make_security_group(cloud: Cloud, name: str, subnet: str) -> str:
    """Make the group that EKS puts between the control plane and the nodes."""
    client = cloud.client("ec2")
    vpc = client.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    group = client.create_security_group(
        GroupName=f"eks-cluster-sg-{name}", Description="EKS created security group", VpcId=vpc
    )["GroupId"]
    own = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}]
    client.authorize_security_group_ingress(GroupId=group, IpPermissions=own)
    return group


def _let_creator_in(cloud: Cloud, cluster: str, access: dict[str, Any]) -> None:
    """Make the access entry that EKS makes for whoever creates a cluster."""
    if access.get("bootstrapClusterCreatorAdminPermissions") is False:
        return
    principal = cloud.client("sts").get_caller_identity()["Arn"]
    cloud.store.put("eks/access-entry", f"{cluster}:{principal}", {"principalArn": principal, "type": "STANDARD"})
    association = {"principalArn": principal, "policyArn": ADMINISTRATOR, "accessScope": {"type": "cluster"}}
    cloud.store.put("eks/access-policy-association", f"{cluster}:{principal}#{ADMINISTRATOR}", association)


def _endpoint(cluster: dict[str, Any]) -> tuple[str, str]:
    """Give address and certificate authority of the sandbox's API server, or moto's where none runs."""
    path = sandbox_directory() / "endpoints.json"
    try:
        server: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["kubernetes"]
    except (FileNotFoundError, KeyError):
        return cluster["endpoint"], cluster["certificateAuthority"]["data"]
    return server["server"], server["certificateAuthority"]


TYPES = (Cluster(),)
