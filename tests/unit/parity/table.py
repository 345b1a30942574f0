"""The tables of what each cloud registers: ``make parity`` prints them, ``make docs`` writes them.

Source: TGT-6.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from textwrap import fill

from stacks.foundation import Foundation
from tests.unit.parity import reasons
from tests.unit.parity.capabilities import CLOUDS, capabilities, resource_types
from tests.unit.parity.claims import Claim, claims
from tests.unit.parity.filled import filled_fields
from tests.unit.parity.reasons import Reasons
from tests.unit.programs import Program
from tests.unit.settings.configuration import CHECKOUT

PAGE = CHECKOUT / "docs" / "guides" / "parity.md"
_YES = "yes"
_HEAD = """\
<!-- Written by `make docs` from what the program registers; the reasons are in tests/unit/parity/reasons.yaml. -->

# One platform on three clouds

What the program registers on each cloud, in dev and prod together, with everything on that the stack files switch on.
What a cloud has not is given with its reason, in italics.
"""

Cells = Mapping[tuple[str, str], Sequence[str]]


@dataclass(frozen=True)
class Table:
    """What is compared, with its lines for each cloud."""

    title: str
    rows: Mapping[str, Mapping[str, Sequence[str]]]

    @classmethod
    def of(cls, title: str, names: Sequence[str], found: Cells, written: Reasons) -> "Table":
        """Fill the empty cells with their reasons.

        Args:
            title: of the table.
            names: of its rows.
            found: lines by row and cloud.
            written: reasons by row and cloud.

        Raises:
            ValueError: a cell has neither lines nor a reason, or both; or a reason is of no row.
        """
        problems = [f"{name} does not exist" for name in written.keys() - set(names)]
        for name in names:
            for cloud in CLOUDS:
                has_lines, has_reason = bool(found.get((name, cloud))), cloud in written.get(name, {})
                if has_lines == has_reason:
                    problems.append(f"{name} on {cloud} has {'a reason but is there' if has_lines else 'no reason'}")
        if problems:
            raise ValueError(f"reasons.yaml, {title.lower()}: {'; '.join(sorted(problems))}")
        rows = {
            name: {cloud: found.get((name, cloud)) or [f"*{written[name][cloud]}*"] for cloud in CLOUDS}
            for name in names
        }
        return cls(title, rows)

    def markdown(self) -> str:
        """The table for a page."""
        head = f"## {self.title}\n\n| | {' | '.join(CLOUDS)} |\n| --- |{' --- |' * len(CLOUDS)}\n"
        rows = [
            f"| {name} | {' | '.join('<br>'.join(cells[cloud]) for cloud in CLOUDS)} |\n"
            for name, cells in self.rows.items()
        ]
        return head + "".join(rows)

    def text(self) -> str:
        """The table for a terminal: a paragraph a row."""
        return f"{self.title}\n\n" + "\n".join(
            f"{name}\n" + "".join(_indented(cloud, ", ".join(lines)) for cloud, lines in cells.items())
            for name, cells in self.rows.items()
        )


def tables(programs: Sequence[Program]) -> Iterator[Table]:
    """Every comparison of the clouds.

    Args:
        programs: of all clouds, in all profiles that shall count.
    """
    types = {place: sorted(map(short, found)) for place, found in resource_types(programs).items()}
    yield Table.of("Resource types", capabilities(programs), types, reasons.cells())
    filled = {(field, program.cloud): [_YES] for program in programs for field in filled_fields(program.foundation)}
    yield Table.of(
        "What a cloud tells the platform", [each.name for each in fields(Foundation)], filled, reasons.fields()
    )
    run = {(switch, program.cloud): [_YES] for program in programs for switch in program.settings.components_on}
    yield Table.of("Components", sorted({switch for switch, _ in run}), run, reasons.components())
    exported = {(name, program.cloud): [_YES] for program in programs for name in program.outputs}
    yield Table.of("Outputs of a stack", sorted({name for name, _ in exported}), exported, reasons.outputs())
    yield _claims()


def _claims() -> Table:
    """What is claimed of each capability, and where it does not hold."""
    rows = {f"{each.capability}: {each.name}": {cloud: _answers(each, cloud) for cloud in CLOUDS} for each in claims()}
    return Table("What holds", rows)


def _answers(claim: Claim, cloud: str) -> Sequence[str]:
    """Why it does not hold; a reason for one stack names it."""
    if cloud not in claim.checks:
        return [f"*{reasons.cells()[claim.capability][cloud]}*"]
    written = reasons.claims(claim.capability).get(claim.name, {})
    found = {where: reason for where, reason in written.items() if cloud in {where, where.partition("-")[0]}}
    return [f"*{reason if where == cloud else f'{where}: {reason}'}*" for where, reason in found.items()] or [_YES]


def page(programs: Sequence[Program]) -> str:
    """The page of all comparisons."""
    return "\n".join([_HEAD, *(table.markdown() for table in tables(programs))])


def short(resource_type: str) -> str:
    """A type without what the column or the name says already: ``aws:ec2/vpc:Vpc`` -> ``ec2.Vpc``."""
    package, module, name = resource_type.split(":")
    if package == "kubernetes":
        return f"{module} {name}"
    service = module.partition("/")[0]
    return f"{package if service == 'index' else service}.{name}"


def _indented(cloud: str, text: str) -> str:
    return fill(text, 120, initial_indent=f"  {cloud:<11}", subsequent_indent=" " * 13) + "\n"
