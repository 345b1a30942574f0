"""The mappings of the StatsD exporter, on what Airflow sends: names as its own registry has them."""

import re
from typing import Any

import pytest

from components.workflows.airflow_values import statsd_mappings

RENAMED = {
    "airflow.dagrun.duration.success.etl_example": (
        "airflow_dag_run_duration_seconds",
        {"status": "success", "dag_id": "etl_example"},
    ),
    "airflow.dagrun.duration.failed.etl_example": (
        "airflow_dag_run_duration_seconds",
        {"status": "failed", "dag_id": "etl_example"},
    ),
    "airflow.dag.etl_example.load.rows.duration": (
        "airflow_task_duration_seconds",
        {"dag_id": "etl_example", "task_id": "load.rows"},
    ),
    "airflow.dag.etl_example.load.queued_duration": (
        "airflow_task_queued_seconds",
        {"dag_id": "etl_example", "task_id": "load"},
    ),
    "airflow.ti.finish.etl_example.load.failed": (
        "airflow_task_finished_total",
        {"dag_id": "etl_example", "task_id": "load", "state": "failed"},
    ),
    "airflow.ti.start.etl_example.load": ("airflow_task_started_total", {"dag_id": "etl_example", "task_id": "load"}),
    "airflow.executor.queued_tasks": ("airflow_dag_run_queue_length", {}),
    "airflow.pool.open_slots.default_pool": ("airflow_pool_open_slots", {"pool": "default_pool"}),
    "airflow.operator_failures_PythonOperator": ("airflow_operator_failures_total", {"operator": "PythonOperator"}),
    # what no mapping matches keeps its name
    "airflow.scheduler_heartbeat": ("airflow_scheduler_heartbeat", {}),
    "airflow.scheduler.dagruns.running": ("airflow_scheduler_dagruns_running", {}),
    "airflow.executor.open_slots": ("airflow_executor_open_slots", {}),
    "airflow.dag_processing.import_errors": ("airflow_dag_processing_import_errors", {}),
}
# sent a second time, without the names of DAG, task, pool or operator
DROPPED = [
    "airflow.dagrun.duration.success",
    "airflow.dagrun.duration.failed",
    "airflow.task.duration",
    "airflow.task.queued_duration",
    "airflow.ti.start",
    "airflow.ti.finish",
    "airflow.pool.open_slots",
    "airflow.operator_successes",
]


def mapping(metric: str) -> tuple[dict[str, Any], re.Match[str]] | None:
    """The mapping that holds for a metric, as the exporter finds it: plain names before regular expressions."""
    plain = [item for item in statsd_mappings() if item.get("match_type") != "regex"]
    expressions = [item for item in statsd_mappings() if item.get("match_type") == "regex"]
    patterns = [(item, re.escape(item["match"])) for item in plain] + [(item, item["match"]) for item in expressions]
    return next(((item, found) for item, pattern in patterns if (found := re.search(pattern, metric))), None)


def expanded(text: str, found: re.Match[str]) -> str:
    """A template of the exporter (``$1``, ``${1}``) filled in."""
    return found.expand(re.sub(r"\$\{?(\d)\}?", r"\\g<\1>", text))


@pytest.mark.parametrize(("metric", "expected"), RENAMED.items())
def test_a_metric_is_called(metric: str, expected: tuple[str, dict[str, str]]) -> None:
    found = mapping(metric)
    if found is None:
        assert (metric.replace(".", "_"), {}) == expected
        return
    item, match = found
    labels = {key: expanded(value, match) for key, value in item.get("labels", {}).items()}

    assert item.get("action") != "drop"
    assert (expanded(item["name"], match), labels) == expected


@pytest.mark.parametrize("metric", DROPPED)
def test_what_is_sent_twice_is_kept_once(metric: str) -> None:
    found = mapping(metric)

    assert found is not None
    assert found[0]["action"] == "drop"


def test_durations_are_histograms() -> None:
    durations = [item for item in statsd_mappings() if item["name"].endswith("_seconds")]

    assert len(durations) == 4
    assert all(item["observer_type"] == "histogram" for item in durations)
    assert all(
        item["histogram_options"]["buckets"] == sorted(item["histogram_options"]["buckets"]) for item in durations
    )
