"""Every case file ``<stack>.<ok|error>.<what>.yaml``: a patch on the stack's file and the exact messages it yields.

``after`` names a case whose patch comes first, ``encrypted`` the keys whose values the stack file does not show.

Source: CFG-1..13, A-5, A-11, A-32..A-35, A-57.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.settings import Settings, SettingsError
from tests.unit.settings.configuration import CASES as FOLDER
from tests.unit.settings.configuration import COMMITTED, PROJECT, as_handed_over, case, load_from

CASES = sorted(FOLDER.glob("*.yaml"))
ERRORS = [file for file in CASES if file.name.split(".")[1] == "error"]
ACCEPTED = [file for file in CASES if file.name.split(".")[1] == "ok"]


def load_case(file: Path) -> Settings:
    """Load what a case file says."""
    values, encrypted = case(file.stem)
    stack = content_of(file).get("stack", file.name.split(".")[0])
    return load_from(as_handed_over(values), stack, [f"{PROJECT}:{key}" for key in encrypted])


def content_of(file: Path) -> dict[str, Any]:
    """What a case file holds."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", ERRORS, ids=lambda file: file.stem)
def test_bad_settings_yield_exactly_these_messages(file: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load_case(file)

    assert list(refused.value.problems) == content_of(file)["messages"]


@pytest.mark.parametrize("file", ACCEPTED, ids=lambda file: file.stem)
def test_good_settings_load(file: Path) -> None:
    assert load_case(file).profile == file.name.split(".")[0].rpartition("-")[2]


def test_every_case_belongs_to_a_stack_and_has_a_verdict() -> None:
    assert len(ERRORS) >= 70
    assert len(ERRORS) + len(ACCEPTED) == len(CASES)
    assert {file.name.split(".")[0] for file in CASES} <= set(COMMITTED)


def test_the_error_lists_every_problem_under_one_heading() -> None:
    file = FOLDER / "dev.error.several-at-once.yaml"
    messages = content_of(file)["messages"]

    with pytest.raises(SettingsError) as refused:
        load_case(file)

    heading, *lines = str(refused.value).splitlines()
    assert heading == f"{len(messages)} problems in the settings of stack dev (Pulumi.dev.yaml):"
    assert lines == [f"  {message}" for message in messages]
