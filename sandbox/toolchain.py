"""Builds the sandbox's Go programs from pinned modules, once per machine.

A program that is on PATH in exactly the pinned version is used as it is. Everything else is built from
`tools/<module>/go.mod`, the only place where versions stand, into a cache outside the checkout.
"""

import fcntl
import hashlib
import os
import platform
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.environment import cache_directory, find_outside
from sandbox.errors import SandboxError
from sandbox.go import Go, find_go

MODULES = Path(__file__).with_name("tools")
PROGRESS_SECONDS = 15.0
DOWNLOAD_FAILURES = (
    "dial tcp",
    "no such host",
    "i/o timeout",
    "connection refused",
    "connection reset",
    "TLS handshake",
    "proxyconnect",
    "module lookup disabled",
    "unexpected status",
    "403 Forbidden",
    "404 Not Found",
    "502 Bad Gateway",
    "503 Service",
)


@dataclass(frozen=True)
class Tool:
    """A Go program.

    Attributes:
        name: of the executable.
        module: folder under `tools/` whose go.mod pins it.
        source: Go module path, its version is the tool's version.
        package: package to build, relative to `source`.
        variables: linker variables; `{version}`, `{major}` and `{minor}` are filled in.
        version_arguments: arguments with which the program tells its version.
        deploys: whether a deployment needs it; what only tests need is built when one of them asks for it.
    """

    name: str
    module: str
    source: str
    package: str = ""
    variables: tuple[str, ...] = ()
    version_arguments: tuple[str, ...] = ("--version",)
    deploys: bool = True

    @property
    def version(self) -> str:
        """Version without the leading v, from go.mod."""
        text = (MODULES / self.module / "go.mod").read_text()
        found = re.search(rf"^\s*(?:require\s+)?{re.escape(self.source)} v(\S+)", text, re.MULTILINE)
        if not found:
            raise SandboxError(f"sandbox/tools/{self.module}/go.mod does not require {self.source}; restore the file.")
        return found[1]

    @property
    def linker_flags(self) -> str:
        """What `go build -ldflags` gets."""
        major, minor, *_ = self.version.split(".")
        variables = [
            f"-X {variable.format(version=self.version, major=major, minor=minor)}" for variable in self.variables
        ]
        return " ".join(["-s -w", *variables])


KUBERNETES_VERSION = tuple(
    f"k8s.io/component-base/version.git{field}"
    for field in ("Version=v{version}", "Major={major}", "Minor={minor}", "TreeState=clean")
)


def _kubernetes(name: str) -> Tool:
    return Tool(name, "kubernetes", "k8s.io/kubernetes", f"/cmd/{name}", KUBERNETES_VERSION)


TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "pulumi",
            "pulumi",
            "github.com/pulumi/pulumi/pkg/v3",
            "/cmd/pulumi",
            # without it the CLI has no version, and the Automation API refuses it
            ("github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{version}",),
            ("version",),
        ),
        Tool("etcd", "etcd", "go.etcd.io/etcd/server/v3"),
        _kubernetes("kube-apiserver"),
        _kubernetes("kube-controller-manager"),
        _kubernetes("kube-scheduler"),
        Tool("kwok", "kwok", "sigs.k8s.io/kwok", "/cmd/kwok"),
        Tool(
            "helm",
            "helm",
            "helm.sh/helm/v3",
            "/cmd/helm",
            ("helm.sh/helm/v3/internal/version.version=v{version}",),
            ("version",),
        ),
        Tool(
            "cyclonus",
            "cyclonus",
            "github.com/mattfenwick/cyclonus",
            "/cmd/cyclonus",
            ("github.com/mattfenwick/cyclonus/pkg/cli.version=v{version}",),
            ("version",),
            deploys=False,
        ),
    )
}
DEPLOYMENT_TOOLS = tuple(name for name, tool in TOOLS.items() if tool.deploys)


def provide(names: Sequence[str], say: Callable[[str], None] = print) -> dict[str, Path]:
    """Return the executables of tools, building those that are neither on PATH nor in the cache.

    Args:
        names: of `TOOLS`.
        say: shows one line to the user.

    Raises:
        SandboxError: a tool cannot be built; the sentence names the mend.
    """
    paths = {name: _on_path(TOOLS[name]) or cached(TOOLS[name]) for name in names}
    missing = [name for name, path in paths.items() if not path.exists()]
    if missing:
        go = find_go(max(_go_directive(TOOLS[name]) for name in missing), say)
        for number, name in enumerate(missing, start=1):
            _build(TOOLS[name], go, f"{number} of {len(missing)}", say)
    return paths


