"""The Makefile on machines that lack something: one sentence each, and nothing half-made."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.environment import CHECKOUT

pytestmark = pytest.mark.sandbox


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copyfile(CHECKOUT / name, tmp_path / name)
    return tmp_path


def make(checkout: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    # a make that runs these tests must not hand its own settings on
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=checkout, env={**inherited, **variables}, capture_output=True, text=True, check=False
    )


def python_that(checkout: Path, script: str) -> str:
    program = checkout / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return f"PYTHON_FOR_VENV={program}"


def error_of(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode != 0
    (sentence,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    return sentence


def test_help_is_the_default_and_names_every_target(checkout: Path) -> None:
    shown = make(checkout).stdout
    phony = next(line for line in (checkout / "Makefile").read_text().splitlines() if line.startswith(".PHONY: "))
    assert [target for target in phony.split()[1:] if f"make {target} " not in shown] == []


def test_an_old_python(checkout: Path) -> None:
    sentence = error_of(make(checkout, "up", python_that(checkout, "exit 1")))
    assert sentence.startswith("error: Python 3.11 or newer is needed")


def test_a_python_without_venv(checkout: Path) -> None:
    script = 'case "$*" in *venv*) mkdir -p .venv; echo "No module named ensurepip" >&2; exit 1;; esac'
    sentence = error_of(make(checkout, "up", python_that(checkout, script)))
    assert "cannot make a virtual environment (No module named ensurepip); install its venv module" in sentence
    assert not (checkout / ".venv").exists()


def test_no_package_index(checkout: Path) -> None:
    # left by a command that was killed
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(checkout / ".venv")], check=True)
    result = make(checkout, "up", f"PYTHON_FOR_VENV={sys.executable}", PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert "Making .venv ..." in result.stdout
    assert "could not be installed from the package index; check the network" in error_of(result)
    assert not (checkout / ".venv" / ".ready").exists()
