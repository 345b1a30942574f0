"""Builds the resource graph of one program under mocks and prints what it cost, as JSON.

Run as a process of its own for each figure, so that imports and peak memory are that program's alone:
``python -m tests.bench.graph stack dev``, or ``foundation dev``, ``floor '{"aws": 250}'``, ``namespaces 80``.
"""

import argparse
import gc
import importlib
import json
import resource
import runpy
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def stack_program(stack: str, *, components: bool) -> Callable[[], None]:
    """The project's own program with the committed configuration of a stack, with or without what it switches on."""
    import pulumi  # noqa: PLC0415 - the import is part of what is measured

    from tests.bench.programs import stack_configuration  # noqa: PLC0415

    pulumi.runtime.set_all_config(stack_configuration(stack, components=components))
    for module in ("stacks.aws", "stacks.platform"):
        importlib.import_module(module)

    def program() -> None:
        runpy.run_path(str(CHECKOUT / "__main__.py"), run_name="__main__")

    return program


def floor_program(counts: Mapping[str, int]) -> Callable[[], None]:
    """As many plain resources of each package as ``counts`` has."""
    from tests.bench import programs  # noqa: PLC0415

    for module in ("pulumi_aws.kms", "pulumi_kubernetes.core.v1", "pulumi_random"):
        importlib.import_module(module)
    program = compile(programs.floor_program(counts, "cc-platform"), "floor", "exec")

    def build() -> None:
        gc.freeze()
        exec(program, {})  # noqa: S102 - the same text that the engine runs in the other half of the benchmark

    return build


def namespaces_program(count: int) -> Callable[[], None]:
    """``count`` namespaces with all their guard rails."""
    from tests.bench.programs import register_namespaces  # noqa: PLC0415

    return lambda: register_namespaces(count)


def program_of(kind: str, argument: str) -> Callable[[], None]:
    """The program that is measured."""
    match kind:
        case "floor":
            return floor_program(json.loads(argument))
        case "namespaces":
            return namespaces_program(int(argument))
        case _:
            return stack_program(argument, components=kind == "stack")


def main() -> None:
    """Prints seconds of import, seconds of graph build, peak memory (MiB) and the resources of each package."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program", choices=["stack", "foundation", "floor", "namespaces"])
    parser.add_argument("argument")
    options = parser.parse_args()
    started = time.perf_counter()
    from tests.unit.aws_outputs import AWS_OUTPUTS  # noqa: PLC0415
    from tests.unit.recording import RecordingEngine  # noqa: PLC0415

    program = program_of(options.program, options.argument)
    imported = time.perf_counter()
    engine = RecordingEngine(stack=options.argument if options.program in ("stack", "foundation") else "dev")
    engine.outputs |= AWS_OUTPUTS
    engine.functions["pulumi:pulumi:readStackOutputs"] = lambda _: {"outputs": {}}
    engine.deploy(program)
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
