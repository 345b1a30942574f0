"""Whether every Secret and ConfigMap that something reads is made by something, with the key that it reads."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.secrets import inventory
from tests.unit.stacks.references.objects import CHART, Manifest, Objects, namespace_of, reference_of

# what makes Secrets names them in the very words of what reads them
_MAKERS = frozenset({"Certificate", "ExternalSecret", "Secret", "ConfigMap"})
_CONFIGURATIONS = frozenset({"configmap", "configmapref", "configmapkeyref", "existingconfigmap"})
_KEYS = ("key", "certificate", "password")
# a connector's configuration reads Secrets through Strimzi's provider
_PROVIDER = re.compile(r"\$\{strimzisecrets:(?P<namespace>[^/]+)/(?P<name>[^:]+):(?P<key>[^}]+)\}")
# where cert-manager looks for what objects without a namespace name: in its own
_CLUSTER_WIDE = "security"
# the control plane puts it into every namespace
_EVERYWHERE = "kube-root-ca.crt"


@dataclass(frozen=True)
class Reading:
    """That an object reads keys of a Secret or a ConfigMap; no keys: whichever it has."""

    reader: str
    kind: str
    namespace: str
    name: str
    keys: tuple[str, ...] = ()


def contents(objects: Objects) -> Iterator[str]:
    """Every Secret and ConfigMap that is read exists in its namespace, with the keys."""
    made = _made(objects)
    for reading in readings(objects):
        if reading.name == _EVERYWHERE:
            continue
        place = (reading.kind, reading.namespace, reading.name)
        if place not in made:
            yield f"{reading.reader}: nothing makes the {reading.kind} {reading.namespace}/{reading.name}"
            continue
        keys = made[place]
        for key in reading.keys:
            if keys is not None and key not in keys:
                yield f"{reading.reader}: the {reading.kind} {reading.name} has no key {key}, only {sorted(keys)}"


def vault(objects: Objects) -> Iterator[str]:
    """Every property that an ExternalSecret reads is one that the vault's table has."""
    for manifest in objects.of_kind("ExternalSecret"):
        for item in manifest["spec"]["data"]:
            remote = item["remoteRef"]
            row = inventory().get(remote["key"])
            # a team's own credentials are made with the team, one password each
            properties = row.properties if row else {"password"} if "/team-" in remote["key"] else None
            if properties is None:
                yield f"{reference_of(manifest)}: the vault has no {remote['key']}"
            elif "property" in remote and remote["property"] not in properties:
                yield f"{reference_of(manifest)}: {remote['key']} has no property {remote['property']}"


def readings(objects: Objects) -> Iterator[Reading]:
    """Everything that any object reads."""
    for manifest in objects.manifests:
        if manifest["kind"] in _MAKERS:
            continue
        namespace = namespace_of(manifest) or _CLUSTER_WIDE
        for kind, named in manifest.get("reads", {}).items():
            for name, keys in named.items():
                yield Reading(reference_of(manifest), kind, namespace, name, tuple(keys))
        part = manifest["values"] if manifest["kind"] == CHART else manifest.get("spec") or {}
        for kind, name, keys, place in _readings(part):
            yield Reading(reference_of(manifest), kind, place or namespace, name, keys)


Found = tuple[str, str, tuple[str, ...], str | None]


def _readings(part: Any) -> Iterator[Found]:
    if isinstance(part, list):
        for value in part:
            yield from _readings(value)
    elif isinstance(part, str):
        for match in _PROVIDER.finditer(part):
            yield "Secret", match["name"], (match["key"],), match["namespace"]
    elif isinstance(part, dict):
        if part.get("optional"):
            return
        for key, value in part.items():
            yield from _named(key.lower(), value, part)
            yield from _readings(value)


def _named(key: str, value: Any, beside: Mapping[str, Any]) -> Iterator[Found]:
    """What one field names; fields of the API, of custom resources and of charts' values follow few patterns."""
    if isinstance(value, str):
        if value and (key.endswith("secretname") or ("existing" in key and "secret" in key)):
            yield "Secret", value, _keys(beside), None
        elif value and key == "existingconfigmap":
            yield "ConfigMap", value, (), None
    elif key in _CONFIGURATIONS and isinstance(value, dict) and "name" in value:
        yield "ConfigMap", value["name"], _keys(value), None
    elif "secret" in key or key == "certificaterefs":
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict) and isinstance(item.get("name"), str):
                yield "Secret", item["name"], _keys(item), item.get("namespace")


def _keys(reference: Mapping[str, Any]) -> tuple[str, ...]:
    named = [reference[key] for key in (*_KEYS, "secretKey") if isinstance(reference.get(key), str)]
    return (*named, *(item["key"] for item in reference.get("items") or []))


def _made(objects: Objects) -> dict[tuple[str, str, str], frozenset[str] | None]:
    """Kind, namespace and name of everything that can be read -> its keys, None where they are unknown."""
    made: dict[tuple[str, str, str], frozenset[str] | None] = {}
    for manifest in objects.of_kind("Secret", "ConfigMap"):
        content = {**(manifest.get("data") or {}), **(manifest.get("stringData") or {})}
        keys = None if manifest.get("anyKey") else frozenset(content)
        made[manifest["kind"], namespace_of(manifest), manifest["metadata"]["name"]] = keys
    for manifest in objects.of_kind("ExternalSecret"):
        made["Secret", namespace_of(manifest), manifest["spec"]["target"]["name"]] = _target_keys(manifest)
    for manifest in objects.of_kind("Certificate"):
        keys = frozenset({"ca.crt", "tls.crt", "tls.key"})
        made["Secret", namespace_of(manifest), manifest["spec"]["secretName"]] = keys
    return made


def _target_keys(manifest: Manifest) -> frozenset[str]:
    template = manifest["spec"]["target"]["template"].get("data")
    return frozenset(template or [item["secretKey"] for item in manifest["spec"]["data"]])
