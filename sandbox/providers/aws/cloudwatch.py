"""CloudWatch: log groups, policies of the log service, event rules and their targets."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import names, policy_grammar
from sandbox.providers.aws.cloud import Absent, Cloud
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties, ResourceType, Setting
from sandbox.providers.aws.shapes import camel, given
from sandbox.providers.aws.tagging import TagCalls, as_properties, as_request
from sandbox.providers.stand_in import StandInError

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html; 0: for ever
_RETENTION_DAYS = (
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip

_KEYS = "logs/key"


class LogGroup(ResourceType):
    """Resource ``aws.cloudwatch.LogGroup``."""

    token = "aws:cloudwatch/logGroup:LogGroup"  # noqa: S105 - a type token
    service = "logs"
    label = "CloudWatch Logs Log Group"
    replaces = frozenset({"logGroupClass", "name", "namePrefix"})
    defaults: ClassVar = {"deletionProtectionEnabled": False, "retentionInDays": 0, "skipDestroy": False}
    references = (Reference("kmsKeyId", "KMS key"),)
    automatic_name = "name"
    name_length = 512
    unread = frozenset({"skipDestroy"})
    tag_calls = TagCalls("tag_resource", "untag_resource", "resourceArn", "tags", "tagKeys", "map")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.LOG_GROUP.problems("name", inputs.get("name"))
        days = inputs.get("retentionInDays")
        if isinstance(days, int) and days not in _RETENTION_DAYS:
            yield "retentionInDays", f"{days} is not one of {', '.join(str(item) for item in _RETENTION_DAYS)}"
        key = inputs.get("kmsKeyId")
        if isinstance(key, str) and not key.startswith("arn:"):
            yield "kmsKeyId", f"{key!r} must be the ARN of a key, not its id or alias"

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        if inputs.get("kmsKeyId") and not _may_encrypt(cloud, inputs["kmsKeyId"]):
            yield (
                f"the key {inputs['kmsKeyId']} is not allowed to be used with log groups;"
                f" let logs.{cloud.region}.amazonaws.com use it in the key's policy"
            )

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        cloud.store.delete(_KEYS, inputs["name"])
        request = given(inputs, {"kmsKeyId": "kmsKeyId", "tags": "tags", "logGroupClass": "logGroupClass"})
        cloud.client("logs").create_log_group(logGroupName=inputs["name"], **request)
        if inputs.get("retentionInDays"):
            self._retain(cloud, inputs["name"], inputs)
        return inputs["name"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("logs")
        for group in client.describe_log_groups(logGroupNamePrefix=identifier)["logGroups"]:
            if group["logGroupName"] == identifier:
                arn = group["arn"].removesuffix(":*")
                return {
                    "arn": arn,
                    "kmsKeyId": group.get("kmsKeyId"),
                    **(cloud.store.get(_KEYS, identifier) or {}),
                    "logGroupClass": group.get("logGroupClass", "STANDARD"),
                    "name": identifier,
                    "retentionInDays": group.get("retentionInDays", 0),
                    "tags": as_properties(client.list_tags_for_resource(resourceArn=arn)["tags"], "map"),
                }
        return None

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        if "retentionInDays" in changed:
            self._retain(cloud, identifier, new)
        if "kmsKeyId" in changed:
            for reason in self.refusals(cloud, new):
                raise StandInError(reason)
            # moto has neither AssociateKmsKey nor DisassociateKmsKey
            cloud.store.put(_KEYS, identifier, {"kmsKeyId": new.get("kmsKeyId")})

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        if not known.get("skipDestroy"):
            cloud.client("logs").delete_log_group(logGroupName=identifier)
            cloud.store.delete(_KEYS, identifier)

    @staticmethod
    def _retain(cloud: Cloud, name: str, inputs: Properties) -> None:
        if inputs.get("retentionInDays"):
            cloud.client("logs").put_retention_policy(logGroupName=name, retentionInDays=inputs["retentionInDays"])
        else:
            cloud.client("logs").delete_retention_policy(logGroupName=name)


class LogResourcePolicy(Setting):
    """Resource ``aws.cloudwatch.LogResourcePolicy``."""

    token = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"  # noqa: S105 - a type token
    service = "logs"
    label = "CloudWatch Logs Resource Policy"
    replaces = frozenset({"policyName", "resourceArn"})
    policies: ClassVar = {"policyDocument": policy_grammar.LOGS}

    @override
    def identify(self, cloud: Cloud, inputs: Properties) -> str:
        return inputs["policyName"]

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        cloud.client("logs").put_resource_policy(policyName=identifier, policyDocument=inputs["policyDocument"])

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        for policy in cloud.client("logs").describe_resource_policies()["resourcePolicies"]:
            if policy["policyName"] == identifier:
                return {"policyName": identifier, "policyDocument": policy["policyDocument"], "policyScope": "ACCOUNT"}
        return None

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("logs").delete_resource_policy(policyName=identifier)


class EventRule(Setting):
    """Resource ``aws.cloudwatch.EventRule``."""

    token = "aws:cloudwatch/eventRule:EventRule"  # noqa: S105 - a type token
    service = "events"
    label = "EventBridge Rule"
    replaces = frozenset({"eventBusName", "name", "namePrefix"})
    defaults: ClassVar = {"eventBusName": "default", "forceDestroy": False, "state": "ENABLED"}
    references = (Reference("roleArn", "IAM role"),)
    automatic_name = "name"
    name_length = 64
    unread = frozenset({"forceDestroy"})
    tag_calls = TagCalls("tag_resource", "untag_resource", "ResourceARN")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.EVENT_RULE.problems("name", inputs.get("name"))
        if "eventPattern" not in inputs and "scheduleExpression" not in inputs:
            yield "eventPattern", "give eventPattern or scheduleExpression"
        yield from _pattern_problems(inputs.get("eventPattern"))
        schedule = inputs.get("scheduleExpression")
        if isinstance(schedule, str) and not (schedule.startswith(("rate(", "cron(")) and schedule.endswith(")")):
            yield "scheduleExpression", f"{schedule!r} must look like rate(5 minutes) or cron(0 20 * * ? *)"
        states = ("ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
        yield from names.one_of("state", inputs.get("state"), states)

    @override
    def identify(self, cloud: Cloud, inputs: Properties) -> str:
        return inputs["name"]

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        fields = ("description", "eventPattern", "roleArn", "scheduleExpression")
        cloud.client("events").put_rule(
            Name=identifier,
            EventBusName=self.wanted(inputs, "eventBusName"),
            State=self.wanted(inputs, "state"),
            **given(inputs, fields),
        )

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        identifier = super().create(cloud, inputs)
        if inputs.get("tags"):
            arn = cloud.arn("events", f"rule/{identifier}")
            cloud.client("events").tag_resource(ResourceARN=arn, Tags=as_request(inputs["tags"]))
        return identifier

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("events")
        bus = known.get("eventBusName") or "default"
        rule = client.describe_rule(Name=identifier, EventBusName=bus)
        return {
            "arn": rule["Arn"],
            "description": rule.get("Description") or None,
            "eventBusName": rule.get("EventBusName", bus),
            "eventPattern": rule.get("EventPattern"),
            "name": rule["Name"],
            "roleArn": rule.get("RoleArn"),
            "scheduleExpression": rule.get("ScheduleExpression"),
            "state": rule["State"],
            "tags": as_properties(client.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]),
        }

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        bus = known.get("eventBusName") or "default"
        targets = cloud.client("events").list_targets_by_rule(Rule=identifier, EventBusName=bus)["Targets"]
        if targets:
            raise StandInError("ValidationException: Rule can't be deleted since it has targets; delete these first")
        cloud.client("events").delete_rule(Name=identifier, EventBusName=bus)


class EventTarget(Setting):
    """Resource ``aws.cloudwatch.EventTarget``."""

    token = "aws:cloudwatch/eventTarget:EventTarget"  # noqa: S105 - a type token
    service = "events"
    label = "EventBridge Target"
    replaces = frozenset({"eventBusName", "rule", "targetId"})
    defaults: ClassVar = {"eventBusName": "default", "forceDestroy": False}
    references = (
        Reference("rule", "event rule"),
        Reference("arn", "event target"),
        Reference("roleArn", "IAM role"),
        Reference("deadLetterConfig.arn", "SQS queue"),
    )
    automatic_name = "targetId"
    name_length = 64
    unread = frozenset({"forceDestroy"})
    _scalars = ("arn", "input", "inputPath", "roleArn")
    _blocks = ("deadLetterConfig", "inputTransformer", "retryPolicy")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.EVENT_RULE.problems("targetId", inputs.get("targetId"))
        shapes = [name for name in ("input", "inputPath", "inputTransformer") if name in inputs]
        if len(shapes) > 1:
            yield shapes[1], f"{' and '.join(shapes)} exclude each other"

    @override
    def identify(self, cloud: Cloud, inputs: Properties) -> str:
        return f"{inputs['rule']}-{inputs['targetId']}"

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        target: dict[str, Any] = {"Id": inputs["targetId"], **given(inputs, self._scalars)}
        target |= {name[0].upper() + name[1:]: _as_request(inputs[name]) for name in self._blocks if inputs.get(name)}
        answer = cloud.client("events").put_targets(
            Rule=inputs["rule"], EventBusName=self.wanted(inputs, "eventBusName"), Targets=[target]
        )
        for entry in answer.get("FailedEntries", []):
            raise StandInError(f"{entry['ErrorCode']}: {entry['ErrorMessage']}")

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        bus = known.get("eventBusName") or "default"
        answer = cloud.client("events").list_targets_by_rule(Rule=known["rule"], EventBusName=bus)
        for target in answer["Targets"]:
            if target["Id"] == known["targetId"]:
                return {
                    "eventBusName": bus,
                    "rule": known["rule"],
                    "targetId": target["Id"],
                    **{name: target.get(name[0].upper() + name[1:]) for name in self._scalars},
                    **{name: _as_properties(target.get(name[0].upper() + name[1:])) for name in self._blocks},
                }
        raise Absent(identifier)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        bus = known.get("eventBusName") or "default"
        cloud.client("events").remove_targets(Rule=known["rule"], EventBusName=bus, Ids=[known["targetId"]])


def _may_encrypt(cloud: Cloud, key: str) -> bool:
    policy = cloud.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    return bool(policy_grammar.services(policy) & {"logs.amazonaws.com", f"logs.{cloud.region}.amazonaws.com"})


def _pattern_problems(pattern: Any) -> Iterator[Problem]:
    if not isinstance(pattern, str):
        return
    try:
        document = json.loads(pattern)
    except json.JSONDecodeError as error:
        yield "eventPattern", f"is not JSON ({error})"
        return
    if not isinstance(document, dict) or not document:
        yield "eventPattern", f"{pattern!r} must be a JSON object with at least one field"
        return
    for field, wanted in document.items():
        if not isinstance(wanted, list | dict):
            yield "eventPattern", f"field {field!r} must hold a list of values, or an object of fields"


def _as_request(block: dict[str, Any]) -> dict[str, Any]:
    renamed = {"inputPaths": "inputPathsMap"}
    names_ = {key: renamed.get(key, key) for key, value in block.items() if value is not None}
    return {name[0].upper() + name[1:]: block[key] for key, name in names_.items()}


def _as_properties(block: dict[str, Any] | None) -> dict[str, Any] | None:
    if block is None:
        return None
    properties = {key[0].lower() + key[1:]: camel(value) for key, value in block.items()}
    if "InputPathsMap" in block:
        properties["inputPaths"] = block["InputPathsMap"]
        del properties["inputPathsMap"]
    return properties


TYPES = (LogGroup(), LogResourcePolicy(), EventRule(), EventTarget())
