"""Prints the tables, or writes their page: ``python -m tests.unit.parity [--write]``."""

import sys
from contextlib import ExitStack

from tests.unit import programs
from tests.unit.parity import table
from tests.unit.parity.conftest import STACKS
from tests.unit.platform import settings_of
from tests.unit.recording import recording


def main(*, write: bool) -> None:
    """Deploys every program in a recording engine and compares them."""
    with ExitStack() as engines:
        everything = [programs.deploy(engines.enter_context(recording(stack)), settings_of(stack)) for stack in STACKS]
        if write:
            table.PAGE.write_text(table.page(everything), encoding="utf-8")
        else:
            print("\n\n".join(each.text() for each in table.tables(everything)))


main(write="--write" in sys.argv[1:])
