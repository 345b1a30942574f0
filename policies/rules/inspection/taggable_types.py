"""Which cloud resources take tags; the lists are generated from the cloud SDKs."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("taggable_types.json")

# azure-native:storage/v20240101:StorageAccount
_VERSION = re.compile(r"/v\d{8}(preview|privatepreview|beta|alpha)?:")
# azure-native_storage_v20240101:storage:StorageAccount, of an SDK that is generated for one API version
_PACKAGE_OF_A_VERSION = re.compile(r"^azure-native_[^:]+:")


def canonical(resource_type: str) -> str:
    """The type without its API version: whatever the version, it is the same resource."""
    return _VERSION.sub(":", _PACKAGE_OF_A_VERSION.sub("azure-native:", resource_type))


def is_cloud(resource_type: str) -> bool:
    """Whether a type belongs to a cloud whose tags are judged."""
    return _package(canonical(resource_type)) in _listed("types")


def is_taggable(resource_type: str) -> bool:
    """Whether a cloud resource type takes tags."""
    return _is_listed("types", resource_type)


def has_other_tags(resource_type: str) -> bool:
    """Whether a cloud resource type calls something ``tags`` that are not the cloud's."""
    return _is_listed("others", resource_type)


def _is_listed(which: str, resource_type: str) -> bool:
    name = canonical(resource_type)
    return name in _listed(which).get(_package(name), ())


def _package(resource_type: str) -> str:
    return resource_type.partition(":")[0]


@cache
def _listed(which: str) -> Mapping[str, frozenset[str]]:
    content = json.loads(FILE.read_text(encoding="utf-8"))
    return {package: frozenset(f"{package}:{name}" for name in entry[which]) for package, entry in content.items()}
