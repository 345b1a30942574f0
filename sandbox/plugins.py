"""Puts the sandbox's plugins where the engine looks for them: a private ``PULUMI_HOME``.

There the engine finds them without a word; on the search path it would warn about each. Source: design section 5.
"""

import importlib.metadata
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

from sandbox.environment import CHECKOUT, cache_directory
from sandbox.errors import SandboxError

# package of the provider, and where its stand-in is
STAND_INS: Final = {"aws": "aws", "azure-native": "azure", "kubernetes": "kubernetes", "random": "random"}
REAL_PLUGINS_VARIABLE: Final = "SANDBOX_REAL_PLUGINS"
_MARK: Final = "# Written by the sandbox"
_NO_DEBUG_LOGS: Final = """\
Where the Pulumi CLI finds this file it writes no debug logs, which take it as long as its own work on a large stack.
Put a folder in its place to have a log of every operation.
"""


def install(directory: Path) -> None:
    """Install the language host and the providers' stand-ins below a sandbox's ``pulumi`` directory, without logs.

    The CLI keeps an encrypted log of every operation, which no flag turns off; a file where its folder would be does.

    A provider that ``SANDBOX_REAL_PLUGINS`` names (comma-separated) is not replaced: the vendor's own plugin is linked
    from the user's Pulumi home, where ``pulumi plugin install`` has put it.

    Args:
        directory: state directory of the sandbox.

    Raises:
        SandboxError: a real plugin is asked for that is unknown or not installed.
    """
    plugins = directory / "pulumi" / "plugins"
    _install_launcher(plugins, "language", "python", _version("pulumi"), "sandbox.language_host")
    real = _real_plugins()
    for name, module in STAND_INS.items():
        version = _version(f"pulumi-{name}")
        if name in real:
            _link_real_plugin(plugins, name, version)
        else:
            _install_launcher(plugins, "resource", name, version, f"sandbox.providers.{module}")
    logs = directory / "pulumi" / "logs"
    if not logs.exists():
        logs.write_text(_NO_DEBUG_LOGS)


def _real_plugins() -> frozenset[str]:
    names = frozenset(filter(None, (name.strip() for name in os.environ.get(REAL_PLUGINS_VARIABLE, "").split(","))))
    unknown = names - set(STAND_INS)
    if unknown:
        raise SandboxError(
            f"{REAL_PLUGINS_VARIABLE} names {', '.join(sorted(unknown))}; allowed are {', '.join(STAND_INS)}."
        )
    return names


def _install_launcher(plugins: Path, kind: str, name: str, version: str, module: str) -> None:
    folder = plugins / f"{kind}-{name}-v{version}"
    _remove_others(plugins, kind, name, folder)
    # -P: the directory of the user's project must not shadow the sandbox's own modules
    command = f"exec {shlex.quote(sys.executable)} -P -m {module}"
    search_path = f"PYTHONPATH={shlex.quote(str(CHECKOUT))}${{PYTHONPATH:+:$PYTHONPATH}}"
    # The vendors' SDKs are so large that compiling them at every start takes most of a preview: keep what was compiled,
    # whatever the user has set, but away from their folders.
    compiled = f"PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX={shlex.quote(str(cache_directory() / 'bytecode'))}"
    content = f'#!/bin/sh\n{_MARK}; `make up` writes it again.\n{search_path} {compiled} {command} "$@"\n'
    launcher = folder / f"pulumi-{kind}-{name}"
    if launcher.is_file() and launcher.read_text() == content:
        return
    folder.mkdir(parents=True, exist_ok=True)
    temporary = launcher.with_suffix(f".{os.getpid()}")
    temporary.write_text(content)
    temporary.chmod(0o700)
    temporary.replace(launcher)


def _link_real_plugin(plugins: Path, name: str, version: str) -> None:
    folder = plugins / f"resource-{name}-v{version}"
    homes = [Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi"), Path.home() / ".pulumi"]
    for home in homes:
        real = home / "plugins" / folder.name
        if real.resolve() != folder.resolve() and (real / f"pulumi-resource-{name}").is_file():
            break
    else:
        if folder.is_symlink():
            return
        raise SandboxError(
            f"{REAL_PLUGINS_VARIABLE} asks for the real {name} plugin {version}, which is not installed: run "
            f"`pulumi plugin install resource {name} {version}`, or take {name} out of the variable."
        )
    _remove_others(plugins, "resource", name, folder)
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
    plugins.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(real.resolve(), target_is_directory=True)


def _remove_others(plugins: Path, kind: str, name: str, wanted: Path) -> None:
    """Remove what an earlier SDK version, or the other choice between real and stand-in, has left."""
    for folder in plugins.glob(f"{kind}-{name}-v*"):
        if folder.is_symlink():
            folder.unlink()
        elif folder.is_dir() and folder != wanted:
            shutil.rmtree(folder)


def _version(distribution: str) -> str:
    return importlib.metadata.version(distribution)
