"""The layers of the platform in the order in which they are built; each stands on those before it.

Source: ARCH-12.
"""

from stacks.layers.base import begin
from stacks.layers.data import serve_data
from stacks.layers.edge import open_way_in, sign_on
from stacks.layers.events import carry_events
from stacks.layers.mlops import learn
from stacks.layers.observability import observe
from stacks.layers.security import guard
from stacks.layers.tenants import house_teams
from stacks.layers.workflows import run_workflows

__all__ = [
    "begin",
    "carry_events",
    "guard",
    "house_teams",
    "learn",
    "observe",
    "open_way_in",
    "run_workflows",
    "serve_data",
    "sign_on",
]
