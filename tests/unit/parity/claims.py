"""What is claimed of a capability on every cloud, and how it is judged."""

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from tests.unit.parity import reasons
from tests.unit.parity.capabilities import resource_types
from tests.unit.programs import Program
from tests.unit.recording import Registration

IsGood = Callable[[dict[str, Any]], object]
Check = Callable[[Program], list[str]]
AWS, AZURE, OPENSHIFT = "aws", "azure", "openshift"


@dataclass(frozen=True)
class Claim:
    """A sentence about a capability that holds on every cloud, or has a reason in the table.

    Args:
        capability: a folder of ``components``, or a field of the Foundation.
        name: the sentence.
        checks: what contradicts it in a program, by cloud; a cloud without the capability has none.
        profiles: where it is claimed.
    """

    capability: str
    name: str
    checks: Mapping[str, Check]
    profiles: Sequence[str] = ("dev", "prod")

    def judge(self, program: Program) -> None:
        """Fail where the claim does not hold and no reason is written, or one that is needed no longer."""
        check = self.checks.get(program.cloud)
        if check is None:
            assert (self.capability, program.cloud) not in resource_types([program]), "write a check: it is there"
            assert program.cloud in reasons.cells()[self.capability], "neither check nor reason"
            return
        written = reasons.claims(self.capability).get(self.name, {})
        findings, reason = check(program), written.get(program.engine.stack, written.get(program.cloud))
        if reason is None:
            assert findings == []
        else:
            assert findings, f"{reason!r} is needed no longer: strike it from reasons.yaml"


def claims() -> list[Claim]:
    """All claims, each from the module that judges it."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("test_*.py"))
    found = [importlib.import_module(f"{__package__}.{module}") for module in modules]
    return [claim for module in found for claim in getattr(module, "CLAIMS", ())]


def cases(claims: Sequence[Claim]) -> list[ParameterSet]:
    """Each claim with each stack that it is claimed of."""
    return [
        pytest.param(claim, stack, id=f"{claim.name.replace(' ', '-')}-{stack}")
        for claim in claims
        for profile in claim.profiles
        for stack in (profile, f"azure-{profile}", f"openshift-{profile}")
    ]


def failing(found: Iterable[Registration], is_good: IsGood) -> list[str]:
    """Names of the resources that are not good; if there are none at all, that is a finding as well."""
    items = list(found)
    return [item.name for item in items if not is_good(item.inputs)] if items else ["there is none"]


def unlike(wanted: object, found: object) -> list[str]:
    """One finding where what was found is something else."""
    return [] if found == wanted else [f"{found!r} instead of {wanted!r}"]
