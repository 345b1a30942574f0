"""The program's entry: short, and free of every cloud's SDK until the settings choose one. Source: ARCH-12."""

import subprocess
import sys

from tests.unit.settings.configuration import CHECKOUT

ENTRY = CHECKOUT / "__main__.py"


def test_no_cloud_is_imported_before_the_settings_choose_one() -> None:
    code = "import sys, stacks.immutable, stacks.platform, stacks.settings; print(*sys.modules)"

    modules = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert {"pulumi", "pulumi_kubernetes"} <= set(modules)
    assert not {"pulumi_aws", "pulumi_azure_native", "stacks.aws"} & set(modules)


def test_the_entry_fits_a_screen() -> None:
    assert len(ENTRY.read_text(encoding="utf-8").splitlines()) < 40
