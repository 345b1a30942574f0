"""Exceptions: noted while they last, refused afterwards, and never read wrongly."""

import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from policies.rules.pack import exceptions
from tests.policies.pack import COST_CENTERS, POLICIES, Violation, running

TODAY = date(2026, 3, 1)
ENTRY = {
    "rule": "images",
    "type": "kubernetes:core/v1:*",
    "name": "legacy-?",
    "reason": "the vendor publishes one moving tag",
    "owner": "data-team",
    "expires": TODAY,
}


def write(folder: Path, *entries: object) -> Path:
    file = folder / "exceptions.yaml"
    file.write_text(yaml.safe_dump({"exceptions": list(entries)}), encoding="utf-8")
    return file


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The pack on its own, away from this repository."""
    return Path(shutil.copytree(POLICIES, tmp_path / "policies", ignore=shutil.ignore_patterns("cases", "__pycache__")))


def judge(folder: Path, name: str) -> list[Violation]:
    pod = {
        "metadata": {"labels": {"cost-center": COST_CENTERS[0]}},
        "spec": {"containers": [{"name": "app", "image": "busybox"}]},
    }
    with running(folder) as pack:
        pack.configure_stack({"costCenters": list(COST_CENTERS)})
        return sorted(pack.analyze("kubernetes:core/v1:Pod", name, pod), key=lambda found: found.policy)


def today() -> date:
    return datetime.now(UTC).date()


def test_current_exception_turns_a_refusal_into_a_note(copied: Path) -> None:
    write(copied, ENTRY | {"expires": today()})
    noted, refused = judge(copied, "legacy-1")
    assert (noted.policy, noted.mandatory) == ("exceptions", False)
    assert 'kubernetes:core/v1:Pod "legacy-1": the image of spec.containers[0] "app"' in noted.message
    assert "until" in noted.message
    assert "the vendor publishes one moving tag (data-team)" in noted.message
    assert (refused.policy, refused.mandatory) == ("limits", True)


def test_exception_of_another_name_changes_nothing(copied: Path) -> None:
    write(copied, ENTRY | {"expires": today()})
    assert [(found.policy, found.mandatory) for found in judge(copied, "modern")] == [
        ("images", True),
        ("limits", True),
    ]


def test_ended_exception_refuses_and_says_so(copied: Path) -> None:
    yesterday = today() - timedelta(days=1)
    write(copied, ENTRY | {"expires": yesterday})
    refused = judge(copied, "legacy-1")[0]
    assert (refused.policy, refused.mandatory) == ("images", True)
    assert f"(the exception of data-team ended on {yesterday})" in refused.message


@pytest.mark.parametrize(("day", "current"), [(0, True), (1, False), (-1, True)])
def test_last_day_counts(tmp_path: Path, day: int, *, current: bool) -> None:
    loaded = exceptions.load(write(tmp_path, ENTRY), TODAY + timedelta(days=day))
    assert bool(loaded.current("images", "kubernetes:core/v1:Pod", "legacy-1")) is current


def test_current_entry_wins_over_an_ended_one(tmp_path: Path) -> None:
    ended = ENTRY | {"expires": TODAY - timedelta(days=9)}
    loaded = exceptions.load(write(tmp_path, ended, ENTRY), TODAY)
    found = loaded.current("images", "kubernetes:core/v1:Pod", "legacy-1")
    assert found is not None
    assert found.expires == TODAY


@pytest.mark.parametrize(
    ("rule", "resource_type", "name"),
    [
        ("limits", "kubernetes:core/v1:Pod", "legacy-1"),
        ("images", "kubernetes:apps/v1:Deployment", "legacy-1"),
        ("images", "kubernetes:core/v1:Pod", "legacy-10"),
        ("images", "kubernetes:core/v1:Pod", "LEGACY-1"),
    ],
)
def test_exception_is_narrow(tmp_path: Path, rule: str, resource_type: str, name: str) -> None:
    assert exceptions.load(write(tmp_path, ENTRY), TODAY).current(rule, resource_type, name) is None


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({**ENTRY, "owner": ""}, "exceptions[0].owner is ''; it must be text"),
        ({**ENTRY, "reason": 7}, "exceptions[0].reason is 7; it must be text"),
        ({**ENTRY, "expires": "soon"}, "exceptions[0].expires is 'soon'; it must be a day, such as 2030-01-31"),
        ({**ENTRY, "expires": None}, "exceptions[0].expires is None; it must be a day"),
        (
            {**ENTRY, "until": TODAY},
            "exceptions[0] must have exactly the keys rule, type, name, reason, owner, expires",
        ),
        ({"rule": "images"}, "it has rule"),
        ("images", "it has 'images'"),
        ({**ENTRY, "type": "*", "name": "**"}, "exceptions[0] covers every resource; name the type or the resource"),
    ],
)
def test_malformed_entry_is_named(tmp_path: Path, entry: object, message: str) -> None:
    with pytest.raises(exceptions.InvalidExceptionsError) as caught:
        exceptions.load(write(tmp_path, entry))
    assert message in str(caught.value)


@pytest.mark.parametrize("content", ["", "[]", "exceptions: {}", "exceptions: []\nmore: 1", "exceptions: ["])
def test_malformed_file_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "exceptions.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(exceptions.InvalidExceptionsError):
        exceptions.load(file)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (ENTRY | {"rule": "image"}, 'there is no rule "image"; the rules are cost-center, images, limits'),
        (ENTRY | {"expires": 2030}, "exceptions[0].expires is 2030; it must be a day"),
    ],
)
def test_pack_with_malformed_exceptions_does_not_start(copied: Path, entry: object, message: str) -> None:
    write(copied, entry)
    command = [sys.executable, "-m", "pulumi.policy", "127.0.0.1:0", str(copied)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert f"policies/exceptions.yaml: {message}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_own_exceptions_are_well_formed() -> None:
    assert exceptions.load() == exceptions.Exemptions()
