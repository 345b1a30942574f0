"""Reloader: what it restarts, and what it leaves alone. Source: SEC-11."""

from typing import Any

from components.security import Reloader, ReloaderArgs
from tests.unit.components.environment import environment
from tests.unit.recording import RecordingEngine

CHART = "kubernetes:helm.sh/v4:Chart"


def values(engine: RecordingEngine, profile: str = "dev") -> dict[str, Any]:
    """Deploy it alone and give what the chart is told."""
    engine.deploy(lambda: Reloader("reloader", ReloaderArgs(environment(profile))))
    return engine.only(CHART, "reloader").inputs["values"]["reloader"]


def test_it_watches_the_platforms_secrets_and_nothing_else(engine: RecordingEngine) -> None:
    reloader = values(engine)

    # workloads ask for it
    assert "autoReloadAll" not in reloader
    assert reloader["resourceLabelSelector"] == "app.kubernetes.io/part-of=biz-automation"
    assert reloader["ignoreConfigMaps"] is True


def test_finished_work_is_never_done_again(engine: RecordingEngine) -> None:
    reloader = values(engine)

    assert (reloader["ignoreJobs"], reloader["ignoreCronJobs"]) == (True, True)


def test_prod_has_a_second_pod_that_takes_over(engine: RecordingEngine) -> None:
    reloader = values(engine, "prod")

    assert (reloader["deployment"]["replicas"], reloader["enableHA"]) == (2, True)
    assert reloader["podDisruptionBudget"]["enabled"] is True


def test_its_container_may_change_nothing(engine: RecordingEngine) -> None:
    reloader = values(engine)

    assert reloader["readOnlyRootFileSystem"] is True
    assert reloader["deployment"]["containerSecurityContext"]["capabilities"] == {"drop": ["ALL"]}
