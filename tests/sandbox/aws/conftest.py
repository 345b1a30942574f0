"""A moto server and a stand-in that talks to it."""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox import moto_server
from sandbox.environment import ACCESS_KEY
from sandbox.providers.aws.provider import AwsStandIn
from sandbox.supervisor import Supervisor
from tests.sandbox.aws.driver import AwsDriver

REGION = "us-east-1"


@pytest.fixture(scope="session")
def state_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sandbox directory of these tests alone."""
    return tmp_path_factory.mktemp("aws")


@pytest.fixture(scope="session")
def aws_endpoint(state_directory: Path) -> Iterator[str]:
    """A server of these tests alone, since they ask what is left after a deletion."""
    yield moto_server.start(state_directory, say=lambda _: None)
    Supervisor(state_directory).stop_all()


@pytest.fixture(scope="session")
def environment(aws_endpoint: str, state_directory: Path) -> Iterator[str]:
    """Where the stand-in looks for the server, and for its store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", aws_endpoint)
        patch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        patch.setenv("AWS_SECRET_ACCESS_KEY", ACCESS_KEY)
        patch.setenv("SANDBOX_DIRECTORY", str(state_directory))
        yield aws_endpoint


@pytest.fixture(scope="session")
def provider(environment: str) -> AwsStandIn:
    """A configured stand-in; its boto3 clients take long to make, so all tests share them."""
    assert environment
    stand_in = AwsStandIn()
    stand_in.configure_provider({"region": REGION})
    return stand_in


@pytest.fixture(scope="session")
def client(environment: str) -> Callable[[str], Any]:
    """Makes boto3 clients for the same server: the other side."""
    make: Any = boto3.client
    return functools.cache(functools.partial(make, region_name=REGION, endpoint_url=environment))


@pytest.fixture
def aws(provider: AwsStandIn, client: Callable[[str], Any]) -> Iterator[AwsDriver]:
    """A driver; what a test leaves is deleted."""
    driver = AwsDriver(provider, client=client)
    yield driver
    for made in reversed(driver.made):
        provider.delete_resource(made.reference, made.id, made.inputs, made.outputs, timeout=1)
