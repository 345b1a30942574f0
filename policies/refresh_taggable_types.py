"""Write ``rules/inspection/taggable_types.json`` from the installed cloud SDKs; run after an SDK changes.

A program leaves out inputs that it does not set, so a missing tag cannot be told from a type that takes none; and some
types call something else ``tags``, such as the search terms of a saved query. The pack needs both lists. They are kept
as a file so that the pack does not need the SDKs.
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
_PAIRS = re.compile(r"Sequence\[.*'((?:Group)?TagArgs)'")
_KEY = re.compile(r"^ +key: pulumi\.Input\[", re.MULTILINE)


def taggable_types() -> dict[str, dict[str, Any]]:
    """What the SDKs call tags, with the SDK's version, by package.

    ``types`` take them as a mapping or as a list of keys and values; ``others`` mean something else by ``tags``.
    """
    return {package: _of(package, name) for package, name in PACKAGES.items()}


def _of(package: str, name: str) -> dict[str, Any]:
    installed = distribution(name)
    root = Path(str(installed.locate_file(name.replace("-", "_"))))
    found = dict(_tokens(root))
    types = sorted(token.removeprefix(f"{package}:") for token, taggable in found.items() if taggable)
    others = sorted(token.removeprefix(f"{package}:") for token, taggable in found.items() if not taggable)
    return {"sdk": f"{name} {installed.version}", "types": types, "others": others}


def _tokens(root: Path) -> Iterator[tuple[str, bool]]:
    """Each type with an input ``tags``, and whether it is the cloud's tags."""
    for file in root.rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        inputs, token = _INPUTS.search(source), _TYPE.search(source)
        tags = _TAGS.search(inputs[1]) if inputs else None
        if token and tags:
            pairs = _PAIRS.match(tags[1])
            yield token[1], tags[1] == _MAPPING or bool(pairs and _has_keys(file.with_name("_inputs.py"), pairs[1]))


def _has_keys(inputs: Path, name: str) -> bool:
    """Whether a class of a module's inputs holds a key of a tag, not only its name."""
    found = re.search(rf"^class {name}:\n(.*?)^    @", inputs.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return bool(found and _KEY.search(found[1]))


if __name__ == "__main__":
    FILE.write_text(json.dumps(taggable_types(), indent=0) + "\n", encoding="utf-8")
