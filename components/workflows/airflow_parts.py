"""The parts of Airflow: what each may call and do.

Source: WF-AIRFLOW-1, CLU-18, CLU-19, A-13.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from components.identity import Access, Grant

NAMESPACE = "data"
# how the chart marks the pods of a release
RELEASE = "airflow"
API_SERVER = "api-server"


@dataclass(frozen=True)
class Part:
    """A component of Airflow.

    Args:
        key: of its values in the chart.
        component: what the chart calls it in names and labels.
        app: value of its pods' label ``app``.
        destinations: what its pods may call beyond the namespace.
        grants: what it may do in the cloud.
    """

    key: str
    component: str
    app: str = RELEASE
    destinations: Sequence[str] = ()
    grants: Sequence[Grant] = ()

    @property
    def size(self) -> str:
        """Row of its sizes."""
        return f"{RELEASE}-{self.component}"

    @property
    def account(self) -> str:
        """Name of its ServiceAccount."""
        return f"{RELEASE}-{self.component}"

    @property
    def selector(self) -> dict[str, str]:
        """Labels that its pods have and no other's."""
        return selector(self.component)


def selector(component: str) -> dict[str, str]:
    """Labels that the chart gives the pods of a component, and no others."""
    return {"tier": "airflow", "component": component, "release": RELEASE}


STATSD = selector("statsd")
_TASKS = ("database", "cache", "object-store", "internet", "kestra", "camunda", "kafka", "mlflow", "inference")
_TASKS_AND_LOGS = (*_TASKS, "elasticsearch")
_READ_CODE_AND_LOGS = (Grant("lake/curated", Access.READ),)
_LAKE = tuple(Grant(f"lake/{zone}", Access.WRITE) for zone in ("raw", "curated", "archive"))

PARTS = (
    Part("apiServer", API_SERVER, "airflow-webserver", ("database", "object-store"), _READ_CODE_AND_LOGS),
    Part("scheduler", "scheduler", "airflow-scheduler", ("database", "cache")),
    Part("dagProcessor", "dag-processor", RELEASE, ("database", "object-store"), _READ_CODE_AND_LOGS),
    Part("triggerer", "triggerer", RELEASE, _TASKS_AND_LOGS, _LAKE),
    Part("workers", "worker", "airflow-worker", _TASKS_AND_LOGS, _LAKE),
)
JOBS = (
    Part("migrateDatabaseJob", "migrate-database-job", destinations=("database",)),
    Part("createUserJob", "create-user-job", destinations=("database",)),
    Part("databaseCleanup", "database-cleanup", destinations=("database",)),
)
