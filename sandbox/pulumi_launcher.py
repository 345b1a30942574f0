"""The `pulumi` of the sandbox's search path: the real CLI, and a clean checkout afterwards.

Run as `python -m sandbox.pulumi_launcher REAL_CLI ARGUMENTS...`.
"""

import os
import re
import sys
from pathlib import Path

from sandbox.environment import DEBUG_VARIABLE, sandbox_directory
from sandbox.foreground import run
from sandbox.stack_files import kept_clean


def project_directory(arguments: list[str]) -> Path:
    """Return the folder of the project that a command line works on: the nearest with a Pulumi.yaml, else the start."""
    start = Path.cwd()
    for position, argument in enumerate(arguments):
        if argument in ("-C", "--cwd") and position + 1 < len(arguments):
            start = start / arguments[position + 1]
        elif argument.startswith("--cwd="):
            start = start / argument.removeprefix("--cwd=")
    return next((folder for folder in (start, *start.parents) if (folder / "Pulumi.yaml").exists()), start)


def shows_debug_messages(arguments: list[str]) -> bool:
    """Whether a command line asks for debug messages, which the engine does not tell the language host."""
    return any(re.fullmatch(r"--debug(=true)?|-[a-z]*d[a-z]*", argument) for argument in arguments)


def main() -> int:
    """Run the CLI in the foreground; its exit status is ours."""
    command = sys.argv[1:]
    debug = {DEBUG_VARIABLE: "true"} if shows_debug_messages(command[1:]) else {}
    with kept_clean(project_directory(command[1:]), sandbox_directory()):
        status = run(command, {**os.environ, **debug})
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
