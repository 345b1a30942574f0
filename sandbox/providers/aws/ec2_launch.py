"""EC2 launch templates."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from typing_extensions import override

from sandbox.providers.aws import names, tagging
from sandbox.providers.aws.cloud import Cloud, only
from sandbox.providers.aws.ec2 import Ec2Type
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties
from sandbox.providers.aws.shapes import camel, given, pascal

_SCALARS = ("ebsOptimized", "imageId", "instanceInitiatedShutdownBehavior", "instanceType", "keyName", "userData")
_BLOCKS = ("iamInstanceProfile", "metadataOptions", "monitoring", "placement", "cpuOptions", "privateDnsNameOptions")
# gp3 limits: https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
_VOLUME_TYPES = ("standard", "io1", "io2", "gp2", "gp3", "st1", "sc1")


class LaunchTemplate(Ec2Type):
    """Resource ``aws.ec2.LaunchTemplate``; a change of its data makes a new version."""

    token = "aws:ec2/launchTemplate:LaunchTemplate"  # noqa: S105 - a type token
    label = "EC2 Launch Template"
    kind = "launch-template"
    replaces = frozenset({"name", "namePrefix"})
    volatile = frozenset({"latestVersion", "defaultVersion"})
    automatic_name = "name"
    unread = frozenset({"updateDefaultVersion"})
    name_length = 125
    references = (
        Reference("vpcSecurityGroupIds", "security group"),
        Reference("networkInterfaces.securityGroups", "security group"),
        Reference("networkInterfaces.subnetId", "subnet"),
        Reference("blockDeviceMappings.ebs.kmsKeyId", "KMS key"),
    )

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.LAUNCH_TEMPLATE.problems("name", inputs.get("name"))
        yield from _metadata_problems(inputs.get("metadataOptions"))
        yield from _user_data_problems(inputs.get("userData"))
        mappings: Any = inputs.get("blockDeviceMappings")
        for mapping in mappings if isinstance(mappings, list) else []:
            yield from _volume_problems(mapping.get("ebs") if isinstance(mapping, dict) else None)
        if inputs.get("vpcSecurityGroupIds") and inputs.get("networkInterfaces"):
            yield "vpcSecurityGroupIds", "must be absent beside networkInterfaces; put the groups into the interface"
        for specification in inputs.get("tagSpecifications") or []:
            for reason in tagging.problems(specification.get("tags") or {}) if isinstance(specification, dict) else ():
                yield "tagSpecifications", reason

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        description = {"VersionDescription": inputs["description"]} if inputs.get("description") else {}
        answer = cloud.client("ec2").create_launch_template(
            LaunchTemplateName=inputs["name"],
            LaunchTemplateData=_data(inputs),
            **description,
            **self.tagged(inputs),
        )
        return answer["LaunchTemplate"]["LaunchTemplateId"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("ec2")
        template = only(client.describe_launch_templates(LaunchTemplateIds=[identifier])["LaunchTemplates"])
        latest = str(template["LatestVersionNumber"])
        versions = client.describe_launch_template_versions(LaunchTemplateId=identifier, Versions=[latest])
        version = versions["LaunchTemplateVersions"][0]
        return {
            **self.owned(cloud, identifier, template),
            "name": template["LaunchTemplateName"],
            "description": version.get("VersionDescription") or None,
            "latestVersion": template["LatestVersionNumber"],
            "defaultVersion": template["DefaultVersionNumber"],
            **_properties(version["LaunchTemplateData"]),
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        client = cloud.client("ec2")
        latest = old.get("latestVersion")
        if changed - {"defaultVersion", "updateDefaultVersion"}:
            description = {"VersionDescription": new["description"]} if new.get("description") else {}
            answer = client.create_launch_template_version(
                LaunchTemplateId=identifier, LaunchTemplateData=_data(new), **description
            )
            latest = answer["LaunchTemplateVersion"]["VersionNumber"]
        default = latest if new.get("updateDefaultVersion") else new.get("defaultVersion")
        if default is not None and default != old.get("defaultVersion"):
            client.modify_launch_template(LaunchTemplateId=identifier, DefaultVersion=str(default))

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("ec2").delete_launch_template(LaunchTemplateId=identifier)


def _data(inputs: Properties) -> dict[str, Any]:
    data: dict[str, Any] = given(inputs, _SCALARS)
    if "ebsOptimized" in inputs:
        data["EbsOptimized"] = _flag(inputs["ebsOptimized"])
    data |= {name[0].upper() + name[1:]: pascal(inputs[name]) for name in _BLOCKS if inputs.get(name)}
    if inputs.get("vpcSecurityGroupIds"):
        data["SecurityGroupIds"] = inputs["vpcSecurityGroupIds"]
    if inputs.get("blockDeviceMappings"):
        data["BlockDeviceMappings"] = [_mapping(mapping) for mapping in inputs["blockDeviceMappings"]]
    if inputs.get("networkInterfaces"):
        data["NetworkInterfaces"] = [_interface(interface) for interface in inputs["networkInterfaces"]]
    if inputs.get("tagSpecifications"):
        data["TagSpecifications"] = [
            {"ResourceType": item["resourceType"], "Tags": tagging.as_request(item.get("tags"))}
            for item in inputs["tagSpecifications"]
        ]
    return data


def _properties(data: dict[str, Any]) -> Properties:
    properties: Properties = {name: data.get(name[0].upper() + name[1:]) for name in _SCALARS}
    properties |= {name: camel(data.get(name[0].upper() + name[1:])) for name in _BLOCKS}
    properties["ebsOptimized"] = _text(data.get("EbsOptimized"))
    properties["vpcSecurityGroupIds"] = data.get("SecurityGroupIds")
    properties["blockDeviceMappings"] = [_texts(camel(mapping)) for mapping in data.get("BlockDeviceMappings", [])]
    properties["networkInterfaces"] = [_as_interface(item) for item in data.get("NetworkInterfaces", [])]
    properties["tagSpecifications"] = [
        {"resourceType": item["ResourceType"], "tags": tagging.as_properties(item.get("Tags"))}
        for item in data.get("TagSpecifications", [])
        if item["ResourceType"] != "launch-template"  # moto mixes the template's own tags into its data
    ]
    return properties


def _mapping(mapping: dict[str, Any]) -> dict[str, Any]:
    request = pascal(mapping)
    if "Ebs" in request:
        request["Ebs"] = {key: _flag(value) for key, value in request["Ebs"].items()}
    return request


def _interface(interface: dict[str, Any]) -> dict[str, Any]:
    request: dict[str, Any] = {key: _flag(value) for key, value in pascal(interface).items()}
    if "SecurityGroups" in request:
        request["Groups"] = request.pop("SecurityGroups")
    return request


def _as_interface(interface: dict[str, Any]) -> dict[str, Any]:
    properties = _texts(camel(interface))
    if "groups" in properties:
        properties["securityGroups"] = properties.pop("groups")
    return properties


def _flag(value: Any) -> Any:
    """Turn the provider's textual flags into what the API takes."""
    return value == "true" if value in ("true", "false") else value


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _texts(value: Any) -> Any:
    """Turn flags into text at every depth, as the provider has them in these blocks."""
    if isinstance(value, dict):
        return {key: _texts(member) for key, member in value.items()}
    return _text(value)


