"""The stand-ins' base under the real engine: resources that are not ready, drift, components, secrets, Ctrl-C."""

import json
import os
import shlex
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from sandbox.environment import CHECKOUT
from tests.engine.conftest import STACK, ProgramMaker
from tests.engine.engine import Engine
from tests.engine.shop_provider import CRATE, VERSION

PROGRAM = """
import pulumi
from tests.engine.shop_provider import Crate, VERSION

config = pulumi.Config()
crate = Crate("crate", {"label": config.get("label") or "oak", "open": config.get_bool("open") or False})
pulumi.export("weight", crate.weight)
"""
COMPONENT = """
import pulumi


class Pallet(pulumi.ComponentResource):
    total: pulumi.Output[int]

    def __init__(self, name, inputs, opts=None):
        own = pulumi.ResourceOptions(version="1.0.0")
        super().__init__("shop:index:Pallet", name, {"total": None, **inputs}, own, remote=True)


config = pulumi.Config()
label = config.get_secret("label")
pallet = Pallet("pallet", {"label": label} if label else {})
pulumi.export("total", pallet.total)
"""
URN = f"urn:pulumi:dev::small::{CRATE}::crate"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Where the shop keeps its crates."""
    path = tmp_path / "shelf"
    path.mkdir()
    return path


@pytest.fixture
def shop(program: ProgramMaker, sandbox: Mapping[str, str], shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A project with the shop's plugin, whose program sees the provider's Python classes."""
    plugin = Path(sandbox["PULUMI_HOME"], "plugins", f"resource-shop-v{VERSION}", "pulumi-resource-shop")
    plugin.parent.mkdir(exist_ok=True)
    command = shlex.join([sys.executable, "-P", "-m", "tests.engine.shop_provider"])
    plugin.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(CHECKOUT))} exec {command} "$@"\n')
    plugin.chmod(0o700)
    monkeypatch.setenv("SHOP", str(shelf))
    engine = program(PROGRAM)
    (engine.program / "tests").symlink_to(CHECKOUT / "tests")
    (engine.program / "sandbox").symlink_to(CHECKOUT / "sandbox")
    return engine


def crate(shelf: Path) -> dict[str, object]:
    return json.loads((shelf / "crate").read_text())


def test_a_crate_that_is_not_ready_is_kept_and_the_next_update_goes_on(shop: Engine, shelf: Path) -> None:
    shop.configure(STACK, open="true")
    failed = shop.up(STACK)
    (kept,) = [resource for resource in shop.resources(STACK) if resource["urn"] == URN]
    shop.configure(STACK, open="false")
    repaired = shop.up(STACK).check()

    assert failed.exit_code != 0
    assert any("The lid of crate is open." in error for error in failed.errors)
    assert (kept["id"], kept["outputs"]["weight"], kept["initErrors"]) == ("crate", 2, ["The lid of crate is open."])
    assert repaired.changed == {URN: "update"}
    assert crate(shelf)["open"] is False
    assert shop.up(STACK).check().changed == {}


def test_refresh_sees_drift_and_the_next_update_undoes_it(shop: Engine, shelf: Path) -> None:
    shop.up(STACK).check()
    (shelf / "crate").write_text(json.dumps({**crate(shelf), "open": True}))
    drifted = shop.preview(STACK, "--refresh").check()
    refreshed = shop.refresh(STACK).check()
    foretold = shop.preview(STACK).check()
    shop.up(STACK).check()

    assert drifted.changed == {URN: "update"}
    assert refreshed.changed == {URN: "update"}
    assert foretold.detailed_diff(URN) == {"open": "update"}
    assert crate(shelf)["open"] is False


def test_what_is_gone_is_made_again(shop: Engine, shelf: Path) -> None:
    shop.up(STACK).check()
    (shelf / "crate").unlink()
    refreshed = shop.refresh(STACK).check()
    repaired = shop.up(STACK).check()

    assert refreshed.changed == {URN: "delete"}
    assert repaired.changed == {URN: "create"}
    assert crate(shelf)["label"] == "oak"


def test_a_changed_label_replaces_the_crate(shop: Engine, shelf: Path) -> None:
    shop.up(STACK).check()
    shop.configure(STACK, label="ash")
    foretold = shop.preview(STACK).check()

    assert foretold.changed == {URN: "replace"}
    assert foretold.detailed_diff(URN) == {"label": "update-replace"}
    assert crate(shelf)["label"] == "oak"


def test_a_component_is_built_by_the_provider_and_keeps_secrets(shop: Engine, shelf: Path) -> None:
    (shop.program / "__main__.py").write_text(COMPONENT)
    shop.command("config", "set", "--stack", STACK, "--secret", "label", "sesame").check()
    foretold = shop.preview(STACK).check()
    shop.up(STACK).check()
    state = shop.command("stack", "export", "--stack", STACK).check().output

    assert foretold.changes == {"create": 4}
    assert shop.outputs(STACK) == {"total": 4}
    assert sorted(path.name for path in shelf.iterdir()) == ["pallet-left", "pallet-right"]
    assert "sesame" not in state
    assert shop.up(STACK).check().changed == {}
    shop.destroy(STACK).check()
    assert list(shelf.iterdir()) == []


def test_a_component_that_cannot_be_built_says_why_in_one_sentence(shop: Engine) -> None:
    (shop.program / "__main__.py").write_text(COMPONENT)

    report = shop.preview(STACK)

    assert report.exit_code != 0
    assert any(error.endswith("The pallet pallet has no label.") for error in report.errors)
    assert "Traceback" not in report.output


def test_an_interrupted_update_ends_at_once_and_the_next_one_goes_on(shop: Engine, shelf: Path) -> None:
    faults = shop.program / "faults.json"
    faults.write_text('[{"provider": "shop", "operation": "create", "fault": "delay", "seconds": 3600}]')
    with shop.start("up", STACK, environment={"SANDBOX_FAULTS": str(faults)}) as update:
        assert update.stdout is not None
        assert any("crate creating" in line for line in update.stdout)
        os.killpg(update.pid, signal.SIGINT)
        assert update.wait(timeout=60) != 0
    faults.unlink()

    shop.up(STACK).check()

    assert crate(shelf)["label"] == "oak"
    assert shop.up(STACK).check().changed == {}
