"""Renders every chart of a stack with the stack's values and counts what is not as it must be: `make render`.

The engine itself renders, in a preview with the policy pack on; so the objects are exactly those of a deployment, with
the platform's labels, and the pack has judged them. Then each goes to an API server as a dry run: objects as they are,
and the pods of each workload to a namespace with its Pod Security level, where admission tells what they break. Pods
are compared with their accounts, as Azure's webhook does before it gives them a token of the cloud. Each chart is also
rendered twice, which shows what it makes anew every time.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from components.charts import Manifest, containers, pod_template
from policies.rules.pack import assembly
from sandbox.cluster_api import ClusterApi
from sandbox.crds import COLLECTION
from sandbox.errors import SandboxError
from sandbox.event_log import Plan
from sandbox.repeated_rendering import object_name

SECURITY: Final = "restricted"
REFUSED: Final = "refused"
CHANGING: Final = "changing"
IDENTITY: Final = "identity"
_DEFINITION: Final = "CustomResourceDefinition"
_OWN: Final = "(the program's own)"
_REFERENCES: Final = frozenset({"serviceAccountName", "serviceAccount", "priorityClassName"})
_INSECURE: Final = "violates PodSecurity"
# of accounts, and of pods; https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html
_CLIENT_ID: Final = "azure.workload.identity/client-id"
_TAKES_TOKEN: Final = "azure.workload.identity/use"  # noqa: S105 - a label's name


@dataclass
class Figures:
    """What was found in the objects of one chart, or of the program itself.

    Attributes:
        objects: how many there are.
        containers: how many its workloads have.
        excepted: workloads that are not restricted, where a namespace need not be.
        problems: by what found them.
    """

    objects: int = 0
    containers: int = 0
    excepted: int = 0
    problems: dict[str, list[str]] = field(default_factory=lambda: defaultdict[str, list[str]](list))


def judge(
    plan: Plan, changes: Iterable[tuple[str, str]], api: ClusterApi, excepted: Collection[str]
) -> Mapping[str, Figures]:
    """Judge what a preview planned.

    Args:
        plan: what the preview planned.
        changes: chart and sentence for what is another at each rendering.
        api: of a cluster that may be filled with namespaces and definitions.
        excepted: namespaces whose pods need not be restricted.

    Returns:
        Figures by chart.
    """
    figures: dict[str, Figures] = defaultdict(Figures)

    def figures_of(urn: str) -> Figures:
        return figures[plan.chart_of(urn) or _OWN]

    for violation in plan.violations:
        figures_of(violation.urn).problems[violation.policy].append(violation.message)
    for chart, problem in changes:
        figures[chart].problems[CHANGING].append(problem)
    for urn, problem in _establish(plan.objects, api):
        figures_of(urn).problems[REFUSED].append(problem)
    for urn, problem in _identity_problems(plan.objects):
        figures_of(urn).problems[IDENTITY].append(problem)
    for urn, manifest in plan.objects.items():
        found = figures_of(urn)
        found.objects += 1
        found.containers += len(list(containers(manifest)))
        found.problems[REFUSED] += _refusals(manifest, api)
        for judge, problem in _pod_refusals(manifest, api):
            if judge == SECURITY and manifest["metadata"].get("namespace") in excepted:
                found.excepted += 1
            else:
                found.problems[judge].append(problem)
    return figures


def report(figures: Mapping[str, Figures], say: Callable[[str], None]) -> int:
    """Show a table and every problem; returns how many there are."""
    judges = [*(rule.name for rule in assembly.rules()), SECURITY, REFUSED, IDENTITY, CHANGING]
    say(
        "\nProblems by what found them: the rules of the policy pack, Pod Security, the API server, Azure's workload "
        "identity, a second rendering."
    )
    say("Excepted are workloads that are not restricted, in namespaces that the table of exceptions names.\n")
    say(_row("chart", ["objects", "containers", *judges, "excepted"]))
    for chart, found in sorted(figures.items()):
        problems = [len(found.problems[judge]) for judge in judges]
        say(_row(chart, [found.objects, found.containers, *problems, found.excepted]))
    problems = [problem for found in figures.values() for judge in judges for problem in found.problems[judge]]
    for problem in problems:
        say(f"  {problem}")
    return len(problems)


def _row(chart: str, cells: Collection[object]) -> str:
    return f"{chart:<38}" + "".join(f"{cell!s:>12}" for cell in cells)


def _establish(objects: Mapping[str, Manifest], api: ClusterApi) -> Iterator[tuple[str, str]]:
    """Make the definitions, and the namespace in which pods are judged; URN and sentence of each refused one."""
    for urn, manifest in objects.items():
        if manifest["kind"] == _DEFINITION:
            try:
                api.apply(f"{COLLECTION}/{manifest['metadata']['name']}", manifest)
            except SandboxError as error:
                yield urn, f"{object_name(manifest)}: {error}"
    metadata = {"name": SECURITY, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
    namespace = f"/api/v1/namespaces/{SECURITY}"
    api.apply(namespace, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    # pods without an account are refused; the controller that makes one for each namespace may take its time
    account = {"metadata": {"name": "default", "namespace": SECURITY}, "automountServiceAccountToken": False}
    api.apply(f"{namespace}/serviceaccounts/default", {"apiVersion": "v1", "kind": "ServiceAccount", **account})


def _identity_problems(objects: Mapping[str, Manifest]) -> Iterator[tuple[str, str]]:
    """Workloads whose pods would sign in to Azure as nobody; URN and sentence of each."""
    identified = {
        (manifest["metadata"].get("namespace"), manifest["metadata"]["name"])
        for manifest in objects.values()
        if manifest["kind"] == "ServiceAccount" and _CLIENT_ID in (manifest["metadata"].get("annotations") or {})
    }
    for urn, manifest in objects.items():
        template = pod_template(manifest)
        if template is None:
            continue
        account = template["spec"].get("serviceAccountName") or "default"
        has_identity = (manifest["metadata"].get("namespace"), account) in identified
        takes_token = (template["metadata"].get("labels") or {}).get(_TAKES_TOKEN) == "true"
        if has_identity and not takes_token:
            yield (
                urn,
                f"{object_name(manifest)}: its pods lack the label {_TAKES_TOKEN} that its account {account} needs",
            )
        elif takes_token and not has_identity:
            yield (
                urn,
                f"{object_name(manifest)}: its pods ask for a token, and its account {account} has no {_CLIENT_ID}",
            )


def _refusals(manifest: Manifest, api: ClusterApi) -> Iterator[str]:
    """What the API server has against an object."""
    if manifest["kind"] == _DEFINITION:
        return
    try:
        if not api.dry_run(manifest):
            yield f"{object_name(manifest)}: the cluster does not serve {manifest['apiVersion']} {manifest['kind']}"
    except SandboxError as error:
        yield f"{object_name(manifest)}: {error}"


def _pod_refusals(manifest: Manifest, api: ClusterApi) -> Iterator[tuple[str, str]]:
    """What Pod Security, or else the API server, has against a workload's pods."""
    template = manifest if manifest["kind"] == "Pod" else pod_template(manifest)
    if template is None:
        return
    # accounts and priority classes of the platform are not in this cluster; the level does not depend on them
    spec = {key: value for key, value in template["spec"].items() if key not in _REFERENCES}
    claims: list[Manifest] = manifest["spec"].get("volumeClaimTemplates") or []
    spec["volumes"] = [
        *(spec.get("volumes") or []),
        *({"name": claim["metadata"]["name"], "emptyDir": {}} for claim in claims),
    ]
    metadata = {"name": "judged", "namespace": SECURITY, "labels": template["metadata"].get("labels") or {}}
    pod: Manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    try:
        api.dry_run(pod)
    except SandboxError as error:
        message, insecure, violation = str(error).partition(_INSECURE)
        yield (
            (SECURITY, f"{object_name(manifest)}:{violation}")
            if insecure
            else (REFUSED, f"{object_name(manifest)}: {message}")
        )
