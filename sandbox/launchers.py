"""The `bin` folder of a sandbox: what a shell in it, and the Pulumi engine, find first on the search path."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.environment import CHECKOUT, write_private


def install(directory: Path, tools: Mapping[str, Path]) -> None:
    """Write the launchers `pulumi`, `aws` and `kubelogin` and link the other tools.

    Args:
        directory: state directory of the sandbox.
        tools: executables by name.
    """
    folder = directory / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "pulumi", directory, "sandbox.pulumi_launcher", str(tools["pulumi"]))
    _write(folder / "aws", directory, "sandbox.aws_launcher")
    _write(folder / "kubelogin", directory, "sandbox.kubelogin_launcher")
    for name, path in tools.items():
        link = folder / name
        if name != "pulumi" and not (link.is_symlink() and link.readlink() == path):
            link.unlink(missing_ok=True)
            link.symlink_to(path)


def _write(path: Path, directory: Path, module: str, *arguments: str) -> None:
    # -P: the folder in which the command is run must not shadow the sandbox's own modules
    command = shlex.join([sys.executable, "-P", "-m", module, *arguments])
    variables = f"SANDBOX_DIRECTORY={shlex.quote(str(directory))} PYTHONPATH={shlex.quote(str(CHECKOUT))}"
    content = f'#!/bin/sh\n# Written by the sandbox; `make up` writes it again.\nexec env {variables} {command} "$@"\n'
    if not (path.is_file() and path.read_text() == content):
        write_private(path, content)
        path.chmod(0o700)
