"""The engine's Python language host, ``pulumi-language-python``, which a bare build of the CLI lacks.

The engine starts one host per operation, reads its port from standard output and asks it to run the program and the
policy packs. Source: design section 5.
"""

import asyncio
import contextvars
import functools
import importlib.metadata
import logging
import os
import queue
import runpy
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, Literal

import grpc
import pulumi
import pulumi.runtime
from google.protobuf import empty_pb2
from pulumi.automation._server import LanguageServer  # pyright: ignore[reportPrivateUsage]
from pulumi.runtime import settings
from pulumi.runtime.proto import engine_pb2, language_pb2, language_pb2_grpc, plugin_pb2
from typing_extensions import override

from sandbox.environment import CHECKOUT, DEBUG_VARIABLE
from sandbox.parent import end_with_parent

MAXIMUM_MESSAGE_BYTES: Final = 400 * 1024 * 1024
RPC_THREADS: Final = 16
# what the engine answers to registrations after something else has failed; the SDK raises it as a bare Exception
MONITOR_IS_GONE: Final = "resource monitor shut down"
TERMINATION_SECONDS: Final = 1.0

Context = grpc.ServicerContext


class LanguageHost(LanguageServer):
    """Runs Python programs in this process and policy packs in processes of their own."""

    def __init__(self, engine_address: str) -> None:
        super().__init__(lambda: None)
        self._engine_address = engine_address
        self._plugins: set[subprocess.Popen[bytes]] = set()

    @override
    def Run(self, request: language_pb2.RunRequest, context: Context) -> language_pb2.RunResponse:
        """Run the program of a project and say whether it succeeded; its errors have been shown by then."""
        del context
        shown = contextvars.copy_context().run(self._run, request)
        return language_pb2.RunResponse(bail=not shown)

    @override
    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: Context
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a policy pack, or another plugin written in Python, and stream what it writes until it ends."""
        program = request.info.program_directory or request.program
        module = ["-m", "pulumi.policy"] if request.kind == "analyzer" else []
        arguments = [*request.args, program] if module else [program, *request.args]
        process = subprocess.Popen(
            [_interpreter(request.info), "-u", *module, *arguments],
            cwd=request.pwd or None,
            env={**_clean_environment(), **dict(entry.split("=", 1) for entry in request.env)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._plugins.add(process)
        context.add_callback(process.terminate)
        try:
            yield from _stream(process)
        finally:
            self._end(process)

    @override
    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: Context
    ) -> language_pb2.GetRequiredPackagesResponse:
        """Ask for no plugins in advance: the engine loads them when a resource needs them."""
        del request, context
        return language_pb2.GetRequiredPackagesResponse()

    @override
    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: Context
    ) -> language_pb2.GetProgramDependenciesResponse:
        """List the installed distributions."""
        del request, context
        installed = sorted({(item.name, item.version) for item in importlib.metadata.distributions()})
        dependencies = [language_pb2.DependencyInfo(name=name, version=version) for name, version in installed]
        return language_pb2.GetProgramDependenciesResponse(dependencies=dependencies)

    @override
    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: Context
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Install nothing and say why."""
        del request, context
        message = b"The sandbox runs in a virtual environment that is complete already; nothing to install.\n"
        yield language_pb2.InstallDependenciesResponse(stdout=message)

    @override
    def GetPluginInfo(self, request: empty_pb2.Empty, context: Context) -> plugin_pb2.PluginInfo:
        """Return the version of the Pulumi SDK, with which this host moves."""
        del request, context
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    @override
    def RuntimeOptionsPrompts(
        self, request: language_pb2.RuntimeOptionsRequest, context: Context
    ) -> language_pb2.RuntimeOptionsResponse:
        """Ask the user nothing."""
        del request, context
        return language_pb2.RuntimeOptionsResponse()

    @override
    def Template(self, request: language_pb2.TemplateRequest, context: Context) -> empty_pb2.Empty:
        """Leave a new project as it is."""
        del request, context
        return empty_pb2.Empty()

    @override
    def Cancel(self, request: empty_pb2.Empty, context: Context) -> empty_pb2.Empty:
        """End the policy packs."""
        del request, context
        self.end()
        return empty_pb2.Empty()

    def end(self) -> None:
        """End every plugin that this host has started."""
        for process in list(self._plugins):
            self._end(process)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(TERMINATION_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._plugins.discard(process)

    def _run(self, request: language_pb2.RunRequest) -> bool:
        """Run the program on an event loop of its own; show what goes wrong and return whether all went well."""
        interpreter = _interpreter(request.info)
        if Path(interpreter).parent.resolve() != Path(sys.executable).parent.resolve():
            pulumi.log.error(
                f"The project's virtual environment is {interpreter}, and the sandbox runs in {sys.executable}: run "
                "`make up` with that one, or remove `virtualenv` from Pulumi.yaml."
            )
            return False
        program = Path(request.info.program_directory, request.info.entry_point or ".").resolve()
        _configure(request, self._engine_address)
        _end_stacks_at(_entry(program))
        _forget_modules(Path(request.info.program_directory).resolve())
        os.chdir(request.pwd)
        sys.argv = [str(program), *request.args]
        loop = asyncio.new_event_loop()
        # a worker waits for the engine with every resource that is being registered
        loop.set_default_executor(ThreadPoolExecutor(max(request.parallel, 1) * 4))
        try:
            loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _run_path(program)))
        except pulumi.RunError as error:
            pulumi.log.error(str(error))
        except grpc.RpcError as error:
            # an engine that is gone has said why; nobody would read more
            if not isinstance(error, grpc.Call) or error.code() != grpc.StatusCode.UNAVAILABLE:
                pulumi.log.error(f"The engine refused a request of the program: {error}")
        except SystemExit as error:
            if error.code not in {None, 0}:
                pulumi.log.error(f"The program ended early: {error.code}")
                return False
            return True
        except Exception as error:  # noqa: BLE001 - whatever a program raises is shown to its author
            if str(error) == MONITOR_IS_GONE:
                # the engine has ended the run, and has said why
                return False
            pulumi.log.error(f"Program failed with an unhandled exception:\n{_user_traceback(error, program)}")
        else:
            return True
        finally:
            _close(loop)
        return False


