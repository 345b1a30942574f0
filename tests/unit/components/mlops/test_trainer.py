"""Kubeflow Trainer and its runtime. Source: MLOPS-1, MLOPS-4."""

from components.mlops import Trainer, TrainerArgs
from tests.unit.components.environment import environment
from tests.unit.recording import RecordingEngine

CHART = "kubernetes:helm.sh/v4:Chart"
RUNTIME = "kubernetes:trainer.kubeflow.org/v1alpha1:ClusterTrainingRuntime"


def deploy(engine: RecordingEngine, profile: str = "dev", tracking_uri: str | None = None) -> Trainer:
    """Deploy it alone."""
    return engine.deploy(lambda: Trainer("trainer", TrainerArgs(environment(profile), tracking_uri)))


def test_the_runtime_is_bounded_restricted_and_knows_where_to_record(engine: RecordingEngine) -> None:
    deploy(engine, tracking_uri="http://mlflow.example:5000")
    runtime = engine.only(RUNTIME, "torch-distributed")
    job = runtime.inputs["spec"]["template"]["spec"]["replicatedJobs"][0]["template"]
    pod = job["spec"]["template"]
    container = pod["spec"]["containers"][0]

    # by these Trainer finds the step that it fills in
    assert job["metadata"]["labels"] == {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}
    assert container["name"] == "node"
    assert container["resources"]["limits"] == {"cpu": "2", "memory": "4Gi"}
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert pod["spec"]["priorityClassName"] == "platform-batch"
    assert pod["metadata"]["labels"]["biz-automation/object-store"] == "client"
    assert {"name": "MLFLOW_TRACKING_URI", "value": "http://mlflow.example:5000"} in container["env"]
    assert engine.only(CHART, "trainer").urn in runtime.dependencies


def test_hooks_apply_nothing(engine: RecordingEngine) -> None:
    deploy(engine)

    assert engine.only(CHART, "trainer").inputs["values"]["runtimes"] == {"defaultEnabled": False}


def test_prod_has_two_of_each_controller_and_a_budget_over_them(engine: RecordingEngine) -> None:
    deploy(engine, "prod")
    values = engine.only(CHART, "trainer").inputs["values"]
    budgets = {item.name for item in engine.of_type("kubernetes:policy/v1:PodDisruptionBudget")}

    assert (values["manager"]["replicas"], values["jobset"]["controller"]["replicas"]) == (2, 2)
    assert budgets == {"kubeflow-trainer-controller-manager", "jobset-controller"}


def test_monitors_select_each_controllers_own_service(engine: RecordingEngine) -> None:
    deploy(engine)
    monitors = {
        item.name: item.inputs["spec"] for item in engine.of_type("kubernetes:monitoring.coreos.com/v1:ServiceMonitor")
    }

    assert {name: spec["endpoints"][0]["port"] for name, spec in monitors.items()} == {
        "kubeflow-trainer-controller-manager": "monitoring-port",
        "jobset-controller": "https",
    }
    assert monitors["jobset-controller"]["selector"]["matchLabels"]["app.kubernetes.io/name"] == "jobset"
