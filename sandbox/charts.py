"""Fills a chart mirror: every archive of the bill of materials, each at its exact version and with its known digest."""

import hashlib
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from sandbox.environment import cache_directory
from sandbox.errors import SandboxError
from sandbox.stack_files import MIRROR

_OCI = "oci://"


def mirror_directory() -> Path:
    """Where the archives are: what `CHART_MIRROR` names, else a folder of the cache."""
    return Path(os.environ.get(MIRROR) or cache_directory() / "charts").resolve()


def fill(project: Path, helm: Path, say: Callable[[str], None] = print) -> Path:
    """Download what is missing and compare every digest; the first download of a chart writes its digest down.

    Args:
        project: folder of the Pulumi project.
        helm: the helm program.
        say: shows one line to the user.

    Returns:
        The directory.

    Raises:
        SandboxError: charts that cannot be had, or are not what the bill of materials says; all of them are named.
    """
    bill, directory = project / "components" / "charts.yaml", mirror_directory()
    rows = cast("dict[str, dict[str, Any]]", yaml.safe_load(bill.read_text()))
    directory.mkdir(parents=True, exist_ok=True)
    problems: list[str] = []
    for chart, row in rows.items():
        archive = directory / f"{chart}-{row['version']}.tgz"
        try:
            if not archive.exists():
                say(f"Downloading {chart} {row['version']} ...")
                _pull(chart, row, directory, helm)
            _check_digest(chart, row, archive, bill)
        except SandboxError as error:
            problems.append(str(error))
    if problems:
        raise SandboxError("\n  ".join([f"{len(problems)} of {len(rows)} charts are not in {directory}:", *problems]))
    say(f"{len(rows)} charts are in {directory}.")
    return directory


def _pull(chart: str, row: Mapping[str, Any], directory: Path, helm: Path) -> None:
    repository = str(row["repository"])
    source = [f"{repository}/{chart}"] if repository.startswith(_OCI) else [chart, "--repo", repository]
    command = [str(helm), "pull", *source, "--version", str(row["version"]), "--destination", str(directory)]
    pulled = subprocess.run(command, capture_output=True, text=True, check=False)
    if pulled.returncode:
        reason = (pulled.stderr.strip() or "helm said nothing").splitlines()[-1].removeprefix("Error: ")
        raise SandboxError(f"{chart}: {repository} did not give version {row['version']}: {reason}")


def _check_digest(chart: str, row: Mapping[str, Any], archive: Path, bill: Path) -> None:
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    known = row.get("digest")
    if known is None:
        _write_digest(chart, found, bill)
    elif known != found:
        raise SandboxError(
            f"{chart}: {archive} has the SHA-256 {found}, {bill.name} says {known}; delete the archive and run "
            "`make charts` again, or find out who changed it"
        )


def _write_digest(chart: str, digest: str, bill: Path) -> None:
    text = bill.read_text()
    row = re.compile(rf"^{re.escape(chart)}:\n(?:  .*\n)*?  license: .*\n", re.MULTILINE)
    bill.write_text(row.sub(lambda found: f"{found.group()}  digest: {digest}\n", text, count=1))
