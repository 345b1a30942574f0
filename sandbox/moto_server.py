"""The AWS APIs of the sandbox: moto as a server process that remembers."""

import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from sandbox.environment import ACCESS_KEY, CHECKOUT, record_endpoint
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
    port = Supervisor(directory, say).start(daemon(directory))[NAME]
    endpoint = f"http://127.0.0.1:{port}"
    record_endpoint(directory, "aws", {"endpoint": endpoint})
    return endpoint


def daemon(directory: Path) -> Daemon:
    """Return what the supervisor is to run."""
    file = state_file(directory)
    return Daemon(
        NAME,
        command=lambda port: [sys.executable, "-m", "sandbox.moto_process", str(port), str(file)],
        healthy=lambda port: answers(port, "/moto-api/"),
        environment={
            "PYTHONPATH": str(CHECKOUT),
            # moto's own clients must never reach the real AWS
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
            "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
        },
    )


def is_intact(directory: Path) -> bool:
    """Whether the stand-in still holds, or will hold after its start, all that it ever accepted.

    False before the first start, after a kill (the last second of changes may be lost) and after a change of
    moto's version.
    """
    supervisor = Supervisor(directory)
    if supervisor.running(NAME):
        return True
    killed = any(record.name == NAME for record in supervisor.records())
    return not killed and state_file(directory).exists()


def state_file(directory: Path) -> Path:
    """Return where the server keeps its state."""
    # pickled classes belong to one version of their code
    return directory / "moto" / f"state-{version('moto')}.pickle"
