"""How a secret of the cloud's vault becomes a Kubernetes Secret.

Source: SEC-5..8, SEC-10, A-7.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.base.environment import Environment
from components.base.namespace import Namespace
from components.base.secret_store import SecretStore
from components.base.vault_secret import VaultSecretForm, vault_secret


@dataclass(frozen=True)
class SecretKey:
    """One property of a secret in the vault: ``SecretKey("postgres/airflow", "password")``.

    Args:
        path: of the secret in ``components/secrets/secrets.yaml``.
        property: of the secret; None: the secret is plain text, and all of it is meant.
    """

    path: str
    property: str | None = "password"


@dataclass(frozen=True)
class ExternalSecretArgs:
    """What becomes of the vault's secrets.

    Args:
        environment: the stack that it is part of, with its vault.
        namespace: of the Secret.
        keys: what the template's variables (or, without a template, the Secret's keys) are read from.
        component: its part in the platform, for labels.
        template: keys of the Secret in the templates of External Secrets, e.g. ``postgresql://{{ .user }}@host``;
            empty: the Secret has the keys as they are.
        labels: further labels of the Secret.
        type: of the Secret.
        refresh_interval: how often the vault is asked again; what INTEG-13 calls hourly.
    """

    environment: Environment
    namespace: Namespace
    keys: Mapping[str, SecretKey]
    component: str
    template: Mapping[str, str] = field(default_factory=dict[str, str])
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    type: str = "Opaque"
    refresh_interval: str = "1h"


class ExternalSecret(pulumi.ComponentResource):
    """A Secret that External Secrets keeps equal to the vault; its contents never pass through the program's state.

    Args:
        name: Kubernetes name of the ExternalSecret and of the Secret.
        args: what is in it.
        opts: carries the cluster's provider.

    Attributes:
        name: of the Secret.
        ready: gate: the ExternalSecret stands.

    Source: SEC-5..8, SEC-10, INTEG-6, A-7.
    """

    name: str
    ready: pulumi.Resource

    def __init__(self, name: str, args: ExternalSecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        namespace = args.namespace
        # a Secret's name is unique in its namespace only
        super().__init__("biz-automation:base:ExternalSecret", f"{namespace.name}-{name}", None, opts)
        self.name = name
        store, labels = args.environment.vault, args.environment.labels(name, args.component)
        references = {key: _remote(store, source) for key, source in args.keys.items()}
        form = VaultSecretForm(
            labels, args.template, args.labels, type=args.type, refresh_interval=args.refresh_interval
        )
        self.ready = vault_secret(name, namespace, store, references, form, parent=self)
        self.register_outputs({"name": name})


def _remote(store: SecretStore, source: SecretKey) -> Mapping[str, pulumi.Input[str]]:
    name = {"key": store.remote_name(source.path)}
    return name if source.property is None else {**name, "property": source.property}
