"""Every object, pod template and taggable cloud resource says which cost centre pays for it.

Source: POL-2, POL-4, COST-9.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from pulumi_policy import Severity

from .inspection import helm
from .inspection.custom_resources import operated_parts
from .inspection.kubernetes import HELM_RELEASE, Manifest, Unreadable, envelopes, is_object, pod_objects
from .inspection.pods import Pod, pods
from .inspection.resource import Resource, is_unknown, shown
from .inspection.taggable_types import canonical, has_other_tags, is_cloud, is_taggable
from .pack.rule import Rule
from .pack.stack_configuration import allowed_cost_centers

KEY = "cost-center"
_LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
_LAUNCHED = ("instance", "volume")
_AKS = "azure-native:containerservice:ManagedCluster"
_MAKES_PODS = frozenset({"spec", "template", "jobTemplate", "podTemplate"})


@dataclass(frozen=True)
class _Judge:
    allowed: tuple[str, ...]

    def value(self, value: Any, path: str) -> Iterator[str]:
        """Judge one value of the label or tag."""
        if is_unknown(value):
            yield f"{path} is unknown at preview; give it as a plain value"
        elif value not in self.allowed:
            yield f'{path} is "{shown(value)}", which is no cost centre; allowed: {", ".join(self.allowed)}'

    def mapping(self, mapping: Any, path: str, *, what: str) -> Iterator[str]:
        """Judge a mapping of labels or tags."""
        if is_unknown(mapping):
            yield f"{path} is unknown at preview; give at least {KEY} as a plain value"
        elif not isinstance(mapping, Mapping) or mapping.get(KEY) is None:
            yield f"{path} has no {KEY}; add the {what}, one of: {', '.join(self.allowed)}"
        else:
            yield from self.value(mapping[KEY], f"{path}.{KEY}")

    def metadata(self, metadata: Any, path: str) -> Iterator[str]:
        """Judge an object's or a template's metadata."""
        labels = metadata.get("labels") if isinstance(metadata, Mapping) else metadata
        return self.mapping(labels, f"{path}.labels" if not is_unknown(metadata) else path, what="label")


def _applies(resource_type: str) -> bool:
    return resource_type == HELM_RELEASE or is_object(resource_type) or is_cloud(resource_type)


def _check(resource: Resource) -> Iterator[str]:
    configured = resource.settings.get("costCenters") or allowed_cost_centers()
    judge = _Judge(tuple(configured))
    if resource.type == HELM_RELEASE:
        findings = _release(resource, judge)
    elif is_object(resource.type):
        findings = _objects(resource, judge)
    else:
        findings = _cloud(resource, judge)
    if judge.allowed:
        yield from findings
    elif next(findings, None):
        yield (
            "no list of allowed cost centres is known; set organisation.costCenters of the stack, or costCenters of "
            f"the policy {RULE.name} in the policy pack's configuration"
        )


def _objects(resource: Resource, judge: _Judge) -> Iterator[str]:
    for envelope in envelopes(resource):
        if isinstance(envelope, Unreadable):
            yield str(envelope)
        else:
            yield from judge.metadata(envelope.body.get("metadata"), envelope.at("metadata"))
    for manifest in pod_objects(resource):
        if isinstance(manifest, Manifest):
            yield from _templates(manifest, judge)


def _templates(manifest: Manifest, judge: _Judge) -> Iterator[str]:
    for pod in pods(manifest):
        if isinstance(pod, Pod) and pod.template is not None:
            yield from judge.metadata(pod.metadata, f"{pod.template}.metadata")
        elif isinstance(pod, Unreadable) and _hides_template(manifest, pod):
            yield str(pod)
    for part in operated_parts(manifest):
        if not isinstance(part, Unreadable) and part.labels_path is not None:
            yield from judge.mapping(part.labels, part.labels_path, what="label")
    yield from _made_objects(manifest, judge)


def _hides_template(manifest: Manifest, part: Unreadable) -> bool:
    return manifest.kind != "Pod" and part.path.rpartition(".")[2] in _MAKES_PODS


def _made_objects(manifest: Manifest, judge: _Judge) -> Iterator[str]:
    """Judge the templates of what Kubernetes makes beside pods: a CronJob's jobs, a StatefulSet's claims."""
    spec = manifest.body.get("spec")
    if not manifest.workload or not isinstance(spec, Mapping):
        return
    claims = spec.get("volumeClaimTemplates")
    if is_unknown(claims):
        yield str(Unreadable(manifest.at("spec.volumeClaimTemplates")))
    for index, claim in enumerate(claims if isinstance(claims, list) else []):
        metadata = claim.get("metadata") if isinstance(claim, Mapping) else claim
        yield from judge.metadata(metadata, manifest.at(f"spec.volumeClaimTemplates[{index}].metadata"))
    job = spec.get("jobTemplate")
    if isinstance(job, Mapping):
        yield from judge.metadata(job.get("metadata"), manifest.at("spec.jobTemplate.metadata"))


def _release(resource: Resource, judge: _Judge) -> Iterator[str]:
    labelled = False
    for found in helm.values(resource):
        if isinstance(found, Unreadable):
            labelled = True
            yield str(found)
            continue
        for path, value in _labels(found[1], found[0]):
            labelled = True
            yield from judge.value(value, path)
    if not labelled:
        yield (
            f"its values set the label {KEY} nowhere; set it where the chart takes labels for its objects and pods, "
            f"one of: {', '.join(judge.allowed)}"
        )


def _labels(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, child in value.items():
            where = f"{path}.{key}"
            if key == KEY or (is_unknown(child) and key.casefold().endswith("labels")):
                yield where, child
            else:
                yield from _labels(child, where)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _labels(element, f"{path}[{index}]")


def _cloud(resource: Resource, judge: _Judge) -> Iterator[str]:
    if has_other_tags(resource.type):
        return
    tags, all_tags = resource.property("tags"), resource.property("tagsAll")
    if is_taggable(resource.type) or isinstance(tags, Mapping) or is_unknown(tags):
        own = _as_mapping(tags)
        # what a provider adds to every resource counts: it is in tagsAll
        fallback = isinstance(all_tags, Mapping) and not is_unknown(own) and KEY not in (own or {})
        yield from judge.mapping(all_tags if fallback else own, "tagsAll" if fallback else "tags", what="tag")
    if resource.type == _LAUNCH_TEMPLATE:
        yield from _launched(resource.property("tagSpecifications"), judge)
    elif canonical(resource.type) == _AKS:
        yield from _pools(resource.property("agentPoolProfiles"), judge)


def _as_mapping(tags: Any) -> Any:
    """Tags as a mapping, also those that a service takes as a list of keys and values."""
    if not isinstance(tags, list):
        return tags
    pairs = [tag for tag in tags if isinstance(tag, Mapping)]
    if len(pairs) < len(tags) and not any(pair.get("key") == KEY for pair in pairs):
        return next(tag for tag in tags if not isinstance(tag, Mapping))
    return {pair.get("key"): pair.get("value") for pair in pairs}


def _launched(specifications: Any, judge: _Judge) -> Iterator[str]:
    """Judge what a launch template tags: its instances and volumes are the spend, and no resources of the stack."""
    if is_unknown(specifications):
        yield "tagSpecifications is unknown at preview; give it as a plain value"
        return
    given = [entry for entry in specifications or [] if isinstance(entry, Mapping)]
    for launched in _LAUNCHED:
        tags = [entry.get("tags") for entry in given if entry.get("resourceType") == launched]
        where = f"tagSpecifications of {launched}"
        yield from chain.from_iterable(judge.mapping(each, where, what="tag") for each in tags or [None])


def _pools(profiles: Any, judge: _Judge) -> Iterator[str]:
    """Judge what a cluster of AKS tags: the machines that it is born with are no resources of the stack."""
    where = "agentPoolProfiles"
    if is_unknown(profiles):
        yield str(Unreadable(where))
        return
    for index, profile in enumerate(profiles if isinstance(profiles, list) else []):
        tags = profile.get("tags") if isinstance(profile, Mapping) else profile
        yield from judge.mapping(tags, f"{where}[{index}].tags", what="tag")


RULE = Rule(
    name="cost-center",
    title="Cost centre",
    description="Every object, pod template and taggable cloud resource carries cost-center with an allowed value.",
    severity=Severity.MEDIUM,
    requirement="POL-2, COST-9",
    remediation="Add the label or tag cost-center with one of the organisation's cost centres.",
    applies=_applies,
    check=_check,
    configuration={
        "costCenters": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "description": "Cost centres that may be charged; absent: the stack's organisation.costCenters.",
        }
    },
)
