"""IAM and KMS: what the stand-in says and what AWS has."""

from typing import Any

from tests.sandbox.aws.documents import allow, key_policy, policy, trust
from tests.sandbox.aws.driver import AwsDriver

READ = policy(allow("s3:GetObject", "arn:aws:s3:::lake/*"))
WRITE = policy(allow("s3:PutObject", "arn:aws:s3:::lake/*"))


def test_a_role_and_what_hangs_on_it(aws: AwsDriver) -> None:
    iam = aws.client("iam")
    role = aws.create("aws:iam/role:Role", "worker", assumeRolePolicy=trust("ec2.amazonaws.com"), tags={"a": "b"})
    inline = aws.create("aws:iam/rolePolicy:RolePolicy", "inline", role=role.id, policy=READ)
    managed = aws.create("aws:iam/policy:Policy", "managed", policy=READ)
    aws.create("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "own", role=role["name"], policyArn=managed["arn"])
    aws.create(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "of-aws",
        role=role["name"],
        policyArn="arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
    )
    aws.create("aws:iam/instanceProfile:InstanceProfile", "profile", role=role["name"])
    aws.update(role, maxSessionDuration=7200, description="works", tags={"c": "d"})
    aws.update(role, assumeRolePolicy=trust("eks.amazonaws.com"))
    aws.update(inline, policy=WRITE)

    found: dict[str, Any] = iam.get_role(RoleName=role["name"])["Role"]
    assert found["MaxSessionDuration"] == 7200
    assert found["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "eks.amazonaws.com"}
    assert found["Tags"] == [{"Key": "c", "Value": "d"}]
    attached = iam.list_attached_role_policies(RoleName=role["name"])["AttachedPolicies"]
    assert {item["PolicyName"] for item in attached} == {managed["name"], "AmazonEKSWorkerNodePolicy"}
    document = iam.get_role_policy(RoleName=role["name"], PolicyName=inline["name"])["PolicyDocument"]
    assert document["Statement"][0]["Action"] == "s3:PutObject"
    aws.destroy()


def test_a_managed_policy_keeps_five_versions(aws: AwsDriver) -> None:
    managed = aws.create("aws:iam/policy:Policy", "changing", policy=READ)
    for number in range(6):
        aws.update(managed, policy=policy(allow("s3:GetObject", f"arn:aws:s3:::lake/{number}/*")))
    versions = aws.client("iam").list_policy_versions(PolicyArn=managed["arn"])["Versions"]
    assert len(versions) == 5
    aws.destroy()


def test_a_policy_that_means_the_same_is_no_change(aws: AwsDriver) -> None:
    role = aws.create("aws:iam/role:Role", "steady", assumeRolePolicy=trust("ec2.amazonaws.com"))
    same = trust("ec2.amazonaws.com").replace('{"Service": "ec2', '{"Service": ["ec2').replace('.com"}', '.com"]}')
    assert same != role.inputs["assumeRolePolicy"]
    assert aws.diff(role, assumeRolePolicy=same).changed == ()


def test_an_oidc_provider(aws: AwsDriver) -> None:
    provider = aws.create(
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        "cluster",
        url="https://oidc.eks.us-east-1.amazonaws.com/id/ABC",
        clientIdLists=["sts.amazonaws.com"],
    )
    aws.update(provider, clientIdLists=["sts.amazonaws.com", "other"], tags={"a": "b"})
    found = aws.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=provider["arn"])
    assert set(found["ClientIDList"]) == {"sts.amazonaws.com", "other"}
    aws.destroy()


def test_a_key_and_its_alias(aws: AwsDriver) -> None:
    kms = aws.client("kms")
    key = aws.create(
        "aws:kms/key:Key",
        "lake",
        description="lake",
        enableKeyRotation=True,
        deletionWindowInDays=7,
        policy=key_policy(),
        tags={"a": "b"},
    )
    other = aws.create("aws:kms/key:Key", "other")
    alias = aws.create("aws:kms/alias:Alias", "lake", name="alias/test/lake", targetKeyId=key["keyId"])
    assert kms.get_key_rotation_status(KeyId=key.id)["KeyRotationEnabled"]
    aws.update(key, enableKeyRotation=False, description="changed", tags={"c": "d"})
    assert not kms.get_key_rotation_status(KeyId=key.id)["KeyRotationEnabled"]
    aws.update(alias, targetKeyId=other["keyId"])
    assert kms.describe_key(KeyId="alias/test/lake")["KeyMetadata"]["KeyId"] == other.id
    kms.disable_key(KeyId=other.id)
    assert aws.provider.read_resource(other.reference, other.id, other.inputs, other.outputs) is not None
    aws.destroy()
    assert kms.describe_key(KeyId=key.id)["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_a_disabled_key_is_drift(aws: AwsDriver) -> None:
    key = aws.create("aws:kms/key:Key", "steady", enableKeyRotation=True)
    aws.client("kms").disable_key_rotation(KeyId=key.id)
    assert aws.drift(key) == ("enableKeyRotation",)