def _configure(request: language_pb2.RunRequest, engine_address: str) -> None:
    pulumi.runtime.reset_options(
        project=request.project,
        stack=request.stack,
        root_directory=request.info.root_directory,
        parallel=request.parallel,
        engine_address=engine_address,
        monitor_address=request.monitor_address,
        preview=request.dryRun,
        organization=request.organization or "organization",
    )
    pulumi.runtime.set_all_config(dict(request.config), list(request.configSecretKeys))
    if DEBUG_VARIABLE not in os.environ:
        _drop_debug_messages()


def _drop_debug_messages() -> None:
    """Keep to ourselves what the engine would throw away.

    The SDK writes several messages for each resource, and waits for the engine with every one, on the loop that
    registers the resources: half of that loop's time.
    """
    engine = vars(settings.get_engine())
    log = engine["Log"]

    def without_debug(request: engine_pb2.LogRequest) -> object:
        return None if request.severity == engine_pb2.DEBUG else log(request)

    engine["Log"] = without_debug


def _end_stacks_at(entry: Path) -> None:
    """Let the stack of a resource end at the program's entry.

    The SDK sends every stack to its outermost frame, and the engine writes all of them down at each step of an update.
    The frames of this host and of its event loop would be a third of a large state.
    """
    monitor, outermost = vars(settings.get_monitor()), entry.as_uri()

    def shortened(method: Callable[[Any], object], request: Any) -> object:
        frames = request.stackTrace.frames
        of_program = [index for index, frame in enumerate(frames) if frame.pc.uri == outermost]
        if of_program:
            del frames[of_program[-1] + 1 :]
        return method(request)

    for name in ("RegisterResource", "ReadResource"):
        monitor[name] = functools.partial(shortened, monitor[name])


def _entry(program: Path) -> Path:
    """Return the file with which a program begins, be it that file or its folder."""
    return program / "__main__.py" if program.is_dir() else program


def _run_path(program: Path) -> None:
    entry = _entry(program)
    if not entry.exists():
        raise pulumi.RunError(f"There is no program at {entry}.")
    runpy.run_path(str(program), run_name="__main__")


def _forget_modules(directory: Path) -> None:
    """Make the program's own modules be imported afresh; a host may be asked to run more than once."""
    for name, module in list(sys.modules.items()):
        origin = getattr(module, "__file__", None)
        own = name.partition(".")[0] != "sandbox" and name != "__main__"
        if own and origin and Path(origin).is_relative_to(directory) and "site-packages" not in Path(origin).parts:
            del sys.modules[name]


def _user_traceback(error: BaseException, program: Path) -> str:
    """Return the traceback from the program's first frame on; all of it where the program has none."""
    if isinstance(error, SyntaxError):
        # it names the place itself; the frames are those that import it
        return "".join(traceback.format_exception_only(error))
    frames = traceback.extract_tb(error.__traceback__)
    entry = str(_entry(program))
    start = next((index for index, frame in enumerate(frames) if str(Path(frame.filename).resolve()) == entry), 0)
    return "".join(traceback.format_exception(error, limit=start - len(frames)))


def _close(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            loop.run_until_complete(task)
    loop.close()
    sys.stdout.flush()
    sys.stderr.flush()


def _stream(process: "subprocess.Popen[bytes]") -> Iterator[language_pb2.RunPluginResponse]:
    responses: queue.SimpleQueue[language_pb2.RunPluginResponse | None] = queue.SimpleQueue()

    def read(pipe: IO[bytes] | None, field: Literal["stdout", "stderr"]) -> None:
        while pipe is not None and (chunk := os.read(pipe.fileno(), 65536)):
            response = language_pb2.RunPluginResponse()
            setattr(response, field, chunk)
            responses.put(response)
        responses.put(None)

    pipes = ((process.stdout, "stdout"), (process.stderr, "stderr"))
    for pipe in pipes:
        threading.Thread(target=read, args=pipe, daemon=True).start()
    for _ in pipes:
        yield from iter(responses.get, None)
    yield language_pb2.RunPluginResponse(exitcode=process.wait())


def _interpreter(info: language_pb2.ProgramInfo) -> str:
    """Return the Python of the project's virtual environment; where it has none, the Python that runs this host."""
    options: dict[str, Any] = dict(info.options.items())
    own = Path(info.root_directory, str(options.get("virtualenv", "")), "bin", "python")
    return str(own) if options.get("virtualenv") and own.exists() else sys.executable


def _clean_environment() -> dict[str, str]:
    """Return the environment without the path by which the launcher finds this checkout."""
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path and Path(path) != CHECKOUT]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def main() -> None:
    """Serve the engine until it sends SIGINT or SIGTERM, then end at once: it waits 5 s for a host that lingers."""
    host = LanguageHost(engine_address=sys.argv[-1])

    def end(*_: object) -> None:
        host.end()
        os._exit(0)

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    end_with_parent(end)
    # the program must not see the checkout just because the launcher needed it
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != CHECKOUT]
    # unobserved futures are Pulumi's way of ending early, not news for the user
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    limits = [("grpc.max_receive_message_length", MAXIMUM_MESSAGE_BYTES)]
    server = grpc.server(ThreadPoolExecutor(RPC_THREADS), options=limits)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    # the engine reads the port from standard output
    print(port, flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
