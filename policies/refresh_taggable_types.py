"""Write ``rules/inspection/taggable_types.json`` from the installed cloud SDKs; run after an SDK changes.

A program leaves out inputs that it does not set, so a missing tag cannot be told from a type that takes none: the pack
needs the list. It is kept as a file so that the pack does not need the SDKs.
"""

import json
import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "rules" / "inspection" / "taggable_types.json"
PACKAGES = {"aws": "pulumi-aws", "azure-native": "pulumi-azure-native"}

_INPUTS = re.compile(r"def _internal_init\((.*?)\n {8}opts = ", re.DOTALL)
_TYPE = re.compile(r"super\(\w+, __self__\)\.__init__\(\s*'([^']+)'")
_TAGS = re.compile(r"^ +tags: pulumi\.Input\[Optional\[(.+)\]\] = None,$", re.MULTILINE)
_MAPPING = "Mapping[str, pulumi.Input[_builtins.str]]"
_PAIRS = re.compile(r"Sequence\[.*'(Group)?TagArgs'")


def taggable_types() -> dict[str, dict[str, Any]]:
    """The types whose input ``tags`` is a mapping or a list of keys and values, with the SDK's version, by package."""
    return {package: _of(package, name) for package, name in PACKAGES.items()}


def _of(package: str, name: str) -> dict[str, Any]:
    installed = distribution(name)
    root = Path(str(installed.locate_file(name.replace("-", "_"))))
    types = sorted(token.removeprefix(f"{package}:") for token in _tokens(root))
    return {"sdk": f"{name} {installed.version}", "types": types}


def _tokens(root: Path) -> Iterator[str]:
    for file in root.rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        inputs, token = _INPUTS.search(source), _TYPE.search(source)
        tags = _TAGS.search(inputs[1]) if inputs else None
        if token and tags and (tags[1] == _MAPPING or _PAIRS.match(tags[1])):
            yield token[1]


if __name__ == "__main__":
    FILE.write_text(json.dumps(taggable_types(), indent=0) + "\n", encoding="utf-8")
