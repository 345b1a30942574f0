"""A moto server and a stand-in that talks to it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox import moto_server
from sandbox.environment import ACCESS_KEY
from sandbox.providers.aws.provider import AwsStandIn
from sandbox.supervisor import Supervisor
from tests.sandbox.aws.driver import Driver

REGION = "us-east-1"


@pytest.fixture(scope="session")
def own_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of these tests alone, since they ask what is left after a deletion."""
    directory = tmp_path_factory.mktemp("aws")
    yield moto_server.start(directory, say=lambda _: None)
    Supervisor(directory).stop_all()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_endpoint: str) -> str:
    """Where the stand-in looks for the server, and for its store."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", own_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ACCESS_KEY)
    monkeypatch.setenv("SANDBOX_DIRECTORY", str(tmp_path))
    return own_endpoint


@pytest.fixture
def aws(environment: str) -> Iterator[Driver]:
    """A driver with a configured provider; what a test leaves is deleted."""
    provider = AwsStandIn()
    provider.configure_provider({"region": REGION})
    make: Any = boto3.client
    driver = Driver(provider, partial(make, region_name=REGION, endpoint_url=environment))
    yield driver
    for made in reversed(driver.made):
        provider.delete_resource(made.reference, made.id, made.inputs, made.outputs, timeout=1)
