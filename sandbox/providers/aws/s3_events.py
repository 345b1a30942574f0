"""S3: access logs and notifications of a bucket."""

from collections.abc import Iterator
from typing import Any

from typing_extensions import override

from sandbox.providers.aws import policy_grammar
from sandbox.providers.aws.cloud import Absent, Cloud
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties
from sandbox.providers.aws.s3 import BucketSetting
from sandbox.providers.aws.shapes import camel, pascal

_EVENTBRIDGE = "s3/eventbridge"


class BucketLogging(BucketSetting):
    """Resource ``aws.s3.BucketLogging``."""

    token = "aws:s3/bucketLogging:BucketLogging"  # noqa: S105 - a type token
    label = "S3 Bucket Logging"
    computed = frozenset({"targetObjectKeyFormat.simplePrefix"})
    references = (Reference("bucket", "bucket"), Reference("targetBucket", "bucket"))

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        if isinstance(inputs.get("bucket"), str) and inputs.get("bucket") == inputs.get("targetBucket"):
            yield "targetBucket", f"is the bucket {inputs['bucket']!r} itself; its log would log itself without end"

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        logging: dict[str, Any] = {"TargetBucket": inputs["targetBucket"], "TargetPrefix": inputs["targetPrefix"]}
        if inputs.get("targetObjectKeyFormat"):
            logging["TargetObjectKeyFormat"] = pascal(inputs["targetObjectKeyFormat"])
        cloud.client("s3").put_bucket_logging(Bucket=identifier, BucketLoggingStatus={"LoggingEnabled": logging})

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        logging = cloud.client("s3").get_bucket_logging(Bucket=identifier).get("LoggingEnabled")
        if not logging:
            return None
        key_format = camel(logging.get("TargetObjectKeyFormat")) or known.get("targetObjectKeyFormat")
        return {
            "bucket": identifier,
            "targetBucket": logging["TargetBucket"],
            "targetPrefix": logging.get("TargetPrefix", ""),
            "targetObjectKeyFormat": key_format,
        }

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("s3").put_bucket_logging(Bucket=identifier, BucketLoggingStatus={})


class BucketNotification(BucketSetting):
    """Resource ``aws.s3.BucketNotification``; a bucket has one, so two of them overwrite each other, as in AWS."""

    token = "aws:s3/bucketNotification:BucketNotification"  # noqa: S105 - a type token
    label = "S3 Bucket Notification"
    computed = frozenset({"queues.id", "topics.id"})
    references = (
        Reference("bucket", "bucket"),
        Reference("queues.queueArn", "SQS queue"),
        Reference("topics.topicArn", "SNS topic"),
    )

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        for name in ("queues", "topics"):
            for target in inputs.get(name) or []:
                events: Any = target.get("events") if isinstance(target, dict) else None
                for event in events if isinstance(events, list) else []:
                    if isinstance(event, str) and not event.startswith("s3:"):
                        yield name, f"event {event!r} must look like s3:ObjectCreated:*"
        if inputs.get("lambdaFunctions"):
            yield "lambdaFunctions", "is not supported by the sandbox; use eventbridge, queues or topics"

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        for arn in [target["queueArn"] for target in inputs.get("queues") or []]:
            url = cloud.client("sqs").get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
            answer = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
            if not _lets_s3_in(answer.get("Attributes", {}).get("Policy")):
                yield _refused(arn)
        for arn in [target["topicArn"] for target in inputs.get("topics") or []]:
            attributes = cloud.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
            if not _lets_s3_in(attributes.get("Policy")):
                yield _refused(arn)

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        configuration: dict[str, Any] = {"EventBridgeConfiguration": {}} if inputs.get("eventbridge") else {}
        for name, field, target in _TARGETS:
            if inputs.get(name):
                configuration[field] = [_as_request(item, target) for item in inputs[name]]
        cloud.client("s3").put_bucket_notification_configuration(
            Bucket=identifier, NotificationConfiguration=configuration
        )
        self._remember(cloud, identifier, eventbridge=bool(inputs.get("eventbridge")))

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        answer = cloud.client("s3").get_bucket_notification_configuration(Bucket=identifier)
        targets = {name: [_as_properties(item) for item in answer.get(field, [])] for name, field, _ in _TARGETS}
        eventbridge = "EventBridgeConfiguration" in answer or cloud.store.get(_EVENTBRIDGE, identifier) is not None
        if not eventbridge and not any(targets.values()):
            raise Absent(identifier)
        return {"bucket": identifier, "eventbridge": eventbridge, **targets}

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("s3").put_bucket_notification_configuration(Bucket=identifier, NotificationConfiguration={})
        self._remember(cloud, identifier, eventbridge=False)

    @staticmethod
    def _remember(cloud: Cloud, bucket: str, *, eventbridge: bool) -> None:
        """Keep what moto obeys but does not show: whether the bucket's events go to EventBridge."""
        if eventbridge:
            cloud.store.put(_EVENTBRIDGE, bucket, {"eventbridge": True})
        else:
            cloud.store.delete(_EVENTBRIDGE, bucket)


_TARGETS = (
    ("queues", "QueueConfigurations", "queueArn"),
    ("topics", "TopicConfigurations", "topicArn"),
)


def _lets_s3_in(policy: Any) -> bool:
    return "s3.amazonaws.com" in policy_grammar.services(policy)


def _refused(arn: str) -> str:
    return (
        f"InvalidArgument: Unable to validate the following destination configurations: {arn};"
        " let s3.amazonaws.com send to it in its policy"
    )


def _as_request(target: dict[str, Any], arn: str) -> dict[str, Any]:
    request: dict[str, Any] = {arn[0].upper() + arn[1:]: target[arn], "Events": target["events"]}
    if target.get("id"):
        request["Id"] = target["id"]
    parts = {"prefix": target.get("filterPrefix"), "suffix": target.get("filterSuffix")}
    rules = [{"Name": name, "Value": value} for name, value in parts.items() if value]
    return request | ({"Filter": {"Key": {"FilterRules": rules}}} if rules else {})


def _as_properties(target: dict[str, Any]) -> dict[str, Any]:
    rules = {
        rule["Name"].lower(): rule["Value"] for rule in target.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    }
    properties = camel({key: value for key, value in target.items() if key != "Filter"})
    return properties | {"filterPrefix": rules.get("prefix"), "filterSuffix": rules.get("suffix")}


TYPES = (BucketLogging(), BucketNotification())
