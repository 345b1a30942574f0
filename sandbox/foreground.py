"""Runs the Pulumi CLI so that one Ctrl-C cancels it once, in order, and is not lost."""

import os
import signal
import subprocess
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    directory: Path | None = None,
    own_group: bool = False,
    started: Callable[[int], None] | None = None,
) -> int:
    """Run a command to its end.

    Args:
        command: the argument list.
        environment: all of its variables.
        directory: where it runs; here where None.
        own_group: keep the terminal's Ctrl-C from it and pass each one on instead: the command sees it once, whether it
            came from the terminal or from a signal to this process alone. It must not read from the terminal then.
        started: told the process id.

    Returns:
        Its exit status, negative for a signal, as `subprocess` has it.
    """
    process = subprocess.Popen(command, env=dict(environment), cwd=directory, process_group=0 if own_group else None)
    if started:
        started(process.pid)
    # the terminal signals the whole foreground group: a member of it has got its SIGINT already
    relayed = SIGNALS if own_group else (signal.SIGTERM, signal.SIGHUP)

    def relay(number: int, _frame: FrameType | None) -> None:
        if number in relayed and process.poll() is None:
            os.kill(process.pid, number)

    with _handled(relay):
        return process.wait()


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Generator[None]:
    previous = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, action in previous.items():
            signal.signal(number, action)
