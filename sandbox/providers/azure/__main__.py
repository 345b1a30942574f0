"""Serves the stand-in to the engine that started it."""

from importlib.metadata import version

from sandbox.providers.azure.provider import AzureStandIn
from sandbox.providers.stand_in import serve

serve(AzureStandIn(), version("pulumi-azure-native"))
