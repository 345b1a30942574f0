"""The committed tables are what the program registers, and each empty cell has its reason."""

from collections.abc import Sequence

import pytest

from tests.unit.parity import reasons
from tests.unit.parity.capabilities import capabilities
from tests.unit.parity.claims import claims
from tests.unit.parity.table import PAGE, Table, page
from tests.unit.programs import Program


def test_the_committed_page_is_up_to_date(everything: Sequence[Program]) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(everything), "run `make docs` and commit the result"


@pytest.mark.parametrize(
    ("cells", "written", "problem"),
    [
        ({}, {}, "network on aws has no reason"),
        ({("network", "aws"): ["ec2.Vpc"]}, {"network": {"aws": "none"}}, "network on aws has a reason but is there"),
        ({}, {"budget": {"aws": "none"}}, "budget does not exist"),
    ],
    ids=["empty", "filled", "unknown"],
)
def test_a_cell_has_either_types_or_a_reason(
    cells: dict[tuple[str, str], list[str]], written: dict[str, dict[str, str]], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Table.of("Resource types", ["network"], cells, written)


def test_something_is_claimed_of_every_capability(everything: Sequence[Program]) -> None:
    assert {claim.capability for claim in claims()} == set(capabilities(everything))


def test_every_reason_is_about_a_claim() -> None:
    claimed = {(claim.capability, claim.name) for claim in claims()}
    about = {
        (capability, name)
        for capability in {each.capability for each in claims()}
        for name in reasons.claims(capability)
    }
    assert about - claimed == set()
    assert reasons.claimed() == {capability for capability, _ in about}
