"""Rules on public host names: each has one owner. Source: NET-5, A-11."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from stacks.settings.model import Settings
from stacks.settings.problems import Path, Problem, refuse
from stacks.settings.reference_tables import component_hosts


def _published(settings: Settings) -> dict[str, list[str]]:
    """Switches of the components that publish each host name of the stack."""
    owners: dict[str, list[str]] = {}
    if settings.components.gateway:
        for switch in settings.components_on:
            for label in component_hosts().get(switch, []):
                owners.setdefault(f"{label}.{settings.organisation.base_domain}", []).append(switch)
    return owners


def _hosts_have_one_owner(settings: Settings) -> Iterator[Problem]:
    for host, switches in _published(settings).items():
        for switch in switches[1:]:
            yield refuse(
                ("components", switch), "true", "false", because=f"components.{switches[0]} publishes {host} as well"
            )


def _issuer_is_elsewhere(settings: Settings) -> Iterator[Problem]:
    if settings.single_sign_on is not None:
        yield from _is_elsewhere(settings, ("singleSignOn", "issuerUrl"), settings.single_sign_on.issuer_url)


def _orchestrator_is_elsewhere(settings: Settings) -> Iterator[Problem]:
    if settings.uipath is not None:
        yield from _is_elsewhere(settings, ("uipath", "orchestratorUrl"), settings.uipath.orchestrator_url)


def _instance_is_elsewhere(settings: Settings) -> Iterator[Problem]:
    if settings.servicenow is not None:
        yield from _is_elsewhere(settings, ("servicenow", "instanceUrl"), settings.servicenow.instance_url)


def _is_elsewhere(settings: Settings, path: Path, address: str) -> Iterator[Problem]:
    owners = _published(settings).get(urlsplit(address).hostname or "")
    if owners:
        yield refuse(
            path, address, "an address outside the platform", because=f"components.{owners[0]} publishes this host"
        )


RULES = (_hosts_have_one_owner, _issuer_is_elsewhere, _orchestrator_is_elsewhere, _instance_is_elsewhere)
