"""Daemons that tests share: one control plane and one AWS stand-in per process, in a directory of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import control_plane as kubernetes_control_plane
from sandbox import moto_server
from sandbox.environment import KubernetesEndpoint
from sandbox.supervisor import Supervisor

DAEMONS = frozenset({"control_plane", "aws_endpoint"})
# fixtures of a folder that take long to make and then serve many modules
SHARED = {"engine": ("deployment", "on_openshift"), "unit": ("programs", "platform_of", "deployments")}


# before xdist reads the groups
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs daemons, so that `make test-fast` leaves it out, and what must run in one process."""
    for item in items:
        fixtures = item.fixturenames if isinstance(item, pytest.Function) else []
        if DAEMONS & set(fixtures):
            item.add_marker(pytest.mark.sandbox)
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        shared = next((name for name in SHARED.get(folder, ()) if name in fixtures), item.path.stem)
        item.add_marker(pytest.mark.xdist_group(f"{folder}-{shared}"))


@pytest.fixture(scope="session")
def sandbox_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """State directory of the session's sandbox; its daemons end with the session."""
    directory = tmp_path_factory.mktemp("sandbox")
    yield directory
    Supervisor(directory).stop_all()


@pytest.fixture(scope="session")
def control_plane(sandbox_directory: Path) -> KubernetesEndpoint:
    """A running Kubernetes control plane with three simulated m5.xlarge nodes, as its administrator reaches it."""
    return kubernetes_control_plane.start(sandbox_directory)


@pytest.fixture(scope="session")
def aws_endpoint(sandbox_directory: Path) -> str:
    """Endpoint URL of a running moto server."""
    return moto_server.start(sandbox_directory)
