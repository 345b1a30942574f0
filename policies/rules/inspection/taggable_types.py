"""Which cloud resources take tags; the list is generated from the cloud SDKs."""

import json
import re
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("taggable_types.json")

_VERSION = re.compile(r"/v\d{8}(preview|privatepreview|beta|alpha)?:")


def is_cloud(resource_type: str) -> bool:
    """Whether a type belongs to a cloud whose tags are judged."""
    return resource_type.partition(":")[0] in _types()


def is_taggable(resource_type: str) -> bool:
    """Whether a cloud resource type takes tags; types of an explicit API version are the same as without it."""
    package = resource_type.partition(":")[0]
    return _VERSION.sub(":", resource_type) in _types().get(package, ())


@cache
def _types() -> dict[str, frozenset[str]]:
    content = json.loads(FILE.read_text(encoding="utf-8"))
    return {package: frozenset(f"{package}:{name}" for name in entry["types"]) for package, entry in content.items()}
