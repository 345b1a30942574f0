"""The same service accounts may do the same things on every cloud, and nothing else. Source: CLU-5, SEC-5, SEC-6."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from components.identity import policy_linter
from components.identity.policy_linter import PolicyKind
from stacks.foundation import Access, Grant
from tests.unit.conftest import Programs
from tests.unit.parity import reasons
from tests.unit.parity.claims import AWS, AZURE, OPENSHIFT, Claim, cases, unlike
from tests.unit.parity.reading import aws_key
from tests.unit.programs import Binding, Program
from tests.unit.recording import ACCOUNT

ZONES = ("raw", "curated", "archive")
READING = {"s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject", "s3:GetObjectVersion"}
WRITING = {
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
}
KEY_USE = {"kms:Decrypt", "kms:GenerateDataKey"}
SECRET_USE = {"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}
BLOB_ROLES = {
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": Access.READ,
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": Access.WRITE,
}
SECRETS_USER, DNS_CONTRIBUTOR = "4633458b-17de-408a-b874-0445c86b69e6", "befefa01-2a29-4197-83a8-272ff33ce314"
ASSIGNMENT = "azure-native:authorization:RoleAssignment"

# what a service account may do: resource and access, in the words of a grant
Reach = set[tuple[str, str]]


@pytest.mark.parametrize("stack", ["dev", "prod", "azure-dev", "azure-prod", "openshift-dev", "openshift-prod"])
def test_the_same_accounts_have_the_same_grants(programs: Programs, stack: str) -> None:
    profile = stack.rpartition("-")[2]
    everywhere: dict[str, Sequence[Grant]] = {}
    for each in (profile, f"azure-{profile}", f"openshift-{profile}"):
        for account, binding in programs(each).bindings.items():
            is_excused = programs(each).cloud in reasons.grants().get(account, {})
            is_same = everywhere.setdefault(account, binding.grants) == binding.grants
            assert is_same is not is_excused, f"{account} on {each}"
    program = programs(stack)
    missing = everywhere.keys() - program.bindings.keys()
    excused = {account for account, written in reasons.accounts().items() if {program.cloud, stack} & written.keys()}
    assert missing == excused & everywhere.keys()


def on_bucket(resource: str, program: Program) -> str:
    """The grant's word for the bucket of an ARN."""
    name = resource.removeprefix(f"arn:aws:s3:::{program.settings.lake.name_prefix}-").partition("/")[0]
    return f"lake/{name}" if name in ZONES else f"bucket/{name}"


def aws_reach(program: Program, account: str) -> Reach:
    """What the policy of an account's role allows."""
    name = f"identity-{account.replace('/', '-')}-policy"
    policy = json.loads(program.engine.only("aws:iam/rolePolicy:RolePolicy", name).inputs["policy"])
    return {found for statement in policy["Statement"] for found in aws_statement(statement, program)}


def aws_statement(statement: Mapping[str, Any], program: Program) -> Iterator[tuple[str, str]]:
    resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    actions = set(statement["Action"])
    services = {action.partition(":")[0] for action in actions}
    if services == {"s3"} and actions <= READING | WRITING:
        access = Access.WRITE if actions & WRITING else Access.READ
        yield from ((on_bucket(resource, program), access) for resource in resources)
    elif services == {"kms"} and actions <= KEY_USE:
        yield from (
            (resource, "key") for resource in resources if resource not in {aws_key("lake"), aws_key("secrets")}
        )
    elif services == {"secretsmanager"} and actions <= SECRET_USE:
        yield from ((on_secret(resource, program), Access.READ) for resource in resources)
    elif services == {"route53"}:
        yield from on_records(statement, program)
    else:
        yield str(resources), str(sorted(actions))


