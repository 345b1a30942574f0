"""The AWS APIs of the sandbox: moto as a server process."""

import sys
from collections.abc import Callable
from pathlib import Path

from sandbox.environment import ACCESS_KEY, record_endpoint
from sandbox.health import answers
from sandbox.supervisor import Daemon, Supervisor

NAME = "moto"


def start(directory: Path, say: Callable[[str], None] = print) -> str:
    """Make sure that the AWS stand-in runs.

    Args:
        directory: state directory of the sandbox.
        say: shows one sentence to the user.

    Returns:
        Its endpoint URL, which endpoints.json has too.

    Raises:
        SandboxError: it does not start.
    """
    endpoint = endpoint_url(Supervisor(directory, say).start(daemon())[NAME])
    publish(directory, endpoint)
    return endpoint


def daemon() -> Daemon:
    """Return what the supervisor is to run."""
    return Daemon(
        NAME,
        command=lambda port: [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        healthy=lambda port: answers(port, "/moto-api/"),
        # moto starts no containers here, and its own clients must never reach the real AWS
        environment={
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
            "MOTO_EC2_LOAD_DEFAULT_AMIS": "true",
        },
    )


def endpoint_url(port: int) -> str:
    """Return the endpoint of a server on a port."""
    return f"http://127.0.0.1:{port}"


def publish(directory: Path, endpoint: str) -> None:
    """Write the endpoint into endpoints.json."""
    record_endpoint(directory, "aws", {"endpoint": endpoint})
