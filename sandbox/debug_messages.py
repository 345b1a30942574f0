"""Debug messages of a program's SDK, sent without waiting for the engine.

The Python SDK writes several of them for each resource and waits for the engine with every one, on the event loop that
registers the resources: on a large stack that is half of the loop's time, whether or not anybody reads them.
"""

from contextlib import suppress
from typing import Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2

LAST_ONES_SECONDS: Final = 5.0


class DebugMessages:
    """Stands in front of the engine's ``Log``: debug messages do not wait for its answer, all others do.

    Args:
        log: the method of the engine's stub.
    """

    def __init__(self, log: "grpc.UnaryUnaryMultiCallable[engine_pb2.LogRequest, empty_pb2.Empty]") -> None:
        self._log = log
        # a call that nobody holds is cancelled
        self._under_way: set[grpc.Future[empty_pb2.Empty]] = set()

    def __call__(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty | None:
        """Send a message."""
        if request.severity != engine_pb2.DEBUG:
            return self._log(request)
        call = self._log.future(request)
        self._under_way.add(call)
        call.add_done_callback(self._under_way.discard)
        return None

    def finish(self) -> None:
        """Wait until those under way have arrived, or the engine is gone."""
        for call in tuple(self._under_way):
            with suppress(grpc.FutureTimeoutError, grpc.FutureCancelledError):
                call.exception(LAST_ONES_SECONDS)
