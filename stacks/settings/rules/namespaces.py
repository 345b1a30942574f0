"""Rules on what the namespaces may use. Source: CLU-16, A-30."""

from collections.abc import Iterator

from stacks.settings.model import Settings
from stacks.settings.namespace_model import NamespaceSettings
from stacks.settings.problems import Problem, closest, refuse
from stacks.settings.reference_tables import namespace_quotas, platform_namespaces
from stacks.settings.rules.lists import duplicates
from stacks.settings.rules.partial import readable


def _names_differ(settings: Settings) -> Iterator[Problem]:
    yield from duplicates(("namespaces",), [namespace.name for namespace in settings.namespaces], "name")


def _names_exist(settings: Settings) -> Iterator[Problem]:
    for index, namespace in enumerate(settings.namespaces):
        yield from readable(_name_exists(index, namespace))


def _name_exists(index: int, namespace: NamespaceSettings) -> Iterator[Problem]:
    known = sorted(platform_namespaces())
    if namespace.name not in known:
        yield refuse(
            ("namespaces", index, "name"), namespace.name, ", ".join(known), hint=closest(namespace.name, known)
        )


def _requests_fit_the_limits(settings: Settings) -> Iterator[Problem]:
    for index, namespace in enumerate(settings.namespaces):
        yield from readable(_requests_of(settings, index, namespace))


def _requests_of(settings: Settings, index: int, namespace: NamespaceSettings) -> Iterator[Problem]:
    if namespace.name not in platform_namespaces():
        return
    quota = {**namespace_quotas(settings.profile)[namespace.name], **namespace.given}
    for key, resource in (("cpuRequests", "cpu"), ("memoryRequestsGib", "memory")):
        requests, limits = quota[f"{resource}_requests"], quota[f"{resource}_limits"]
        if requests > limits:
            yield refuse(
                ("namespaces", index, key), requests, f"at most {limits}", because="the namespace's limits are lower"
            )


RULES = (_names_differ, _names_exist, _requests_fit_the_limits)
