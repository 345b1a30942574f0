"""EC2 security groups and their rules."""

from collections.abc import Iterator
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import addresses, names
from sandbox.providers.aws.cloud import Cloud, only
from sandbox.providers.aws.ec2 import Ec2Type
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties
from sandbox.providers.stand_in import StandInError

_INLINE_REFERENCES = tuple(
    Reference(f"{direction}.securityGroups", "security group") for direction in ("ingress", "egress")
)

_DESCRIPTIONS = "ec2/rule-description"
_RULE_FIELDS = {
    "ipProtocol": "IpProtocol",
    "fromPort": "FromPort",
    "toPort": "ToPort",
    "cidrIpv4": "CidrIpv4",
    "cidrIpv6": "CidrIpv6",
    "prefixListId": "PrefixListId",
    "referencedSecurityGroupId": "ReferencedGroupId",
    "description": "Description",
}


class SecurityGroup(Ec2Type):
    """Resource ``aws.ec2.SecurityGroup``; inline rules or rules that are resources of their own."""

    token = "aws:ec2/securityGroup:SecurityGroup"  # noqa: S105 - a type token
    label = "EC2 Security Group"
    kind = "security-group"
    replaces = frozenset({"description", "name", "namePrefix", "vpcId"})
    defaults: ClassVar = {"description": "Managed by Pulumi", "revokeRulesOnDelete": False}
    computed = frozenset({"ingress.description", "egress.description"})
    automatic_name = "name"
    references = (Reference("vpcId", "VPC"), *_INLINE_REFERENCES)

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.SECURITY_GROUP.problems("name", inputs.get("name"))
        yield from names.SECURITY_GROUP.problems("description", inputs.get("description"))
        yield from _inline_problems(inputs)

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        vpc = {"VpcId": inputs["vpcId"]} if inputs.get("vpcId") else {}
        answer = cloud.client("ec2").create_security_group(
            GroupName=inputs["name"],
            Description=self.wanted(inputs, "description"),
            **vpc,
            **self.tagged(inputs),
        )
        # The provider takes away the rule that lets everything out: what is allowed is what is written down.
        _set_rules(cloud, answer["GroupId"], inputs, ("ingress", "egress"))
        return answer["GroupId"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        group = _group(cloud, identifier)
        managed = {name: _inline(group, name) for name in ("ingress", "egress") if known.get(name) is not None}
        return {
            **self.owned(cloud, identifier, group),
            "name": group["GroupName"],
            "description": group["Description"],
            "vpcId": group.get("VpcId"),
            "revokeRulesOnDelete": False,
            **managed,
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        _set_rules(cloud, identifier, new, tuple(changed & {"ingress", "egress"}))

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("ec2").delete_security_group(GroupId=identifier)


class DefaultSecurityGroup(Ec2Type):
    """Resource ``aws.ec2.DefaultSecurityGroup``: adopts a VPC's default group, with exactly the inline rules."""

    token = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"  # noqa: S105 - a type token
    label = "EC2 Default Security Group"
    kind = "security-group"
    replaces = frozenset({"vpcId"})
    defaults: ClassVar = {"revokeRulesOnDelete": False, "ingress": [], "egress": []}
    references = (Reference("vpcId", "VPC"), *_INLINE_REFERENCES)

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from _inline_problems(inputs)

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        client = cloud.client("ec2")
        wanted = [
            {"Name": "vpc-id", "Values": [inputs["vpcId"]]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        group = only(client.describe_security_groups(Filters=wanted)["SecurityGroups"])
        _set_rules(cloud, group["GroupId"], inputs, ("ingress", "egress"))
        self.retag(cloud, group["GroupId"], {}, inputs.get("tags") or {})
        return group["GroupId"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        group = _group(cloud, identifier)
        return {
            **self.owned(cloud, identifier, group),
            "name": group["GroupName"],
            "description": group["Description"],
            "vpcId": group.get("VpcId"),
            "ingress": _inline(group, "ingress"),
            "egress": _inline(group, "egress"),
            "revokeRulesOnDelete": False,
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        _set_rules(cloud, identifier, new, ("ingress", "egress"))

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        """Leave the group to its VPC, as the provider does: AWS lets nobody delete a default group."""


class SecurityGroupRule(Ec2Type):
    """What both directions of rule resources share; one rule has one source or destination."""

    kind = "security-group-rule"
    direction: ClassVar[str]
    replaces = frozenset({"securityGroupId"})
    references = (
        Reference("securityGroupId", "security group"),
        Reference("referencedSecurityGroupId", "security group"),
        Reference("prefixListId", "prefix list"),
    )
    _peers = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        peers = [name for name in self._peers if name in inputs]
        if len(peers) != 1:
            yield "cidrIpv4", f"give exactly one of {', '.join(self._peers)}; given: {', '.join(peers) or 'none'}"
        yield from addresses.block_problems("cidrIpv4", inputs.get("cidrIpv4"))
        ports = [name for name in ("fromPort", "toPort") if name in inputs]
        if inputs.get("ipProtocol") == "-1" and ports:
            yield ports[0], "must be absent where ipProtocol is -1, which means every protocol and port"
        if inputs.get("ipProtocol") in ("tcp", "udp") and len(ports) < 2:
            yield "fromPort", "fromPort and toPort are required for tcp and udp"
        yield from _port_problems(inputs)

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        method = getattr(cloud.client("ec2"), f"authorize_security_group_{self.direction}")
        answer = method(
            GroupId=inputs["securityGroupId"],
            IpPermissions=[_permission(_as_inline(inputs), inputs["securityGroupId"])],
            **self.tagged(inputs),
        )
        identifier = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        self._describe(cloud, identifier, inputs)
        return identifier

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        answer = cloud.client("ec2").describe_security_group_rules(SecurityGroupRuleIds=[identifier])
        if not answer["SecurityGroupRules"]:
            return None
        rule = answer["SecurityGroupRules"][0]
        every = rule["IpProtocol"] == "-1"
        return {
            **self.owned(cloud, identifier, rule),
            "securityGroupRuleId": identifier,
            "securityGroupId": rule["GroupId"],
            "ipProtocol": rule["IpProtocol"],
            "fromPort": None if every else rule.get("FromPort"),
            "toPort": None if every else rule.get("ToPort"),
            "cidrIpv4": rule.get("CidrIpv4"),
            "cidrIpv6": rule.get("CidrIpv6"),
            "prefixListId": rule.get("PrefixListId"),
            "referencedSecurityGroupId": rule.get("ReferencedGroupInfo", {}).get("GroupId"),
            "description": rule.get("Description") or None,
            **(cloud.store.get(_DESCRIPTIONS, identifier) or {}),
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        client = cloud.client("ec2")
        if changed & {"prefixListId", "referencedSecurityGroupId"}:
            # moto takes the request and keeps the old peer
            raise StandInError(f"the sandbox cannot change whom rule {identifier} lets in; give a new rule a new name")
        rule = {field: new[name] for name, field in _RULE_FIELDS.items() if new.get(name) is not None}
        if new["ipProtocol"] == "-1":
            rule |= {"FromPort": -1, "ToPort": -1}
        if not (new.get("cidrIpv4") or new.get("cidrIpv6")):
            rule.pop("Description", None)  # moto would make an address block of it
        change = {"SecurityGroupRuleId": identifier, "SecurityGroupRule": rule}
        client.modify_security_group_rules(GroupId=new["securityGroupId"], SecurityGroupRules=[change])
        self._describe(cloud, identifier, new)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        method = getattr(cloud.client("ec2"), f"revoke_security_group_{self.direction}")
        method(GroupId=known["securityGroupId"], SecurityGroupRuleIds=[identifier])
        cloud.store.delete(_DESCRIPTIONS, identifier)

    @staticmethod
    def _describe(cloud: Cloud, identifier: str, inputs: Properties) -> None:
        """Keep the description of a rule for a group or prefix list; moto shows those of address blocks only."""
        if inputs.get("cidrIpv4") or inputs.get("cidrIpv6"):
            return
        cloud.store.put(_DESCRIPTIONS, identifier, {"description": inputs.get("description")})


class SecurityGroupIngressRule(SecurityGroupRule):
    """Resource ``aws.vpc.SecurityGroupIngressRule``."""

    token = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"  # noqa: S105 - a type token
    label = "VPC Security Group Ingress Rule"
    direction = "ingress"


class SecurityGroupEgressRule(SecurityGroupRule):
    """Resource ``aws.vpc.SecurityGroupEgressRule``."""

    token = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"  # noqa: S105 - a type token
    label = "VPC Security Group Egress Rule"
    direction = "egress"


def _group(cloud: Cloud, identifier: str) -> dict[str, Any]:
    return only(cloud.client("ec2").describe_security_groups(GroupIds=[identifier])["SecurityGroups"])


def _inline_problems(inputs: Properties) -> Iterator[Problem]:
    for direction in ("ingress", "egress"):
        rules: Any = inputs.get(direction)
        for rule in rules if isinstance(rules, list) else []:
            if isinstance(rule, dict):
                yield from addresses.any_block_problems(direction, rule.get("cidrBlocks"))
                for _, reason in _port_problems(rule):
                    yield direction, reason
                if rule.get("protocol") == "-1" and (rule.get("fromPort"), rule.get("toPort")) != (0, 0):
                    yield direction, "fromPort and toPort must be 0 where protocol is -1, which means everything"


def _port_problems(rule: Properties) -> Iterator[Problem]:
    first, last = rule.get("fromPort"), rule.get("toPort")
    yield from names.within("fromPort", first, -1, 65535)
    yield from names.within("toPort", last, -1, 65535)
    if isinstance(first, int) and isinstance(last, int) and first > last:
        yield "toPort", f"{last} is less than fromPort {first}"


def _as_inline(rule: Properties) -> dict[str, Any]:
    """Turn a rule resource into the inline form, which the APIs' permissions are made from."""
    lists = {
        "cidrBlocks": "cidrIpv4",
        "ipv6CidrBlocks": "cidrIpv6",
        "prefixListIds": "prefixListId",
        "securityGroups": "referencedSecurityGroupId",
    }
    peers = {plural: [rule[name]] for plural, name in lists.items() if rule.get(name)}
    return {
        "protocol": rule["ipProtocol"],
        "fromPort": rule.get("fromPort"),
        "toPort": rule.get("toPort"),
        "description": rule.get("description"),
        **peers,
    }


def _permission(rule: dict[str, Any], own_group: str) -> dict[str, Any]:
    text = {"Description": rule["description"]} if rule.get("description") else {}
    groups = [*(rule.get("securityGroups") or []), *([own_group] if rule.get("self") else [])]
    permission: dict[str, Any] = {"IpProtocol": rule["protocol"]}
    if rule["protocol"] != "-1":
        permission |= {"FromPort": rule["fromPort"], "ToPort": rule["toPort"]}
    lists = {
        "IpRanges": [{"CidrIp": block} | text for block in rule.get("cidrBlocks") or []],
        "Ipv6Ranges": [{"CidrIpv6": block} | text for block in rule.get("ipv6CidrBlocks") or []],
        "PrefixListIds": [{"PrefixListId": prefixes} | text for prefixes in rule.get("prefixListIds") or []],
        "UserIdGroupPairs": [{"GroupId": group} | text for group in groups],
    }
    return permission | {field: peers for field, peers in lists.items() if peers}


def _inline(group: dict[str, Any], direction: str) -> list[dict[str, Any]]:
    permissions = group["IpPermissions" if direction == "ingress" else "IpPermissionsEgress"]
    return [_as_rule(permission, group["GroupId"]) for permission in permissions]


def _as_rule(permission: dict[str, Any], own_group: str) -> dict[str, Any]:
    groups = [pair["GroupId"] for pair in permission.get("UserIdGroupPairs", [])]
    peers = [
        *permission.get("IpRanges", []),
        *permission.get("Ipv6Ranges", []),
        *permission.get("PrefixListIds", []),
        *permission.get("UserIdGroupPairs", []),
    ]
    every = permission["IpProtocol"] == "-1"
    return {
        "protocol": permission["IpProtocol"],
        "fromPort": 0 if every else permission["FromPort"],
        "toPort": 0 if every else permission["ToPort"],
        "cidrBlocks": [item["CidrIp"] for item in permission.get("IpRanges", [])],
        "ipv6CidrBlocks": [item["CidrIpv6"] for item in permission.get("Ipv6Ranges", [])],
        "prefixListIds": [item["PrefixListId"] for item in permission.get("PrefixListIds", [])],
        "securityGroups": [identifier for identifier in groups if identifier != own_group],
        "self": own_group in groups,
        "description": next((item["Description"] for item in peers if item.get("Description")), ""),
    }


def _set_rules(cloud: Cloud, identifier: str, inputs: Properties, directions: tuple[str, ...]) -> None:
    """Take away every rule of the directions and write those of the inputs."""
    client = cloud.client("ec2")
    for direction in directions:
        of_group = [{"Name": "group-id", "Values": [identifier]}]
        rules = client.describe_security_group_rules(Filters=of_group)["SecurityGroupRules"]
        old = [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"] == (direction == "egress")]
        if old:
            getattr(client, f"revoke_security_group_{direction}")(GroupId=identifier, SecurityGroupRuleIds=old)
        wanted = [_permission(rule, identifier) for rule in inputs.get(direction) or []]
        if wanted:
            getattr(client, f"authorize_security_group_{direction}")(GroupId=identifier, IpPermissions=wanted)


TYPES = (SecurityGroup(), DefaultSecurityGroup(), SecurityGroupIngressRule(), SecurityGroupEgressRule())
