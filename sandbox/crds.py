"""CustomResourceDefinitions for the sandbox's cluster: upstream's own, or permissive ones where those are absent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from components.tables import read_table
from sandbox.cluster_api import ClusterApi
from sandbox.errors import SandboxError

COLLECTION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PROVIDED: Mapping[str, str] = {"app.kubernetes.io/managed-by": "sandbox"}
# the API server asks for it in groups of Kubernetes' own
_APPROVAL: Mapping[str, str] = {"api-approved.kubernetes.io": "unapproved, of the sandbox alone"}
# both channels define the same names
SKIPPED_FOLDERS = frozenset({"experimental"})


@dataclass(frozen=True)
class CustomKind:
    """A kind that the program uses."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    def permissive(self) -> dict[str, Any]:
        """Return a definition that accepts every field."""
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version = {"name": self.version, "served": True, "storage": True, "subresources": {"status": {}}}
        names = {"kind": self.kind, "plural": self.plural}
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{self.plural}.{self.group}", "annotations": _APPROVAL},
            "spec": {
                "group": self.group,
                "scope": "Namespaced" if self.namespaced else "Cluster",
                "names": names,
                "versions": [{**version, "schema": {"openAPIV3Schema": schema}}],
            },
        }


def apply_crds(
    api: ClusterApi,
    source: Path,
    folders: Sequence[str],
    kinds: Sequence[CustomKind],
    say: Callable[[str], None] = print,
) -> list[str]:
    """Give the cluster the definitions that a program needs.

    Args:
        api: of the cluster.
        source: folder of upstream's definitions, one subfolder per project; it need not exist.
        folders: subfolders wanted; of the Gateway API's channels, the standard one is taken.
        kinds: what the program uses, for permissive definitions where `source` does not exist.
        say: shows one line to the user.

    Returns:
        The names of the definitions.

    Raises:
        SandboxError: `source` exists but lacks a folder, or the API server refuses.
    """
    if source.is_dir():
        manifests = [manifest for folder in folders for manifest in _read(source / folder)]
    else:
        manifests = [kind.permissive() for kind in kinds]
        say(f"{source} does not exist: the cluster accepts any field in {len(manifests)} custom kinds.")
    for manifest in manifests:
        manifest["metadata"].setdefault("labels", {}).update(PROVIDED)
        api.apply(f"{COLLECTION}/{manifest['metadata']['name']}", manifest)
    return [manifest["metadata"]["name"] for manifest in manifests]


def _read(folder: Path) -> list[dict[str, Any]]:
    files = [path for path in sorted(folder.rglob("*.yaml")) if not SKIPPED_FOLDERS & set(path.parts)]
    if not files:
        raise SandboxError(f"{folder} has no CustomResourceDefinitions; correct PLATFORM_CRDS or the folder's name.")
    return [cast("dict[str, Any]", read_table(path)) for path in files]
