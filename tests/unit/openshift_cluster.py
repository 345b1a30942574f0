"""A cluster of OpenShift as the program's first look sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stacks.settings import Settings

CONFIG = "/apis/config.openshift.io/v1"


@dataclass
class FakeCluster:
    """Answers what a test puts in.

    Args:
        answers: object by its path.
        forbidden: what whoever signs in may not do: (verb, group, resource).
    """

    answers: dict[str, Mapping[str, Any]]
    forbidden: frozenset[tuple[str, str, str]] = frozenset()
    server: str = "https://api.example.com:6443"
    error: Exception | None = field(default=None)

    def get(self, path: str) -> Mapping[str, Any] | None:
        """The object at the path."""
        if self.error:
            raise self.error
        return self.answers.get(path)

    def may(self, verb: str, group: str, resource: str) -> bool:
        """Whether it is not forbidden."""
        return (verb, group, resource) not in self.forbidden


def cluster_of(settings: Settings) -> FakeCluster:
    """A cluster that is what the settings say of it."""
    openshift, network = settings.openshift, settings.network
    assert openshift is not None
    answers: dict[str, Mapping[str, Any]] = {
        "/version": {"major": "1", "minor": "34+"},
        f"{CONFIG}/clusterversions/version": {
            "spec": {"clusterID": openshift.cluster_id},
            "status": {"history": [{"version": "4.21.3"}]},
        },
        f"{CONFIG}/networks/cluster": {
            "status": {
                "serviceNetwork": [str(network.service_cidr)],
                "clusterNetwork": [{"cidr": str(network.pod_cidr)}],
            }
        },
        f"{CONFIG}/apiservers/cluster": {"spec": {"encryption": {"type": "aesgcm"}}},
    }
    classes = [name for name in (openshift.storage.standard, openshift.storage.retained) if name]
    paths = {f"/apis/storage.k8s.io/v1/storageclasses/{name}": {"metadata": {"name": name}} for name in classes}
    return FakeCluster({**answers, **paths, "/apis/storage.k8s.io/v1/storageclasses": {"items": list(paths.values())}})
