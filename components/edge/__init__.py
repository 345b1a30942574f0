"""The way in from outside: host names, TLS, sign-on, DNS records and load balancers."""

from components.edge.envoy_gateway import EnvoyGateway, EnvoyGatewayArgs
from components.edge.external_dns import ExternalDns, ExternalDnsArgs
from components.edge.gateway import Gateway, GatewayArgs
from components.edge.ingress_nginx import IngressNginx, IngressNginxArgs
from components.edge.load_balancer import LoadBalancer
from components.edge.oauth2_proxy import OAuth2Proxy, OAuth2ProxyArgs
from components.edge.openshift_router import OpenShiftRouter, OpenShiftRouterArgs

__all__ = [
    "EnvoyGateway",
    "EnvoyGatewayArgs",
    "ExternalDns",
    "ExternalDnsArgs",
    "Gateway",
    "GatewayArgs",
    "IngressNginx",
    "IngressNginxArgs",
    "LoadBalancer",
    "OAuth2Proxy",
    "OAuth2ProxyArgs",
    "OpenShiftRouter",
    "OpenShiftRouterArgs",
]
