"""Ends a plugin whose engine was killed: a killed engine sends no signal."""

import os
import threading
from collections.abc import Callable

POLL_SECONDS = 0.5


def end_with_parent(end: Callable[[], None]) -> None:
    """Watch the process that started this one, from a thread.

    Args:
        end: called once it is gone; must end this process.
    """
    parent = os.getppid()
    pause = threading.Event()

    def watch() -> None:
        while os.getppid() == parent:
            pause.wait(POLL_SECONDS)
        end()

    threading.Thread(target=watch, daemon=True).start()
