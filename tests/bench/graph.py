"""Builds the resource graph of one program under mocks and prints what it cost, as JSON.

Run as a process of its own for each figure, so that imports and peak memory are that program's alone:
``python -m tests.bench.graph stack dev``, or ``floor '{"aws": 250}'``, ``namespaces 80``.
"""

import argparse
import importlib
import json
import resource
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

# the imports in functions are part of what is measured
if TYPE_CHECKING:
    from tests.unit.recording import RecordingEngine

Build = Callable[["RecordingEngine"], object]


def stack_build(stack: str) -> Build:
    """The project's own program with the committed configuration of a stack."""
    from tests.unit import entry_point  # noqa: PLC0415
    from tests.unit.settings.configuration import stack_values  # noqa: PLC0415

    for module in (stack_values(stack)["cloud"]["provider"], "platform"):
        importlib.import_module(f"stacks.{module}")
    return lambda engine: entry_point.run(engine, stack)


def floor_build(counts: Mapping[str, int]) -> Build:
    """As many plain resources of each package as ``counts`` has."""
    from tests.bench import programs  # noqa: PLC0415

    for package in counts.keys() & programs.PLAIN_MODULES.keys():
        importlib.import_module(programs.PLAIN_MODULES[package])
    return _program(programs.floor_program(counts, "cc-platform"))


def namespaces_build(count: int) -> Build:
    """``count`` namespaces with all their guard rails."""
    from tests.bench import programs  # noqa: PLC0415

    return _program(programs.namespaces_program(count))


def _program(text: str) -> Build:
    """The same text that the engine runs in the other half of the benchmark."""
    program = compile(text, "program", "exec")

    def run() -> None:
        exec(program, {})  # noqa: S102 - text of this package

    return lambda engine: engine.deploy(run)


def build_of(kind: str, argument: str) -> Build:
    """What is measured."""
    match kind:
        case "floor":
            return floor_build(json.loads(argument))
        case "namespaces":
            return namespaces_build(int(argument))
        case _:
            return stack_build(argument)


def main() -> None:
    """Prints seconds of import, seconds of graph build, peak memory (MiB) and the resources of each package."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program", choices=["stack", "floor", "namespaces"])
    parser.add_argument("argument")
    options = parser.parse_args()
    started = time.perf_counter()
    from tests.unit.recording import RecordingEngine  # noqa: PLC0415

    build = build_of(options.program, options.argument)
    imported = time.perf_counter()
    engine = RecordingEngine(stack=options.argument if options.program == "stack" else "dev")
    build(engine)
    built = time.perf_counter()
    print(
        json.dumps(
            {
                "import_seconds": imported - started,
                "graph_seconds": built - imported,
                "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "resources": Counter(item.type.split(":")[0] for item in engine.registrations),
            }
        )
    )


if __name__ == "__main__":
    main()
