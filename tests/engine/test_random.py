"""Random values through the real engine: made once, kept, replaced when an input changes, secret where needed."""

import string

import pytest

from tests.engine.conftest import STACK, ProgramMaker
from tests.engine.engine import Engine

PROGRAM = """
import pulumi
import pulumi_random as random

config = pulumi.Config()
keepers = {"version": config.get("version") or "1"}
password = random.RandomPassword(
    "password", length=config.get_int("length") or 24, min_upper=3, min_numeric=3, override_special="_", keepers=keepers
)
pulumi.export("password", password.result)
pulumi.export("pet", random.RandomPet("pet", prefix="my").id)
pulumi.export("number", random.RandomInteger("number", min=5, max=7).result)
pulumi.export("id", random.RandomId("id", byte_length=4, prefix="x-").hex)
pulumi.export("bytes", random.RandomBytes("bytes", length=6).hex)
pulumi.export("uuid", random.RandomUuid("uuid").result)
pulumi.export("uuid7", random.RandomUuid7("uuid7").result)
pulumi.export("shuffled", random.RandomShuffle("shuffled", inputs=["a", "b", "c"], result_count=5).results)
pulumi.export("seeded", random.RandomShuffle("seeded", inputs=list("abcdefgh"), seed="s").results)
pulumi.export("text", random.RandomString("text", length=9, special=False, upper=False).result)
"""
URN = "urn:pulumi:dev::small::random:index/randomPassword:RandomPassword::password"


@pytest.fixture
def engine(program: ProgramMaker) -> Engine:
    return program(PROGRAM)


def test_values_obey_their_inputs_and_stay(engine: Engine) -> None:
    foretold = engine.preview(STACK).check()
    engine.up(STACK).check()
    made = engine.outputs(STACK)
    again = engine.up(STACK).check()
    refreshed = engine.refresh(STACK).check()

    assert foretold.changes == {"create": 11}
    password = made["password"]
    assert len(password) == 24
    assert sum(character.isupper() for character in password) >= 3
    assert sum(character.isdigit() for character in password) >= 3
    assert set(password) <= set(string.ascii_letters + string.digits + "_")
    assert made["pet"].startswith("my-")
    assert made["number"] in {5, 6, 7}
    assert made["id"].startswith("x-")
    assert len(bytes.fromhex(made["bytes"])) == 6
    assert (made["uuid"][14], made["uuid7"][14]) == ("4", "7")
    assert sorted(made["shuffled"][:3]) == ["a", "b", "c"]
    assert len(made["shuffled"]) == 5
    assert sorted(made["seeded"]) == list("abcdefgh")
    assert set(made["text"]) <= set(string.ascii_lowercase + string.digits)
    assert again.changes == {"same": 11}
    assert refreshed.changed == {}
    assert engine.outputs(STACK) == made


def test_secrets_are_encrypted_in_the_state(engine: Engine) -> None:
    engine.up(STACK).check()
    made = engine.outputs(STACK)
    state = engine.command("stack", "export", "--stack", STACK).check().output

    assert made["password"] not in state
    assert made["bytes"] not in state
    assert made["text"] in state


def test_a_changed_keeper_makes_a_new_value(engine: Engine) -> None:
    engine.up(STACK).check()
    before = engine.outputs(STACK)
    engine.configure(STACK, version="2")
    foretold = engine.preview(STACK).check()
    engine.up(STACK).check()

    assert foretold.changes == {"replace": 1, "same": 10}
    assert foretold.detailed_diff(URN) == {"keepers.version": "update-replace"}
    changed = {name for name, value in engine.outputs(STACK).items() if value != before[name]}
    assert changed == {"password"}


def test_impossible_lengths_are_refused_before_anything_is_made(engine: Engine) -> None:
    engine.configure(STACK, length="5")
    report = engine.preview(STACK)

    assert report.exit_code != 0
    assert any("length is 5 and the minima of the classes need 6." in error for error in report.errors)


def test_a_planned_fault_stops_the_update_and_the_next_one_goes_on(engine: Engine) -> None:
    faults = engine.program / "faults.json"
    fault = (
        '[{"provider": "random", "operation": "create", "type": "random:index/randomPet:RandomPet", "fault": "fail"}]'
    )
    faults.write_text(fault)
    failed = engine.up(STACK, environment={"SANDBOX_FAULTS": str(faults)})
    assert failed.exit_code != 0
    assert any("The cloud refused the create of random:index/randomPet:RandomPet" in error for error in failed.errors)

    repaired = engine.up(STACK).check()
    assert repaired.changes["create"] >= 1
    assert engine.up(STACK).check().changes == {"same": 11}


def test_a_killed_provider_leaves_a_state_from_which_the_next_update_goes_on(engine: Engine) -> None:
    faults = engine.program / "faults.json"
    faults.write_text('[{"provider": "random", "operation": "create", "nth": 3, "fault": "die"}]')
    assert engine.up(STACK, environment={"SANDBOX_FAULTS": str(faults)}).exit_code != 0

    engine.up(STACK).check()
    assert engine.up(STACK).check().changes == {"same": 11}
