"""What can still be judged of settings that are not valid as a whole.

Source: CFG-1 (every problem at once).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter
from pydantic.fields import FieldInfo

from stacks.settings.model import SettingsModel
from stacks.settings.problems import Path, is_list, nested_model

Model = TypeVar("Model", bound=SettingsModel)


def salvage(model: type[Model], data: Mapping[str, Any], bad: Iterable[Path], path: Path = ()) -> Model:
    """An instance that has the valid fields alone; reading another one raises `AttributeError`.

    Args:
        model: the model of ``data``.
        data: one object of the decoded configuration.
        bad: paths of every error that pydantic found, from the root.
        path: where ``data`` stands.
    """
    known = list(bad)
    partial = model.model_construct()
    values = vars(partial)
    partial.__pydantic_fields_set__.update(name for name, field in model.model_fields.items() if field.alias in data)
    for name, field in model.model_fields.items():
        key = field.alias or name
        here = (*path, key)
        values.pop(name, None)
        if key in data and here not in known:
            if nested_model(field) or not any(item[: len(here)] == here for item in known):
                values[name] = _value(field, data[key], known, here)
        elif key not in data and not field.is_required():
            values[name] = field.get_default()
    return partial


def _value(field: FieldInfo, value: Any, bad: list[Path], path: Path) -> Any:
    model = nested_model(field)
    if model is None:
        adapter: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation(), config=ConfigDict(strict=True))
        return adapter.validate_json(json.dumps(value))
    if not value and field.default is None:
        # a section that may be absent, and is
        return None
    if is_list(field):
        return tuple(_item(model, item, bad, (*path, index)) for index, item in enumerate(value))
    return salvage(model, value, bad, path)


def _item(model: type[SettingsModel], item: Any, bad: list[Path], path: Path) -> SettingsModel:
    return salvage(model, item if isinstance(item, Mapping) else {}, bad, path)