def _metadata_problems(options: Any) -> Iterator[Problem]:
    if isinstance(options, dict):
        yield from names.one_of("metadataOptions", options.get("httpTokens"), ("optional", "required"))
        yield from names.one_of("metadataOptions", options.get("httpEndpoint"), ("enabled", "disabled"))
        yield from names.within("metadataOptions", options.get("httpPutResponseHopLimit"), 1, 64)


def _user_data_problems(data: Any) -> Iterator[Problem]:
    if isinstance(data, str):
        try:
            base64.b64decode(data, validate=True)
        except binascii.Error:
            yield "userData", "is not base64; encode the script with base64.b64encode"


def _volume_problems(volume: Any) -> Iterator[Problem]:
    if not isinstance(volume, dict):
        return
    yield from names.one_of("blockDeviceMappings", volume.get("volumeType"), _VOLUME_TYPES)
    yield from names.within("blockDeviceMappings", volume.get("volumeSize"), 1, 65536)
    if volume.get("volumeType") == "gp3":
        yield from names.within("blockDeviceMappings", volume.get("iops"), 3000, 80000)
        yield from names.within("blockDeviceMappings", volume.get("throughput"), 125, 2000)
    if volume.get("kmsKeyId") and volume.get("encrypted") != "true":
        yield "blockDeviceMappings", "kmsKeyId needs encrypted = true"


TYPES = (LaunchTemplate(),)
