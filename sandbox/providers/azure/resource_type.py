"""The table of resource types: how each is identified, what it may refer to, and what ARM makes of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final

from components.tables import read_table
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.stand_in import StandInError

PACKAGE: Final = "azure-native"
FOLDER: Final = Path(__file__).parent / "types"
_PLACEHOLDER: Final = re.compile(r"{(\w+)}")


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One row of the tables in ``types``.

    Attributes:
        token: Pulumi type token, e.g. ``azure-native:network:Subnet``.
        id: type and names below its scope, e.g. ``Microsoft.Network/virtualNetworks/{virtualNetworkName}``.
        below: property that says what it is in: ``resourceGroupName``, or one that holds a whole id; ``subscription``.
        automatic_name: what an absent name becomes: ``random``, ``copy`` of the Pulumi name, ``uuid``, or this very
            name; by default a child copies, anything else is random, as the provider does.
        location: ``global`` where nothing else is allowed.
        replaces: dotted paths whose change makes a new resource, as the provider's documentation says.
        fixed: dotted paths that ARM refuses to change.
        references: types that the ids at dotted paths may have; every id, whatever its path, must exist.
        named: ids that must exist, put together from the values at dotted paths; ``{.x}`` is beside the key's path.
        zones: dotted paths that hold availability zones.
        choices: name of a list in ``choices.yaml`` by dotted path.
        defaults: outputs that ARM fills in where the program says nothing.
        outputs: outputs that ARM computes; see ``outputs``.
        when: further outputs by the dotted path of the switch that brings them.
        key_access: where a key of a vault is, and whose identity must be allowed to use it: dotted paths ``key`` and
            ``identity`` (an id) or ``client`` (a client id); ``operation`` is ``wrap``, or ``encrypt``.
        write_only: dotted paths that ARM never shows.
        makes: dotted path of the id of a resource group that the resource makes for itself.
        singleton: it exists with its parent, so it is never really made or deleted.
        held_by_use: ARM refuses to delete it while something refers to it.
        held_by_children: ARM refuses to delete it while it has children.
        soft_delete: its name stays reserved after a deletion.
        inline: type token of the children that a property lists.
    """

    token: str
    id: str
    below: str = "resourceGroupName"
    automatic_name: str = ""
    location: str = ""
    replaces: Sequence[str] = ()
    fixed: Sequence[str] = ()
    references: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    named: Mapping[str, str] = field(default_factory=dict[str, str])
    zones: Sequence[str] = ()
    choices: Mapping[str, str] = field(default_factory=dict[str, str])
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    when: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    key_access: Mapping[str, str] = field(default_factory=dict[str, str])
    write_only: Sequence[str] = ()
    makes: str = ""
    singleton: bool = False
    held_by_use: bool = False
    held_by_children: bool = False
    soft_delete: bool = False
    inline: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def arm_type(self) -> str:
        """ARM's name of the type, e.g. ``Microsoft.Network/virtualNetworks/subnets``."""
        namespace, *pairs = self.id.split("/")
        return "/".join([namespace, *pairs[::2]])

    @property
    def name_properties(self) -> Sequence[str]:
        """Properties that hold the names in the id, parents first."""
        return _PLACEHOLDER.findall(self.id)

    @property
    def own_name(self) -> str:
        """Property that holds the resource's own name; empty where the name is always the same."""
        return self.name_properties[-1] if self.id.endswith("}") else ""

    @property
    def automatic(self) -> str:
        """How an absent name is made up."""
        return self.automatic_name or ("copy" if len(self.id.split("/")) > 3 else "random")

    @property
    def identifying(self) -> frozenset[str]:
        """Properties that make up the id, so that a change of one is another resource."""
        scope = {self.below} - {"subscription"}
        return frozenset({*self.name_properties, *scope})

    def resource_id(self, subscription: str, inputs: Mapping[str, Any]) -> str:
        """Give the ARM id that inputs lead to.

        Raises:
            ArmError: a scope is no id.
        """
        names = self.id.format_map({name: inputs[name] for name in self.name_properties})
        if self.below == "subscription":
            return f"/subscriptions/{subscription}/{names.split('/', 1)[1]}"
        if self.below == "resourceGroupName":
            return f"/subscriptions/{subscription}/resourceGroups/{inputs[self.below]}/providers/{names}"
        scope = str(inputs[self.below]).rstrip("/")
        if not scope.startswith("/"):
            raise ArmError(400, "InvalidScope", f"{self.below} is {scope!r} and must be a whole id: /subscriptions/...")
        return f"{scope}/providers/{names}"


@cache
def types() -> Mapping[str, ResourceType]:
    """Read the tables.

    Raises:
        TypeError: a row has a key that it must not have.
    """
    rows: dict[str, Any] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        rows |= read_table(file)
    return {f"{PACKAGE}:{name}": ResourceType(token=f"{PACKAGE}:{name}", **row) for name, row in rows.items()}


@cache
def by_arm_type() -> Mapping[str, ResourceType]:
    """Give the rows by ARM's name of the type, in lower case."""
    return {kind.arm_type.lower(): kind for kind in types().values()}


def resource_type(token: str) -> ResourceType:
    """Give the row of a type token.

    Raises:
        StandInError: the sandbox does not know the type; names the mend.
    """
    if token in types():
        return types()[token]
    close = get_close_matches(token, types(), n=1, cutoff=0.85)
    meant = f" Did you mean {close[0]}?" if close else ""
    raise StandInError(
        f"The sandbox does not know {token}; add a row to a table in sandbox/providers/azure/types.{meant}"
    )
