"""The way in from outside: gateway, DNS records, sign-on."""

from dataclasses import replace

from components import edge
from stacks.layers.assembly import Assembly, needed
from stacks.settings import GatewayController


def sign_on(assembly: Assembly) -> None:
    """What judges requests for the gateway; its sessions live in Valkey."""
    provider = assembly.settings.single_sign_on
    if assembly.on.oauth2_proxy and provider is not None:
        groups = [provider.admin_group, provider.editor_group, provider.viewer_group]
        sessions = needed(assembly.cache, "redis")
        args = edge.OAuth2ProxyArgs(assembly.environment, provider.issuer_url, provider.client_id, groups, sessions)
        edge.OAuth2Proxy("oauth2-proxy", args, assembly.opts)


def open_way_in(assembly: Assembly) -> None:
    """The way in comes before whatever it publishes."""
    if not assembly.on.gateway:
        return
    settings, foundation, environment = assembly.settings.edge, assembly.foundation, assembly.environment
    certificates, balancer = needed(assembly.certificates, "certManager"), assembly.foundation.load_balancer
    gates = [balancer.install(environment, certificates)] if balancer.install else []
    way_in: edge.Gateway | edge.IngressNginx
    if settings.controller is GatewayController.INGRESS_NGINX:
        nginx = edge.IngressNginxArgs(environment, balancer, settings.source_cidrs, certificates, gates)
        way_in = edge.IngressNginx("ingress-nginx", nginx, assembly.opts)
    else:
        gateway = edge.GatewayArgs(environment, balancer, settings.source_cidrs, certificates, gates)
        way_in = edge.Gateway("api-gateway", gateway, assembly.opts)
    if assembly.on.external_dns and foundation.dns_provider is not None:
        cluster_name = assembly.settings.kubernetes.cluster_name
        records = edge.ExternalDnsArgs(
            environment, foundation.dns_provider, cluster_name, [way_in.ready], foundation.dns_files
        )
        edge.ExternalDns("external-dns", records, assembly.opts)
    assembly.environment = replace(environment, edge=way_in)
