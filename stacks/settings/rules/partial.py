"""Reading settings of which some fields are themselves in error, and therefore absent."""

from collections.abc import Iterator

from stacks.settings.base_model import SettingsModel
from stacks.settings.problems import Problem


def readable(problems: Iterator[Problem]) -> Iterator[Problem]:
    """The problems found until a rule reads an absent field; any other `AttributeError` is a bug and goes on."""
    try:
        yield from problems
    except AttributeError as error:
        model = error.obj
        if not (isinstance(model, SettingsModel) and error.name in type(model).model_fields):
            raise
