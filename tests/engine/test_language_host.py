"""The language host as a Pulumi user meets it: output, errors, configuration, policies, and no time lost at the end."""

import time
from collections.abc import Mapping
from pathlib import Path

from tests.engine.conftest import STACK, ProgramMaker
from tests.engine.engine import Engine

GRACE_SECONDS = 5
COMPONENT = """
import pulumi

print("hello from the program")
config = pulumi.Config()
pulumi.export("greeting", config.get("greeting"))
pulumi.export("word", config.get_secret("word"))
pulumi.export("where", [pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization()])
pulumi.export("preview", pulumi.runtime.is_dry_run())


class Box(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("test:index:Box", name)
        self.register_outputs({})


Box("box")
"""
POLICIES = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy


def no_boxes(args, report):
    if args.resource_type == "test:index:Box":
        report(f"{args.name} is a box.")


PolicyPack("no-boxes", [ResourceValidationPolicy("no-boxes", "No boxes.", no_boxes, EnforcementLevel.MANDATORY)])
"""


def with_policies(engine: Engine, source: str) -> Engine:
    pack = engine.program / "policies"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text(source)
    return engine.with_policy_pack(pack)


def test_a_program_lives_through_every_operation(program: ProgramMaker) -> None:
    engine = program(COMPONENT)
    engine.configure(STACK, greeting="good day")
    engine.command("config", "set", "--stack", STACK, "--secret", "word", "sesame").check()

    foretold = engine.preview(STACK).check()
    made = engine.up(STACK).check()
    kept = engine.up(STACK).check()
    refreshed = engine.refresh(STACK).check()
    outputs = engine.outputs(STACK)
    state = engine.command("stack", "export", "--stack", STACK).check().output
    gone = engine.destroy(STACK).check()

    assert foretold.changes == made.changes == {"create": 2}
    assert kept.changes == {"same": 2}
    assert refreshed.changed == {}
    assert outputs == {
        "greeting": "good day",
        "word": "sesame",
        "where": ["small", STACK, "organization"],
        "preview": False,
    }
    assert "sesame" not in state
    assert gone.changes == {"delete": 2}
    assert "hello from the program" in [item.message for item in made.diagnostics if item.severity == "info"]
    assert [item for item in made.diagnostics if item.severity != "info"] == []


def test_debug_messages_arrive_to_the_last_and_only_where_they_are_asked_for(program: ProgramMaker) -> None:
    engine = program("import pulumi\nfor number in range(300):\n    pulumi.log.debug(f'step {number}.')\n")

    quiet, talkative = engine.preview(STACK).check(), engine.preview(STACK, "--debug").check()

    assert "step 299." not in quiet.output
    assert [number for number in range(300) if f"step {number}." not in talkative.output] == []


def test_the_stack_of_a_resource_ends_at_the_program_s_entry(program: ProgramMaker) -> None:
    engine = program("import boxes\n\nboxes.Box(boxes.NAME)\n")
    (engine.program / "boxes.py").write_text(COMPONENT.replace('Box("box")', 'NAME = "box"'))
    engine.up(STACK).check()
    (box,) = [resource for resource in engine.resources(STACK) if resource["type"] == "test:index:Box"]
    assert [frame["sourcePosition"] for frame in box["stackTrace"]] == ["project:///__main__.py#3"]


def test_the_cli_keeps_no_debug_log_of_its_own(program: ProgramMaker, sandbox: Mapping[str, str]) -> None:
    program(COMPONENT).preview(STACK).check()

    assert Path(sandbox["PULUMI_HOME"], "logs").is_file()


def test_an_update_with_its_preview_runs_the_program_twice_and_afresh(program: ProgramMaker) -> None:
    engine = program(COMPONENT)

    report = engine.command("up", "--stack", STACK, "--yes").check()

    assert report.output.count("hello from the program") >= 2
    assert engine.outputs(STACK)["preview"] is False


def test_modules_beside_the_program_are_found_and_the_sandbox_s_own_are_not(program: ProgramMaker) -> None:
    engine = program("import pulumi, shelf\npulumi.export('shelf', shelf.SIZE)\nimport stacks\n")
    (engine.program / "shelf.py").write_text("SIZE = 3\n")

    report = engine.preview(STACK)

    assert report.exit_code != 0
    assert "No module named 'stacks'" in report.errors[0]


def test_an_exception_shows_the_program_s_own_frames(program: ProgramMaker) -> None:
    engine = program("import shelf\nshelf.fall()\n")
    (engine.program / "shelf.py").write_text("def fall():\n    raise LookupError('no board left')\n")

    (error,) = engine.preview(STACK).errors

    lines = error.splitlines()
    assert lines[0] == "Program failed with an unhandled exception:"
    assert "__main__.py" in lines[2]
    assert lines[-1] == "LookupError: no board left"
    assert "language_host" not in error


def test_an_exception_in_an_apply_is_shown(program: ProgramMaker) -> None:
    engine = program("import pulumi\npulumi.export('x', pulumi.Output.from_input(1).apply(lambda one: one / 0))\n")

    (error,) = engine.preview(STACK).errors

    assert "ZeroDivisionError" in error


def test_a_run_error_is_its_message_alone(program: ProgramMaker) -> None:
    engine = program("import pulumi\nraise pulumi.RunError('profile is missing; allowed: dev, stg, prod')\n")

    report = engine.preview(STACK)

    assert report.exit_code != 0
    assert report.errors == ["profile is missing; allowed: dev, stg, prod"]


def test_a_syntax_error_names_its_place(program: ProgramMaker) -> None:
    engine = program("import pulumi\nx = = 1\n")

    (error,) = engine.preview(STACK).errors

    assert "line 2" in error
    assert "SyntaxError" in error
    assert "runpy" not in error


def test_an_early_end_with_a_message_is_a_failure(program: ProgramMaker) -> None:
    engine = program("import sys\nsys.exit('nothing to do here')\n")

    report = engine.preview(STACK)

    assert report.exit_code != 0
    assert report.errors == ["The program ended early: nothing to do here"]


def test_a_mandatory_policy_stops_preview_and_update(program: ProgramMaker) -> None:
    engine = with_policies(program(COMPONENT), POLICIES)

    foretold, refused = engine.preview(STACK), engine.up(STACK)

    for report in (foretold, refused):
        assert report.exit_code != 0
        (violation,) = report.violations
        assert (violation.policy, violation.level) == ("no-boxes", "mandatory")
        assert violation.urn.endswith("::box")
        assert violation.message.endswith("box is a box.")


def test_a_broken_policy_pack_is_shown_and_stops_the_run(program: ProgramMaker) -> None:
    engine = with_policies(program(COMPONENT), "raise LookupError('no rules')\n")

    report = engine.preview(STACK)

    assert report.exit_code != 0
    assert "LookupError: no rules" in report.output


def test_a_virtual_environment_of_another_interpreter_is_refused(program: ProgramMaker) -> None:
    engine = program(COMPONENT)
    other = engine.program / "venv" / "bin"
    other.mkdir(parents=True)
    (other / "python").write_text("")
    (engine.program / "Pulumi.yaml").write_text(
        "name: small\nruntime: {name: python, options: {toolchain: pip, virtualenv: venv}}\n"
    )

    report = engine.preview(STACK)

    assert report.exit_code != 0
    assert "run `make up` with that one" in report.output


def test_no_plugin_lingers_after_a_command(program: ProgramMaker) -> None:
    engine = with_policies(program(COMPONENT), POLICIES)

    report = engine.preview(STACK)
    ended = time.time()

    # a host or pack that ignores the signal costs the engine's 5 s before it is killed
    last_result = max(event["timestamp"] for event in report.events if "resOutputsEvent" in event)
    assert ended - last_result < GRACE_SECONDS - 1
