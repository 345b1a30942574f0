"""Read the policies' case files.

A case is one YAML file: Kubernetes manifests as they are, or Pulumi resources as ``type``, ``name`` and ``properties``.
In these, ``!unknown`` is a value that preview does not know, ``!secret`` a secret, ``!text`` and ``!file`` are assets.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from tests.policies.pack import POLICIES

CASES = POLICIES / "cases"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
ASSET = "c44067f5952c0a294b673a41bacd8c17"


class CaseLoader(yaml.SafeLoader):
    """YAML with the values that only Pulumi knows."""


def _unknown(_loader: CaseLoader, _node: yaml.Node) -> str:
    return UNKNOWN_STRING_VALUE


def _secret(loader: CaseLoader, node: yaml.ScalarNode) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "value": loader.construct_scalar(node)}


def _text(loader: CaseLoader, node: yaml.ScalarNode) -> dict[str, Any]:
    return {SIGNATURE: ASSET, "text": loader.construct_scalar(node)}


def _file(loader: CaseLoader, node: yaml.ScalarNode) -> dict[str, Any]:
    return {SIGNATURE: ASSET, "path": loader.construct_scalar(node)}


CaseLoader.add_constructor("!unknown", _unknown)
CaseLoader.add_constructor("!secret", _secret)
CaseLoader.add_constructor("!text", _text)
CaseLoader.add_constructor("!file", _file)


@dataclass(frozen=True)
class Case:
    """Resources that a rule accepts or refuses together.

    Args:
        rule: the rule's name.
        allowed: whether the rule accepts them.
        file: where the case is.
        expected: one fragment for each violation, in any order.
    """

    rule: str
    allowed: bool
    file: Path
    expected: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.rule}-{'allowed' if self.allowed else 'disallowed'}-{self.file.stem}"

    def resources(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Type, name and properties of each resource."""
        for document in yaml.load_all(self.file.read_text(encoding="utf-8"), CaseLoader):
            if "apiVersion" in document:
                yield _type(document), document["metadata"].get("name", "list"), document
            else:
                yield document["type"], document["name"], document["properties"]


def _type(manifest: Mapping[str, Any]) -> str:
    version = manifest["apiVersion"]
    return f"kubernetes:{version if '/' in version else f'core/{version}'}:{manifest['kind']}"


def expected(rule: str) -> dict[str, list[str]]:
    """The fragments of each disallowed case of a rule."""
    return yaml.safe_load((CASES / rule / "expected.yaml").read_text(encoding="utf-8"))


def cases() -> list[Case]:
    """Every case of every rule."""
    found: list[Case] = []
    for folder in sorted(CASES.iterdir()):
        fragments = expected(folder.name)
        for file in sorted(folder.glob("*allowed/*.yaml")):
            allowed = file.parent.name == "allowed"
            found.append(Case(folder.name, allowed, file, () if allowed else tuple(fragments.get(file.stem, ()))))
    return found
