"""The checkout stays clean, whatever becomes of the command that ran in it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.stack_files import kept_clean, restore_after_kill

AUTHORED = "# what the author wrote\nconfig:\n    project:size:   small   # kept\n"
SALTED = "config:\n  project:size: small\nencryptionsalt: v1:abc=:v1:def:ghi==\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.dev.yaml").write_text(AUTHORED)
    return folder


def test_an_added_salt_is_taken_out_and_the_layout_kept(project: Path, tmp_path: Path) -> None:
    with kept_clean(project, tmp_path):
        (project / "Pulumi.dev.yaml").write_text(SALTED)
    assert (project / "Pulumi.dev.yaml").read_text() == AUTHORED


def test_the_users_own_change_stays(project: Path, tmp_path: Path) -> None:
    with kept_clean(project, tmp_path):
        (project / "Pulumi.dev.yaml").write_text(SALTED.replace("small", "large"))
    assert (project / "Pulumi.dev.yaml").read_text() == "config:\n  project:size: large\n"


def test_the_authors_own_salt_stays(project: Path, tmp_path: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text(SALTED)
    with kept_clean(project, tmp_path):
        (project / "Pulumi.dev.yaml").write_text(SALTED + "# more\n")
    assert (project / "Pulumi.dev.yaml").read_text() == SALTED + "# more\n"


def test_a_file_made_for_the_salt_alone_goes(project: Path, tmp_path: Path) -> None:
    with kept_clean(project, tmp_path):
        (project / "Pulumi.new.yaml").write_text("encryptionsalt: v1:abc=\n")
    assert not (project / "Pulumi.new.yaml").exists()


def test_a_failing_command_leaves_no_salt(project: Path, tmp_path: Path) -> None:
    def fail() -> None:
        with kept_clean(project, tmp_path):
            (project / "Pulumi.dev.yaml").write_text(SALTED)
            raise RuntimeError("failed")

    with pytest.raises(RuntimeError, match="failed"):
        fail()
    assert (project / "Pulumi.dev.yaml").read_text() == AUTHORED


def test_a_killed_command_is_made_good_by_the_next(project: Path, tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from sandbox.stack_files import kept_clean\n"
        "project, directory, text = sys.argv[1:]\n"
        "with kept_clean(Path(project), Path(directory)):\n"
        "    Path(project, 'Pulumi.dev.yaml').write_text(text); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", program, str(project), str(tmp_path), SALTED]
    subprocess.run(command, cwd=Path(__file__).parents[2], check=False)
    assert (project / "Pulumi.dev.yaml").read_text() == SALTED
    restore_after_kill(tmp_path)
    assert (project / "Pulumi.dev.yaml").read_text() == AUTHORED
    assert list((tmp_path / "run" / "stack-files").iterdir()) == []


def test_the_note_of_a_running_command_is_left_to_it(project: Path, tmp_path: Path) -> None:
    with kept_clean(project, tmp_path):
        (project / "Pulumi.dev.yaml").write_text(SALTED)
        restore_after_kill(tmp_path)
        assert (project / "Pulumi.dev.yaml").read_text() == SALTED
        (note,) = (tmp_path / "run" / "stack-files").iterdir()
        assert json.loads(note.read_text()) == {str(project / "Pulumi.dev.yaml"): AUTHORED}
