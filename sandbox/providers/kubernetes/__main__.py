"""Serves the stand-in to the engine that started it."""

from importlib.metadata import version

from sandbox.providers.kubernetes.provider import KubernetesStandIn
from sandbox.providers.stand_in import serve

serve(KubernetesStandIn(), version("pulumi-kubernetes"))
