from pathlib import Path
from typing import Any

import pulumi
import pytest

from sandbox.providers import schema as schemas
from sandbox.providers.schema import known, validate
from sandbox.providers.schema_reader import ResourceSchema, read_schema, resource_classes
from sandbox.providers.values import UNKNOWN

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZ_AUTOMATION_CACHE", str(tmp_path))
    schemas.schema.cache_clear()


def deployment(**container: Any) -> dict[str, Any]:
    pod = {"containers": [{"name": "app", "image": "registry.test/app:1", **container}]}
    spec = {"selector": {"matchLabels": {"app": "a"}}, "template": {"metadata": {"labels": {"app": "a"}}, "spec": pod}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec}


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (VERSIONING, {"bucket": "b", "versioningConfiguration": {"status": "Enabled"}}),
        (VERSIONING, {"bucket": UNKNOWN, "versioningConfiguration": UNKNOWN, "mfa": None}),
        ("aws:iam/role:Role", {"assumeRolePolicy": "{}"}),
        ("aws:s3/bucketObjectv2:BucketObjectv2", {"bucket": "b", "source": pulumi.StringAsset("x")}),
        (DEPLOYMENT, deployment()),
        (DEPLOYMENT, deployment(livenessProbe={"httpGet": {"port": "http"}})),
        (DEPLOYMENT, deployment(livenessProbe={"httpGet": {"port": 8080}})),
        ("kubernetes:external-secrets.io/v1:ExternalSecret", {"spec": {"anything": 1}}),
        ("random:index/randomPassword:RandomPassword", {"length": 20}),
        ("aws:ec2/vpc:Vpc", {"__internal": True, "cidrBlock": "10.0.0.0/16"}),
    ],
)
def test_what_the_sdk_knows_passes(token: str, inputs: dict[str, Any]) -> None:
    assert validate(token, inputs) == []


@pytest.mark.parametrize(
    ("token", "inputs", "failure"),
    [
        (
            "aws:s3/bucketVersionin:BucketVersioning",
            {},
            (
                "",
                (
                    "pulumi_aws has no resource type aws:s3/bucketVersionin:BucketVersioning (did you mean "
                    "aws:s3/bucketVersioning:BucketVersioning?)."
                ),
            ),
        ),
        (
            VERSIONING,
            {"versioningConfiguration": {"status": "Enabled"}},
            ("bucket", f"Missing required property bucket of {VERSIONING}."),
        ),
        (
            VERSIONING,
            {"bucket": "b", "versioningConfiguration": {"status": "Enabled", "mfaDelet": "x"}},
            (
                "versioningConfiguration.mfaDelet",
                f"{VERSIONING} has no property versioningConfiguration.mfaDelet (did you mean mfaDelete?).",
            ),
        ),
        (
            "aws:ec2/vpc:Vpc",
            {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": "true"},
            ("enableDnsHostnames", "enableDnsHostnames is a string ('true') and must be a boolean."),
        ),
        (
            "aws:ec2/vpc:Vpc",
            {"cidrBlock": "10.0.0.0/16", "tags": {"owner": 7}},
            ("tags.owner", "tags.owner is an integer (7) and must be a string."),
        ),
        (
            "aws:ec2/securityGroup:SecurityGroup",
            {"ingress": {"fromPort": 1}},
            ("ingress", "ingress is an object ({'fromPort': 1}) and must be a list."),
        ),
        (
            DEPLOYMENT,
            deployment(ports=[{"containerPort": "80"}]),
            (
                "spec.template.spec.containers[0].ports[0].containerPort",
                "spec.template.spec.containers[0].ports[0].containerPort is a string ('80') and must be an integer.",
            ),
        ),
        (
            DEPLOYMENT,
            deployment(livenessProbe={"httpGet": {"port": True}}),
            (
                "spec.template.spec.containers[0].livenessProbe.httpGet.port",
                (
                    "spec.template.spec.containers[0].livenessProbe.httpGet.port is a boolean (True) and must be an "
                    "integer or a string."
                ),
            ),
        ),
        (
            DEPLOYMENT,
            deployment(imagePullPolice="Always"),
            (
                "spec.template.spec.containers[0].imagePullPolice",
                (
                    f"{DEPLOYMENT} has no property spec.template.spec.containers[0].imagePullPolice (did you mean "
                    "imagePullPolicy?)."
                ),
            ),
        ),
    ],
)
def test_what_the_cloud_would_reject_is_named(token: str, inputs: dict[str, Any], failure: tuple[str, str]) -> None:
    assert validate(token, inputs) == [failure]


def test_a_schema_tells_outputs_and_obligations() -> None:
    bucket = schemas.schema("aws:s3/bucket:Bucket")
    password = schemas.schema("random:index/randomPassword:RandomPassword")

    assert {"arn", "bucket", "hostedZoneId"} <= set(bucket.outputs)
    assert "arn" not in bucket.inputs.properties
    assert password.inputs.required == ["length"]


def test_types_that_refer_to_themselves_are_read() -> None:
    definition = read_schema("pulumi_kubernetes", "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition")

    (name,) = (name for name in definition.types if name.endswith(".JSONSchemaPropsArgs"))
    assert definition.types[name].properties["not"] == ["object", name]


def test_the_cache_gives_the_same_schema(tmp_path: Path) -> None:
    fresh = schemas.schema(DEPLOYMENT)
    schemas.schema.cache_clear()
    (cached,) = (tmp_path / "schemas").glob("pulumi_kubernetes-*/*.json")

    assert schemas.schema(DEPLOYMENT) == fresh
    assert ResourceSchema.from_json(cached.read_text()) == fresh


def test_every_type_of_every_provider_is_listed() -> None:
    assert all(known(token) for token in (VERSIONING, DEPLOYMENT, "random:index/randomPet:RandomPet"))
    assert len(resource_classes("pulumi_aws")) > 1000
    assert not known("aws:s3/bucket:Buckett")


def test_an_enumeration_of_azure_is_closed_and_one_of_aws_is_not() -> None:
    account = {"kind": "StorageV2", "resourceGroupName": "lake", "sku": {"name": "Standard_ZRS"}}
    assert validate("azure-native:storage:StorageAccount", {**account, "minimumTlsVersion": "TLS1_2"}) == []
    ((path, reason),) = validate("azure-native:storage:StorageAccount", {**account, "minimumTlsVersion": "1.2"})
    assert (path, reason.split(" of ")[0]) == ("minimumTlsVersion", "minimumTlsVersion is '1.2' and must be one")
    ((path, reason),) = validate("azure-native:storage:StorageAccount", {**account, "sku": {"name": 1}})
    assert (path, reason) == ("sku.name", "sku.name is an integer (1) and must be a string.")
    assert validate("aws:s3/bucket:Bucket", {"acl": "one-that-the-sdk-does-not-know"}) == []
