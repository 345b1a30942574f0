"""A small provider on the stand-ins' base, run by the real engine as a plugin of its own.

Crates are files in ``$SHOP``; a crate with ``open: true`` exists but is not ready; a pallet is a component of crates.
"""

import json
import os
from pathlib import Path
from typing import Any, ClassVar

import pulumi
from pulumi.provider.provider import ConstructResult
from typing_extensions import override

from sandbox.providers.stand_in import (
    UNKNOWN,
    Failures,
    InitializationError,
    ReadResult,
    ResourceDiff,
    ResourceReference,
    StandIn,
    StandInError,
    compare,
    serve,
)

CRATE = "shop:index/crate:Crate"
VERSION = "1.0.0"


class Crate(pulumi.CustomResource):
    weight: pulumi.Output[int]
    label: pulumi.Output[str]

    def __init__(
        self, name: str, properties: dict[str, pulumi.Input[Any]], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        own = pulumi.ResourceOptions(version=VERSION)
        super().__init__(
            CRATE, name, {"weight": None, "label": None, **properties}, pulumi.ResourceOptions.merge(own, opts)
        )


class Pallet(pulumi.ComponentResource):
    """Two crates; the total weight is known when both exist."""

    def __init__(self, name: str, inputs: pulumi.Inputs, opts: pulumi.ResourceOptions | None) -> None:
        super().__init__("shop:index:Pallet", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        crates = [Crate(f"{name}-{side}", {"label": inputs["label"]}, child) for side in ("left", "right")]
        self.total = pulumi.Output.all(*(crate.weight for crate in crates)).apply(sum)
        self.register_outputs({"total": self.total})


class Shop(StandIn):
    name: ClassVar[str] = "shop"

    def __init__(self) -> None:
        super().__init__()
        self._directory = Path(os.environ["SHOP"])

    @override
    def check_resource(
        self, resource: ResourceReference, old: dict[str, Any], new: dict[str, Any], /
    ) -> tuple[dict[str, Any], Failures]:
        return new, [("label", "label is missing.")] if not new.get("label") else []

    @override
    def diff_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        old_inputs: dict[str, Any],
        old_outputs: dict[str, Any],
        new: dict[str, Any],
        /,
    ) -> ResourceDiff:
        return compare(old_inputs, new, replacing={"label"})

    @override
    def create_resource(
        self, resource: ResourceReference, inputs: dict[str, Any], /, *, preview: bool, timeout: float
    ) -> tuple[str, dict[str, Any]]:
        if preview:
            return "", {**inputs, "weight": UNKNOWN}
        return resource.name, self._store(resource.name, inputs)

    @override
    def update_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        old_inputs: dict[str, Any],
        old_outputs: dict[str, Any],
        inputs: dict[str, Any],
        /,
        *,
        preview: bool,
        timeout: float,
    ) -> dict[str, Any]:
        return {**inputs, "weight": UNKNOWN} if preview else self._store(resource_id, inputs)

    @override
    def read_resource(
        self, resource: ResourceReference, resource_id: str, inputs: dict[str, Any], outputs: dict[str, Any], /
    ) -> ReadResult | None:
        path = self._directory / resource_id
        if not path.exists():
            return None
        stored = json.loads(path.read_text())
        return ReadResult(resource_id, stored, {**stored, "weight": 2})

    @override
    def delete_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        inputs: dict[str, Any],
        outputs: dict[str, Any],
        /,
        *,
        timeout: float,
    ) -> None:
        (self._directory / resource_id).unlink(missing_ok=True)

    @override
    def construct_component(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None, /
    ) -> ConstructResult:
        if resource_type != "shop:index:Pallet":
            return super().construct_component(name, resource_type, inputs, options)
        if "label" not in inputs:
            raise StandInError(f"The pallet {name} has no label.")
        pallet = Pallet(name, inputs, options)
        return ConstructResult(pallet.urn, {"total": pallet.total})

    def _store(self, crate: str, inputs: dict[str, Any]) -> dict[str, Any]:
        (self._directory / crate).write_text(json.dumps(inputs))
        outputs = {**inputs, "weight": 2}
        if inputs.get("open"):
            raise InitializationError(crate, outputs, [f"The lid of {crate} is open."])
        return outputs


if __name__ == "__main__":
    serve(Shop(), VERSION)
