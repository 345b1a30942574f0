"""Settings that cannot change once a stack exists, because cloud resources cannot follow.

The values are an output of the stack, so the next run finds them in the stack's own state, whatever the backend.

Source: CFG-2, CFG-5; refused with the reason, before any resource is registered.
"""

import time
from collections.abc import Mapping
from typing import Any

import pulumi

from stacks.settings import Settings, SettingsError

OUTPUT = "immutable"

_REASONS = {
    "project": "the project's name is part of every resource's identity, so each would be created again",
    "cloud.provider": "another cloud is another stack: create one, move the data, then destroy this one",
    "kubernetes.clusterName": "the cluster would be destroyed with everything in it, and a new one created",
    "openshift.managed": "another cluster is another stack: create one, move the data, then destroy this one",
    "openshift.managed.domain": "Azure gives a cluster its domain once, and everybody knows it by that",
}
_READ = "pulumi:pulumi:readStackOutputs"
_HALF_WRITTEN = "failed to load checkpoint"
_PAUSES_SECONDS = (0.1, 0.3, 1.0)


def keep() -> Mapping[str, str]:
    """Reads the values of the last run from the stack's outputs and exports them again.

    They are exported before anything can fail: a run that ends early replaces the stack's outputs by what it has
    exported so far, and would otherwise forget them.
    """
    recorded = _recorded()
    if recorded:
        pulumi.export(OUTPUT, recorded)
    return recorded


def check(settings: Settings, recorded: Mapping[str, str]) -> None:
    """Refuses a change of what cannot change, and exports the values for the next run.

    Args:
        settings: the stack's settings now.
        recorded: the values of the last run; empty on the first.

    Raises:
        SettingsError: naming each changed value, the recorded one and the reason.
    """
    project = pulumi.get_project()
    current = values(project, settings)
    problems = changes(recorded, current)
    if problems:
        count = "1 setting" if len(problems) == 1 else f"{len(problems)} settings"
        raise SettingsError(
            f"{count} of stack {pulumi.get_stack()} cannot change:",
            [f"{project}:{problem}" for problem in problems],
        )
    pulumi.export(OUTPUT, current)


def values(project: str, settings: Settings) -> dict[str, str]:
    """The values that the stack keeps for life, by key."""
    managed = settings.managed_openshift
    return {
        "project": project,
        "cloud.provider": settings.cloud.provider.value,
        "kubernetes.clusterName": settings.kubernetes.cluster_name,
        **({"openshift.managed": "present" if managed else "absent"} if settings.openshift else {}),
        **({"openshift.managed.domain": managed.domain} if managed else {}),
    }


def changes(recorded: Mapping[str, str], current: Mapping[str, str]) -> list[str]:
    """One line for each value that differs from the recorded one; one that only one of them has may be anything."""
    return [
        f'{key}: "{current[key]}" is not allowed; allowed: "{recorded[key]}", as the stack was created: {reason}'
        for key, reason in _REASONS.items()
        if key in recorded and key in current and recorded[key] != current[key]
    ]


def _recorded() -> dict[str, str]:
    """Asks the engine, as a stack reference does, for this stack's outputs; on the first run there are none."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    outputs = _outputs_of(name)
    return dict(outputs.get("outputs", {}).get(OUTPUT) or {})


def _outputs_of(name: str) -> Mapping[str, Any]:
    """A file backend writes a checkpoint in place: whoever reads meanwhile gets half of it, and asks again."""
    for pause in _PAUSES_SECONDS:
        try:
            return pulumi.runtime.invoke(_READ, {"name": name}).value
        except Exception as error:
            if _HALF_WRITTEN not in str(error):
                raise
            time.sleep(pause)
    return pulumi.runtime.invoke(_READ, {"name": name}).value
