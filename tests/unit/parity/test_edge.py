"""The way in is as closed on every cloud, and people sign on for the same hosts. Source: NET-2..8, SEC-12, SEC-13."""

from typing import Any

import pytest

from stacks.settings.reference_tables import component_hosts
from tests.unit.conftest import Programs
from tests.unit.parity.claims import AWS, AZURE, OPENSHIFT, Claim, cases, unlike
from tests.unit.programs import Program

PIP_TAGS = "service.beta.kubernetes.io/azure-pip-tags"


def gateway_hosts(program: Program) -> set[str]:
    routes = program.of_kind("HTTPRoute").values()
    return first_labels(program, [host for route in routes for host in route["spec"].get("hostnames", ())])


def route_hosts(program: Program) -> set[str]:
    return first_labels(program, [route["spec"]["host"] for route in program.of_kind("Route").values()])


def first_labels(program: Program, hosts: list[str]) -> set[str]:
    """Hosts without the base domain; one that is elsewhere stays as it is."""
    return {host.removesuffix(f".{program.settings.organisation.base_domain}") for host in hosts}


def published(program: Program) -> list[str]:
    return unlike(wanted_hosts(program), gateway_hosts(program))


def routed(program: Program) -> list[str]:
    return unlike(wanted_hosts(program), route_hosts(program))


def wanted_hosts(program: Program) -> set[str]:
    """Hosts of the components that are on."""
    on = program.settings.components_on
    return {host for switch, hosts in component_hosts().items() if switch in on for host in hosts}


def gateway_tls(program: Program) -> list[str]:
    """TLS ends at the gateway, which sends plain HTTP to HTTPS and speaks TLS 1.2 or newer."""
    (gateway,) = program.of_kind("Gateway").values()
    listeners = {each["name"]: each for each in gateway["spec"]["listeners"]}
    (policy,) = program.of_kind("ClientTrafficPolicy").values()
    redirect = program.of_kind("HTTPRoute")["ingress/redirect-to-https"]["spec"]
    (rule,) = redirect["rules"]
    found = (
        sorted(listeners),
        listeners["https"]["tls"]["mode"],
        policy["spec"]["tls"]["minVersion"],
        rule["filters"][0]["requestRedirect"]["scheme"],
        listeners["http"]["allowedRoutes"]["namespaces"]["from"],
    )
    return unlike((["http", "https"], "Terminate", "1.2", "https", "Same"), found)


def route_tls(program: Program) -> list[str]:
    """TLS ends at the router, which sends plain HTTP to HTTPS; its versions are its owner's."""
    found = program.of_kind("Route")
    bad = [
        name
        for name, route in found.items()
        if (route["spec"]["tls"]["termination"], route["spec"]["tls"]["insecureEdgeTerminationPolicy"])
        != ("edge", "Redirect")
    ]
    return bad if found else ["there is none"]


def gateway_sign_on(program: Program) -> list[str]:
    """The gateway asks oauth2-proxy about every request, and lets none pass where it does not answer."""
    policy = program.of_kind("SecurityPolicy")["ingress/api-gateway"]["spec"]
    (backend,) = policy["extAuth"]["http"]["backendRefs"]
    found = (policy["targetRefs"][0]["kind"], policy["extAuth"]["failOpen"], backend["name"])
    return unlike(("Gateway", False, "oauth2-proxy"), found)


def route_sign_on(program: Program) -> list[str]:
    """A route leads to a proxy that asks for sign-on, or to oauth2-proxy itself."""
    targets = {name: route["spec"]["to"]["name"] for name, route in program.of_kind("Route").items()}
    unasked = [name for name, to in targets.items() if not to.endswith("-sign-on") and to != "oauth2-proxy"]
    return unasked if targets else ["there is none"]


def gateway_sources(program: Program) -> list[str]:
    policy = program.of_kind("SecurityPolicy")["ingress/api-gateway"]["spec"]["authorization"]
    (rule,) = policy["rules"]
    found = (policy["defaultAction"], rule["principal"]["clientCIDRs"])
    return unlike(("Deny", [str(each) for each in program.settings.edge.source_cidrs]), found)


def route_sources(program: Program) -> list[str]:
    wanted = " ".join(map(str, program.settings.edge.source_cidrs))
    routes = program.of_kind("Route").values()
    found = {route["metadata"]["annotations"]["haproxy.router.openshift.io/ip_allowlist"] for route in routes}
    return unlike({wanted}, found)


def aws_balancer(program: Program) -> list[str]:
    """The controller tags whatever it makes."""
    tags = program.charts["aws-load-balancer-controller"].values["defaultTags"]
    return unlike(dict(program.settings.ownership.tags("edge")), tags)


def azure_balancer(program: Program) -> list[str]:
    tags = dict(pair.split("=") for pair in program.foundation.load_balancer.annotations[PIP_TAGS].split(","))
    return unlike(dict(program.settings.ownership.tags("edge")), tags)


def owners_balancer(program: Program) -> list[str]:
    return [] if program.foundation.load_balancer.annotations else ["the load balancer is the router's"]


def records(program: Program) -> list[str]:
    """external-dns makes and changes records under the base domain, and deletes none."""
    chart = program.charts.get("external-dns")
    if chart is None:
        return ["nobody writes records"]
    found = (chart.values["domainFilters"], chart.values["policy"], chart.values["provider"]["name"])
    domain = program.settings.organisation.base_domain
    return unlike(([domain], "upsert-only", program.foundation.dns_provider), found)


def everywhere(check: Any) -> dict[str, Any]:
    return dict.fromkeys((AWS, AZURE, OPENSHIFT), check)


CLAIMS = [
    Claim("edge", "the components' hosts are published", {AWS: published, AZURE: published, OPENSHIFT: routed}),
    Claim("edge", "TLS alone gets in", {AWS: gateway_tls, AZURE: gateway_tls, OPENSHIFT: route_tls}),
    Claim("edge", "people sign on first", {AWS: gateway_sign_on, AZURE: gateway_sign_on, OPENSHIFT: route_sign_on}),
    Claim(
        "edge",
        "only the settings' networks get in",
        {AWS: gateway_sources, AZURE: gateway_sources, OPENSHIFT: route_sources},
    ),
    Claim(
        "edge",
        "load balancers say who pays",
        {AWS: aws_balancer, AZURE: azure_balancer, OPENSHIFT: owners_balancer},
    ),
    Claim("edge", "hosts get their records", everywhere(records)),
]


@pytest.mark.parametrize(("claim", "stack"), cases(CLAIMS))
def test_edge(claim: Claim, stack: str, programs: Programs) -> None:
    claim.judge(programs(stack))
