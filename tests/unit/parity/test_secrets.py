"""Credentials are made, kept and read alike on every cloud. Source: SEC-5, SEC-6, SEC-10, SEC-11, DB-2."""

from typing import Any

import pytest

from components.secrets import inventory, secrets_of
from stacks.foundation import Access, Grant
from tests.unit.conftest import Programs
from tests.unit.parity.claims import AWS, AZURE, OPENSHIFT, Claim, cases, failing, unlike
from tests.unit.parity.reading import aws_key, revealed, unkept, unlogged
from tests.unit.programs import Program
from tests.unit.recording import Registration

AWS_SECRET, AWS_VERSION = "aws:secretsmanager/secret:Secret", "aws:secretsmanager/secretVersion:SecretVersion"
AZURE_SECRET, VAULT = "azure-native:keyvault:Secret", "azure-native:keyvault:Vault"
KUBERNETES_SECRET, PASSWORD = "kubernetes:core/v1:Secret", "random:index/randomPassword:RandomPassword"
NAMESPACE = "biz-automation-vault"
READER = "security/external-secrets"


def wanted(program: Program) -> set[str]:
    """What the stack makes: of a database that AWS runs, AWS itself makes the superuser."""
    rows = secrets_of(program.settings.components_on)
    by_cloud = {"postgres/superuser"} if program.foundation.database and program.cloud == AWS else set[str]()
    return {path for path, row in rows.items() if row.generated} - by_cloud


def aws_made(program: Program) -> list[str]:
    prefix = f"{program.settings.kubernetes.cluster_name}/"
    found = {item.inputs["name"].removeprefix(prefix) for item in program.engine.of_type(AWS_SECRET)}
    return unlike(wanted(program), found)


def azure_made(program: Program) -> list[str]:
    found = {item.inputs["secretName"].replace("--", "/") for item in program.engine.of_type(AZURE_SECRET)}
    return unlike(wanted(program), found)


def kept_secrets(program: Program) -> list[Registration]:
    """Secrets of the namespace that is the vault."""
    found = program.engine.of_type(KUBERNETES_SECRET)
    return [item for item in found if item.inputs["metadata"]["namespace"] == NAMESPACE]


def openshift_made(program: Program) -> list[str]:
    found = {item.inputs["metadata"]["name"] for item in kept_secrets(program)}
    return unlike({path.replace("/", "-") for path in wanted(program)}, found)


def named(program: Program) -> list[str]:
    """The platform finds every credential by its path; those that people supply have the path itself as a name."""
    rows = secrets_of(program.settings.components_on)
    known = {*program.foundation.secrets, *(path for path, row in inventory().items() if row.supplied)}
    return sorted(rows.keys() - known)


def renewed(program: Program) -> list[str]:
    """Passwords are long, and another day of renewal makes new ones; what must not change says so."""
    day = {"renewedOn": program.settings.vault.renewed_on.isoformat()}
    kept = {path.replace("/", "-") for path, row in inventory().items() if not row.is_renewable}

    def is_good(item: Registration) -> bool:
        stays = any(f"secrets-{path}-" in item.name for path in kept)
        return item.inputs["length"] == 32 and (item.inputs.get("keepers") is None) == stays

    found = program.engine.of_type(PASSWORD)
    days = [item.name for item in found if item.inputs.get("keepers") not in (None, day)]
    return days + [item.name for item in found if not is_good(item)] if found else ["there is none"]


def aws_encrypted(program: Program) -> list[str]:
    return failing(program.engine.of_type(AWS_SECRET), lambda secret: secret["kmsKeyId"] == aws_key("secrets"))


def azure_encrypted(program: Program) -> list[str]:
    return failing(program.engine.of_type(VAULT), lambda vault: "encryption" in vault["properties"])


def openshift_encrypted(program: Program) -> list[str]:
    """The program looks at the cluster's encryption before it puts credentials there, and sets none."""
    return failing(kept_secrets(program), lambda secret: "encryption" in secret)


def vaults(program: Program) -> list[Registration]:
    return [item for item in program.engine.of_type(VAULT) if item.name == "secrets-vault"]


def aws_closed(program: Program) -> list[str]:
    """Only a policy of a secret could open it, and there is none."""
    return [item.name for item in program.engine.of_type("aws:secretsmanager/secretPolicy:SecretPolicy")]


def azure_closed(program: Program) -> list[str]:
    def is_closed(vault: dict[str, Any]) -> bool:
        properties = vault["properties"]
        return properties["publicNetworkAccess"] == "Disabled" and properties["networkAcls"]["defaultAction"] == "Deny"

    return failing(vaults(program), is_closed)


