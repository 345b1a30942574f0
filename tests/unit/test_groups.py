"""What shares something long to make runs in one process. Source: ADR 32."""

import pytest


def test_groups_reach_the_processes(request: pytest.FixtureRequest, worker_id: str) -> None:
    # a pytest that pytest-xdist does not fit drops them without a word, and each test runs anywhere
    assert worker_id == "master" or request.node.nodeid.endswith("@unit-test_groups")
