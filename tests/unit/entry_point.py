"""The program's own entry, ``__main__.py``, as a language host runs it, without an engine and without a cloud.

As a command it runs a stack and prints every module that was imported by the end.
"""

import json
import runpy
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pulumi
import pytest

from stacks.settings import Settings
from stacks.settings.loading import parse
from tests.unit.aws_outputs import AWS_OUTPUTS
from tests.unit.azure_outputs import AZURE_FUNCTIONS, AZURE_OUTPUTS
from tests.unit.openshift_cluster import cluster_of
from tests.unit.recording import RecordingEngine, recording
from tests.unit.settings.configuration import CHECKOUT, PROJECT, as_handed_over, values_of

ENTRY = CHECKOUT / "__main__.py"


def run(engine: RecordingEngine, stack: str) -> Settings:
    """Run the whole program of a committed stack, or of a case file, in an engine that records; gives its settings."""
    values, encrypted = values_of(stack)
    settings, problems = parse(values, engine.stack)
    assert settings is not None, problems
    engine.outputs |= {**AWS_OUTPUTS, **AZURE_OUTPUTS}
    engine.functions |= {**AZURE_FUNCTIONS, "pulumi:pulumi:readStackOutputs": _no_outputs}

    def program() -> None:
        pulumi.runtime.set_all_config(as_handed_over(values), [f"{PROJECT}:{key}" for key in encrypted])
        runpy.run_path(str(ENTRY), run_name="__main__")

    with _cluster(settings):
        engine.deploy(program)
    return settings


def _no_outputs(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"name": arguments["name"], "outputs": {}}


@contextmanager
def _cluster(settings: Settings) -> Generator[None]:
    """An OpenShift cluster that answers as the settings say, where they name one."""
    if settings.openshift is None or settings.openshift.managed is not None:
        yield
        return
    # no other cloud's run may import it
    from components.cluster.openshift_api import ClusterApi  # noqa: PLC0415

    cluster = cluster_of(settings)
    kubeconfig = {
        "current-context": "cluster",
        "contexts": [{"name": "cluster", "context": {"cluster": "cluster", "user": "administrator"}}],
        "clusters": [{"name": "cluster", "cluster": {"server": settings.openshift.api_server or cluster.server}}],
        "users": [{"name": "administrator", "user": {"token": "token"}}],
    }

    def get(_api: ClusterApi, path: str) -> Mapping[str, Any] | None:
        return cluster.get(path)

    def may(_api: ClusterApi, verb: str, group: str, resource: str) -> bool:
        return cluster.may(verb, group, resource)

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "kubeconfig"
        file.write_text(json.dumps(kubeconfig), encoding="utf-8")
        patch.setenv("KUBECONFIG", str(file))
        patch.setattr(ClusterApi, "get", get)
        patch.setattr(ClusterApi, "may", may)
        yield


if __name__ == "__main__":
    with recording(sys.argv[1].split(".")[0]) as recorder:
        run(recorder, sys.argv[1])
    print(*sys.modules, sep="\n")
