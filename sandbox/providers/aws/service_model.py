"""Checks a request against AWS's own description of its API, for calls that the API server of the sandbox lacks."""

from collections.abc import Iterator
from typing import Any

from sandbox.providers.aws.cloud import Cloud
from sandbox.providers.stand_in import StandInError


def require_valid(cloud: Cloud, service: str, operation: str, request: dict[str, Any]) -> None:
    """Refuse a request that AWS could not take.

    Args:
        cloud: whose clients know the service's model.
        service: boto3 name of the service.
        operation: name of the API operation, e.g. ``CreateAddon``.
        request: its parameters.

    Raises:
        StandInError: a parameter is unknown, missing, of the wrong type or size, or not one of the allowed values.
    """
    from botocore.validate import ParamValidator  # noqa: PLC0415 - a check or a diff must not pay for loading botocore

    shape: Any = cloud.client(service).meta.service_model.operation_model(operation).input_shape
    report = ParamValidator().validate(request, shape)
    reasons = [report.generate_report()] if report.has_errors() else list(_wrong_values(request, shape, ""))
    if reasons:
        raise StandInError(
            f"{operation}: Parameter validation failed: {'; '.join(' '.join(r.split()) for r in reasons)}"
        )


def _wrong_values(value: Any, shape: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for name, member in value.items():
            yield from _wrong_values(member, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for item in value:
            yield from _wrong_values(item, shape.member, path)
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{path.lstrip('.')} is {value!r}; allowed are {', '.join(shape.enum)}"
