"""Keeps the checkout clean: the secrets provider's salt belongs to the sandbox's state, not into `Pulumi.<stack>.yaml`.

The CLI writes an `encryptionsalt` line when it makes a stack. `PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER` lets every
later command take it from the state, so the line is taken out again, also after a kill.
"""

import json
import os
import re
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import psutil
import yaml

NAMESPACE = "biz-automation"
# directory of chart archives; without it the sandbox leaves charts empty
MIRROR = "CHART_MIRROR"
SALT = re.compile(r"^encryptionsalt:.*\n?", re.MULTILINE)


@contextmanager
def kept_clean(project: Path, directory: Path) -> Generator[None]:
    """Take a salt that appears in a stack file meanwhile out again; every other change stays.

    Args:
        project: folder of the stack files.
        directory: state directory of the sandbox, for notes that survive a kill.
    """
    notes = directory / "run" / "stack-files"
    restore_after_kill(directory)
    before = {path: path.read_text() for path in project.glob("Pulumi.*.yaml")}
    note = notes / f"{os.getpid()}-{secrets.token_hex(4)}.json"
    notes.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps({str(path): text for path, text in before.items()}))
    try:
        yield
    finally:
        for path in project.glob("Pulumi.*.yaml"):
            _restore(path, before.get(path, ""))
        note.unlink(missing_ok=True)


def without_salt(text: str) -> str:
    """Return a stack file's text without its salt."""
    return SALT.sub("", text)


def configuration(stack_file: Path) -> dict[str, Any]:
    """Return what a stack file configures, by full key."""
    content = cast("dict[str, Any]", yaml.safe_load(stack_file.read_text()) or {})
    return cast("dict[str, Any]", content.get("config") or {})


def cloud_of(stack_file: Path) -> str:
    """Return the cloud of a stack; `aws` where its file does not say.

    Args:
        stack_file: `Pulumi.<stack>.yaml`.
    """
    return str(configuration(stack_file).get(f"{NAMESPACE}:cloud", {}).get("provider", "aws"))


def with_mirror(text: str, project: str) -> str:
    """Return a stack file's text with the chart mirror that `CHART_MIRROR` names, if it names one."""
    mirror = os.environ.get(MIRROR)
    if not mirror:
        return text
    content = yaml.safe_load(text) or {}
    config = content.setdefault("config", {})
    config[f"{project}:charts"] = {**(config.get(f"{project}:charts") or {}), "mirror": str(Path(mirror).resolve())}
    return yaml.safe_dump(content)


def restore_after_kill(directory: Path) -> None:
    """Do what commands that were killed could not do any more."""
    for note in (directory / "run" / "stack-files").glob("*.json"):
        if psutil.pid_exists(int(note.name.split("-")[0])):
            continue
        for path, text in json.loads(note.read_text()).items():
            if Path(path).exists():
                _restore(Path(path), text)
        note.unlink(missing_ok=True)


def _restore(path: Path, before: str) -> None:
    after = path.read_text()
    if SALT.search(before) or not SALT.search(after):
        return
    without = without_salt(after)
    if not before and not yaml.safe_load(without):
        # the CLI made the file for the salt alone
        path.unlink()
    else:
        # the CLI lays the file out anew: where nothing else changed, keep the author's layout
        path.write_text(before if yaml.safe_load(without) == yaml.safe_load(before) else without)
