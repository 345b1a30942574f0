"""Everything in Kubernetes, over any cloud's foundation, layer by layer; a component that is off leaves no trace.

Source: TGT-6, ARCH-12.
"""

from collections.abc import Mapping
from typing import Any

import pulumi

from stacks import layers
from stacks.foundation import Foundation
from stacks.settings import Settings


def build(settings: Settings, foundation: Foundation) -> Mapping[str, pulumi.Input[Any]]:
    """Declare the platform of one stack.

    Args:
        settings: what to run, and how much of it.
        foundation: the cloud beneath.

    Returns:
        The stack's outputs, the foundation's among them.
    """
    platform = layers.begin(settings, foundation)
    layers.guard(platform)
    layers.open_way_in(platform)
    layers.serve_data(platform)
    layers.sign_on(platform)
    layers.carry_events(platform)
    layers.run_workflows(platform)
    layers.learn(platform)
    layers.observe(platform)
    layers.house_teams(platform)
    return platform.outputs
