"""Fills a chart mirror: every archive of the bill of materials, each at its exact version and with its known digest."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from components.charts import (
    BILL_OF_MATERIALS,
    ChartMirror,
    ChartReference,
    bill_of_materials,
    charts_of,
    sha256,
)
from sandbox.environment import cache_directory
from sandbox.errors import SandboxError
from sandbox.stack_files import MIRROR, NAMESPACE, configuration


def mirror_directory() -> Path:
    """Where the archives are: what `CHART_MIRROR` names, else a folder of the cache."""
    return Path(os.environ.get(MIRROR) or cache_directory() / "charts").resolve()


def verified_mirror(stack_file: Path) -> Path:
    """Where the archives are, all those that a stack needs being there.

    Args:
        stack_file: the stack's settings.

    Raises:
        SandboxError: some are not there, or not what the bill of materials says; all of them are named.
    """
    components = configuration(stack_file).get(f"{NAMESPACE}:components") or {}
    mirror = ChartMirror(mirror_directory())
    problems = mirror.problems(charts_of([name for name, on in components.items() if on]))
    if problems:
        raise SandboxError("\n  ".join([f"Charts of {stack_file.name} are not at hand:", *problems]))
    return mirror.directory


def fill(helm: Path, say: Callable[[str], None] = print) -> Path:
    """Download what is missing and compare every digest; the first download of a chart writes its digest down.

    Args:
        helm: the helm program.
        say: shows one line to the user.

    Returns:
        The directory.

    Raises:
        SandboxError: charts that cannot be had, or are not what the bill of materials says; all of them are named.
    """
    rows, mirror = bill_of_materials(), ChartMirror(mirror_directory())
    mirror.directory.mkdir(parents=True, exist_ok=True)
    problems: list[str] = []
    for chart, reference in rows.items():
        archive = mirror.archive(chart)
        try:
            if not archive.exists():
                say(f"Downloading {chart} {reference.version} ...")
                _pull(chart, reference, mirror.directory, helm)
            _check_digest(chart, reference, archive)
        except SandboxError as error:
            problems.append(str(error))
    if problems:
        head = f"{len(problems)} of {len(rows)} charts are not in {mirror.directory}:"
        raise SandboxError("\n  ".join([head, *problems]))
    say(f"{len(rows)} charts are in {mirror.directory}.")
    return mirror.directory


def _pull(chart: str, reference: ChartReference, directory: Path, helm: Path) -> None:
    source = [reference.locator(chart), *([] if reference.is_oci else ["--repo", reference.repository])]
    command = [str(helm), "pull", *source, "--version", reference.version, "--destination", str(directory)]
    pulled = subprocess.run(command, capture_output=True, text=True, check=False)
    if pulled.returncode:
        reason = (pulled.stderr.strip() or "helm said nothing").splitlines()[-1].removeprefix("Error: ")
        raise SandboxError(f"{chart}: {reference.repository} did not give version {reference.version}: {reason}")


def _check_digest(chart: str, reference: ChartReference, archive: Path) -> None:
    found, known = sha256(archive), reference.digest
    if known is None:
        _write_digest(chart, found)
    elif known != found:
        raise SandboxError(
            f"{chart}: {archive} has the SHA-256 {found}, {BILL_OF_MATERIALS.name} says {known}; delete the archive "
            "and run `make charts` again, or find out who changed it"
        )


def _write_digest(chart: str, digest: str) -> None:
    row = re.compile(rf"^{re.escape(chart)}:\n(?:  .*\n)*?  license: .*\n", re.MULTILINE)
    text = BILL_OF_MATERIALS.read_text()
    BILL_OF_MATERIALS.write_text(row.sub(lambda found: f"{found.group()}  digest: {digest}\n", text, count=1))
