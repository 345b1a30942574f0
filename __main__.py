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
    # the SDKs stay to the end: searching them for garbage again and again takes a third of the time
    gc.freeze()
    foundation = cloud.build(stack)
    for name, value in platform.build(stack, foundation).items():
        pulumi.export(name, value)


main()
