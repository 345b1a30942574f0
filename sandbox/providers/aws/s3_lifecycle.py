"""S3: lifecycle rules of a bucket.

Rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from typing_extensions import override

from sandbox.providers.aws import names
from sandbox.providers.aws.cloud import Cloud
from sandbox.providers.aws.resource_type import Problem, Properties
from sandbox.providers.aws.s3 import BucketSetting
from sandbox.providers.aws.shapes import camel, pascal
from sandbox.providers.aws.tagging import as_properties, as_request

# An object only moves down this list.
_STORAGE_CLASSES = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
_LEAST_DAYS = {"STANDARD_IA": 30, "ONEZONE_IA": 30}
_MOST_RULES = 1000
_ACTIONS = (
    "abortIncompleteMultipartUpload",
    "expiration",
    "noncurrentVersionExpiration",
    "noncurrentVersionTransitions",
    "transitions",
)


class BucketLifecycleConfiguration(BucketSetting):
    """Resource ``aws.s3.BucketLifecycleConfiguration``."""

    token = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"  # noqa: S105 - a type token
    label = "S3 Bucket Lifecycle Configuration"
    computed = frozenset({"rules.filter.prefix", "rules.prefix"})
    unread = frozenset({"expectedBucketOwner", "timeouts"})

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        rules = [rule for rule in inputs.get("rules") or [] if isinstance(rule, dict)]
        if "rules" in inputs and not inputs["rules"]:
            yield "rules", "is empty; a lifecycle configuration has 1 to 1000 rules"
        if len(rules) > _MOST_RULES:
            yield "rules", f"has {len(rules)} rules; S3 allows {_MOST_RULES}"
        identifiers = [rule["id"] for rule in rules if isinstance(rule.get("id"), str)]
        for identifier in sorted({item for item in identifiers if identifiers.count(item) > 1}):
            yield "rules", f"the id {identifier!r} is used more than once"
        for rule in rules:
            for reason in _rule_problems(rule):
                yield "rules", f"rule {rule.get('id')!r}: {reason}"

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        minimum = inputs.get("transitionDefaultMinimumObjectSize")
        cloud.client("s3").put_bucket_lifecycle_configuration(
            Bucket=identifier,
            LifecycleConfiguration={"Rules": [_as_request(rule) for rule in inputs["rules"]]},
            **({"TransitionDefaultMinimumObjectSize": minimum} if minimum else {}),
        )

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        answer = cloud.client("s3").get_bucket_lifecycle_configuration(Bucket=identifier)
        return {
            "bucket": identifier,
            "rules": [_as_properties(rule) for rule in answer["Rules"]],
            "transitionDefaultMinimumObjectSize": answer.get("TransitionDefaultMinimumObjectSize")
            or known.get("transitionDefaultMinimumObjectSize")
            or "all_storage_classes_128K",
        }

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("s3").delete_bucket_lifecycle(Bucket=identifier)


def _as_request(rule: dict[str, Any]) -> dict[str, Any]:
    request = pascal(rule)
    request["ID"] = request.pop("Id")
    request.setdefault("Filter", {"Prefix": request.pop("Prefix", "")})
    joined = request["Filter"].get("And")
    if joined and "Tags" in joined:
        joined["Tags"] = as_request(rule["filter"]["and"]["tags"])
    if not request["Filter"]:
        request["Filter"] = {"Prefix": ""}
    return request


def _as_properties(rule: dict[str, Any]) -> dict[str, Any]:
    properties = camel(rule)
    properties["id"] = properties.pop("iD")
    joined = properties.get("filter", {}).get("and")
    if joined and "tags" in joined:
        joined["tags"] = as_properties(rule["Filter"]["And"]["Tags"])
    return properties


def _rule_problems(rule: dict[str, Any]) -> Iterator[str]:
    for _, reason in names.one_of("status", rule.get("status"), ("Enabled", "Disabled")):
        yield f"status {reason}"
    if not any(rule.get(action) for action in _ACTIONS):
        yield f"it does nothing; give at least one of {', '.join(_ACTIONS)}"
    yield from _transition_problems(rule.get("transitions"), "days")
    yield from _transition_problems(rule.get("noncurrentVersionTransitions"), "noncurrentDays")
    yield from _expiration_problems(rule)


def _transition_problems(transitions: Any, field: str) -> Iterator[str]:
    steps = [step for step in transitions or [] if isinstance(step, dict)]
    for step in steps:
        storage_class, days = step.get("storageClass"), step.get(field)
        for _, reason in names.one_of("storageClass", storage_class, _STORAGE_CLASSES):
            yield f"storageClass {reason}"
        least = _LEAST_DAYS.get(str(storage_class), 0)
        if isinstance(days, int) and days < least:
            yield f"{field} is {days}; S3 moves objects to {storage_class} after {least} days at the earliest"
        if isinstance(days, int) and days < 0:
            yield f"{field} is {days}; it must not be negative"
    known = [
        (step[field], step["storageClass"])
        for step in steps
        if isinstance(step.get(field), int) and step.get("storageClass") in _STORAGE_CLASSES
    ]
    ordered = sorted((_STORAGE_CLASSES.index(storage_class), days) for days, storage_class in known)
    for (warm, earlier), (cold, later) in pairwise(ordered):
        if later <= earlier:
            colder, warmer = _STORAGE_CLASSES[cold], _STORAGE_CLASSES[warm]
            yield f"{colder} comes after {later} days and {warmer} after {earlier}; S3 wants more days for {colder}"


def _expiration_problems(rule: dict[str, Any]) -> Iterator[str]:
    expiration: Any = rule.get("expiration")
    days = expiration.get("days") if isinstance(expiration, dict) else None
    if not isinstance(days, int):
        return
    if days < 1 and not expiration.get("expiredObjectDeleteMarker"):
        yield f"expiration days is {days}; it must be at least 1"
    for step in rule.get("transitions") or []:
        moved = step.get("days") if isinstance(step, dict) else None
        if isinstance(moved, int) and days <= moved:
            yield f"it expires objects after {days} days, before or when they move after {moved}; expire them later"


TYPES = (BucketLifecycleConfiguration(),)
