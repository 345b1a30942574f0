"""Builds the resource graph of one program under mocks and prints what it cost, as JSON.

Run as a process of its own for each figure, so that imports and peak memory are that program's alone:
``python -m tests.bench.graph stack dev`` or ``python -m tests.bench.graph namespaces 80``.
"""

import argparse
import importlib
import json
import resource
import runpy
import time
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def stack_program(stack: str) -> Callable[[], None]:
    """The project's own program with the committed configuration of a stack."""
    import pulumi  # noqa: PLC0415 - the import is part of what is measured

    from tests.bench.programs import stack_configuration  # noqa: PLC0415

    pulumi.runtime.set_all_config(stack_configuration(stack))
    for module in ("stacks.aws", "stacks.platform"):
        importlib.import_module(module)

    def program() -> None:
        runpy.run_path(str(CHECKOUT / "__main__.py"), run_name="__main__")

    return program


def namespaces_program(count: int) -> Callable[[], None]:
    """``count`` namespaces with all their guard rails."""
    from tests.bench.programs import register_namespaces  # noqa: PLC0415

    return lambda: register_namespaces(count)


def main() -> None:
    """Prints seconds of import, seconds of graph build, peak memory (MiB) and the number of resources."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program", choices=["stack", "namespaces"])
    parser.add_argument("argument")
    options = parser.parse_args()
    started = time.perf_counter()
    from tests.unit.aws_outputs import AWS_OUTPUTS  # noqa: PLC0415
    from tests.unit.recording import RecordingEngine  # noqa: PLC0415

    program = (
        stack_program(options.argument) if options.program == "stack" else namespaces_program(int(options.argument))
    )
    imported = time.perf_counter()
    engine = RecordingEngine(stack=options.argument if options.program == "stack" else "dev")
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
                "resources": len(engine.registrations),
            }
        )
    )


if __name__ == "__main__":
    main()
