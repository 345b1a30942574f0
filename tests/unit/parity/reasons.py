"""Why a cloud has not what another has: the table ``reasons.yaml``."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from components.tables import read_table

Reasons = Mapping[str, Mapping[str, str]]


@cache
def _table() -> Mapping[str, Any]:
    return read_table(Path(__file__).with_name("reasons.yaml"))


def cells() -> Reasons:
    """Why a cloud registers nothing for a capability: capability -> cloud -> reason."""
    return _table()["capabilities"]


def fields() -> Reasons:
    """Why a cloud leaves a field of the Foundation as it is: field -> cloud -> reason."""
    return _table()["fields"]


def components() -> Reasons:
    """Why a cloud's stacks do not run a component: switch -> cloud -> reason."""
    return _table()["components"]


def outputs() -> Reasons:
    """Why a cloud's stacks do not export an output: output -> cloud -> reason."""
    return _table()["outputs"]


def accounts() -> Reasons:
    """Why a service account is not bound on a cloud: ``namespace/name`` -> cloud -> reason."""
    return _table()["accounts"]


def grants() -> Reasons:
    """Why a service account has other grants than elsewhere: ``namespace/name`` -> cloud -> reason."""
    return _table()["grants"]


def claimed() -> frozenset[str]:
    """The capabilities of which something does not hold everywhere."""
    return frozenset(_table()["claims"])


def claims(capability: str) -> Reasons:
    """Why what is claimed of a capability does not hold on a cloud: claim -> cloud -> reason."""
    return _table()["claims"].get(capability, {})
