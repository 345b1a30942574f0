import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.plugins import install


def installed(directory: Path) -> dict[str, str]:
    """Names of the plugin folders and of the executable in each."""
    return {
        folder.name.rpartition("-v")[0]: next(folder.iterdir()).name
        for folder in (directory / "pulumi/plugins").iterdir()
    }


def test_every_plugin_is_installed_where_the_engine_looks(tmp_path: Path) -> None:
    install(tmp_path)

    assert installed(tmp_path) == {
        "language-python": "pulumi-language-python",
        "resource-aws": "pulumi-resource-aws",
        "resource-azure-native": "pulumi-resource-azure-native",
        "resource-kubernetes": "pulumi-resource-kubernetes",
        "resource-random": "pulumi-resource-random",
    }


def test_a_second_installation_touches_nothing(tmp_path: Path) -> None:
    install(tmp_path)
    (launcher,) = tmp_path.glob("pulumi/plugins/resource-random-*/*")
    before = launcher.stat()
    install(tmp_path)

    assert launcher.stat() == before


def test_a_stand_in_starts_from_anywhere_and_ends_at_once(tmp_path: Path) -> None:
    install(tmp_path)
    (launcher,) = tmp_path.glob("pulumi/plugins/resource-random-*/*")
    # a module of the user's project must not get in the way
    (tmp_path / "sandbox.py").write_text("raise SystemExit('shadowed')")
    environment = {"SANDBOX_DIRECTORY": str(tmp_path)}
    with subprocess.Popen(
        [launcher, "127.0.0.1:1"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        port = process.stdout.readline()
        process.terminate()

        assert int(port) > 0
        assert process.wait(timeout=3) == 0
        assert process.stderr.read() == ""


def test_launchers_of_another_sdk_version_are_removed(tmp_path: Path) -> None:
    old = tmp_path / "pulumi/plugins/resource-random-v1.0.0"
    old.mkdir(parents=True)
    install(tmp_path)

    assert not old.exists()
    assert "resource-random" in installed(tmp_path)


def test_a_real_plugin_takes_the_place_of_its_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory, home = tmp_path / "sandbox", tmp_path / "home"
    install(directory)
    (stand_in,) = directory.glob("pulumi/plugins/resource-kubernetes-*")
    real = home / "plugins" / stand_in.name / "pulumi-resource-kubernetes"
    real.parent.mkdir(parents=True)
    real.write_text("the vendor's")
    monkeypatch.setenv("PULUMI_HOME", str(home))
    monkeypatch.setenv("SANDBOX_REAL_PLUGINS", "kubernetes")

    install(directory)
    monkeypatch.setenv("PULUMI_HOME", str(directory / "pulumi"))
    install(directory)
    assert (stand_in / real.name).read_text() == "the vendor's"

    monkeypatch.delenv("SANDBOX_REAL_PLUGINS")
    install(directory)
    assert sys.executable in (stand_in / real.name).read_text()
    assert real.read_text() == "the vendor's"


def test_a_real_plugin_that_is_missing_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.setenv("SANDBOX_REAL_PLUGINS", "random")

    with pytest.raises(SandboxError, match=r"not installed: run `pulumi plugin install resource random \d+"):
        install(tmp_path / "sandbox")


def test_an_unknown_real_plugin_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_REAL_PLUGINS", "random, gcp")

    with pytest.raises(SandboxError, match="names gcp; allowed are aws, azure-native, kubernetes, random"):
        install(tmp_path)


def test_the_cli_writes_debug_logs_only_into_a_folder_that_the_user_made(tmp_path: Path) -> None:
    install(tmp_path)
    logs = tmp_path / "pulumi/logs"
    assert logs.is_file()

    logs.unlink()
    logs.mkdir()
    install(tmp_path)

    assert logs.is_dir()
