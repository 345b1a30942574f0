"""S3: buckets, and the settings of a bucket that say who may reach it and how it is kept."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import names, policy_grammar
from sandbox.providers.aws.cloud import PARTITION, Cloud, error_code, is_absent
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties, ResourceType, Setting
from sandbox.providers.aws.shapes import camel, pascal
from sandbox.providers.aws.tagging import as_properties, as_request
from sandbox.providers.stand_in import StandInError

# https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints
_HOSTED_ZONES = {
    "eu-central-1": "Z21DNDUVLTQW6Q",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "eu-west-2": "Z3GKZC51ZF0DB4",
    "us-east-1": "Z3AQBSTGFYJSTF",
    "us-east-2": "Z2O1EMRO9K5GLX",
    "us-west-2": "Z3BJ6K6RIION7M",
}


class Bucket(ResourceType):
    """Resource ``aws.s3.Bucket``; its settings are resources of their own."""

    token = "aws:s3/bucket:Bucket"  # noqa: S105 - a type token
    service = "s3"
    label = "S3 Bucket"
    replaces = frozenset({"bucket", "bucketPrefix", "objectLockEnabled"})
    defaults: ClassVar = {"forceDestroy": False, "objectLockEnabled": False}
    automatic_name = "bucket"
    name_prefix = "bucketPrefix"
    name_length = 63
    unread = frozenset({"forceDestroy"})

    @override
    def stem(self, name: str) -> str:
        return f"{name.lower()}-"

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.BUCKET.problems("bucket", inputs.get("bucket"))

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        client, name = cloud.client("s3"), inputs["bucket"]
        if self._exists(cloud, name):
            # In us-east-1 S3 answers the owner of a bucket that its creation went well; the provider does not.
            raise StandInError(
                f"BucketAlreadyExists: the bucket {name} exists already; choose another name or import it"
            )
        place = {} if cloud.region == "us-east-1" else {"LocationConstraint": cloud.region}
        configuration = {"CreateBucketConfiguration": place} if place else {}
        client.create_bucket(
            Bucket=name, ObjectLockEnabledForBucket=self.wanted(inputs, "objectLockEnabled"), **configuration
        )
        cloud.store.delete("s3/eventbridge", name)
        if inputs.get("tags"):
            self.retag(cloud, name, {}, inputs["tags"])
        return name

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("s3")
        region = client.get_bucket_location(Bucket=identifier)["LocationConstraint"] or "us-east-1"
        return {
            "arn": f"arn:{PARTITION}:s3:::{identifier}",
            "bucket": identifier,
            "bucketDomainName": f"{identifier}.s3.amazonaws.com",
            "bucketRegion": region,
            "bucketRegionalDomainName": f"{identifier}.s3.{region}.amazonaws.com",
            "hostedZoneId": _HOSTED_ZONES.get(region),
            "objectLockEnabled": self._has_object_lock(cloud, identifier),
            "requestPayer": "BucketOwner",
            "tags": self._tags(cloud, identifier),
        }

    @override
    def retag(self, cloud: Cloud, identifier: str, old: Properties, tags: Mapping[str, str]) -> None:
        if tags:
            cloud.client("s3").put_bucket_tagging(Bucket=identifier, Tagging={"TagSet": as_request(tags)})
        else:
            cloud.client("s3").delete_bucket_tagging(Bucket=identifier)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        if known.get("forceDestroy"):
            self._empty(cloud, identifier)
        try:
            cloud.client("s3").delete_bucket(Bucket=identifier)
            cloud.store.delete("s3/eventbridge", identifier)
        except Exception as error:
            if error_code(error) == "BucketNotEmpty":
                raise StandInError(
                    f"BucketNotEmpty: the bucket {identifier} holds objects; empty it or set forceDestroy"
                ) from error
            raise

    @staticmethod
    def _empty(cloud: Cloud, name: str) -> None:
        for page in cloud.client("s3").get_paginator("list_object_versions").paginate(Bucket=name):
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                cloud.client("s3").delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])

    @staticmethod
    def _exists(cloud: Cloud, name: str) -> bool:
        try:
            cloud.client("s3").head_bucket(Bucket=name)
        except Exception as error:
            if is_absent(error):
                return False
            raise
        return True

    @staticmethod
    def _tags(cloud: Cloud, name: str) -> dict[str, str]:
        try:
            return as_properties(cloud.client("s3").get_bucket_tagging(Bucket=name)["TagSet"])
        except Exception as error:
            if error_code(error) == "NoSuchTagSet":
                return {}
            raise

    @staticmethod
    def _has_object_lock(cloud: Cloud, name: str) -> bool:
        try:
            cloud.client("s3").get_object_lock_configuration(Bucket=name)
        except Exception as error:
            if error_code(error) == "ObjectLockConfigurationNotFoundError":
                return False
            raise
        return True


class BucketSetting(Setting):
    """A setting of a bucket; its identifier is the bucket's name."""

    service = "s3"
    replaces = frozenset({"bucket", "expectedBucketOwner"})
    references = (Reference("bucket", "bucket"),)
    unread = frozenset({"expectedBucketOwner"})

    @override
    def identify(self, cloud: Cloud, inputs: Properties) -> str:
        return inputs["bucket"]


