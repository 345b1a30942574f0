"""Images are kept alike on every cloud. Source: A-5, A-18, SEC-16, POL-6."""

import json
from typing import Any

import pytest

from components.registry.repositories import repository_names
from tests.unit.conftest import Programs
from tests.unit.parity.claims import AWS, AZURE, OPENSHIFT, Claim, cases, failing, unlike
from tests.unit.parity.reading import aws_key, azure_key, unkept, unlogged
from tests.unit.programs import Program

REPOSITORY, REGISTRY = "aws:ecr/repository:Repository", "azure-native:containerregistry:Registry"
STREAM = "kubernetes:image.openshift.io/v1:ImageStream"
PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"


def openshifts(program: Program) -> list[str]:
    """What is the owner's of the cluster's registry."""
    return ["the registry is the cluster's"] if program.engine.of_type(STREAM) else []


def aws_images(program: Program) -> list[str]:
    found = {item.inputs["name"].rpartition("/")[2] for item in program.engine.of_type(REPOSITORY)}
    return unlike(set(repository_names()), found)


def azure_images(program: Program) -> list[str]:
    """A registry of Azure makes a repository at the first push."""
    return unlike(1, len(program.engine.of_type(REGISTRY)))


def openshift_images(program: Program) -> list[str]:
    found = {item.inputs["metadata"]["name"] for item in program.engine.of_type(STREAM)}
    return unlike(set(repository_names()), found)


def aws_encrypted(program: Program) -> list[str]:
    wanted = [{"encryptionType": "KMS", "kmsKey": aws_key("registry")}]
    return failing(program.engine.of_type(REPOSITORY), lambda each: each["encryptionConfigurations"] == wanted)


def azure_encrypted(program: Program) -> list[str]:
    key = azure_key(program, "registry")

    def is_encrypted(registry: dict[str, Any]) -> bool:
        encryption = registry["encryption"]
        return (encryption["status"], encryption["keyVaultProperties"]["keyIdentifier"]) == ("enabled", key)

    return failing(program.engine.of_type(REGISTRY), is_encrypted)


def aws_closed(program: Program) -> list[str]:
    """Only a policy of a repository could open it, and there is none."""
    return [item.name for item in program.engine.of_type("aws:ecr/repositoryPolicy:RepositoryPolicy")]


def azure_closed(program: Program) -> list[str]:
    return failing(
        program.engine.of_type(REGISTRY),
        lambda registry: (
            registry["publicNetworkAccess"] == "Disabled"
            and not registry["adminUserEnabled"]
            and not registry["anonymousPullEnabled"]
        ),
    )


def aws_pullers(program: Program) -> list[str]:
    """The nodes' role may pull, and not push."""
    attached = program.engine.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    found = {item.inputs["policyArn"].rpartition("/")[2] for item in attached if "Registry" in item.name}
    return unlike({"AmazonEC2ContainerRegistryPullOnly"}, found)


def azure_pullers(program: Program) -> list[str]:
    found = [
        (item.inputs["principalId"], item.inputs["roleDefinitionId"].rpartition("/")[2])
        for item in program.engine.of_type("azure-native:authorization:RoleAssignment")
        if item.inputs["scope"] == "registry-id"
    ]
    return unlike([(f"principal-of-{program.settings.kubernetes.cluster_name}-kubelet", PULL)], found)


def openshift_pullers(program: Program) -> list[str]:
    binding = program.of_kind("RoleBinding")["biz-automation-images/image-pullers"]
    namespaces = {item.inputs["metadata"]["name"] for item in program.engine.of_type("kubernetes:core/v1:Namespace")}
    pullers = {subject["name"].removeprefix("system:serviceaccounts:") for subject in binding["subjects"]}
    return unlike("system:image-puller", binding["roleRef"]["name"]) + sorted(pullers - namespaces)


def aws_swept(program: Program) -> list[str]:
    """Images without a tag end after a week."""

    def sweeps(policy: dict[str, Any]) -> bool:
        chosen = [rule["selection"] for rule in json.loads(policy["policy"])["rules"]]
        return any((each["tagStatus"], each["countNumber"]) == ("untagged", 7) for each in chosen)

    return failing(program.engine.of_type("aws:ecr/lifecyclePolicy:LifecyclePolicy"), sweeps)


def azure_swept(program: Program) -> list[str]:
    return failing(
        program.engine.of_type(REGISTRY),
        lambda registry: registry["policies"]["retentionPolicy"] == {"status": "enabled", "days": 7},
    )


def aws_logged(program: Program) -> list[str]:
    return failing(program.engine.of_type("aws:cloudtrail/trail:Trail"), lambda trail: trail["enableLogging"])


def azure_logged(program: Program) -> list[str]:
    return unlogged(program, "registry-logs")


def aws_fixed(program: Program) -> list[str]:
    """A tag never moves."""
    return failing(program.engine.of_type(REPOSITORY), lambda each: each["imageTagMutability"] == "IMMUTABLE")


def aws_scanned(program: Program) -> list[str]:
    return failing(program.engine.of_type(REPOSITORY), lambda each: each["imageScanningConfiguration"]["scanOnPush"])


def azure_fixed(program: Program) -> list[str]:
    return failing(program.engine.of_type(REGISTRY), lambda registry: registry.get("imageTagMutability") == "IMMUTABLE")


def azure_scanned(program: Program) -> list[str]:
    plans = program.engine.of_type("azure-native:security:Pricing")
    return failing(plans, lambda plan: plan["pricingName"] == "Containers")


def aws_kept(program: Program) -> list[str]:
    return failing(program.engine.of_type(REPOSITORY), lambda each: each["forceDelete"] is False)


def azure_kept(program: Program) -> list[str]:
    return unkept(program.engine.of_type(REGISTRY), retained=False)


CLAIMS = [
    Claim(
        "registry", "has a place for each image", {AWS: aws_images, AZURE: azure_images, OPENSHIFT: openshift_images}
    ),
    Claim(
        "registry",
        "encrypted with a key of our own",
        {AWS: aws_encrypted, AZURE: azure_encrypted, OPENSHIFT: openshifts},
    ),
    Claim("registry", "closed to the public", {AWS: aws_closed, AZURE: azure_closed, OPENSHIFT: openshifts}),
    Claim(
        "registry",
        "who pulls may do nothing else",
        {AWS: aws_pullers, AZURE: azure_pullers, OPENSHIFT: openshift_pullers},
    ),
    Claim("registry", "untagged images end after a week", {AWS: aws_swept, AZURE: azure_swept, OPENSHIFT: openshifts}),
    Claim("registry", "a tag never moves", {AWS: aws_fixed, AZURE: azure_fixed, OPENSHIFT: openshifts}),
    Claim("registry", "each push is scanned", {AWS: aws_scanned, AZURE: azure_scanned, OPENSHIFT: openshifts}),
    Claim("registry", "logs every access", {AWS: aws_logged, AZURE: azure_logged, OPENSHIFT: openshifts}),
    Claim(
        "registry",
        "nobody deletes its images by mistake",
        {AWS: aws_kept, AZURE: azure_kept, OPENSHIFT: openshifts},
        ("prod",),
    ),
]


@pytest.mark.parametrize(("claim", "stack"), cases(CLAIMS))
def test_registry(claim: Claim, stack: str, programs: Programs) -> None:
    claim.judge(programs(stack))
