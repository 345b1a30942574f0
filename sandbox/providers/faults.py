"""Planned misbehaviour of the stand-ins, for tests of what happens when a cloud is slow, refuses or disappears.

``SANDBOX_FAULTS`` names a JSON file with a list of faults; it is read at each operation, so that a
running test may change it.
"""

import json
import os
import signal
import threading
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, cast

from sandbox.providers.provider import StandInError, ThrottledError

VARIABLE = "SANDBOX_FAULTS"


class FaultKind(StrEnum):
    """What happens to the chosen operation.

    ``throttle``: refused once per try as by a rate limit, so a single one is survived by trying again.
    ``fail``: refused. ``delay``: answered ``seconds`` late. ``die``: the provider's process is killed.
    """

    THROTTLE = "throttle"
    FAIL = "fail"
    DELAY = "delay"
    DIE = "die"


OPERATIONS: Final = frozenset({"check", "diff", "create", "read", "update", "delete", "invoke"})


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One planned fault.

    Args:
        provider: package of the stand-in: ``aws``, ``kubernetes``, ``random``.
        type: resource type or function token; every one where absent.
        operation: what the engine asks for.
        nth: only the n-th matching operation of a provider's process, from 1; every one where absent.
        fault: what happens.
        seconds: length of a ``delay``.
    """

    provider: str
    operation: str
    fault: FaultKind
    type: str | None = None
    nth: int | None = None
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.operation not in OPERATIONS:
            raise ValueError(f"operation is {self.operation!r} and must be one of {', '.join(sorted(OPERATIONS))}")

    @classmethod
    def parse(cls, entry: dict[str, Any]) -> "Fault":
        """Make a fault from its JSON object.

        Raises:
            TypeError, KeyError, ValueError: a key is unknown or missing, or a value is none of those allowed.
        """
        return replace(cls(**entry), fault=FaultKind(entry["fault"]))


class FaultSwitch:
    """Applies the planned faults to one provider's operations and counts those."""

    def __init__(self, provider: str, cancelled: threading.Event) -> None:
        self._provider = provider
        self._cancelled = cancelled
        self._seen: Counter[Fault] = Counter()
        self._lock = threading.Lock()

    def apply(self, operation: str, type_token: str) -> None:
        """Let the operation pass, or be late, or fail as planned.

        Raises:
            ThrottledError: a ``throttle`` hits it.
            StandInError: a ``fail`` hits it, or the plan cannot be read.
        """
        for fault in _planned():
            if fault.provider == self._provider and fault.operation == operation and fault.type in {None, type_token}:
                with self._lock:
                    self._seen[fault] += 1
                    hit = fault.nth in {None, self._seen[fault]}
                if hit:
                    self._strike(fault, f"{operation} of {type_token}")

    def _strike(self, fault: Fault, what: str) -> None:
        match fault.fault:
            case FaultKind.THROTTLE:
                raise ThrottledError(f"ThrottlingException: rate exceeded ({what}, planned in ${VARIABLE}).")
            case FaultKind.FAIL:
                raise StandInError(f"The cloud refused the {what} (planned in ${VARIABLE}).")
            case FaultKind.DELAY:
                self._cancelled.wait(fault.seconds)
            case FaultKind.DIE:
                os.kill(os.getpid(), signal.SIGKILL)


def _planned() -> list[Fault]:
    path = os.environ.get(VARIABLE)
    if not path:
        return []
    try:
        return [Fault.parse(entry) for entry in cast("list[dict[str, Any]]", json.loads(Path(path).read_bytes()))]
    except FileNotFoundError:
        return []
    except (TypeError, KeyError, ValueError) as error:
        raise StandInError(f"${VARIABLE} names {path}, which is not a list of faults: {error!r}") from error
