"""The table of custom resources whose operators make pods of fields of their own."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.rules.inspection.custom_resources import FILE
from sandbox.environment import crds_directory

ROWS: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
DEFINITIONS = crds_directory()


def definition(group: str, kind: str) -> Path | None:
    """The CustomResourceDefinition of a kind: its file has the name of the kind's plural and group."""
    names = re.compile(rf"{kind.lower().removesuffix('y')}(s|es|ies)?\.{re.escape(group)}\.yaml")
    return next((file for file in DEFINITIONS.rglob("*.yaml") if names.fullmatch(file.name)), None)


@cache
def schema(file: Path) -> dict[str, Any]:
    versions = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)["spec"]["versions"]
    return next(version for version in versions if version["storage"])["schema"]["openAPIV3Schema"]


def exists(node: dict[str, Any], path: str) -> bool:
    for key, select in re.findall(r"([^.\[]+)(\[[^\]]+\])?", path):
        if node.get("x-kubernetes-preserve-unknown-fields") and "properties" not in node:
            return True
        if key not in node.get("properties", {}):
            return False
        node = node["properties"][key]["items"] if select else node["properties"][key]
    return True


@pytest.mark.skipif(not DEFINITIONS.is_dir(), reason="the upstream CustomResourceDefinitions are not on this machine")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['group']}-{row['kind']}")
def test_paths_are_in_the_upstream_definition(row: dict[str, Any]) -> None:
    file = definition(row["group"], row["kind"])
    assert file is not None
    below = [*row["resources"], *([row["labels"]] if "labels" in row else [])]
    paths = [f"{place}.{path}" for place in row["at"] for path in below]
    assert [path for path in paths if not exists(schema(file), path)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['group']}-{row['kind']}")
def test_rows_are_complete(row: dict[str, Any]) -> None:
    assert {"group", "kind", "at", "resources"} <= row.keys() <= {"group", "kind", "at", "resources", "labels"}
    assert row["at"]
    assert row["resources"]
