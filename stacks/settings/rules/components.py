"""Rules on which components run together. Source: ARCH-12, ARCH-14, CFG-7."""

from collections.abc import Iterator

from stacks.settings.model import CloudProvider, Settings
from stacks.settings.problems import Problem, refuse
from stacks.settings.reference_tables import component_needs


def _needs_are_on(settings: Settings) -> Iterator[Problem]:
    on = set(settings.components_on)
    wanted_by: dict[str, list[str]] = {}
    for name in sorted(on):
        for need in component_needs().get(name, []):
            if need not in on:
                wanted_by.setdefault(need, []).append(f"components.{name}")
    for need, names in wanted_by.items():
        yield Problem(("components", need), f"false is not allowed: needed by {', '.join(names)}; allowed: true")


def _lake_is_within_reach(settings: Settings) -> Iterator[Problem]:
    if settings.cloud.provider is CloudProvider.AZURE and settings.components.kubeflow_pipelines:
        reason = "it keeps artefacts over the S3 API, which Azure has not (docs/adr/0028)"
        yield refuse(("components", "kubeflowPipelines"), True, "false", because=reason)


def _sign_on_is_configured(settings: Settings) -> Iterator[Problem]:
    if settings.components.oauth2_proxy and settings.single_sign_on is None:
        yield Problem(("singleSignOn",), "missing; name the identity provider, since components.oauth2Proxy is on")


def _certificates_have_a_contact(settings: Settings) -> Iterator[Problem]:
    if settings.components.cert_manager and settings.edge.acme_email is None:
        yield Problem(("edge", "acmeEmail"), "missing; an e-mail address, since components.certManager is on")


def _integrations_are_configured(settings: Settings) -> Iterator[Problem]:
    if settings.components.uipath and settings.uipath is None:
        yield Problem(("uipath",), "missing; name the Orchestrator, since components.uipath is on")
    if settings.components.servicenow and settings.servicenow is None:
        yield Problem(("servicenow",), "missing; name the instance, since components.servicenow is on")


RULES = (
    _needs_are_on,
    _lake_is_within_reach,
    _sign_on_is_configured,
    _certificates_have_a_contact,
    _integrations_are_configured,
)
