"""The tables of the platform: YAML files that stand beside the module that reads them."""

from pathlib import Path
from typing import Any

import yaml

# libyaml parses eight times as fast; a PyYAML that was built without it reads the same
_LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_table(path: Path) -> Any:
    """Rows of a table, as plain lists, mappings and scalars.

    Args:
        path: of the YAML file, in UTF-8.

    Raises:
        OSError: the file cannot be read.
        yaml.YAMLError: it is no YAML.
    """
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - both loaders are the safe ones
