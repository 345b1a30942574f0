"""The way in from outside: gateway, DNS records, sign-on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Network

import pulumi

from components import base, edge
from stacks.layers.assembly import Assembly, needed
from stacks.settings import GatewayController


def sign_on(assembly: Assembly) -> None:
    """What judges requests for the gateway; its sessions live in Valkey."""
    provider = assembly.settings.single_sign_on
    if assembly.on.oauth2_proxy and provider is not None:
        groups = [provider.admin_group, provider.editor_group, provider.viewer_group]
        sessions = needed(assembly.cache, "redis")
        args = edge.OAuth2ProxyArgs(assembly.environment, provider.issuer_url, provider.client_id, groups, sessions)
        proxy = edge.OAuth2Proxy("oauth2-proxy", args, assembly.opts)
        if isinstance(assembly.environment.edge, edge.OpenShiftRouter):
            assembly.environment.edge.ask_for_sign_on(proxy.shared)


def open_way_in(assembly: Assembly) -> None:
    """The way in comes before whatever it publishes."""
    if not assembly.on.gateway:
        return
    settings, foundation, environment = assembly.settings, assembly.foundation, assembly.environment
    way_in = _WAYS_IN[settings.edge.controller](assembly)
    if assembly.on.external_dns and foundation.dns_provider is not None:
        cluster_name = settings.kubernetes.cluster_name
        records = edge.ExternalDnsArgs(
            environment, foundation.dns_provider, cluster_name, [way_in.ready], foundation.dns_files
        )
        edge.ExternalDns("external-dns", records, assembly.opts)
    assembly.environment = replace(environment, edge=way_in)


def _envoy_gateway(assembly: Assembly) -> edge.Gateway:
    certificates, gates = _certificates(assembly), _balancer_gates(assembly)
    environment, balancer, sources = _way_in(assembly)
    return edge.Gateway(
        "api-gateway", edge.GatewayArgs(environment, balancer, sources, certificates, gates), assembly.opts
    )


def _ingress_nginx(assembly: Assembly) -> edge.IngressNginx:
    certificates, gates = _certificates(assembly), _balancer_gates(assembly)
    environment, balancer, sources = _way_in(assembly)
    return edge.IngressNginx(
        "ingress-nginx", edge.IngressNginxArgs(environment, balancer, sources, certificates, gates), assembly.opts
    )


def _openshift_router(assembly: Assembly) -> edge.OpenShiftRouter:
    environment, _, sources = _way_in(assembly)
    certificates = _certificates(assembly) if assembly.foundation.certificate_per_host else None
    args = edge.OpenShiftRouterArgs(environment, sources, certificates)
    return edge.OpenShiftRouter("openshift-router", args, assembly.opts)


def _way_in(assembly: Assembly) -> tuple[base.Environment, edge.LoadBalancer, Sequence[IPv4Network]]:
    return assembly.environment, assembly.foundation.load_balancer, assembly.settings.edge.source_cidrs


def _certificates(assembly: Assembly) -> pulumi.Resource:
    return needed(assembly.certificates, "certManager")


def _balancer_gates(assembly: Assembly) -> list[pulumi.Resource]:
    install = assembly.foundation.load_balancer.install
    return [install(assembly.environment, _certificates(assembly))] if install else []


_WAYS_IN: Mapping[GatewayController, Callable[[Assembly], edge.Gateway | edge.IngressNginx | edge.OpenShiftRouter]] = {
    GatewayController.ENVOY_GATEWAY: _envoy_gateway,
    GatewayController.INGRESS_NGINX: _ingress_nginx,
    GatewayController.OPENSHIFT_ROUTER: _openshift_router,
}
