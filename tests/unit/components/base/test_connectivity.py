"""Who reaches whom in the platform's namespaces, by the meaning of its NetworkPolicies. Source: SEC-3, SEC-4, A-54."""

import pytest

from components.base.traffic import API_CLIENT
from tests.unit.components.base.connectivity import Connection, Connectivity, Endpoint
from tests.unit.platform import CONTROL_PLANE_NETWORKS, Deployment

INTERNET = Endpoint("198.51.100.7")
METADATA_SERVICE = Endpoint("169.254.169.254")
OFFICE = Endpoint("192.168.7.7")
API_SERVER = Endpoint(str(CONTROL_PLANE_NETWORKS[0][10]))
API_SERVICE = Endpoint("172.20.0.1")
DNS = Endpoint("10.10.0.53", "kube-system", {"k8s-app": "kube-dns"})
OTHER_IN_KUBE_SYSTEM = Endpoint("10.10.0.54", "kube-system", {"k8s-app": "metrics-server"})


def pod(namespace: str, app: str, **labels: str) -> Endpoint:
    """A pod; as on EKS its address is one of the network's, but not of the control plane's."""
    return Endpoint("10.10.3.3", namespace, {"app": app, **labels})


BRIDGE, KESTRA, CAMUNDA = pod("workflows", "uipath-bridge"), pod("workflows", "kestra"), pod("workflows", "camunda")
HEALTHZ, AIRFLOW = pod("integration", "healthz"), pod("data", "airflow-webserver")
PROMETHEUS, CONTROLLER = pod("observability", "prometheus"), pod("ingress", "ingress-nginx")
WEBHOOK, WORKER = pod("security", "cert-manager-webhook"), pod("workflows", "servicenow-worker")
OPERATOR = Endpoint("10.10.3.4", "data", {"app": "strimzi", **API_CLIENT})
KESTRA_WORKER = pod("workflows", "kestra-worker")
BRIDGE_WITH_API_LABEL = Endpoint("10.10.3.5", "workflows", {"app": "uipath-bridge", **API_CLIENT})

ALLOWED = {
    "names are resolved": Connection(HEALTHZ, DNS, 53, "UDP"),
    "long answers come over TCP": Connection(HEALTHZ, DNS, 53),
    "neighbours talk": Connection(KESTRA, CAMUNDA, 8080),
    "the ingress controller reaches what it serves": Connection(CONTROLLER, AIRFLOW, 8080),
    "metrics are scraped": Connection(PROMETHEUS, HEALTHZ, 8080),
    "the API server calls webhooks": Connection(API_SERVER, WEBHOOK, 9443),
    "operators call the API server": Connection(OPERATOR, API_SERVER, 443),
    "operators call the API server's Service": Connection(OPERATOR, API_SERVICE, 443),
    "Kestra drives the bridge": Connection(KESTRA, BRIDGE, 8080),
    "so does the worker of a distributed Kestra": Connection(KESTRA_WORKER, BRIDGE, 8080),
    "the bridge calls UiPath": Connection(BRIDGE, INTERNET, 443),
    "the bridge resolves names": Connection(BRIDGE, DNS, 53, "UDP"),
    "the bridge resolves long names": Connection(BRIDGE, DNS, 53),
}
REFUSED = {
    "one namespace does not reach another": Connection(KESTRA, AIRFLOW, 8080),
    "nor the other way": Connection(AIRFLOW, KESTRA, 8080),
    "the internet does not come in": Connection(INTERNET, HEALTHZ, 8080),
    "nor the office": Connection(OFFICE, AIRFLOW, 8080),
    "nothing goes out that is not named": Connection(HEALTHZ, INTERNET, 443),
    "DNS is the cluster's own": Connection(HEALTHZ, INTERNET, 53, "UDP"),
    "kube-system is DNS alone": Connection(HEALTHZ, OTHER_IN_KUBE_SYSTEM, 443),
    "DNS has no other port": Connection(HEALTHZ, DNS, 9153),
    "the cloud's metadata service stays out of reach": Connection(AIRFLOW, METADATA_SERVICE, 80),
    "the API server is not for everybody": Connection(AIRFLOW, API_SERVER, 443),
    "nor its Service": Connection(AIRFLOW, API_SERVICE, 443),
    "an operator reaches only the API server": Connection(OPERATOR, INTERNET, 443),
    "webhooks are not for pods": Connection(KESTRA, WEBHOOK, 9443),
    "webhooks have few ports": Connection(API_SERVER, WEBHOOK, 8080),
    "the API server calls no webhook where none runs": Connection(API_SERVER, HEALTHZ, 8443),
    "the ingress controller reaches no system pod": Connection(CONTROLLER, OTHER_IN_KUBE_SYSTEM, 443),
    "the bridge is not for its neighbours": Connection(WORKER, BRIDGE, 8080),
    "the bridge has one port": Connection(KESTRA, BRIDGE, 9090),
    "the bridge is not scraped": Connection(PROMETHEUS, BRIDGE, 8080),
    "the bridge is not behind the ingress": Connection(CONTROLLER, BRIDGE, 8080),
    "the bridge does not call its neighbours": Connection(BRIDGE, CAMUNDA, 8080),
    "the bridge uses HTTPS alone": Connection(BRIDGE, INTERNET, 80),
    "the bridge does not reach the office": Connection(BRIDGE, OFFICE, 443),
    "nor the metadata service": Connection(BRIDGE, METADATA_SERVICE, 443),
    "no label lets the bridge to the API server": Connection(BRIDGE_WITH_API_LABEL, API_SERVICE, 443),
}


def connectivity(platform: Deployment) -> Connectivity:
    namespaces = {name: item["metadata"]["labels"] for name, item in platform.of_kind("Namespace").items()}
    return Connectivity(platform.of_kind("NetworkPolicy").values(), {**namespaces, "kube-system": {}})


@pytest.mark.parametrize("case", ALLOWED)
def test_lets_through(dev: Deployment, case: str) -> None:
    assert connectivity(dev).allows(ALLOWED[case])


@pytest.mark.parametrize("case", REFUSED)
def test_stops(dev: Deployment, case: str) -> None:
    assert not connectivity(dev).allows(REFUSED[case])


def test_every_namespace_is_closed_to_itself_without_its_allows(platform: Deployment) -> None:
    policies = platform.of_kind("NetworkPolicy")
    for name in platform.of_kind("Namespace"):
        alone = Connectivity([policies[f"{name}/default-deny"]], {name: {}})
        assert not alone.allows(Connection(pod(name, "any"), INTERNET, 443))
        assert not alone.allows(Connection(INTERNET, pod(name, "any"), 8080))
        assert not alone.allows(Connection(pod(name, "one"), pod(name, "other"), 8080))