def on_secret(resource: str, program: Program) -> str:
    """The grant's word for secrets: those of the stack's own prefix, those of the cloud's, and people's by name."""
    name = resource.partition(":secret:")[2]
    own = f"{program.settings.kubernetes.cluster_name}/"
    supplied = "*" not in name and (name.endswith("-??????") or name.startswith("rds!"))
    return "secret" if name == f"{own}*" or supplied else f"secret/{name.removeprefix(own).removesuffix('/*')}"


def on_records(statement: Mapping[str, Any], program: Program) -> Iterator[tuple[str, str]]:
    """Changes are bounded by names and types of records; looking at them needs no bound."""
    if statement["Action"] != ["route53:ChangeResourceRecordSets"]:
        return
    domain = program.settings.organisation.base_domain
    condition = statement["Condition"]
    names = condition["ForAllValues:StringLike"]["route53:ChangeResourceRecordSetsNormalizedRecordNames"]
    types = condition["ForAllValues:StringEquals"]["route53:ChangeResourceRecordSetsRecordTypes"]
    label = names[0].removesuffix(domain).removesuffix(".")
    if label and types != ["TXT"]:
        yield f"{types} of {names}", Access.WRITE
    yield f"dns/{label}" if label else "dns", Access.WRITE


def azure_reach(program: Program, account: str) -> Reach:
    """What the roles of an account's identity allow."""
    principal = f"principal-of-{program.settings.kubernetes.cluster_name}-{account.replace('/', '-')}"
    return {
        azure_role(item.inputs["roleDefinitionId"].rpartition("/")[2], item.inputs["scope"])
        for item in program.engine.of_type(ASSIGNMENT)
        if item.inputs["principalId"] == principal
    }


def azure_role(role: str, scope: str) -> tuple[str, str]:
    if role in BLOB_ROLES:
        name = scope.removeprefix("lake-lake-").removeprefix("lake-backup-").removesuffix("-id")
        return (f"lake/{name}" if name in ZONES else f"bucket/{name}"), BLOB_ROLES[role]
    if role == SECRETS_USER and scope.startswith("secrets-vault-id"):
        path = scope.removeprefix("secrets-vault-id").removeprefix("/secrets/")
        return (f"secret/{path}" if path else "secret"), Access.READ
    if scope == "dns-id":
        return {DNS_CONTRIBUTOR: "dns", "identity-challenges-id": "dns/_acme-challenge"}[role], Access.WRITE
    return scope, role


def wanted(binding: Binding) -> Reach:
    """What the grants name; who may write may read as well, and a bucket's address is read with it."""
    return {(grant.resource, access) for grant in binding.grants for access in (grant.access, Access.READ)}


def aws_granted(program: Program) -> list[str]:
    return beyond(program, {account: aws_reach(program, account) for account in program.bindings})


def azure_granted(program: Program) -> list[str]:
    return beyond(program, {account: azure_reach(program, account) for account in program.bindings})


def beyond(program: Program, found: Mapping[str, Reach]) -> list[str]:
    """What an account may do beyond its grants, and which grant it has not."""
    findings: list[str] = []
    for account, reach in found.items():
        binding = program.bindings[account]
        findings += [f"{account} may {access} {resource}" for resource, access in sorted(reach - wanted(binding))]
        granted = {(grant.resource, str(grant.access)) for grant in binding.grants}
        findings += [f"{account} may not {access} {resource}" for resource, access in sorted(granted - reach)]
    return findings if found else ["nobody has grants"]


def openshift_granted(program: Program) -> list[str]:
    """Accounts that share one pair of keys: what one may do, all may."""
    paths = [binding.given.credentials.vault_name for binding in program.bindings.values() if binding.given.credentials]
    return [] if len(set(paths)) == len(paths) else [f"{path} is shared" for path in sorted(set(paths))]


