"""Does with a stand-in what the engine does, and checks each time that nothing is left to do afterwards."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.providers.stand_in import ReadResult, ResourceDiff, ResourceReference, StandIn

TIMEOUT = 10.0
SEED = b"seed"


def reference(token: str, name: str) -> ResourceReference:
    return ResourceReference(f"urn:pulumi:dev::project::{token}::{name}", token, name, SEED)


@dataclass
class Made:
    """A resource as the engine's state has it."""

    reference: ResourceReference
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]

    def __getitem__(self, output: str) -> Any:
        return self.outputs[output]


@dataclass
class Driver:
    """One stack's worth of resources.

    Attributes:
        provider: the configured stand-in.
    """

    provider: StandIn
    made: list[Made] = field(default_factory=list[Made])

    def check(self, token: str, logical_name: str, /, **inputs: Any) -> list[tuple[str, str]]:
        """What the stand-in rejects of new inputs."""
        return self.provider.check_resource(reference(token, logical_name), {}, inputs)[1]

    def create(self, token: str, logical_name: str, /, **inputs: Any) -> Made:
        """Check, preview and create a resource; a refresh right after must find no difference."""
        resource = reference(token, logical_name)
        checked, failures = self.provider.check_resource(resource, {}, inputs)
        assert failures == []
        self.provider.create_resource(resource, checked, preview=True, timeout=TIMEOUT)
        identifier, outputs = self.provider.create_resource(resource, checked, preview=False, timeout=TIMEOUT)
        made = Made(resource, identifier, checked, outputs)
        self.made.append(made)
        self.require_settled(made)
        return made

    def diff(self, made: Made, **changes: Any) -> ResourceDiff:
        """What a change of inputs would do; ``None`` takes an input away."""
        return self.provider.diff_resource(
            made.reference, made.id, made.inputs, made.outputs, self._changed(made, changes)
        )

    def update(self, made: Made, **changes: Any) -> ResourceDiff:
        """Change inputs in place; a refresh right after must find no difference."""
        new = self._changed(made, changes)
        diff = self.diff(made, **changes)
        assert diff.changed, f"{changes} changes nothing"
        assert not diff.replaces, f"{diff.replaces} would replace {made.reference.name}"
        state = (made.inputs, made.outputs, new)
        self.provider.update_resource(made.reference, made.id, *state, preview=True, timeout=TIMEOUT)
        made.outputs = self.provider.update_resource(made.reference, made.id, *state, preview=False, timeout=TIMEOUT)
        made.inputs = new
        self.require_settled(made)
        return diff

    def drift(self, made: Made) -> tuple[str, ...]:
        """What a preview would change after a refresh."""
        return self._difference(made, self._read(made))

    def require_settled(self, made: Made) -> None:
        """The cloud has what was asked for, and a refresh would show no change of any output."""
        found = self._read(made)
        assert self._difference(made, found) == ()
        assert found.inputs == made.inputs
        assert found.outputs == made.outputs

    def exists(self, made: Made) -> bool:
        """Whether a refresh still finds the resource."""
        found = self.provider.read_resource(made.reference, made.id, made.inputs, made.outputs)
        return found is not None

    def delete(self, made: Made) -> None:
        """Delete one resource."""
        self.provider.delete_resource(made.reference, made.id, made.inputs, made.outputs, timeout=TIMEOUT)
        self.made.remove(made)

    def destroy(self, *, staying: tuple[str, ...] = ()) -> None:
        """Delete everything in the reverse order; none may be found afterwards but types named as staying."""
        for made in reversed(list(self.made)):
            self.delete(made)
            if made.reference.type not in staying:
                assert not self.exists(made), f"{made.reference.name} is still there"

    def _read(self, made: Made) -> ReadResult:
        found = self.provider.read_resource(made.reference, made.id, made.inputs, made.outputs)
        assert found is not None, f"{made.reference.name} is gone"
        return found

    def _difference(self, made: Made, found: ReadResult) -> tuple[str, ...]:
        return self.provider.diff_resource(made.reference, made.id, found.inputs, found.outputs, made.inputs).changed

    def _changed(self, made: Made, changes: dict[str, Any]) -> dict[str, Any]:
        merged = {name: value for name, value in {**made.inputs, **changes}.items() if value is not None}
        checked, failures = self.provider.check_resource(made.reference, made.inputs, merged)
        assert failures == []
        return checked
