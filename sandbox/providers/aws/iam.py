"""IAM: roles, policies, their attachments, instance profiles and OpenID Connect providers."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import urlparse

from typing_extensions import override

from sandbox.providers.aws import names, policy_grammar
from sandbox.providers.aws.cloud import Cloud
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties, ResourceType, Setting
from sandbox.providers.aws.shapes import given, moment
from sandbox.providers.aws.tagging import TagCalls, as_properties, as_request


class Role(ResourceType):
    """Resource ``aws.iam.Role``."""

    token = "aws:iam/role:Role"  # noqa: S105 - a type token
    service = "iam"
    label = "IAM Role"
    replaces = frozenset({"name", "namePrefix", "path"})
    defaults: ClassVar = {"path": "/", "maxSessionDuration": 3600, "forceDetachPolicies": False}
    policies: ClassVar = {"assumeRolePolicy": policy_grammar.TRUST}
    references = (Reference("permissionsBoundary", "IAM policy"), Reference("managedPolicyArns", "IAM policy"))
    automatic_name = "name"
    name_length = 64
    unread = frozenset({"forceDetachPolicies"})
    tag_calls = TagCalls("tag_role", "untag_role", "RoleName")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.ROLE.problems("name", inputs.get("name"))
        yield from names.within("maxSessionDuration", inputs.get("maxSessionDuration"), 3600, 43200)
        yield from _path_problems(inputs)

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        cloud.client("iam").create_role(
            RoleName=inputs["name"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            Tags=as_request(inputs.get("tags")),
            **given(inputs, ("path", "description", "maxSessionDuration", "permissionsBoundary")),
        )
        for arn in inputs.get("managedPolicyArns") or []:
            cloud.client("iam").attach_role_policy(RoleName=inputs["name"], PolicyArn=arn)
        return inputs["name"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("iam")
        role = client.get_role(RoleName=identifier)["Role"]
        attached = client.list_attached_role_policies(RoleName=identifier)["AttachedPolicies"]
        return {
            "name": role["RoleName"],
            "arn": role["Arn"],
            "assumeRolePolicy": json.dumps(role["AssumeRolePolicyDocument"]),
            "createDate": moment(role["CreateDate"]),
            "description": role.get("Description") or None,
            "managedPolicyArns": [policy["PolicyArn"] for policy in attached],
            "maxSessionDuration": role["MaxSessionDuration"],
            "path": role["Path"],
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tags": as_properties(role.get("Tags")),
            "uniqueId": role["RoleId"],
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        client = cloud.client("iam")
        if "assumeRolePolicy" in changed:
            client.update_assume_role_policy(RoleName=identifier, PolicyDocument=new["assumeRolePolicy"])
        if changed & {"description", "maxSessionDuration"}:
            client.update_role(
                RoleName=identifier,
                Description=new.get("description") or "",
                MaxSessionDuration=self.wanted(new, "maxSessionDuration"),
            )
        if "permissionsBoundary" in changed and new.get("permissionsBoundary"):
            client.put_role_permissions_boundary(RoleName=identifier, PermissionsBoundary=new["permissionsBoundary"])
        elif "permissionsBoundary" in changed:
            client.delete_role_permissions_boundary(RoleName=identifier)
        if "managedPolicyArns" in changed:
            before, after = set(old.get("managedPolicyArns") or []), set(new.get("managedPolicyArns") or [])
            for arn in before - after:
                client.detach_role_policy(RoleName=identifier, PolicyArn=arn)
            for arn in after - before:
                client.attach_role_policy(RoleName=identifier, PolicyArn=arn)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        client = cloud.client("iam")
        attached = client.list_attached_role_policies(RoleName=identifier)["AttachedPolicies"]
        arns = {policy["PolicyArn"] for policy in attached}
        for arn in arns if known.get("forceDetachPolicies") else arns & set(known.get("managedPolicyArns") or []):
            client.detach_role_policy(RoleName=identifier, PolicyArn=arn)
        client.delete_role(RoleName=identifier)

    @override
    def tag_target(self, identifier: str, known: Properties) -> str:
        return identifier


class RolePolicy(Setting):
    """Resource ``aws.iam.RolePolicy``: an inline policy."""

    token = "aws:iam/rolePolicy:RolePolicy"  # noqa: S105 - a type token
    service = "iam"
    label = "IAM Role Policy"
    replaces = frozenset({"name", "namePrefix", "role"})
    policies: ClassVar = {"policy": policy_grammar.INLINE}
    references = (Reference("role", "IAM role"),)
    automatic_name = "name"
    name_length = 128

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.POLICY.problems("name", inputs.get("name"))

    @override
    def identify(self, cloud: Cloud, inputs: Properties) -> str:
        return f"{inputs['role']}:{inputs['name']}"

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        cloud.client("iam").put_role_policy(
            RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
        )

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        role, name = identifier.split(":", 1)
        answer = cloud.client("iam").get_role_policy(RoleName=role, PolicyName=name)
        return {"role": role, "name": name, "policy": json.dumps(answer["PolicyDocument"])}

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        role, name = identifier.split(":", 1)
        cloud.client("iam").delete_role_policy(RoleName=role, PolicyName=name)


class Policy(ResourceType):
    """Resource ``aws.iam.Policy``: a managed policy; a change makes a new default version."""

    token = "aws:iam/policy:Policy"  # noqa: S105 - a type token
    service = "iam"
    label = "IAM Policy"
    replaces = frozenset({"description", "name", "namePrefix", "path"})
    defaults: ClassVar = {"path": "/"}
    policies: ClassVar = {"policy": policy_grammar.MANAGED}
    automatic_name = "name"
    name_length = 128
    unread = frozenset({"delayAfterPolicyCreationInMs"})
    tag_calls = TagCalls("tag_policy", "untag_policy", "PolicyArn")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.POLICY.problems("name", inputs.get("name"))
        yield from _path_problems(inputs)

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        answer = cloud.client("iam").create_policy(
            PolicyName=inputs["name"],
            PolicyDocument=inputs["policy"],
            Tags=as_request(inputs.get("tags")),
            **given(inputs, ("path", "description")),
        )
        return answer["Policy"]["Arn"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("iam")
        policy = client.get_policy(PolicyArn=identifier)["Policy"]
        version = client.get_policy_version(PolicyArn=identifier, VersionId=policy["DefaultVersionId"])
        return {
            "arn": identifier,
            "attachmentCount": policy["AttachmentCount"],
            "description": policy.get("Description") or None,
            "name": policy["PolicyName"],
            "path": policy["Path"],
            "policy": json.dumps(version["PolicyVersion"]["Document"]),
            "policyId": policy["PolicyId"],
            "tags": as_properties(policy.get("Tags")),
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        client = cloud.client("iam")
        versions = client.list_policy_versions(PolicyArn=identifier)["Versions"]
        if len(versions) >= 5:  # AWS keeps five
            oldest = min(
                (item for item in versions if not item["IsDefaultVersion"]), key=lambda item: item["CreateDate"]
            )
            client.delete_policy_version(PolicyArn=identifier, VersionId=oldest["VersionId"])
        client.create_policy_version(PolicyArn=identifier, PolicyDocument=new["policy"], SetAsDefault=True)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        client = cloud.client("iam")
        for version in client.list_policy_versions(PolicyArn=identifier)["Versions"]:
            if not version["IsDefaultVersion"]:
                client.delete_policy_version(PolicyArn=identifier, VersionId=version["VersionId"])
        client.delete_policy(PolicyArn=identifier)


class RolePolicyAttachment(ResourceType):
    """Resource ``aws.iam.RolePolicyAttachment``."""

    token = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"  # noqa: S105 - a type token
    service = "iam"
    label = "IAM Role Policy Attachment"
    replaces = frozenset({"policyArn", "role"})
    references = (Reference("role", "IAM role"), Reference("policyArn", "IAM policy"))

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        cloud.client("iam").attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return f"{inputs['role']}/{inputs['policyArn']}"

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        role, arn = identifier.split("/", 1)
        attached = cloud.client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        if all(policy["PolicyArn"] != arn for policy in attached):
            return None
        return {"role": role, "policyArn": arn}

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        role, arn = identifier.split("/", 1)
        cloud.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn)


class InstanceProfile(ResourceType):
    """Resource ``aws.iam.InstanceProfile``."""

    token = "aws:iam/instanceProfile:InstanceProfile"  # noqa: S105 - a type token
    service = "iam"
    label = "IAM Instance Profile"
    replaces = frozenset({"name", "namePrefix", "path"})
    defaults: ClassVar = {"path": "/"}
    references = (Reference("role", "IAM role"),)
    automatic_name = "name"
    name_length = 128
    tag_calls = TagCalls("tag_instance_profile", "untag_instance_profile", "InstanceProfileName")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.INSTANCE_PROFILE.problems("name", inputs.get("name"))
        yield from _path_problems(inputs)

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        client = cloud.client("iam")
        client.create_instance_profile(
            InstanceProfileName=inputs["name"], Tags=as_request(inputs.get("tags")), **given(inputs, ("path",))
        )
        if inputs.get("role"):
            client.add_role_to_instance_profile(InstanceProfileName=inputs["name"], RoleName=inputs["role"])
        return inputs["name"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        profile = cloud.client("iam").get_instance_profile(InstanceProfileName=identifier)["InstanceProfile"]
        roles: list[dict[str, Any]] = profile["Roles"]
        return {
            "arn": profile["Arn"],
            "createDate": moment(profile["CreateDate"]),
            "name": profile["InstanceProfileName"],
            "path": profile["Path"],
            "role": roles[0]["RoleName"] if roles else None,
            "tags": as_properties(profile.get("Tags")),
            "uniqueId": profile["InstanceProfileId"],
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        client = cloud.client("iam")
        if old.get("role"):
            client.remove_role_from_instance_profile(InstanceProfileName=identifier, RoleName=old["role"])
        if new.get("role"):
            client.add_role_to_instance_profile(InstanceProfileName=identifier, RoleName=new["role"])

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        client = cloud.client("iam")
        profile = client.get_instance_profile(InstanceProfileName=identifier)["InstanceProfile"]
        for role in profile["Roles"]:
            client.remove_role_from_instance_profile(InstanceProfileName=identifier, RoleName=role["RoleName"])
        client.delete_instance_profile(InstanceProfileName=identifier)

    @override
    def tag_target(self, identifier: str, known: Properties) -> str:
        return identifier


class OpenIdConnectProvider(ResourceType):
    """Resource ``aws.iam.OpenIdConnectProvider``."""

    token = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"  # noqa: S105 - a type token
    service = "iam"
    label = "IAM OIDC Provider"
    replaces = frozenset({"url"})
    tag_calls = TagCalls("tag_open_id_connect_provider", "untag_open_id_connect_provider", "OpenIDConnectProviderArn")
    exclusive = True

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        url = inputs.get("url")
        if isinstance(url, str) and (urlparse(url).scheme != "https" or not urlparse(url).netloc):
            yield "url", f"{url!r} must begin with https:// and name a host"
        if inputs.get("clientIdLists") == []:
            yield "clientIdLists", "is empty; name at least one audience, e.g. sts.amazonaws.com"
        for print_ in inputs.get("thumbprintLists") or []:
            if isinstance(print_, str) and len(print_) != 40:
                yield "thumbprintLists", f"{print_!r} must have 40 hexadecimal digits"

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        answer = cloud.client("iam").create_open_id_connect_provider(
            Url=inputs["url"],
            ClientIDList=inputs["clientIdLists"],
            Tags=as_request(inputs.get("tags")),
            **given(inputs, {"thumbprintLists": "ThumbprintList"}),
        )
        return answer["OpenIDConnectProviderArn"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        provider = cloud.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=identifier)
        url = provider["Url"]
        return {
            "arn": identifier,
            "clientIdLists": provider["ClientIDList"],
            "tags": as_properties(provider.get("Tags")),
            "thumbprintLists": provider.get("ThumbprintList", []),
            "url": url if url.startswith("https://") else f"https://{url}",
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        client = cloud.client("iam")
        if "thumbprintLists" in changed:
            client.update_open_id_connect_provider_thumbprint(
                OpenIDConnectProviderArn=identifier, ThumbprintList=new.get("thumbprintLists") or []
            )
        if "clientIdLists" in changed:
            # moto cannot change the audiences; a provider of the same URL has the same ARN, so make it again
            client.delete_open_id_connect_provider(OpenIDConnectProviderArn=identifier)
            self.create(cloud, new)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=identifier)


def _path_problems(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    path = inputs.get("path")
    if isinstance(path, str) and not (path.startswith("/") and path.endswith("/")):
        yield "path", f"{path!r} must begin and end with /"


TYPES = (Role(), RolePolicy(), Policy(), RolePolicyAttachment(), InstanceProfile(), OpenIdConnectProvider())