def openshift_closed(program: Program) -> list[str]:
    """Nothing talks in the namespace, and one account alone reads it, whose place External Secrets alone takes."""
    policy = program.of_kind("NetworkPolicy").get(f"{NAMESPACE}/default-deny", {}).get("spec", {})
    bindings = {
        name: [(subject["namespace"], subject["name"]) for subject in binding["subjects"]]
        for name, binding in program.of_kind("RoleBinding").items()
        if name.startswith(f"{NAMESPACE}/")
    }
    readers = {
        f"{NAMESPACE}/secrets-reader": [(NAMESPACE, "secret-reader")],
        f"{NAMESPACE}/secrets-token": [("security", "external-secrets")],
    }
    return unlike({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}, policy) + unlike(readers, bindings)


def aws_reader(program: Program) -> list[str]:
    return stored(program, "aws") + granted(program)


def azure_reader(program: Program) -> list[str]:
    vault = [item.inputs["properties"] for item in vaults(program)]
    return (
        stored(program, "azurekv")
        + granted(program)
        + [str(each) for each in vault if not each["enableRbacAuthorization"] or "accessPolicies" in each]
    )


def openshift_reader(program: Program) -> list[str]:
    return stored(program, "vault" if NAMESPACE not in namespaces(program) else "kubernetes") + granted(program)


def namespaces(program: Program) -> set[str]:
    return {item.inputs["metadata"]["name"] for item in program.engine.of_type("kubernetes:core/v1:Namespace")}


def stored(program: Program, kind: str) -> list[str]:
    """What of the store's specification is a credential."""
    provider: dict[str, Any] = program.engine.value(dict(program.foundation.secret_store.provider))
    return unlike([kind], list(provider)) + [key for key in provider[kind] if "secretRef" in str(provider[kind][key])]


def granted(program: Program) -> list[str]:
    """External Secrets alone may read the vault."""
    found = {
        account: binding.grants
        for account, binding in program.bindings.items()
        if any(grant.resource.startswith("secret") for grant in binding.grants)
    }
    return unlike({READER: (Grant("secret", Access.READ),)}, found)


def aws_logged(program: Program) -> list[str]:
    return failing(program.engine.of_type("aws:cloudtrail/trail:Trail"), lambda trail: trail["enableLogging"])


def azure_logged(program: Program) -> list[str]:
    return unlogged(program, "secrets-vault-logs", "keys-vault-logs")


def openshift_logged(program: Program) -> list[str]:
    return failing(program.engine.of_type("kubernetes:config.openshift.io/v1:APIServer"), lambda each: each["spec"])


def aws_kept(program: Program) -> list[str]:
    """The cloud keeps what is deleted as long as it can."""
    return failing(program.engine.of_type(AWS_SECRET), lambda secret: secret["recoveryWindowInDays"] == 30)


def azure_kept(program: Program) -> list[str]:
    return failing(
        vaults(program),
        lambda vault: (
            vault["properties"]["enablePurgeProtection"] and vault["properties"]["softDeleteRetentionInDays"] == 90
        ),
    )


def openshift_kept(program: Program) -> list[str]:
    return unkept(kept_secrets(program), retained=False)


def secret_inputs(program: Program) -> list[str]:
    """Values that are no secrets on their way into the vault."""
    values = {
        AWS_VERSION: "secretString",
        AZURE_SECRET: "properties",
        KUBERNETES_SECRET: "stringData",
    }
    found = [(item, item.inputs[key]) for kind, key in values.items() for item in program.engine.of_type(kind)]
    return [item.name for item, value in found if revealed(value) is value] if found else ["there is none"]


def everywhere(check: Any) -> dict[str, Any]:
    return dict.fromkeys((AWS, AZURE, OPENSHIFT), check)


CLAIMS = [
    Claim(
        "secrets",
        "every credential that a component needs is made",
        {AWS: aws_made, AZURE: azure_made, OPENSHIFT: openshift_made},
    ),
    Claim("secrets", "every credential is found by its path", everywhere(named)),
    Claim("secrets", "a day of renewal makes new passwords", everywhere(renewed)),
    Claim("secrets", "passwords are secrets in the state", everywhere(secret_inputs)),
    Claim(
        "secrets",
        "encrypted with a key of our own",
        {AWS: aws_encrypted, AZURE: azure_encrypted, OPENSHIFT: openshift_encrypted},
    ),
    Claim("secrets", "closed to the public", {AWS: aws_closed, AZURE: azure_closed, OPENSHIFT: openshift_closed}),
    Claim(
        "secrets",
        "External Secrets alone reads them, without stored credentials",
        {AWS: aws_reader, AZURE: azure_reader, OPENSHIFT: openshift_reader},
    ),
    Claim("secrets", "logs every access", {AWS: aws_logged, AZURE: azure_logged, OPENSHIFT: openshift_logged}),
    Claim(
        "secrets",
        "what was deleted can be brought back",
        {AWS: aws_kept, AZURE: azure_kept, OPENSHIFT: openshift_kept},
        ("prod",),
    ),
]


@pytest.mark.parametrize(("claim", "stack"), cases(CLAIMS))
def test_secrets(claim: Claim, stack: str, programs: Programs) -> None:
    claim.judge(programs(stack))
