"""EKS: managed node groups."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import eks_rules, names
from sandbox.providers.aws.cloud import Cloud
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties, ResourceType
from sandbox.providers.aws.shapes import given
from sandbox.providers.aws.tagging import as_properties
from sandbox.providers.stand_in import StandInError

_KIND = "eks/node-group"
_TAINT_EFFECTS = ("NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE")


class NodeGroup(ResourceType):
    """Resource ``aws.eks.NodeGroup``; the nodes themselves are simulated elsewhere."""

    token = "aws:eks/nodeGroup:NodeGroup"  # noqa: S105 - a type token
    service = "eks"
    label = "EKS Node Group"
    replaces = frozenset(
        {
            "amiType", "capacityType", "clusterName", "diskSize", "instanceTypes", "nodeGroupName",
            "nodeGroupNamePrefix", "nodeRoleArn", "remoteAccess", "subnetIds",
        }
    )  # fmt: skip
    defaults: ClassVar = {"capacityType": "ON_DEMAND", "labels": {}, "taints": []}
    computed = frozenset(
        {"launchTemplate.id", "launchTemplate.name", "updateConfig.maxUnavailable", "updateConfig.updateStrategy"}
    )
    references = (
        Reference("clusterName", "EKS cluster"),
        Reference("nodeRoleArn", "IAM role"),
        Reference("subnetIds", "subnet"),
        Reference("launchTemplate.id", "launch template"),
        Reference("launchTemplate.name", "launch template name"),
    )
    automatic_name = "nodeGroupName"
    name_prefix = "nodeGroupNamePrefix"
    name_length = 63
    unread = frozenset({"forceUpdateVersion"})

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.EKS_NODE_GROUP.problems("nodeGroupName", inputs.get("nodeGroupName"))
        yield from eks_rules.version_problems("version", inputs.get("version"))
        yield from names.one_of("amiType", inputs.get("amiType"), eks_rules.AMI_TYPES)
        yield from names.one_of("capacityType", inputs.get("capacityType"), ("ON_DEMAND", "SPOT", "CAPACITY_BLOCK"))
        yield from _scaling_problems(inputs.get("scalingConfig"))
        yield from _update_problems(inputs.get("updateConfig"))
        for taint in inputs.get("taints") or []:
            yield from names.one_of("taints", taint.get("effect") if isinstance(taint, dict) else None, _TAINT_EFFECTS)
        if inputs.get("launchTemplate"):
            for name in ("diskSize", "remoteAccess"):
                if inputs.get(name):
                    yield name, "must be absent beside launchTemplate; set it in the launch template"

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        problem = eks_rules.trust_problem(cloud, inputs["nodeRoleArn"], "ec2.amazonaws.com")
        if problem:
            yield problem
        yield from _template_refusals(cloud, inputs)

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        client = cloud.client("eks")
        cluster, name = inputs["clusterName"], inputs["nodeGroupName"]
        version = inputs.get("version") or client.describe_cluster(name=cluster)["cluster"]["version"]
        request: dict[str, Any] = {
            **_same(inputs, ("amiType", "capacityType", "diskSize", "instanceTypes", "labels", "launchTemplate")),
            **_same(inputs, ("nodeRepairConfig", "releaseVersion", "remoteAccess", "scalingConfig", "tags", "taints")),
            **_same(inputs, ("updateConfig",)),
            "version": version,
        }
        client.create_nodegroup(
            clusterName=cluster,
            nodegroupName=name,
            nodeRole=inputs["nodeRoleArn"],
            subnets=inputs["subnetIds"],
            **request,
        )
        self._configure(cloud, cluster, name, inputs)
        role = inputs["nodeRoleArn"]
        # EKS lets the nodes in by an access entry of its own
        cloud.store.put("eks/access-entry", f"{cluster}:{role}", {"principalArn": role, "type": "EC2_LINUX"})
        return f"{cluster}:{name}"

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        cluster, name = identifier.split(":", 1)
        answer = cloud.client("eks").describe_nodegroup(clusterName=cluster, nodegroupName=name)
        group: dict[str, Any] = {**answer["nodegroup"], **(cloud.store.get(_KIND, identifier) or {})}
        groups: list[dict[str, str]] = group["resources"].get("autoScalingGroups", [])
        template = group.get("launchTemplate")
        return {
            "arn": group["nodegroupArn"],
            "clusterName": cluster,
            "nodeGroupName": name,
            "nodeRoleArn": group["nodeRole"],
            "subnetIds": group["subnets"],
            "tags": as_properties(group.get("tags"), "map"),
            "resources": [{"autoscalingGroups": [{"name": item["name"]} for item in groups]}],
            "status": group["status"],
            "diskSize": None if template else group.get("diskSize"),
            "launchTemplate": template,
            **_same(
                group, ("amiType", "capacityType", "instanceTypes", "labels", "nodeRepairConfig", "releaseVersion")
            ),
            **_same(group, ("remoteAccess", "scalingConfig", "taints", "updateConfig", "version")),
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        cluster, name = identifier.split(":", 1)
        if changed & {"version", "releaseVersion", "launchTemplate"}:
            for reason in _template_refusals(cloud, new):
                raise StandInError(reason)
            # moto has no UpdateNodegroupVersion
            self._keep(cloud, identifier, _same(new, ("version", "releaseVersion", "launchTemplate")))
        self._configure(cloud, cluster, name, new, old)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cluster, name = identifier.split(":", 1)
        cloud.client("eks").delete_nodegroup(clusterName=cluster, nodegroupName=name)
        cloud.store.delete(_KIND, identifier)

    @override
    def replaced(self, old: Properties, new: Properties, changed: frozenset[str]) -> frozenset[str]:
        before, after = ((inputs.get("launchTemplate") or {}) for inputs in (old, new))
        another = any(before.get(name) != after.get(name) for name in ("id", "name"))
        return changed & (self.replaces | ({"launchTemplate"} if another else set[str]()))

    @override
    def retag(self, cloud: Cloud, identifier: str, old: Properties, tags: Mapping[str, str]) -> None:
        self._keep(cloud, identifier, {"tags": dict(tags)})  # moto changes the tags of clusters only

    @staticmethod
    def _keep(cloud: Cloud, identifier: str, fields: dict[str, Any]) -> None:
        cloud.store.put(_KIND, identifier, {**(cloud.store.get(_KIND, identifier) or {}), **fields})

    @staticmethod
    def _configure(cloud: Cloud, cluster: str, name: str, new: Properties, old: Properties | None = None) -> None:
        labels, before = new.get("labels") or {}, (old or {}).get("labels") or {}
        taints, taints_before = new.get("taints") or [], (old or {}).get("taints") or []
        request: dict[str, Any] = _same(new, ("scalingConfig", "updateConfig", "nodeRepairConfig"))
        removed = [key for key in before if key not in labels]
        if labels or removed:
            request["labels"] = {"addOrUpdateLabels": labels, "removeLabels": removed}
        gone = [taint for taint in taints_before if taint not in taints]
        if taints or gone:
            request["taints"] = {"addOrUpdateTaints": taints, "removeTaints": gone}
        cloud.client("eks").update_nodegroup_config(clusterName=cluster, nodegroupName=name, **request)


def _same(source: Properties, fields: tuple[str, ...]) -> dict[str, Any]:
    return given(source, {name: name for name in fields})


def _scaling_problems(scaling: Any) -> Iterator[Problem]:
    if not isinstance(scaling, dict):
        return
    sizes: list[Any] = [scaling.get(name) for name in ("minSize", "desiredSize", "maxSize")]
    if not all(isinstance(size, int) for size in sizes):
        return
    least, desired, most = sizes
    if most < 1:
        yield "scalingConfig", f"maxSize is {most}; it must be at least 1"
    if not 0 <= least <= desired <= most:
        yield "scalingConfig", f"minSize {least}, desiredSize {desired}, maxSize {most} must rise in this order"


def _update_problems(update: Any) -> Iterator[Problem]:
    if not isinstance(update, dict):
        return
    names_ = [name for name in ("maxUnavailable", "maxUnavailablePercentage") if update.get(name) is not None]
    if len(names_) != 1:
        yield "updateConfig", "give exactly one of maxUnavailable and maxUnavailablePercentage"
    yield from names.within("updateConfig", update.get("maxUnavailable"), 1, 100)
    yield from names.within("updateConfig", update.get("maxUnavailablePercentage"), 1, 100)


def _template_refusals(cloud: Cloud, inputs: Properties) -> Iterator[str]:
    template = inputs.get("launchTemplate")
    if not template:
        return
    which = {"LaunchTemplateId": template["id"]} if template.get("id") else {"LaunchTemplateName": template["name"]}
    found = cloud.client("ec2").describe_launch_template_versions(**which)["LaunchTemplateVersions"]
    versions = {str(item["VersionNumber"]): item["LaunchTemplateData"] for item in found}
    version = template["version"]
    if version not in {*versions, "$Latest", "$Default"}:
        name = next(iter(which.values()))
        yield f"launch template {name} has no version {version}; it has {', '.join(sorted(versions))}"
        return
    data = versions.get(version, {})
    if data.get("InstanceType") and inputs.get("instanceTypes"):
        yield "the launch template names an instance type and so does instanceTypes; EKS takes only one of both"
    if data.get("IamInstanceProfile"):
        yield "the launch template names an instance profile; EKS makes its own from nodeRoleArn"


TYPES = (NodeGroup(),)
