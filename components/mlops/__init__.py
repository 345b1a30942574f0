"""Machine learning: tracking and registry, model servers, pipelines and training."""

from components.mlops.inference_service import InferenceService, InferenceServiceArgs
from components.mlops.kserve import Kserve, KserveArgs
from components.mlops.mlflow import Mlflow, MlflowArgs
from components.mlops.pipelines import Pipelines, PipelinesArgs
from components.mlops.pipelines_database import PipelinesDatabase, PipelinesDatabaseArgs
from components.mlops.serving import Model, ServingRuntime, models, serving_runtimes
from components.mlops.trainer import Trainer, TrainerArgs

__all__ = [
    "InferenceService",
    "InferenceServiceArgs",
    "Kserve",
    "KserveArgs",
    "Mlflow",
    "MlflowArgs",
    "Model",
    "Pipelines",
    "PipelinesArgs",
    "PipelinesDatabase",
    "PipelinesDatabaseArgs",
    "ServingRuntime",
    "Trainer",
    "TrainerArgs",
    "models",
    "serving_runtimes",
]
