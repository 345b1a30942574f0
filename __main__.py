"""The platform of one stack: settings, then the cloud's foundation, then everything in Kubernetes, then the outputs."""

import gc
import importlib

import pulumi

from stacks import immutable, platform, settings


def main() -> None:
    """Builds the stack that the Pulumi configuration describes; imports the SDK of its cloud alone."""
    recorded = immutable.keep()
    stack = settings.load()
    immutable.check(stack, recorded)
    cloud = importlib.import_module(f"stacks.{stack.cloud.provider}")
    # nearly everything stays to the end, the SDKs above all: searching it for garbage would take half of the time
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    foundation = cloud.build(stack)
    for name, value in platform.build(stack, foundation).items():
        pulumi.export(name, value)


main()
