"""The AWS provider as the engine sees it: checks, differences, and operations that go to AWS."""

import json
import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from typing_extensions import override

from sandbox.providers import schema
from sandbox.providers.aws import invokes, policy_grammar, tagging
from sandbox.providers.aws.cloud import Cloud, describe, is_absent, is_throttled
from sandbox.providers.aws.comparison import overlay, reconcile, same
from sandbox.providers.aws.references import exists, is_generated
from sandbox.providers.aws.registry import resource_type
from sandbox.providers.aws.resource_type import Properties, ResourceType
from sandbox.providers.stand_in import (
    UNKNOWN,
    Failures,
    ReadResult,
    ResourceDiff,
    ResourceReference,
    StandIn,
    StandInError,
    ThrottledError,
    contains_unknown,
)

Result = TypeVar("Result")
_CREDENTIALS = {"accessKey": "aws_access_key_id", "secretKey": "aws_secret_access_key", "token": "aws_session_token"}


class AwsStandIn(StandIn):
    """Stand-in for the AWS provider; every operation is a boto3 call.

    Raises:
        StandInError: from each operation, where the real provider would fail.
    """

    name = "aws"

    def __init__(self) -> None:
        super().__init__()
        self._cloud: Cloud | None = None

    @property
    def cloud(self) -> Cloud:
        """The configured account and region."""
        if self._cloud is None:
            raise StandInError("The AWS provider has no configuration yet; the engine must configure it first.")
        return self._cloud

    @override
    def configure_provider(self, config: dict[str, Any]) -> None:
        settings = {name: _setting(value) for name, value in config.items()}
        region = settings.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if not region:
            raise StandInError("The AWS provider has no region; set the configuration key aws:region.")
        if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region):
            raise StandInError(f"invalid AWS Region: {region}; use a name like us-east-1.")
        endpoints: Any = settings.get("endpoints") or [{}]
        endpoint = next((url for services in endpoints for url in services.values()), None)
        default_tags: Any = settings.get("defaultTags") or {}
        self._cloud = Cloud(
            region,
            endpoint or os.environ.get("AWS_ENDPOINT_URL"),
            default_tags.get("tags") or {},
            {field: settings[name] for name, field in _CREDENTIALS.items() if settings.get(name)},
        )
        allowed, forbidden = settings.get("allowedAccountIds") or [], settings.get("forbiddenAccountIds") or []
        if allowed or forbidden:
            self._cloud.require_account(allowed, forbidden)

    @override
    def check_resource(
        self, resource: ResourceReference, old: Properties, new: Properties, /
    ) -> tuple[Properties, Failures]:
        kind = resource_type(resource.type)
        inputs = {name: value for name, value in new.items() if value is not None}
        failures = schema.validate(resource.type, inputs)
        if failures:
            return inputs, failures
        inputs = {name: _text_document(kind, name, value) for name, value in inputs.items()}
        inputs |= self._automatic_name(kind, resource, old, inputs)
        if "tagsAll" in schema.schema(resource.type).outputs and inputs.get("tags") is not UNKNOWN:
            tags = {**self.cloud.default_tags, **(inputs.get("tags") or {})}
            inputs |= {"tags": tags} if tags else {}
            failures.extend(("tags", reason) for reason in tagging.problems(tags))
        for name, policy in kind.policies.items():
            failures.extend(policy_grammar.problems(name, inputs.get(name), policy))
        failures.extend(kind.problems(inputs))
        return inputs, failures

    @override
    def diff_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new: Properties,
        /,
    ) -> ResourceDiff:
        kind = resource_type(resource.type)
        changed = _changed(kind, old_inputs, new)
        replaced = kind.replaced(old_inputs, new, frozenset(changed))
        replaces = tuple(name for name in changed if name in replaced or name == "region")
        return ResourceDiff(changed, replaces, bool(replaces) and _keeps_name(kind, resource, old_inputs, new))

    @override
    def create_resource(
        self, resource: ResourceReference, inputs: Properties, /, *, preview: bool, timeout: float
    ) -> tuple[str, Properties]:
        kind = resource_type(resource.type)
        cloud = self._cloud_for(inputs)
        self._require_references(kind, resource, inputs, preview=preview)
        if preview:
            unknown = dict.fromkeys(schema.schema(resource.type).outputs, UNKNOWN)
            return "", unknown | _planned(kind, inputs)

        def operate() -> tuple[str, Properties]:
            for reason in kind.refusals(cloud, inputs):
                raise StandInError(reason)
            identifier = kind.create(cloud, inputs)
            live = kind.read(cloud, identifier, inputs)
            if live is None:
                raise StandInError(f"{identifier} was made, but AWS does not show it")
            unhandled = sorted(inputs.keys() - live.keys() - kind.unread - {"region", kind.name_prefix})
            if unhandled:
                kind.delete(cloud, identifier, {**live, **inputs})
                raise StandInError(
                    f"the sandbox does not know what to do with {', '.join(unhandled)};"
                    f" handle it in {type(kind).__module__.rsplit('.', 1)[-1]}.py of sandbox/providers/aws"
                )
            return identifier, _outputs(kind, cloud, resource.type, live, inputs)

        return _attempt(f"creating {kind.label} ({resource.name})", operate)

    @override
    def read_resource(
        self, resource: ResourceReference, resource_id: str, inputs: Properties, outputs: Properties, /
    ) -> ReadResult | None:
        kind = resource_type(resource.type)
        cloud = self._cloud_for(inputs or outputs)

        def operate() -> Properties | None:
            try:
                return kind.read(cloud, resource_id, {**outputs, **inputs})
            except Exception as error:
                if is_absent(error):
                    return None
                raise

        live = _attempt(f"reading {kind.label} ({resource_id})", operate)
        if live is None:
            return None
        known = schema.schema(resource.type).inputs.properties
        taken = {name: value for name, value in live.items() if name in known}
        # an import knows neither inputs nor outputs
        found = _inputs_of(kind, inputs, taken) if inputs or outputs else _imported(kind, taken)
        return ReadResult(resource_id, found, _outputs(kind, cloud, resource.type, live, found))

    @override
    def update_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        inputs: Properties,
        /,
        *,
        preview: bool,
        timeout: float,
    ) -> Properties:
        kind = resource_type(resource.type)
        cloud = self._cloud_for(inputs)
        changed = frozenset(_changed(kind, old_inputs, inputs))
        changing = {name: inputs[name] for name in changed if name in inputs}
        self._require_references(kind, resource, changing, preview=preview)
        if preview:
            kept = {name: value for name, value in old_outputs.items() if name not in changed}
            planned = _planned(kind, inputs, old_outputs)
            return kept | dict.fromkeys(kind.volatile - inputs.keys(), UNKNOWN) | planned

        def operate() -> Properties:
            kind.update(cloud, resource_id, {**old_outputs, **old_inputs}, inputs, changed)
            live = kind.read(cloud, resource_id, {**old_outputs, **inputs})
            if live is None:
                raise StandInError("AWS does not show it any more; run 'pulumi refresh'")
            return _outputs(kind, cloud, resource.type, live, inputs)

        return _attempt(f"updating {kind.label} ({resource_id})", operate)

    @override
    def delete_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        inputs: Properties,
        outputs: Properties,
        /,
        *,
        timeout: float,
    ) -> None:
        kind = resource_type(resource.type)
        cloud = self._cloud_for(inputs)

        def operate() -> None:
            try:
                kind.delete(cloud, resource_id, {**outputs, **inputs})
            except Exception as error:
                if not is_absent(error):
                    raise

        _attempt(f"deleting {kind.label} ({resource_id})", operate)

    @override
    def invoke_function(self, token: str, arguments: Properties, /) -> Properties:
        return _attempt(f"invoking {token}", lambda: invokes.invoke(self.cloud, token, arguments))

    @override
    def secret_outputs(self, type_token: str, /) -> frozenset[str]:
        return resource_type(type_token).secrets

    def _cloud_for(self, inputs: Properties) -> Cloud:
        region = inputs.get("region")
        return self.cloud.in_region(region if isinstance(region, str) else None)

    def _automatic_name(
        self, kind: ResourceType, resource: ResourceReference, old: Properties, inputs: Properties
    ) -> Properties:
        """Make up the physical name where the program gives none; one made up earlier stays."""
        name = kind.automatic_name
        if name is None or name in inputs:
            return {}
        prefix = inputs.get(kind.name_prefix)
        if prefix is UNKNOWN:
            return {name: UNKNOWN}
        stem = kind.stem(resource.name) if prefix is None else str(prefix)
        earlier: Any = old.get(name)
        if isinstance(earlier, str) and re.fullmatch(rf"{re.escape(stem)}[0-9a-f]{{7}}", earlier):
            return {name: earlier}
        return {name: f"{stem[: kind.name_length - 7]}{self.random_suffix(resource)}"}

    def _require_references(
        self, kind: ResourceType, resource: ResourceReference, inputs: Properties, *, preview: bool
    ) -> None:
        """Refuse inputs that name what does not exist.

        In a preview only identifiers that AWS made up are asked for: what has a chosen name may be created in this run.
        """
        cloud = self._cloud_for(inputs)
        for reference in kind.references:
            for value in reference.values(inputs):
                if preview and not is_generated(value):
                    continue
                what = f"checking {reference.path} of {resource.name}"
                if not _attempt(what, partial(exists, cloud, reference.kind, value)):
                    raise StandInError(
                        f"{kind.label} ({resource.name}): {reference.path} names the {reference.kind} {value!r},"
                        " which does not exist; create it first, or correct the name."
                    )
        if not preview:
            self._require_principals(kind, resource, cloud, inputs)

    def _require_principals(
        self, kind: ResourceType, resource: ResourceReference, cloud: Cloud, inputs: Properties
    ) -> None:
        """Refuse a policy that lets in a role or user that does not exist, as AWS does."""
        for name in kind.policies:
            for principal in policy_grammar.principals(inputs.get(name)):
                what = f"checking {name} of {resource.name}"
                if not _attempt(what, partial(exists, cloud, "IAM principal", principal)):
                    raise StandInError(
                        f"{kind.label} ({resource.name}): {name} has the principal {principal!r}, which does not exist;"
                        " create it first, or correct the name."
                    )