class BucketVersioning(BucketSetting):
    """Resource ``aws.s3.BucketVersioning``."""

    token = "aws:s3/bucketVersioning:BucketVersioning"  # noqa: S105 - a type token
    label = "S3 Bucket Versioning"
    unread = frozenset({"expectedBucketOwner", "mfa"})
    computed = frozenset({"versioningConfiguration.mfaDelete"})

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        configuration = inputs.get("versioningConfiguration")
        status = configuration.get("status") if isinstance(configuration, dict) else None
        for _, reason in names.one_of("status", status, ("Enabled", "Suspended", "Disabled")):
            yield "versioningConfiguration.status", reason

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        configuration = pascal(inputs["versioningConfiguration"])
        if configuration["Status"] != "Disabled":
            if "MfaDelete" in configuration:
                configuration["MFADelete"] = configuration.pop("MfaDelete")
            cloud.client("s3").put_bucket_versioning(Bucket=identifier, VersioningConfiguration=configuration)

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        answer = cloud.client("s3").get_bucket_versioning(Bucket=identifier)
        configuration = {"status": answer.get("Status", "Disabled"), "mfaDelete": answer.get("MFADelete", "Disabled")}
        return {"bucket": identifier, "versioningConfiguration": configuration}

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        """Suspend it, as the provider does: a bucket that had versions once keeps the state."""
        if known["versioningConfiguration"]["status"] == "Enabled":
            suspended = {"Status": "Suspended"}
            cloud.client("s3").put_bucket_versioning(Bucket=identifier, VersioningConfiguration=suspended)


class BucketPublicAccessBlock(BucketSetting):
    """Resource ``aws.s3.BucketPublicAccessBlock``."""

    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"  # noqa: S105 - a type token
    label = "S3 Bucket Public Access Block"
    _switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    defaults: ClassVar = dict.fromkeys(_switches, False)
    unread = frozenset({"skipDestroy"})

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        switches = pascal({name: self.wanted(inputs, name) for name in self._switches})
        cloud.client("s3").put_public_access_block(Bucket=identifier, PublicAccessBlockConfiguration=switches)

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        answer = cloud.client("s3").get_public_access_block(Bucket=identifier)
        return {"bucket": identifier, **camel(answer["PublicAccessBlockConfiguration"])}

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        if not known.get("skipDestroy"):
            cloud.client("s3").delete_public_access_block(Bucket=identifier)


class BucketOwnershipControls(BucketSetting):
    """Resource ``aws.s3.BucketOwnershipControls``."""

    token = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"  # noqa: S105 - a type token
    label = "S3 Bucket Ownership Controls"

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        rule = inputs.get("rule")
        ownership = rule.get("objectOwnership") if isinstance(rule, dict) else None
        allowed = ("BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced")
        for _, reason in names.one_of("objectOwnership", ownership, allowed):
            yield "rule.objectOwnership", reason

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        controls = {"Rules": [pascal(inputs["rule"])]}
        cloud.client("s3").put_bucket_ownership_controls(Bucket=identifier, OwnershipControls=controls)

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        answer = cloud.client("s3").get_bucket_ownership_controls(Bucket=identifier)
        return {"bucket": identifier, "rule": camel(answer["OwnershipControls"]["Rules"][0])}

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("s3").delete_bucket_ownership_controls(Bucket=identifier)


