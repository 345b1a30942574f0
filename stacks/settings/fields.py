"""Types of single values, each with the sentence that an error message and an editor show for it.

Source: CFG-1..13, A-32.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import Field, GetJsonSchemaHandler, SecretStr, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
DNS_NAME = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?"


@dataclass(frozen=True)
class Allowed:
    """What a value may be, in words that complete "allowed: ..."."""

    text: str

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Hands the sentence to editors, which show it where a value does not fit."""
        return handler(schema) | {"errorMessage": f"allowed: {self.text}"}


Slug = Annotated[
    str,
    Field(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"),
    Allowed("lower-case letters, digits and hyphens, at most 63, starting with a letter, such as platform-team"),
]
LabelValue = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$"),
    Allowed("a Kubernetes label value: letters, digits, '-', '_' and '.', at most 63, such as cc-platform"),
]
DnsName = Annotated[
    str,
    Field(pattern=f"^{DNS_NAME}$", max_length=200),
    Allowed("a lower-case DNS name of at least two labels, such as automation.example.com"),
]
EmailAddress = Annotated[
    str,
    Field(pattern=rf"^[A-Za-z0-9._%+-]{{1,64}}@{DNS_NAME}$", max_length=254),
    Allowed("an e-mail address, such as platform@example.com"),
]
AccountId = Annotated[str, Field(pattern=r"^[0-9]{12}$"), Allowed('twelve digits in quotes, such as "123456789012"')]
# Subscription, tenant and groups of Entra ID.
AzureId = Annotated[
    str,
    Field(pattern=UUID),
    Allowed("a UUID in lower case, such as 00000000-0000-0000-0000-000000000000"),
]
RoleArn = Annotated[
    str,
    Field(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,128}$"),
    Allowed("the ARN of an IAM role, such as arn:aws:iam::123456789012:role/platform-administrator"),
]
KubernetesVersion = Annotated[
    str, Field(pattern=r"^1\.[0-9]{2}$"), Allowed('a minor version in quotes, such as "1.35"')
]
PostgresVersion = Annotated[str, Field(pattern=r"^[0-9]{2}$"), Allowed('a major version in quotes, such as "17"')]
Network = Annotated[IPv4Network, Allowed("an IPv4 network without host bits, such as 10.20.0.0/16")]
NodePoolName = Annotated[
    str,
    Field(pattern=r"^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$"),
    Allowed("lower-case letters, digits and hyphens, at most 32, starting with a letter, such as general"),
]
# The name starts the names of the cluster's roles, keys, images and database: the narrowest of their rules holds.
ClusterName = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40),
    Allowed("at most 40 lower-case letters, digits and single inner hyphens, such as biz-automation-dev"),
]
# Names of S3 buckets hold 63 characters; the purpose of each is appended.
BucketPrefix = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", min_length=3, max_length=36),
    Allowed("3 to 36 lower-case letters, digits and single inner hyphens, such as biz-automation-dev"),
]
Region = Annotated[str, Field(min_length=1, max_length=40), Allowed("a region of the cloud, such as us-east-1")]
InstanceType = Annotated[
    str, Field(min_length=1, max_length=60), Allowed("a machine type of the cloud, such as m5.xlarge")
]
InstanceClass = Annotated[
    str, Field(min_length=1, max_length=60), Allowed("a machine class of the cloud's databases, such as db.m7g.large")
]
# What a team owns starts with its name: namespace, roles, topics.
TeamName = Annotated[
    str,
    Field(pattern=r"^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$"),
    Allowed("lower-case letters, digits and hyphens, at most 20, starting with a letter, such as growth"),
]
TopicName = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*$", max_length=100),
    Allowed("words of lower-case letters, digits and hyphens, with dots between, such as orders.placed"),
]
HttpsUrl = Annotated[
    str,
    Field(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$", max_length=300),
    Allowed("an https address without user, query and fragment"),
]
AbsolutePath = Annotated[
    str, Field(pattern=r"^/[ -~]*$", max_length=1000), Allowed("the absolute path of a directory, such as /srv/charts")
]
SlackChannel = Annotated[
    str,
    Field(pattern=r"^#[a-z0-9_-]{1,79}$"),
    Allowed("a channel of Slack with its #, such as #platform-alerts"),
]
_ENCRYPTED_SCHEMA = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object", "required": ["secure"]}]})
ServiceAccountToken = Annotated[
    SecretStr,
    Allowed("a token, encrypted: `pulumi config set --secret biz-automation:openshiftToken`"),
    _ENCRYPTED_SCHEMA,
]
ClientSecret = Annotated[
    SecretStr,
    Allowed("a client secret, encrypted: `pulumi config set --secret biz-automation:openshiftClientSecret`"),
    _ENCRYPTED_SCHEMA,
]
PullSecret = Annotated[
    SecretStr,
    Allowed("a pull secret, encrypted: `pulumi config set --secret biz-automation:openshiftPullSecret`"),
    _ENCRYPTED_SCHEMA,
]
EndpointService = Annotated[str, Field(min_length=1, max_length=60), Allowed("a service of the cloud, such as ecr.api")]


def allowed(field: FieldInfo) -> str:
    """What the field takes, in words; from its own `Allowed`, else from its type and limits."""
    stated = [item.text for item in field.metadata if isinstance(item, Allowed)]
    return stated[-1] if stated else _allowed(field.annotation, tuple(field.metadata))


def element_allowed(field: FieldInfo) -> str:
    """What one element of a list takes, in words."""
    element = next(_elements(field.annotation), str)
    return _allowed(element, ())


def _elements(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is tuple:
        yield get_args(annotation)[0]


def _allowed(annotation: Any, metadata: tuple[Any, ...]) -> str:
    if get_origin(annotation) is Annotated:
        annotation, *inner = get_args(annotation)
        metadata = (*inner, *metadata)
    stated = [item.text for item in metadata if isinstance(item, Allowed)]
    if stated:
        return stated[-1]
    if get_origin(annotation) in {Union, UnionType}:
        annotation = next(option for option in get_args(annotation) if option is not type(None))
        return _allowed(annotation, metadata)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(annotation)
    for element in _elements(annotation):
        return f"a list, each item {_allowed(element, ())}"
    return _plain(annotation, metadata)


def _plain(annotation: Any, metadata: tuple[Any, ...]) -> str:
    if annotation is bool:
        return "true or false"
    if annotation is int:
        return _integer(metadata)
    return "text" if annotation is str else "an object"


def _integer(metadata: tuple[Any, ...]) -> str:
    limits: dict[str, int] = {}
    for item in metadata:
        for limit in item.metadata if isinstance(item, FieldInfo) else [item]:
            limits |= {name: getattr(limit, name) for name in ("ge", "le") if hasattr(limit, name)}
    if {"ge", "le"} <= limits.keys():
        return f"an integer from {limits['ge']} to {limits['le']}"
    return "an integer"
