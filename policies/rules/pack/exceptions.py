"""Named exceptions: resources that a rule only notes, each with a reason, an owner and a last day."""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[2] / "exceptions.yaml"


class InvalidExceptionsError(Exception):
    """The exceptions cannot be read; the message names the entry, what is wrong and what is allowed."""


@dataclass(frozen=True)
class Exemption:
    """One entry of ``exceptions.yaml``; its comments say what each field is."""

    rule: str
    type: str
    name: str
    reason: str
    owner: str
    expires: date

    def covers(self, rule: str, resource_type: str, resource_name: str) -> bool:
        """Whether the entry is about this rule and resource."""
        return self.rule == rule and fnmatchcase(resource_type, self.type) and fnmatchcase(resource_name, self.name)


@dataclass(frozen=True)
class Exemptions:
    """All entries, as of a day."""

    entries: tuple[Exemption, ...] = ()
    today: date | None = None
    """The day on which entries are judged; absent: the current day, in UTC."""

    def current(self, rule: str, resource_type: str, resource_name: str) -> Exemption | None:
        """The entry that covers the resource today."""
        today = self.today or datetime.now(UTC).date()
        covering = (entry for entry in self.entries if entry.covers(rule, resource_type, resource_name))
        return next((entry for entry in covering if entry.expires >= today), None)

    def ended(self, rule: str, resource_type: str, resource_name: str) -> Exemption | None:
        """An entry that covered the resource until its last day."""
        return next((entry for entry in self.entries if entry.covers(rule, resource_type, resource_name)), None)


def load(file: Path = FILE, today: date | None = None) -> Exemptions:
    """Read the pack's exceptions.

    Raises:
        InvalidExceptionsError: the file is not as its comments say.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise InvalidExceptionsError(f"is not YAML: {error}") from error
    if not isinstance(content, dict) or content.keys() != {"exceptions"} or not isinstance(content["exceptions"], list):
        raise InvalidExceptionsError('must hold one key, "exceptions", with a list; an empty list allows none')
    entries = (_entry(f"exceptions[{index}]", entry) for index, entry in enumerate(content["exceptions"]))
    return Exemptions(tuple(entries), today)


def _entry(where: str, entry: Any) -> Exemption:
    allowed = [field.name for field in fields(Exemption)]
    if not isinstance(entry, dict) or set(entry) != set(allowed):
        given = ", ".join(map(str, entry)) if isinstance(entry, dict) else repr(entry)
        raise InvalidExceptionsError(f"{where} must have exactly the keys {', '.join(allowed)}; it has {given}")
    for key in ("rule", "type", "name", "reason", "owner"):
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise InvalidExceptionsError(f"{where}.{key} is {entry[key]!r}; it must be text")
    if type(entry["expires"]) is not date:
        raise InvalidExceptionsError(f"{where}.expires is {entry['expires']!r}; it must be a day, such as 2030-01-31")
    if not entry["name"].strip("*?") and not entry["type"].strip("*?"):
        raise InvalidExceptionsError(f"{where} covers every resource; name the type or the resource")
    return Exemption(**entry)
