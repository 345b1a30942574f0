"""What several rules ask of a list."""

from collections.abc import Iterator, Sequence

from stacks.settings.problems import Path, Problem, refuse


def duplicates(path: Path, values: Sequence[object], key: str = "") -> Iterator[Problem]:
    """A problem for every value that already stands earlier in the list.

    Args:
        path: the list's path.
        values: the list, or the values of one key of its items.
        key: the key, when the items are objects.
    """
    for index, value in enumerate(values):
        if value in values[:index]:
            where = (*path, index, key) if key else (*path, index)
            yield refuse(where, value, "each value once", because=f"item {values.index(value)} has it too")
