"""What of a program belongs to which capability.

A capability is a folder of ``components`` with a file for each cloud; what its components register belongs to it.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from stacks.settings import CloudProvider
from tests.unit.programs import Program
from tests.unit.recording import Registration
from tests.unit.settings.configuration import CHECKOUT

CLOUDS = tuple(cloud.value for cloud in CloudProvider)
_COMPONENT = "biz-automation:"


@cache
def folders() -> frozenset[str]:
    """Folders of ``components`` with a file for one cloud."""
    files = [path for cloud in CLOUDS for path in (CHECKOUT / "components").glob(f"*/{cloud}*.py")]
    return frozenset(path.parent.name for path in files)


def capabilities(programs: Iterable[Program]) -> list[str]:
    """The folders whose components some program registers; the others have names and accounts alone."""
    registered = {_folder(item) for program in programs for item in program.engine.registrations}
    return sorted(folders() & registered)


def resource_types(programs: Iterable[Program]) -> Mapping[tuple[str, str], frozenset[str]]:
    """Types of resources, by capability and cloud: of each the innermost component of a capability around it counts."""
    types: dict[tuple[str, str], set[str]] = {}
    for program in programs:
        by_urn = {item.urn: item for item in program.engine.registrations}
        for item in program.engine.registrations:
            if not item.type.startswith(_COMPONENT) and (owner := _owner(item, by_urn)):
                types.setdefault((owner, program.cloud), set()).add(item.type)
    return {place: frozenset(found) for place, found in types.items()}


def _owner(item: Registration, by_urn: Mapping[str, Registration]) -> str:
    around = by_urn.get(item.parent)
    while around is not None and _folder(around) not in folders():
        around = by_urn.get(around.parent)
    return _folder(around) if around else ""


def _folder(item: Registration) -> str:
    return item.type.removeprefix(_COMPONENT).partition(":")[0] if item.type.startswith(_COMPONENT) else ""