class BucketPolicy(BucketSetting):
    """Resource ``aws.s3.BucketPolicy``."""

    token = "aws:s3/bucketPolicy:BucketPolicy"  # noqa: S105 - a type token
    label = "S3 Bucket Policy"
    policies: ClassVar = {"policy": policy_grammar.BUCKET}

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        own = f"arn:{PARTITION}:s3:::{inputs['bucket']}"
        statements: Any = json.loads(inputs["policy"])["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            resources: Any = statement.get("Resource", [])
            for resource in resources if isinstance(resources, list) else [resources]:
                if resource != own and not resource.startswith(f"{own}/"):
                    yield (
                        f"MalformedPolicy: Policy has invalid resource {resource!r}; a policy of the bucket"
                        f" {inputs['bucket']} may name {own} and {own}/* only"
                    )

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        policy = json.loads(inputs["policy"])
        statements: Any = policy["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            if isinstance(statement.get("Resource"), list) and len(statement["Resource"]) == 1:
                # as AWS stores it; moto looks for the permission to log in this form only
                statement["Resource"] = statement["Resource"][0]
        cloud.client("s3").put_bucket_policy(Bucket=identifier, Policy=json.dumps(policy))

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        return {"bucket": identifier, "policy": cloud.client("s3").get_bucket_policy(Bucket=identifier)["Policy"]}

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("s3").delete_bucket_policy(Bucket=identifier)


class BucketServerSideEncryptionConfiguration(BucketSetting):
    """Resource ``aws.s3.BucketServerSideEncryptionConfiguration``."""

    token = (
        "aws:s3/bucketServerSideEncryptionConfiguration:"  # noqa: S105 - a type token
        "BucketServerSideEncryptionConfiguration"
    )
    label = "S3 Bucket Server-side Encryption Configuration"
    references = (
        Reference("bucket", "bucket"),
        Reference("rules.applyServerSideEncryptionByDefault.kmsMasterKeyId", "KMS key"),
    )

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        for rule in inputs.get("rules") or []:
            default = rule.get("applyServerSideEncryptionByDefault") if isinstance(rule, dict) else None
            if not isinstance(default, dict):
                continue
            algorithm = default.get("sseAlgorithm")
            yield from names.one_of("rules", algorithm, ("AES256", "aws:kms", "aws:kms:dsse"))
            if algorithm == "AES256" and default.get("kmsMasterKeyId"):
                yield "rules", "kmsMasterKeyId needs sseAlgorithm = aws:kms"

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        rules: list[dict[str, Any]] = pascal(inputs["rules"])
        for rule in rules:
            default = rule.get("ApplyServerSideEncryptionByDefault", {})
            for name in ("SseAlgorithm", "KmsMasterKeyId"):
                if name in default:
                    default[name.replace("Sse", "SSE").replace("KmsMasterKeyId", "KMSMasterKeyID")] = default.pop(name)
        cloud.client("s3").put_bucket_encryption(Bucket=identifier, ServerSideEncryptionConfiguration={"Rules": rules})

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        answer = cloud.client("s3").get_bucket_encryption(Bucket=identifier)
        rules: list[Properties] = []
        for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
            default = rule.get("ApplyServerSideEncryptionByDefault", {})
            applied = {"sseAlgorithm": default.get("SSEAlgorithm"), "kmsMasterKeyId": default.get("KMSMasterKeyID")}
            rules.append(
                {"applyServerSideEncryptionByDefault": applied, "bucketKeyEnabled": bool(rule.get("BucketKeyEnabled"))}
            )
        return {"bucket": identifier, "rules": rules}

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("s3").delete_bucket_encryption(Bucket=identifier)


TYPES = (
    Bucket(),
    BucketVersioning(),
    BucketPublicAccessBlock(),
    BucketOwnershipControls(),
    BucketPolicy(),
    BucketServerSideEncryptionConfiguration(),
)
