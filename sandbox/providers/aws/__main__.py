"""Serves the stand-in to the engine that started it."""

from importlib.metadata import version

from sandbox.providers.aws.provider import AwsStandIn
from sandbox.providers.stand_in import serve

serve(AwsStandIn(), version("pulumi-aws"))
