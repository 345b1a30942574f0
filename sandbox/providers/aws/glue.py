"""Glue: databases of the data catalogue."""

from collections.abc import Iterator
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import names
from sandbox.providers.aws.cloud import Cloud
from sandbox.providers.aws.resource_type import Problem, Properties, ResourceType
from sandbox.providers.aws.shapes import camel, given, pascal
from sandbox.providers.aws.tagging import TagCalls


class CatalogDatabase(ResourceType):
    """Resource ``aws.glue.CatalogDatabase``."""

    token = "aws:glue/catalogDatabase:CatalogDatabase"  # noqa: S105 - a type token
    service = "glue"
    label = "Glue Catalog Database"
    replaces = frozenset({"catalogId", "federatedDatabase", "name", "targetDatabase"})
    defaults: ClassVar = {"description": "", "locationUri": "", "parameters": {}}
    automatic_name = "name"
    tag_calls = TagCalls("tag_resource", "untag_resource", "ResourceArn", "TagsToAdd", "TagsToRemove", "map")

    @override
    def stem(self, name: str) -> str:
        return f"{name.lower()}-"

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.GLUE_DATABASE.problems("name", inputs.get("name"))

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        catalogue = inputs.get("catalogId") or cloud.account
        tags = {"Tags": inputs["tags"]} if inputs.get("tags") else {}
        cloud.client("glue").create_database(CatalogId=catalogue, DatabaseInput=_as_request(inputs), **tags)
        return f"{catalogue}:{inputs['name']}"

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("glue")
        catalogue, name = identifier.split(":", 1)
        database = client.get_database(CatalogId=catalogue, Name=name)["Database"]
        arn = cloud.arn("glue", f"database/{name}")
        return {
            "arn": arn,
            "catalogId": catalogue,
            "createTableDefaultPermissions": _permissions(database.get("CreateTableDefaultPermissions")),
            "description": database.get("Description", ""),
            "locationUri": database.get("LocationUri", ""),
            "name": database["Name"],
            "parameters": database.get("Parameters", {}),
            "tags": client.get_tags(ResourceArn=arn).get("Tags", {}),
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        catalogue, name = identifier.split(":", 1)
        cloud.client("glue").update_database(CatalogId=catalogue, Name=name, DatabaseInput=_as_request(new))

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        catalogue, name = identifier.split(":", 1)
        cloud.client("glue").delete_database(CatalogId=catalogue, Name=name)


def _as_request(inputs: Properties) -> dict[str, Any]:
    request: dict[str, Any] = given(inputs, ("name", "description", "locationUri", "parameters"))
    if inputs.get("createTableDefaultPermissions"):
        request["CreateTableDefaultPermissions"] = pascal(inputs["createTableDefaultPermissions"])
    return request


def _permissions(permissions: Any) -> Any:
    return camel(permissions) if permissions else None


TYPES = (CatalogDatabase(),)