def _setting(value: Any) -> Any:
    """Give a configuration value; the SDK sends everything but text as JSON."""
    if isinstance(value, str) and value[:1] in {"{", "[", '"'}:
        return json.loads(value)
    return value


def _text_document(kind: ResourceType, name: str, value: Any) -> Any:
    """Turn a policy given as an object into the JSON text that AWS takes."""
    is_policy = name in kind.policies and isinstance(value, dict)
    return json.dumps(value) if is_policy and not contains_unknown(value) else value


def _changed(kind: ResourceType, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    def value(inputs: Mapping[str, Any], name: str) -> Any:
        given = inputs.get(name)
        return kind.defaults.get(name) if given is None else given

    names = sorted(name for name in old.keys() | new.keys() if not name.startswith("__"))
    return tuple(name for name in names if not same(value(old, name), value(new, name)))


def _keeps_name(kind: ResourceType, resource: ResourceReference, old: Properties, new: Properties) -> bool:
    """Tell whether old and new resource would have one name, so that the old one must go first."""
    if kind.exclusive:
        return True
    name = kind.automatic_name
    if name is None or name not in new or old.get(name) != new[name]:
        return False
    return not re.fullmatch(rf"{re.escape(kind.stem(resource.name))}[0-9a-f]{{7}}", str(new[name]))


def _planned(kind: ResourceType, inputs: Properties, old: Mapping[str, Any] | None = None) -> Properties:
    """Give the outputs as far as a preview can tell them; what AWS fills into a block is unknown, or as it was."""
    planned = {**kind.defaults, **inputs}
    for path in kind.computed:
        block, _, member = path.partition(".")
        value = inputs.get(block)
        if isinstance(value, dict) and "." not in member and member not in value:
            known = (old or {}).get(block) or {}
            planned[block] = {**planned[block], member: known.get(member, UNKNOWN)}
    return planned | {"tagsAll": inputs["tags"]} if "tags" in inputs else planned


def _outputs(kind: ResourceType, cloud: Cloud, token: str, live: Properties, inputs: Properties) -> Properties:
    """Give every output of the SDK's class: the cloud's answer in the inputs' spelling, or null."""
    names = schema.schema(token).outputs
    said = {name: value for name, value in inputs.items() if not name.startswith("__")}
    outputs: Properties = {
        **dict.fromkeys(names),
        **kind.defaults,
        "region": cloud.region,
        **overlay({key: value for key, value in live.items() if value is not None}, said),
    }
    if "tagsAll" in names:
        outputs["tagsAll"] = outputs.get("tags") or {}
    return {name: value for name, value in outputs.items() if name in names}


def _imported(kind: ResourceType, live: Properties) -> Properties:
    return {
        name: value
        for name, value in live.items()
        if not same(value, kind.defaults.get(name)) and not same(value, None)
    }


def _inputs_of(kind: ResourceType, inputs: Properties, live: Properties) -> Properties:
    """Give the inputs that would make what the cloud has; they differ from the given ones by real drift only."""
    found: Properties = {}
    for name, value in inputs.items():
        if name not in live:
            found[name] = value
        else:
            actual = reconcile(value, live[name], name, kind.computed)
            found |= {} if actual is None else {name: actual}
    for name, value in live.items():
        watched = name in kind.defaults or name == "tags" or name in kind.watched
        if name not in inputs and watched and not same(value, kind.defaults.get(name)) and not same(value, None):
            found[name] = value
    return found


def _attempt(what: str, operate: Callable[[], Result]) -> Result:
    """Do something and name it in whatever goes wrong."""
    try:
        return operate()
    except StandInError as error:
        raise type(error)(f"{what}: {error}") from error
    except Exception as error:
        if isinstance(error, ValueError | KeyError | LookupError | TypeError) and not hasattr(error, "response"):
            raise StandInError(f"{what}: {type(error).__name__}: {error}") from error
        kind = ThrottledError if is_throttled(error) else StandInError
        raise kind(f"{what}: {describe(error)}") from error
