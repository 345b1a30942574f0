"""Every case file ``<stack>.<ok|error>.<what>.yaml``: a patch on the stack's file and the exact messages it yields.

Source: CFG-1..13, A-5, A-11, A-32..A-35, A-57.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.settings import SettingsError
from tests.unit.settings.configuration import COMMITTED, as_handed_over, load_from, patch, stack_values

CASES = sorted(Path(__file__).with_name("cases").glob("*.yaml"))
ERRORS = [case for case in CASES if case.name.split(".")[1] == "error"]
ACCEPTED = [case for case in CASES if case.name.split(".")[1] == "ok"]


def config_of(case: Path) -> tuple[dict[str, str], str, list[str]]:
    """Configuration, name of the stack and expected messages of a case file."""
    stack = case.name.split(".")[0]
    content: dict[str, Any] = yaml.safe_load(case.read_text(encoding="utf-8"))
    values = patch(stack_values(stack), content.get("change", {}), content.get("remove", []))
    return as_handed_over(values), content.get("stack", stack), content.get("messages", [])


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: case.stem)
def test_bad_settings_yield_exactly_these_messages(case: Path) -> None:
    config, stack, messages = config_of(case)

    with pytest.raises(SettingsError) as refused:
        load_from(config, stack)

    assert list(refused.value.problems) == messages


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.stem)
def test_good_settings_load(case: Path) -> None:
    config, stack, _ = config_of(case)

    assert load_from(config, stack).profile == case.name.split(".")[0].rpartition("-")[2]


def test_every_case_belongs_to_a_stack_and_has_a_verdict() -> None:
    assert len(ERRORS) >= 70
    assert len(ERRORS) + len(ACCEPTED) == len(CASES)
    assert {case.name.split(".")[0] for case in CASES} <= set(COMMITTED)


def test_the_error_lists_every_problem_under_one_heading() -> None:
    config, stack, messages = config_of(Path(__file__).with_name("cases") / "dev.error.several-at-once.yaml")

    with pytest.raises(SettingsError) as refused:
        load_from(config, stack)

    heading, *lines = str(refused.value).splitlines()
    assert heading == f"{len(messages)} problems in the settings of stack dev (Pulumi.dev.yaml):"
    assert lines == [f"  {message}" for message in messages]
