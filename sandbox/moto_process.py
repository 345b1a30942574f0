"""moto's server with a memory: what the AWS stand-in holds survives its process.

Run as `python -m sandbox.moto_process PORT FILE`. The state is written to FILE at most a second after a change and at
an orderly end, and read again at the start.
"""

import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any, cast

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

from sandbox.moto_memory import Memory

SAVE_SECONDS = 1.0
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class RememberingApplication:
    """Serves the AWS APIs and notes when their state may have changed.

    Args:
        application: moto's WSGI application.
        memory: where the state is kept.
    """

    def __init__(self, application: Application, memory: Memory) -> None:
        self._application = application
        self._memory = memory
        self._changed = threading.Event()
        self._saving = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        try:
            return self._application(environ, start_response)
        finally:
            if environ["REQUEST_METHOD"] not in READING_METHODS:
                self._changed.set()

    def save_forever(self) -> None:
        """Write changes down, many requests at a time."""
        pause = threading.Event()
        while True:
            self._changed.wait()
            pause.wait(SAVE_SECONDS)
            try:
                self.save()
            except OSError as error:
                print(f"The state could not be written down ({error}); trying again.", file=sys.stderr)

    def save(self) -> None:
        """Write the state down if it changed since the last time; wait for a save that is under way.

        Raises:
            OSError: it did not hold still (TimeoutError), or the file cannot be written; the next call tries again.
        """
        with self._saving:
            if not self._changed.is_set():
                return
            # what changes from here on needs another save
            self._changed.clear()
            try:
                self._memory.save()
            except OSError:
                self._changed.set()
                raise


def main() -> None:
    """Serve until SIGTERM."""
    port, file = int(sys.argv[1]), Path(sys.argv[2])
    memory = Memory(file)
    memory.restore()
    application = RememberingApplication(cast("Application", DomainDispatcherApplication(create_backend_app)), memory)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=application.save_forever, daemon=True).start()
    try:
        run_simple("127.0.0.1", port, application, threaded=True, request_handler=MotoRequestHandler)
    finally:
        application.save()


if __name__ == "__main__":
    main()