def aws_trusted(program: Program) -> list[str]:
    """The role trusts the pods of one service account of one cluster, and an association names it."""
    findings: list[str] = []
    for account in program.bindings:
        name = f"identity-{account.replace('/', '-')}"
        trust = json.loads(program.engine.only("aws:iam/role:Role", name).inputs["assumeRolePolicy"])
        (statement,) = trust["Statement"]
        tags = {key.rpartition("/")[2]: value for key, value in statement["Condition"]["StringEquals"].items()}
        association = program.engine.only("aws:eks/podIdentityAssociation:PodIdentityAssociation", name).inputs
        namespace, _, own = account.partition("/")
        findings += unlike(
            ("pods.eks.amazonaws.com", ACCOUNT, namespace, own, namespace, own),
            (
                statement["Principal"]["Service"],
                tags["aws:SourceAccount"],
                tags["kubernetes-namespace"],
                tags["kubernetes-service-account"],
                association["namespace"],
                association["serviceAccount"],
            ),
        )
    return findings


def azure_trusted(program: Program) -> list[str]:
    """The identity trusts tokens of one service account, signed by this cluster, for Entra alone."""
    found = {
        item.name: (item.inputs["subject"], item.inputs["issuer"], item.inputs["audiences"])
        for item in program.engine.of_type("azure-native:managedidentity:FederatedIdentityCredential")
    }
    issuer, audience = "https://oidc.example/tenant/id", ["api://AzureADTokenExchange"]
    accounts = {
        f"identity-{account.replace('/', '-')}": (
            f"system:serviceaccount:{account.replace('/', ':')}",
            issuer,
            audience,
        )
        for account in program.bindings
    }
    return unlike(accounts, found)


def openshift_trusted(program: Program) -> list[str]:
    """Keys are in the account's own namespace, and an account that needs none has none."""
    wanted_keys = {
        f"{account.partition('/')[0]}/{account.partition('/')[2]}-object-store"
        for account, binding in program.bindings.items()
        if any(grant.resource.partition("/")[0] in {"lake", "bucket"} for grant in binding.grants)
    }
    found = {name for name in program.of_kind("ExternalSecret") if name.endswith("-object-store")}
    return unlike(wanted_keys, found)


def aws_single(program: Program) -> list[str]:
    """No policy covers resources that it does not name, but where AWS knows no names."""
    findings: list[str] = []
    for item in program.engine.of_type("aws:iam/rolePolicy:RolePolicy"):
        findings += policy_linter.lint(json.loads(item.inputs["policy"]), PolicyKind.IDENTITY)
    return findings


def azure_single(program: Program) -> list[str]:
    """No role is given for a resource group or a subscription."""
    groups = {
        item.inputs["resourceGroupName"] for item in program.engine.of_type("azure-native:resources:ResourceGroup")
    }
    assert groups, "nothing would be found"
    wide = [
        item.name
        for item in program.engine.of_type(ASSIGNMENT)
        if item.inputs["scope"].startswith("/subscriptions/") or item.inputs["scope"] in groups
    ]
    return wide if program.engine.of_type(ASSIGNMENT) else ["nobody has a role"]


def openshift_single(program: Program) -> list[str]:
    """The one constraint that the platform adds is for named accounts, and grants nothing but to read files."""
    found = program.of_kind("SecurityContextConstraints")
    return [
        name
        for name, constraint in found.items()
        if constraint["groups"] or not constraint["users"] or constraint["allowPrivilegedContainer"]
    ]


CLAIMS = [
    Claim(
        "identity",
        "a service account may do what its grants name and nothing else",
        {AWS: aws_granted, AZURE: azure_granted, OPENSHIFT: openshift_granted},
    ),
    Claim(
        "identity",
        "only the account's own pods act as it",
        {AWS: aws_trusted, AZURE: azure_trusted, OPENSHIFT: openshift_trusted},
    ),
    Claim(
        "identity",
        "nothing is granted beyond single resources",
        {AWS: aws_single, AZURE: azure_single, OPENSHIFT: openshift_single},
    ),
]


@pytest.mark.parametrize(("claim", "stack"), cases(CLAIMS))
def test_identity(claim: Claim, stack: str, programs: Programs) -> None:
    claim.judge(programs(stack))
