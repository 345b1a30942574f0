"""The sandbox with the real engine, and the dev stack deployed in it once per session."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from sandbox import control_plane as kubernetes_control_plane
from sandbox import custom_kinds, launchers, openshift, plugins, toolchain
from sandbox.cluster_api import ClusterApi
from sandbox.environment import CHECKOUT, KubernetesEndpoint, environment
from sandbox.supervisor import Supervisor
from tests.engine.engine import Engine, Report

PROGRAM = ("__main__.py", "Pulumi.yaml", "Pulumi.*.yaml", "stacks", "components", "policies", "workloads")
STACK = "dev"

ProgramMaker = Callable[[str], Engine]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is here, so that the fast tests can leave it out; what ends the shared deployment comes last."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("engine")
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


@pytest.fixture(scope="session")
def sandbox(sandbox_directory: Path, aws_endpoint: str) -> Mapping[str, str]:
    """Environment in which the CLI finds the sandbox: launchers, plugins, state and the AWS stand-in."""
    assert aws_endpoint
    return seen_by_the_cli(sandbox_directory)


def seen_by_the_cli(directory: Path) -> Mapping[str, str]:
    """The environment of a sandbox whose daemons run, with everything that the CLI looks for in it."""
    launchers.install(directory, toolchain.provide(["pulumi", "helm"]))
    plugins.install(directory)
    return environment(directory)


@pytest.fixture
def program(tmp_path: Path, sandbox: Mapping[str, str]) -> ProgramMaker:
    """Makes a project out of the source of a program, with a stack ``dev`` of its own."""

    def make(source: str) -> Engine:
        directory = tmp_path / "program"
        directory.mkdir()
        (directory / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
        (directory / "__main__.py").write_text(source)
        (tmp_path / "state").mkdir()
        engine = Engine(directory, {**sandbox, "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}"})
        engine.command("stack", "init", STACK).check()
        return engine

    return make


@pytest.fixture(scope="session")
def platform(
    tmp_path_factory: pytest.TempPathFactory, sandbox: Mapping[str, str], control_plane: KubernetesEndpoint
) -> Engine:
    """The platform's program, copied so that a test may change its configuration, with its policy pack."""
    assert control_plane
    directory = tmp_path_factory.mktemp("platform")
    for pattern in PROGRAM:
        for source in CHECKOUT.glob(pattern):
            if source.is_dir():
                shutil.copytree(source, directory / source.name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, directory)
    for stack_file in directory.glob("Pulumi.*.yaml"):
        # while a stack is up in the checkout's own sandbox, its file has the salt of that sandbox's passphrase
        lines = stack_file.read_text().splitlines(keepends=True)
        stack_file.write_text("".join(line for line in lines if not line.startswith("encryptionsalt:")))
    return Engine(directory, sandbox, policy_pack=directory / "policies")


@pytest.fixture(scope="session")
def on_openshift(platform: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Engine]]:
    """The platform's program before an OpenShift of its own, which is made what the named stack says of it.

    In the cluster of a deployed stack a second one would claim the same objects.
    """
    directory = tmp_path_factory.mktemp("openshift")
    api = ClusterApi(kubernetes_control_plane.start(directory))
    engine = Engine(platform.program, seen_by_the_cli(directory), platform.program / "policies")

    def ready(stack: str) -> Engine:
        openshift.provide(api, platform.program / f"Pulumi.{stack}.yaml")
        return engine

    yield ready
    Supervisor(directory).stop_all()


@pytest.fixture(scope="session")
def previews(
    platform: Engine,
    sandbox: Mapping[str, str],
    on_openshift: Callable[[str], Engine],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Report]:
    """What a first update of a stack would do, whatever is deployed; each is previewed once."""
    state = {"PULUMI_BACKEND_URL": f"file://{tmp_path_factory.mktemp('previews')}"}
    undeployed = Engine(platform.program, {**sandbox, **state}, platform.program / "policies")

    @cache
    def preview(stack: str) -> Report:
        engine = on_openshift(stack) if stack.startswith("openshift") else undeployed
        engine.command("stack", "init", stack).check()
        return engine.preview(stack).check()

    return preview


@pytest.fixture(scope="session")
def deployment(platform: Engine, control_plane: KubernetesEndpoint) -> Report:
    """What the first update of the dev stack reported; its cluster knows what absent operators would define."""
    custom_kinds.provide(ClusterApi(control_plane), CHECKOUT, CHECKOUT / f"Pulumi.{STACK}.yaml")
    platform.command("stack", "init", STACK).check()
    return platform.up(STACK).check()


@pytest.fixture(scope="session")
def deployed(platform: Engine, deployment: Report) -> Engine:
    """The engine, with the dev stack deployed; a test that changes something puts it back."""
    assert deployment.exit_code == 0
    return platform
