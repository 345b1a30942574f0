"""The ExternalSecret of which everything is made that reads the vault.

Source: SEC-5..8, A-7.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as kubernetes

from components.base.namespace import Namespace
from components.base.secret_store import SecretStore

API_VERSION = "external-secrets.io/v1"
RemoteReference = Mapping[str, pulumi.Input[str]]
"""A secret of the vault, and the property of it that is meant: ``{"key": ..., "property": ...}``."""


@dataclass(frozen=True)
class VaultSecretForm:
    """What becomes of the vault's values.

    Args:
        template: keys of the Secret in the templates of External Secrets; empty: the values as they are.
        labels: of ExternalSecret and Secret.
        further_labels: of the Secret alone.
        annotations: of the Secret.
        type: of the Secret.
        refresh_interval: how often the vault is asked again.
    """

    labels: Mapping[str, str]
    template: Mapping[str, str] = field(default_factory=dict[str, str])
    further_labels: Mapping[str, str] = field(default_factory=dict[str, str])
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    type: str = "Opaque"
    refresh_interval: str = "1h"


def vault_secret(
    name: str,
    namespace: Namespace,
    store: SecretStore,
    references: Mapping[str, RemoteReference],
    form: VaultSecretForm,
    *,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource] = (),
) -> pulumi.Resource:
    """An ExternalSecret; its Secret, which External Secrets makes, has the same name.

    Args:
        name: of both.
        namespace: of both.
        store: the vault.
        references: what the template's variables (or, without a template, the Secret's keys) are read from.
        form: of the Secret.
        parent: carries the cluster's provider.
        after: gates to wait for, beside namespace and store.
    """
    metadata = {"labels": {**form.labels, **form.further_labels}}
    return kubernetes.apiextensions.CustomResource(
        f"{namespace.name}-{name}",
        api_version=API_VERSION,
        kind="ExternalSecret",
        metadata={"name": name, "namespace": namespace.name, "labels": form.labels},
        spec={
            "refreshInterval": form.refresh_interval,
            "secretStoreRef": {"kind": store.kind, "name": store.name},
            "target": {
                "name": name,
                "creationPolicy": "Owner",
                "template": {
                    "engineVersion": "v2",
                    "type": form.type,
                    "metadata": {**metadata, "annotations": dict(form.annotations)} if form.annotations else metadata,
                    **({"data": dict(form.template)} if form.template else {}),
                },
            },
            "data": [{"secretKey": key, "remoteRef": reference} for key, reference in references.items()],
        },
        opts=pulumi.ResourceOptions(
            parent=parent, depends_on=[namespace.ready, store.ready, *after], deleted_with=namespace.resource
        ),
    )
