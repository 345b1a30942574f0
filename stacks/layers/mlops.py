"""Tracking, serving, training and pipelines of models."""

from components import mlops
from components.datalake import BlobStore, S3Store
from stacks.layers.assembly import Assembly, needed


def learn(assembly: Assembly) -> None:
    """MLflow, KServe with its models, Kubeflow's Trainer and Pipelines."""
    environment, opts = assembly.environment, assembly.opts
    if assembly.on.mlflow:
        tracking = mlops.MlflowArgs(environment, needed(assembly.database, "postgres"))
        assembly.outputs["mlflowAddress"] = assembly.tracking = mlops.Mlflow("mlflow", tracking, opts).address
    if assembly.on.kserve:
        serving = mlops.KserveArgs(environment, needed(assembly.certificates, "certManager"))
        server = mlops.Kserve("kserve", serving, opts)
        for name, model in mlops.models().items():
            mlops.InferenceService(name, mlops.InferenceServiceArgs(environment, model, server.ready), opts)
    if assembly.on.kubeflow_trainer:
        mlops.Trainer("trainer", mlops.TrainerArgs(environment, assembly.tracking), opts)
    if assembly.on.kubeflow_pipelines:
        _pipelines(assembly)


def _pipelines(assembly: Assembly) -> None:
    match assembly.foundation.object_store:
        case S3Store() as store:
            pipelines = mlops.Pipelines("pipelines", mlops.PipelinesArgs(assembly.environment, store), assembly.opts)
            assembly.outputs["pipelinesAddress"] = pipelines.address
        case BlobStore():
            raise ValueError("components.kubeflowPipelines is on, but the object store has no S3 API; switch it off")
