"""SNS topics and SQS queues, with their policies and subscriptions."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import names, policy_grammar
from sandbox.providers.aws.cloud import Cloud
from sandbox.providers.aws.references import Reference, exists
from sandbox.providers.aws.resource_type import Problem, Properties, ResourceType, Setting
from sandbox.providers.aws.tagging import TagCalls, as_properties, as_request

_PROTOCOLS = ("application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs")


class AttributeTable:
    """Properties that an API knows as attributes: all of them text.

    Args:
        names: attribute by property.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def request(self, inputs: Properties, properties: frozenset[str] | None = None) -> dict[str, str]:
        """Give the attributes of the inputs, or of some of them."""
        chosen = self._names.keys() if properties is None else self._names.keys() & properties
        return {self._names[name]: _text(inputs[name]) for name in sorted(chosen) if inputs.get(name) is not None}

    def cleared(self, inputs: Properties, properties: frozenset[str]) -> dict[str, str]:
        """Give empty attributes for properties that the inputs no longer have."""
        return {self._names[name]: "" for name in sorted(self._names.keys() & properties) if inputs.get(name) is None}

    def properties(self, attributes: Mapping[str, str]) -> Properties:
        """Give the properties of an answer's attributes, with numbers and flags where the text is one."""
        return {name: _value(attributes[field]) for name, field in self._names.items() if attributes.get(field)}


_TOPIC = AttributeTable(
    {
        "contentBasedDeduplication": "ContentBasedDeduplication",
        "deliveryPolicy": "DeliveryPolicy",
        "displayName": "DisplayName",
        "fifoTopic": "FifoTopic",
        "kmsMasterKeyId": "KmsMasterKeyId",
        "policy": "Policy",
        "signatureVersion": "SignatureVersion",
        "tracingConfig": "TracingConfig",
    }
)
_QUEUE = AttributeTable(
    {
        "contentBasedDeduplication": "ContentBasedDeduplication",
        "delaySeconds": "DelaySeconds",
        "fifoQueue": "FifoQueue",
        "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
        "kmsMasterKeyId": "KmsMasterKeyId",
        "maxMessageSize": "MaximumMessageSize",
        "messageRetentionSeconds": "MessageRetentionPeriod",
        "policy": "Policy",
        "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
        "redriveAllowPolicy": "RedriveAllowPolicy",
        "redrivePolicy": "RedrivePolicy",
        "sqsManagedSseEnabled": "SqsManagedSseEnabled",
        "visibilityTimeoutSeconds": "VisibilityTimeout",
    }
)
_SUBSCRIPTION = AttributeTable(
    {
        "deliveryPolicy": "DeliveryPolicy",
        "filterPolicy": "FilterPolicy",
        "filterPolicyScope": "FilterPolicyScope",
        "rawMessageDelivery": "RawMessageDelivery",
        "redrivePolicy": "RedrivePolicy",
        "subscriptionRoleArn": "SubscriptionRoleArn",
    }
)


