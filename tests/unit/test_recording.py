"""The recording engine: what it keeps, and that it cannot let a wrong assertion pass."""

import pulumi
import pulumi_random as random
import pytest

from tests.unit.recording import RecordingEngine


class Pair(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("biz-automation:test:Pair", name)
        first = random.RandomPet(f"{name}-first", opts=pulumi.ResourceOptions(parent=self, protect=True))
        self.second = random.RandomPet(
            f"{name}-second", prefix=first.id, opts=pulumi.ResourceOptions(parent=self, depends_on=[first])
        )


def test_records_inputs_options_and_parents(engine: RecordingEngine) -> None:
    engine.deploy(lambda: Pair("a"))
    component = engine.only("biz-automation:test:Pair")
    first, second = engine.of_type("random:index/randomPet:RandomPet")
    assert (first.name, first.protect, second.protect) == ("a-first", True, False)
    assert second.inputs["prefix"] == "a-first-id"
    assert first.parent == second.parent == component.urn
    assert second.dependencies == (first.urn,)


def test_gives_the_values_of_outputs(engine: RecordingEngine) -> None:
    pair = engine.deploy(lambda: Pair("a"))
    assert engine.value(pair.second.prefix) == "a-first-id"


def test_raises_what_the_program_raises(engine: RecordingEngine) -> None:
    def program() -> None:
        raise ValueError("wrong size")

    with pytest.raises(ValueError, match="wrong size"):
        engine.deploy(program)


def test_an_output_in_a_format_string_is_an_error(engine: RecordingEngine) -> None:
    with pytest.raises(Exception, match=r"Calling __str__ on an Output"):
        engine.deploy(lambda: f"x-{Pair('a').second.id}")


def test_an_unforeseen_cloud_call_is_an_error(engine: RecordingEngine) -> None:
    def program() -> pulumi.Output[object]:
        return pulumi.Output.from_input(pulumi.runtime.invoke("aws:index/getRegion:getRegion", {}).value)

    with pytest.raises(Exception, match="asked the cloud for aws:index/getRegion:getRegion"):
        engine.deploy(program)