def cached(tool: Tool) -> Path:
    """Return where the cache has, or will have, a tool's executable."""
    folder = MODULES / tool.module
    key = hashlib.sha256()
    for part in (tool.package, tool.linker_flags, platform.system(), platform.machine()):
        key.update(part.encode())
    for name in ("go.mod", "go.sum"):
        key.update((folder / name).read_bytes())
    return cache_directory() / "tools" / f"{tool.name}-{tool.version}-{key.hexdigest()[:12]}" / tool.name


def _on_path(tool: Tool) -> Path | None:
    found = find_outside(tool.name)
    if not found:
        return None
    told = subprocess.run([found, *tool.version_arguments], capture_output=True, text=True, check=False, timeout=60)
    exact = re.search(rf"(?<![\d.]){re.escape(tool.version)}(?![\d.+-])", told.stdout)
    return Path(found) if exact else None


def _go_directive(tool: Tool) -> tuple[int, ...]:
    found = re.search(r"^go (\d+(?:\.\d+)*)", (MODULES / tool.module / "go.mod").read_text(), re.MULTILINE)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def _build(tool: Tool, go: Go, position: str, say: Callable[[str], None]) -> None:
    target = cached(tool)
    cache = target.parent.parent
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _build_lock(cache / f".{tool.name}.lock", tool, say):
            if target.exists():
                return
            for half_built in cache.glob(f".building-{tool.name}-*"):
                shutil.rmtree(half_built, ignore_errors=True)
            workspace = cache / f".building-{tool.name}-{secrets.token_hex(4)}"
            workspace.mkdir()
            _compile(tool, go, workspace, f"Building {tool.name} {tool.version} ({position}) ...", say)
            # the folder appears complete or not at all
            workspace.rename(target.parent)
    except OSError as error:
        raise SandboxError(
            f"{tool.name} cannot be put into the cache {cache}: {error.strerror}; "
            "free the space or set BIZ_AUTOMATION_CACHE to another folder."
        ) from error


@contextmanager
def _build_lock(path: Path, tool: Tool, say: Callable[[str], None]) -> Generator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another command is building {tool.name} {tool.version}; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _compile(tool: Tool, go: Go, workspace: Path, title: str, say: Callable[[str], None]) -> None:
    log = cache_directory() / "logs" / f"{tool.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [str(go.executable), "build", "-o", str(workspace / tool.name), "-ldflags", tool.linker_flags]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, tool.source + tool.package],
            cwd=MODULES / tool.module,
            env={**os.environ, **go.environment, "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _show_progress(process, title, say)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if process.returncode != 0:
        shutil.rmtree(workspace, ignore_errors=True)
        raise SandboxError(_explain(tool, log))


def _show_progress(process: subprocess.Popen[bytes], title: str, say: Callable[[str], None]) -> None:
    started = shown = time.monotonic()
    interactive = sys.stdout.isatty()
    if not interactive:
        say(title)
    while process.poll() is None:
        now = time.monotonic()
        if interactive:
            sys.stdout.write(f"\r{title} {now - started:.0f} s ")
            sys.stdout.flush()
        elif now - shown >= PROGRESS_SECONDS:
            say(f"{title} {now - started:.0f} s")
            shown = now
        try:
            process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            continue
    if interactive:
        sys.stdout.write("\n")


def _explain(tool: Tool, log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    text = "\n".join(lines)
    subject = f"{tool.name} {tool.version}"
    if "no space left on device" in text:
        return (
            f"The disk became full while {subject} was built: free about 8 GB and run the command again (log: {log})."
        )
    if any(sign in text for sign in DOWNLOAD_FAILURES):
        last = next(line for line in reversed(lines) if any(sign in line for sign in DOWNLOAD_FAILURES))
        return (
            f"The sources of {subject} could not be downloaded ({last.strip()[:200]}): check the network and GOPROXY, "
            f"then run the command again (log: {log})."
        )
    tail = " | ".join(line.strip() for line in lines[-3:])[:400] or "the compiler wrote nothing"
    return f"{subject} did not compile: {tail}; the whole log is {log}."
