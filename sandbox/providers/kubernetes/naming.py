"""Names and namespaces of objects that leave them open."""

from collections.abc import Mapping
from typing import Any

from sandbox.providers.kubernetes.cluster import Cluster
from sandbox.providers.kubernetes.objects import AUTONAMED, DEFAULT_NAMESPACE, ObjectType, annotation


class ObjectNames:
    """Completes the metadata of a program's objects.

    Attributes:
        default_namespace: where objects go that name none.
    """

    def __init__(self) -> None:
        self.default_namespace = DEFAULT_NAMESPACE
        self._defined: dict[tuple[str, str], bool] = {}

    def note(self, kind: ObjectType, inputs: Mapping[str, Any]) -> None:
        """Remember the scope of the custom resources that a program defines itself."""
        spec = inputs.get("spec")
        if not kind.is_definition or not isinstance(spec, Mapping):
            return
        names = spec.get("names")
        if isinstance(names, Mapping):
            self._defined[str(spec.get("group")), str(names.get("kind"))] = spec.get("scope") == "Namespaced"

    def namespaced(self, kind: ObjectType, cluster: Cluster | None) -> bool | None:
        """Whether a kind lives in namespaces; None where neither the program nor the cluster tells."""
        if kind.namespaced is not None:
            return kind.namespaced
        defined = self._defined.get((kind.group, kind.kind))
        return cluster.namespaced(kind) if defined is None and cluster else defined

    def complete(
        self,
        kind: ObjectType,
        given: Mapping[str, Any],
        old: Mapping[str, Any],
        automatic: str,
        cluster: Cluster | None,
    ) -> dict[str, Any]:
        """Return metadata with a name and, where the kind has one, a namespace.

        Args:
            kind: of the object.
            given: metadata in the program.
            old: metadata of the last run; an automatic name is kept.
            automatic: the name where the program gives none.
            cluster: asked about the scope of custom resources.
        """
        completed = dict(given)
        if not completed.get("name"):
            kept = old.get("name") if annotation({"metadata": old}, AUTONAMED) == "true" else None
            completed["name"] = kept or automatic
            annotations = completed.get("annotations") or {}
            if isinstance(annotations, Mapping):
                completed["annotations"] = {**annotations, AUTONAMED: "true"}
        if not completed.get("namespace") and self.namespaced(kind, cluster) is not False:
            completed["namespace"] = self.default_namespace
        return completed
