"""Where the credentials of a platform on OpenShift are: in a Vault, or in Secrets of one namespace.

Source: SEC-5, SEC-10, SEC-11, A-31, DB-2.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.ownership import Ownership
from components.secrets.generated import GeneratedSecret, random_values
from components.secrets.store import SecretStoreSpecification

_READER = "secret-reader"
# External Secrets, which takes the reader's place; the platform installs it
_OPERATOR: kubernetes.rbac.v1.SubjectArgsDict = {
    "kind": "ServiceAccount",
    "name": "external-secrets",
    "namespace": "security",
}
_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True)
class VaultArgs:
    """A HashiCorp Vault, or OpenBao.

    Args:
        address: of the server.
        mount: of the key-value engine, version 2.
        auth_mount: of the Kubernetes auth method.
        role: that External Secrets' service account takes.
        authority: who signed the server's certificate, in PEM form; None: a public authority.
    """

    address: str
    mount: str
    auth_mount: str
    role: str
    authority: str | None = None


def vault_store(args: VaultArgs) -> SecretStoreSpecification:
    """How External Secrets reaches a Vault: as its own service account, with no credentials in the store."""
    authority = {"caBundle": base64.b64encode(args.authority.encode()).decode()} if args.authority else {}
    # without a reference to an account the operator shows the token of its own pod
    auth = {"kubernetes": {"mountPath": args.auth_mount, "role": args.role}}
    vault: dict[str, Any] = {
        "server": args.address,
        "path": args.mount,
        "version": "v2",
        "auth": auth,
        **authority,
    }
    return SecretStoreSpecification("vault", {"vault": vault})


@dataclass(frozen=True)
class KubernetesSecretsArgs:
    """Which secrets the namespace holds.

    Args:
        namespace: that holds them; nothing runs in it.
        generated: secrets that the stack makes.
        protect: whether the engine refuses to delete them.
        ownership: labels.
        renewed_on: day of the last renewal; another one makes new values.
    """

    namespace: str
    generated: Sequence[GeneratedSecret]
    protect: bool
    ownership: Ownership
    renewed_on: str


class KubernetesSecrets(pulumi.ComponentResource):
    """A namespace of Secrets as the stack's vault; the cluster encrypts them (etcd encryption), which its owner sets.

    Only the account ``secret-reader`` reads it, and only External Secrets may take that account's place: whoever may
    read the Secrets of an application's namespace sees those of no other.

    Args:
        name: logical name.
        args: which secrets.
        opts: carries the cluster's provider.

    Attributes:
        store: how External Secrets reaches it.
        ready: gate: every secret stands.

    Source: SEC-5, SEC-10, SEC-11, A-31.
    """

    store: SecretStoreSpecification
    ready: pulumi.Resource

    def __init__(self, name: str, args: KubernetesSecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:secrets:Secrets", name, None, opts)
        self._name, self._args = name, args
        self._namespace = kubernetes.core.v1.Namespace(
            name,
            metadata={"name": args.namespace, "labels": _namespace_labels(args)},
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        kubernetes.networking.v1.NetworkPolicy(
            f"{name}-default-deny",
            metadata=self._metadata("default-deny"),
            spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
            opts=self._inside(),
        )
        reader = self._reader()
        secrets = [self._secret(item) for item in args.generated]
        self.ready = secrets[-1] if secrets else reader
        self.store = SecretStoreSpecification("kubernetes-secrets", {"kubernetes": _provider(args.namespace)})
        self.register_outputs({})

    def _secret(self, item: GeneratedSecret) -> pulumi.Resource:
        logical_name = f"{self._name}-{secret_name(item.path)}"
        metadata = self._metadata(secret_name(item.path))
        values = random_values(logical_name, item, self._args.renewed_on, pulumi.ResourceOptions(parent=self))
        return kubernetes.core.v1.Secret(
            logical_name,
            metadata={**metadata, "annotations": {"kubernetes.io/description": item.description}},
            string_data={**item.fixed, **values},
            opts=pulumi.ResourceOptions.merge(self._inside(), pulumi.ResourceOptions(protect=self._args.protect)),
        )

    def _reader(self) -> pulumi.Resource:
        """Make the account that reads, and let External Secrets alone take its place."""
        account = kubernetes.core.v1.ServiceAccount(
            f"{self._name}-reader",
            metadata=self._metadata(_READER),
            automount_service_account_token=False,
            opts=self._inside(),
        )
        reading: kubernetes.rbac.v1.PolicyRuleArgsDict = {
            "api_groups": [""],
            "resources": ["secrets"],
            "verbs": ["get", "list", "watch"],
        }
        standing_in: kubernetes.rbac.v1.PolicyRuleArgsDict = {
            "api_groups": [""],
            "resources": ["serviceaccounts/token"],
            "resource_names": [_READER],
            "verbs": ["create"],
        }
        self._role("reader", reading, {"kind": "ServiceAccount", "name": _READER, "namespace": self._args.namespace})
        self._role("token", standing_in, _OPERATOR)
        return account

    def _role(
        self, purpose: str, rule: kubernetes.rbac.v1.PolicyRuleArgsDict, subject: kubernetes.rbac.v1.SubjectArgsDict
    ) -> None:
        name = f"secrets-{purpose}"
        role = kubernetes.rbac.v1.Role(
            f"{self._name}-{purpose}", metadata=self._metadata(name), rules=[rule], opts=self._inside()
        )
        kubernetes.rbac.v1.RoleBinding(
            f"{self._name}-{purpose}",
            metadata=self._metadata(name),
            role_ref={"api_group": _RBAC, "kind": "Role", "name": name},
            subjects=[subject],
            opts=self._inside(role),
        )

    def _metadata(self, name: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        labels = self._args.ownership.labels(name, component="secrets")
        return {"name": name, "namespace": self._args.namespace, "labels": labels}

    def _inside(self, *gates: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[self._namespace, *gates], deleted_with=self._namespace)


def secret_name(path: str) -> str:
    """What the Secret is called that holds the credential of a path: ``postgres/airflow`` -> ``postgres-airflow``."""
    return path.replace("/", "-")


def _namespace_labels(args: KubernetesSecretsArgs) -> Mapping[str, str]:
    return {
        **args.ownership.labels(args.namespace, component="secrets"),
        "name": args.namespace,
        "pod-security.kubernetes.io/enforce": "restricted",
    }


def _provider(namespace: str) -> dict[str, Any]:
    return {
        "remoteNamespace": namespace,
        "server": {
            "url": "https://kubernetes.default.svc",
            "caProvider": {
                "type": "ConfigMap",
                "name": "kube-root-ca.crt",
                "key": "ca.crt",
                "namespace": namespace,
            },
        },
        "auth": {"serviceAccount": {"name": _READER, "namespace": namespace}},
    }