class Topic(ResourceType):
    """Resource ``aws.sns.Topic``."""

    token = "aws:sns/topic:Topic"  # noqa: S105 - a type token
    service = "sns"
    label = "SNS Topic"
    replaces = frozenset({"fifoTopic", "name", "namePrefix"})
    defaults: ClassVar = {"contentBasedDeduplication": False, "fifoTopic": False}
    policies: ClassVar = {"policy": policy_grammar.TOPIC}
    references = (Reference("kmsMasterKeyId", "KMS key"),)
    automatic_name = "name"
    name_length = 256
    tag_calls = TagCalls("tag_resource", "untag_resource", "ResourceArn")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.TOPIC.problems("name", inputs.get("name"))
        yield from _fifo_problems(inputs, "fifoTopic")

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        answer = cloud.client("sns").create_topic(
            Name=inputs["name"], Attributes=_TOPIC.request(inputs), Tags=as_request(inputs.get("tags"))
        )
        return answer["TopicArn"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("sns")
        attributes = client.get_topic_attributes(TopicArn=identifier)["Attributes"]
        return {
            "displayName": "",
            **_TOPIC.properties(attributes),
            "arn": identifier,
            "name": identifier.rsplit(":", 1)[-1],
            "owner": attributes["Owner"],
            "tags": as_properties(client.list_tags_for_resource(ResourceArn=identifier)["Tags"]),
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        for name, value in (_TOPIC.request(new, changed) | _TOPIC.cleared(new, changed - {"policy"})).items():
            cloud.client("sns").set_topic_attributes(TopicArn=identifier, AttributeName=name, AttributeValue=value)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("sns").delete_topic(TopicArn=identifier)


class TopicPolicy(Setting):
    """Resource ``aws.sns.TopicPolicy``."""

    token = "aws:sns/topicPolicy:TopicPolicy"  # noqa: S105 - a type token
    service = "sns"
    label = "SNS Topic Policy"
    replaces = frozenset({"arn"})
    policies: ClassVar = {"policy": policy_grammar.TOPIC}
    references = (Reference("arn", "SNS topic"),)

    @override
    def identify(self, cloud: Cloud, inputs: Properties) -> str:
        return inputs["arn"]

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        self._write(cloud, identifier, inputs["policy"])

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        attributes = cloud.client("sns").get_topic_attributes(TopicArn=identifier)["Attributes"]
        return {"arn": identifier, "owner": attributes["Owner"], "policy": attributes["Policy"]}

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        """Put back the policy that a new topic has: only its owner's account may use it."""
        owner = {"StringEquals": {"AWS:SourceOwner": cloud.account}}
        statement = {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [f"SNS:{verb}" for verb in ("Publish", "Subscribe", "GetTopicAttributes", "SetTopicAttributes")],
            "Resource": identifier,
            "Condition": owner,
        }
        policy = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
        self._write(cloud, identifier, json.dumps(policy))

    @staticmethod
    def _write(cloud: Cloud, arn: str, policy: str) -> None:
        cloud.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


class TopicSubscription(ResourceType):
    """Resource ``aws.sns.TopicSubscription``."""

    token = "aws:sns/topicSubscription:TopicSubscription"  # noqa: S105 - a type token
    service = "sns"
    label = "SNS Topic Subscription"
    replaces = frozenset({"endpoint", "protocol", "topic"})
    defaults: ClassVar = {"rawMessageDelivery": False, "endpointAutoConfirms": False, "confirmationTimeoutInMinutes": 1}
    references = (Reference("topic", "SNS topic"), Reference("subscriptionRoleArn", "IAM role"))
    unread = frozenset({"endpointAutoConfirms", "confirmationTimeoutInMinutes"})

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.one_of("protocol", inputs.get("protocol"), _PROTOCOLS)
        endpoint, protocol = inputs.get("endpoint"), inputs.get("protocol")
        if isinstance(endpoint, str) and protocol in ("http", "https") and not endpoint.startswith(f"{protocol}://"):
            yield "endpoint", f"{endpoint!r} must begin with {protocol}:// for the protocol {protocol}"
        if isinstance(endpoint, str) and protocol in ("email", "email-json") and "@" not in endpoint:
            yield "endpoint", f"{endpoint!r} is not an e-mail address"

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        if inputs["protocol"] == "sqs" and not exists(cloud, "SQS queue", inputs["endpoint"]):
            yield f"endpoint names the SQS queue {inputs['endpoint']!r}, which does not exist"

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        answer = cloud.client("sns").subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes=_SUBSCRIPTION.request(inputs),
            ReturnSubscriptionArn=True,
        )
        return answer["SubscriptionArn"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        attributes = cloud.client("sns").get_subscription_attributes(SubscriptionArn=identifier)["Attributes"]
        return {
            **_SUBSCRIPTION.properties(attributes),
            "arn": identifier,
            "confirmationWasAuthenticated": True,
            "endpoint": attributes["Endpoint"],
            "ownerId": attributes["Owner"],
            "pendingConfirmation": attributes.get("PendingConfirmation") == "true",
            "protocol": attributes["Protocol"],
            "topic": attributes["TopicArn"],
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        for name, value in (_SUBSCRIPTION.request(new, changed) | _SUBSCRIPTION.cleared(new, changed)).items():
            cloud.client("sns").set_subscription_attributes(
                SubscriptionArn=identifier, AttributeName=name, AttributeValue=value
            )

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("sns").unsubscribe(SubscriptionArn=identifier)


class Queue(ResourceType):
    """Resource ``aws.sqs.Queue``; its identifier is its URL."""

    token = "aws:sqs/queue:Queue"  # noqa: S105 - a type token
    service = "sqs"
    label = "SQS Queue"
    replaces = frozenset({"fifoQueue", "name", "namePrefix"})
    defaults: ClassVar = {
        "contentBasedDeduplication": False,
        "delaySeconds": 0,
        "fifoQueue": False,
        "maxMessageSize": 1048576,
        "messageRetentionSeconds": 345600,
        "receiveWaitTimeSeconds": 0,
        "visibilityTimeoutSeconds": 30,
    }
    policies: ClassVar = {"policy": policy_grammar.QUEUE}
    references = (Reference("kmsMasterKeyId", "KMS key"),)
    automatic_name = "name"
    name_length = 80
    tag_calls = TagCalls("tag_queue", "untag_queue", "QueueUrl", shape="map")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.QUEUE.problems("name", inputs.get("name"))
        yield from _fifo_problems(inputs, "fifoQueue")
        for name, lowest, highest in (
            ("delaySeconds", 0, 900),
            ("maxMessageSize", 1024, 1048576),
            ("messageRetentionSeconds", 60, 1209600),
            ("receiveWaitTimeSeconds", 0, 20),
            ("visibilityTimeoutSeconds", 0, 43200),
            ("kmsDataKeyReusePeriodSeconds", 60, 86400),
        ):
            yield from names.within(name, inputs.get(name), lowest, highest)
        if inputs.get("kmsMasterKeyId") and inputs.get("sqsManagedSseEnabled") is True:
            yield "sqsManagedSseEnabled", "excludes kmsMasterKeyId; a queue is encrypted one way"

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        if inputs.get("redrivePolicy"):
            target = json.loads(inputs["redrivePolicy"]).get("deadLetterTargetArn", "")
            if not exists(cloud, "SQS queue", target):
                yield f"redrivePolicy names the SQS queue {target!r}, which does not exist"

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        answer = cloud.client("sqs").create_queue(
            QueueName=inputs["name"], Attributes=_QUEUE.request(inputs), tags=inputs.get("tags") or {}
        )
        return answer["QueueUrl"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("sqs")
        attributes = client.get_queue_attributes(QueueUrl=identifier, AttributeNames=["All"])["Attributes"]
        return {
            **_QUEUE.properties(attributes),
            "arn": attributes["QueueArn"],
            "name": attributes["QueueArn"].rsplit(":", 1)[-1],
            "tags": client.list_queue_tags(QueueUrl=identifier).get("Tags", {}),
            "url": identifier,
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        defaults = {name: value for name, value in self.defaults.items() if new.get(name) is None}
        attributes = _QUEUE.request({**defaults, **new}, changed)
        cleared = _QUEUE.cleared(new, changed - self.defaults.keys() - {"sqsManagedSseEnabled"})
        cloud.client("sqs").set_queue_attributes(QueueUrl=identifier, Attributes=attributes | cleared)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("sqs").delete_queue(QueueUrl=identifier)

    @override
    def tag_target(self, identifier: str, known: Properties) -> str:
        return identifier


class QueuePolicy(Setting):
    """Resource ``aws.sqs.QueuePolicy``."""

    token = "aws:sqs/queuePolicy:QueuePolicy"  # noqa: S105 - a type token
    service = "sqs"
    label = "SQS Queue Policy"
    replaces = frozenset({"queueUrl"})
    policies: ClassVar = {"policy": policy_grammar.QUEUE}
    references = (Reference("queueUrl", "SQS queue"),)

    @override
    def identify(self, cloud: Cloud, inputs: Properties) -> str:
        return inputs["queueUrl"]

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        cloud.client("sqs").set_queue_attributes(QueueUrl=identifier, Attributes={"Policy": inputs["policy"]})

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        answer = cloud.client("sqs").get_queue_attributes(QueueUrl=identifier, AttributeNames=["Policy"])
        policy = answer.get("Attributes", {}).get("Policy")
        return {"queueUrl": identifier, "policy": policy} if policy else None

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("sqs").set_queue_attributes(QueueUrl=identifier, Attributes={"Policy": ""})


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isdigit() else text


def _fifo_problems(inputs: Properties, flag: str) -> Iterator[Problem]:
    name = inputs.get("name")
    if isinstance(name, str) and name.endswith(".fifo") != bool(inputs.get(flag)):
        yield "name", f"{name!r}: the ending .fifo and {flag} = true belong together"


TYPES = (Topic(), TopicPolicy(), TopicSubscription(), Queue(), QueuePolicy())
