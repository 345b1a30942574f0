"""Names of Azure resources: as long as each type takes, of its alphabet, unique where they must be.

Source: TGT-6; https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from components.tables import read_table

_SUFFIX_LENGTH = 5


@dataclass(frozen=True)
class NameRule:
    """What a resource type takes; the table's head says what each field means."""

    longest: int
    hyphens: bool = True
    globally_unique: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Names:
    """The names of one stack's resources.

    Args:
        stem: first words of every name: lower-case letters, digits and single inner hyphens.
        subscription_id: where they are; two subscriptions may have stacks of one name.
    """

    stem: str
    subscription_id: str

    @property
    def suffix(self) -> str:
        """End of names that are unique in the world: always the same for a stack, and another for every other."""
        digest = hashlib.sha256(f"{self.subscription_id}/{self.stem}".encode()).hexdigest()
        return digest[:_SUFFIX_LENGTH]

    def name(self, kind: str, *words: str) -> str:
        """Name of a resource.

        Args:
            kind: row of ``azure.yaml``, e.g. ``storageAccount``.
            words: what it is for, e.g. ``lake``.

        Raises:
            ValueError: it would be longer than the type takes.
        """
        rule = name_rules()[kind]
        tail = [*words, *([self.suffix] if rule.globally_unique else [])]
        room = _room(rule, tail)
        stem = self.stem if rule.hyphens else self.stem.replace("-", "")
        if len(stem) > room and not rule.cut:
            raise ValueError(
                f"{stem!r} is too long for the name of a {kind} ({' '.join(words)}): at most {room} characters"
            )
        separator = "-" if rule.hyphens else ""
        return separator.join([stem[:room].rstrip("-"), *tail])


def longest_stem(kind: str, *words: str) -> int:
    """Characters that are left for the stem in the name of a resource type."""
    rule = name_rules()[kind]
    return _room(rule, [*words, *(["x" * _SUFFIX_LENGTH] if rule.globally_unique else [])])


@cache
def name_rules() -> Mapping[str, NameRule]:
    """What each resource type takes, by the table's own word for it."""
    table = read_table(Path(__file__).with_name("azure.yaml"))
    return {
        kind: NameRule(row["longest"], row.get("hyphens", True), row.get("global", False), row.get("cut", False))
        for kind, row in table.items()
    }


def _room(rule: NameRule, tail: list[str]) -> int:
    separators = len(tail) if rule.hyphens else 0
    return rule.longest - sum(map(len, tail)) - separators
