"""ECR: repositories, their policies, and how the registry scans."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import names, policy_grammar
from sandbox.providers.aws.cloud import Cloud, only
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties, ResourceType, Setting
from sandbox.providers.aws.tagging import TagCalls, as_properties, as_request

_PLAIN = {"encryptionType": "AES256", "kmsKey": ""}


class Repository(ResourceType):
    """Resource ``aws.ecr.Repository``."""

    token = "aws:ecr/repository:Repository"  # noqa: S105 - a type token
    service = "ecr"
    label = "ECR Repository"
    replaces = frozenset({"encryptionConfigurations", "name"})
    defaults: ClassVar = {"forceDelete": False, "imageTagMutability": "MUTABLE"}
    computed = frozenset({"encryptionConfigurations.kmsKey"})
    references = (Reference("encryptionConfigurations.kmsKey", "KMS key"),)
    automatic_name = "name"
    name_length = 256
    unread = frozenset({"forceDelete"})
    tag_calls = TagCalls("tag_resource", "untag_resource", "resourceArn", "tags", "tagKeys")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.REPOSITORY.problems("name", inputs.get("name"))
        allowed = ("MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION")
        yield from names.one_of("imageTagMutability", inputs.get("imageTagMutability"), allowed)
        for encryption in inputs.get("encryptionConfigurations") or []:
            kind = encryption.get("encryptionType") if isinstance(encryption, dict) else None
            yield from names.one_of("encryptionConfigurations", kind, ("AES256", "KMS", "KMS_DSSE"))

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        encryption: dict[str, Any] = (inputs.get("encryptionConfigurations") or [_PLAIN])[0]
        cloud.client("ecr").create_repository(
            repositoryName=inputs["name"],
            imageTagMutability=self.wanted(inputs, "imageTagMutability"),
            imageScanningConfiguration=inputs.get("imageScanningConfiguration") or {"scanOnPush": False},
            encryptionConfiguration={key: value for key, value in encryption.items() if value},
            tags=as_request(inputs.get("tags")),
        )
        return inputs["name"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("ecr")
        repository = only(client.describe_repositories(repositoryNames=[identifier])["repositories"])
        arn = repository["repositoryArn"]
        return {
            "arn": arn,
            "encryptionConfigurations": [{**_PLAIN, **repository.get("encryptionConfiguration", {})}],
            "imageScanningConfiguration": repository.get("imageScanningConfiguration"),
            "imageTagMutability": repository["imageTagMutability"],
            "name": identifier,
            "registryId": repository["registryId"],
            "repositoryUrl": repository["repositoryUri"],
            "tags": as_properties(client.list_tags_for_resource(resourceArn=arn)["tags"]),
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        client = cloud.client("ecr")
        if "imageTagMutability" in changed:
            mutability = self.wanted(new, "imageTagMutability")
            client.put_image_tag_mutability(repositoryName=identifier, imageTagMutability=mutability)
        if "imageScanningConfiguration" in changed:
            scanning = new.get("imageScanningConfiguration") or {"scanOnPush": False}
            client.put_image_scanning_configuration(repositoryName=identifier, imageScanningConfiguration=scanning)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("ecr").delete_repository(repositoryName=identifier, force=bool(known.get("forceDelete")))


class LifecyclePolicy(Setting):
    """Resource ``aws.ecr.LifecyclePolicy``."""

    token = "aws:ecr/lifecyclePolicy:LifecyclePolicy"  # noqa: S105 - a type token
    service = "ecr"
    label = "ECR Lifecycle Policy"
    replaces = frozenset({"repository"})
    references = (Reference("repository", "ECR repository"),)

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        for reason in _lifecycle_problems(inputs.get("policy")):
            yield "policy", f"is not a valid lifecycle policy: {reason}"

    @override
    def identify(self, cloud: Cloud, inputs: Properties) -> str:
        return inputs["repository"]

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        policy: Any = inputs["policy"]
        text = policy if isinstance(policy, str) else json.dumps(policy)
        cloud.client("ecr").put_lifecycle_policy(repositoryName=identifier, lifecyclePolicyText=text)

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        answer = cloud.client("ecr").get_lifecycle_policy(repositoryName=identifier)
        policy: Any = answer["lifecyclePolicyText"]
        return {
            "policy": json.loads(policy) if isinstance(known.get("policy"), dict) else policy,
            "registryId": answer["registryId"],
            "repository": identifier,
        }

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("ecr").delete_lifecycle_policy(repositoryName=identifier)


class RepositoryPolicy(Setting):
    """Resource ``aws.ecr.RepositoryPolicy``."""

    token = "aws:ecr/repositoryPolicy:RepositoryPolicy"  # noqa: S105 - a type token
    service = "ecr"
    label = "ECR Repository Policy"
    replaces = frozenset({"repository"})
    policies: ClassVar = {"policy": policy_grammar.REPOSITORY}
    references = (Reference("repository", "ECR repository"),)

    @override
    def identify(self, cloud: Cloud, inputs: Properties) -> str:
        return inputs["repository"]

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        cloud.client("ecr").set_repository_policy(repositoryName=identifier, policyText=inputs["policy"])

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        answer = cloud.client("ecr").get_repository_policy(repositoryName=identifier)
        return {"policy": answer["policyText"], "registryId": answer["registryId"], "repository": identifier}

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("ecr").delete_repository_policy(repositoryName=identifier)


class RegistryScanningConfiguration(Setting):
    """Resource ``aws.ecr.RegistryScanningConfiguration``: one for each account and region."""

    token = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"  # noqa: S105 - a type token
    service = "ecr"
    label = "ECR Registry Scanning Configuration"
    exclusive = True

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.one_of("scanType", inputs.get("scanType"), ("BASIC", "ENHANCED"))
        for rule in inputs.get("rules") or []:
            frequency = rule.get("scanFrequency") if isinstance(rule, dict) else None
            yield from names.one_of("rules", frequency, ("SCAN_ON_PUSH", "CONTINUOUS_SCAN", "MANUAL"))
            if frequency == "CONTINUOUS_SCAN" and inputs.get("scanType") == "BASIC":
                yield "rules", "CONTINUOUS_SCAN needs scanType = ENHANCED"

    @override
    def identify(self, cloud: Cloud, inputs: Properties) -> str:
        return cloud.account

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        rules = inputs.get("rules") or []
        cloud.client("ecr").put_registry_scanning_configuration(scanType=inputs["scanType"], rules=rules)

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        answer = cloud.client("ecr").get_registry_scanning_configuration()["scanningConfiguration"]
        return {"registryId": identifier, "scanType": answer["scanType"], "rules": answer.get("rules", [])}

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        """Put back what a new account has."""
        cloud.client("ecr").put_registry_scanning_configuration(scanType="BASIC", rules=[])


def _lifecycle_problems(policy: Any) -> Iterator[str]:
    """Say what is wrong with a lifecycle policy: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html."""
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except json.JSONDecodeError as error:
            yield f"it is not JSON ({error})"
            return
    if not isinstance(policy, dict):
        return
    rules: Any = policy.get("rules")
    if not isinstance(rules, list) or not rules:
        yield "rules is missing or empty"
        return
    priorities = [rule.get("rulePriority") for rule in rules]
    if len(set(priorities)) != len(priorities):
        yield f"rulePriority must be different in every rule; given: {priorities}"
    for rule in rules:
        selection = rule.get("selection") or {}
        by_age = selection.get("countType") == "sinceImagePushed"
        if by_age != ("countUnit" in selection):
            yield "countUnit belongs to the countType sinceImagePushed, and only to it"
        if selection.get("tagStatus") == "tagged" and not ({"tagPrefixList", "tagPatternList"} & selection.keys()):
            yield "the tagStatus tagged needs tagPrefixList or tagPatternList"


TYPES = (Repository(), LifecyclePolicy(), RepositoryPolicy(), RegistryScanningConfiguration())
