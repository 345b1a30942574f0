"""A real Kubernetes control plane on 127.0.0.1, with simulated nodes.

etcd, kube-apiserver, kube-controller-manager and kube-scheduler are the real programs with RBAC and the admission
plugins of a managed cluster; kwok plays the kubelets: pods get scheduled, become Running, and Jobs complete.
"""

import json
import secrets
import ssl
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox import toolchain, volumes
from sandbox.certificates import CertificateAuthority, KeyPair
from sandbox.environment import CHECKOUT, KubernetesEndpoint, encode, record_endpoint, write_private
from sandbox.health import answers
from sandbox.nodes import Node, baseline, register, registered
from sandbox.supervisor import Daemon, Supervisor

ETCD, API_SERVER, CONTROLLER_MANAGER, SCHEDULER, KWOK = NAMES = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
)
# what EKS hands out where the VPC is in 10.0.0.0/8
SERVICE_NETWORK = "172.20.0.0/16"
FIRST_SERVICE_ADDRESS = "172.20.0.1"


@dataclass(frozen=True)
class Pki:
    """Certificates of the control plane's parts."""

    authority: KeyPair
    etcd: KeyPair
    api_server: KeyPair
    service_accounts: KeyPair
    clients: dict[str, KeyPair]


def start(
    directory: Path, nodes: Sequence[Node] | None = None, say: Callable[[str], None] = print
) -> KubernetesEndpoint:
    """Make sure that the control plane runs and has the given nodes.

    Args:
        directory: state directory of the sandbox; the cluster's contents live on in it.
        nodes: the simulated machines; where None, those that the cluster has, or else the baseline of 3 x m5.xlarge.
        say: shows one sentence to the user.

    Returns:
        How to reach it as an administrator; endpoints.json and kubeconfig in the directory say the same.

    Raises:
        SandboxError: a tool is missing and cannot be built, or a part does not start.
    """
    executables = toolchain.provide(NAMES, say)
    supervisor = Supervisor(directory, say)
    parts = ControlPlane(directory, executables)
    etcd_port = supervisor.start(parts.etcd())[ETCD]
    api_port = supervisor.start(parts.api_server(etcd_port))[API_SERVER]
    endpoint = parts.endpoint(api_port)
    publish(directory, endpoint)
    parts.write_component_kubeconfigs(api_port)
    supervisor.start(parts.controller_manager(api_port), parts.scheduler(api_port), parts.kwok(api_port))
    supervisor.start(_volumes(directory))
    if nodes is not None or not registered(endpoint):
        register(endpoint, baseline() if nodes is None else nodes)
    return endpoint


def _volumes(directory: Path) -> Daemon:
    """The block storage's driver."""
    return Daemon(
        volumes.NAME,
        command=lambda port: [sys.executable, "-m", "sandbox.volumes", str(port), str(directory)],
        healthy=lambda port: answers(port, "/"),
        environment={"PYTHONPATH": str(CHECKOUT)},
    )


def publish(directory: Path, endpoint: KubernetesEndpoint) -> None:
    """Write the administrator's access into endpoints.json and kubeconfig."""
    record_endpoint(directory, "kubernetes", endpoint.as_json())
    # JSON is YAML
    write_private(directory / "kubeconfig", json.dumps(endpoint.kubeconfig(), indent=2) + "\n")


class ControlPlane:
    """The command line of each part.

    Args:
        directory: state directory of the sandbox.
        executables: paths of the programs by name.
    """

    def __init__(self, directory: Path, executables: dict[str, Path]) -> None:
        self._directory = directory
        self._executables = executables
        self._pki = _pki(directory / "pki")
        self._tls = ssl.create_default_context(cafile=str(self._pki.authority.certificate))
        self._token = _admin_token(directory)

    def etcd(self) -> Daemon:
        """The store; its contents survive restarts. It lets only the API server in."""
        pki = self._pki
        files = [f"cert-file={pki.etcd.certificate}", f"key-file={pki.etcd.key}", "client-cert-auth"]
        trust = f"trusted-ca-file={pki.authority.certificate}"

        def command(port: int) -> list[str]:
            url = f"https://127.0.0.1:{port}"
            # a single member never calls a peer
            peer = "https://127.0.0.1:0"
            return [
                str(self._executables[ETCD]),
                f"--data-dir={self._directory / 'etcd'}",
                f"--listen-client-urls={url}",
                f"--advertise-client-urls={url}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=default={peer}",
                *(f"--{flag}" for flag in [*files, trust]),
                *(f"--peer-{flag}" for flag in [*files, trust]),
                # survives every kill of the process; only a power cut could lose the last writes
                "--unsafe-no-fsync",
                "--log-level=warn",
            ]

        return Daemon(ETCD, command, lambda port: answers(port, "/health", self._etcd_tls()))

    def api_server(self, etcd_port: int) -> Daemon:
        """The API server: RBAC, no anonymous access, admission as in a managed cluster."""
        pki = self._pki
        issuer = "https://kubernetes.default.svc"

        def command(port: int) -> list[str]:
            return [
                str(self._executables[API_SERVER]),
                f"--etcd-servers=https://127.0.0.1:{etcd_port}",
                f"--etcd-cafile={pki.authority.certificate}",
                f"--etcd-certfile={pki.etcd.certificate}",
                f"--etcd-keyfile={pki.etcd.key}",
                "--bind-address=127.0.0.1",
                f"--secure-port={port}",
                "--endpoint-reconciler-type=none",
                f"--tls-cert-file={pki.api_server.certificate}",
                f"--tls-private-key-file={pki.api_server.key}",
                f"--client-ca-file={pki.authority.certificate}",
                f"--token-auth-file={self._directory / 'pki' / 'tokens.csv'}",
                "--anonymous-auth=false",
                "--authorization-mode=Node,RBAC",
                "--enable-admission-plugins=NodeRestriction,ExtendedResourceToleration",
                # no operator runs here, so nothing would answer for the webhooks that charts register
                "--disable-admission-plugins=MutatingAdmissionWebhook,ValidatingAdmissionWebhook",
                "--allow-privileged=true",
                f"--service-account-issuer={issuer}",
                f"--service-account-key-file={pki.service_accounts.certificate}",
                f"--service-account-signing-key-file={pki.service_accounts.key}",
                f"--service-cluster-ip-range={SERVICE_NETWORK}",
                "--profiling=false",
            ]

        return Daemon(API_SERVER, command, lambda port: self._answers(port, "/readyz"))

    def controller_manager(self, api_port: int) -> Daemon:
        """Deployments, Jobs, quotas, service accounts, garbage collection."""
        pki = self._pki
        return self._client_daemon(
            CONTROLLER_MANAGER,
            api_port,
            [
                "--use-service-account-credentials",
                f"--root-ca-file={pki.authority.certificate}",
                f"--service-account-private-key-file={pki.service_accounts.key}",
                f"--cluster-signing-cert-file={pki.authority.certificate}",
                f"--cluster-signing-key-file={pki.authority.key}",
            ],
        )

    def scheduler(self, api_port: int) -> Daemon:
        """Binds pods to the simulated nodes by their allocatable resources."""
        return self._client_daemon(SCHEDULER, api_port, [])

    def kwok(self, api_port: int) -> Daemon:
        """The kubelets of all nodes; it watches no CRDs of its own, its built-in stages serve."""

        def command(port: int) -> list[str]:
            return [
                str(self._executables[KWOK]),
                f"--kubeconfig={self._kubeconfig(KWOK)}",
                f"--master=https://127.0.0.1:{api_port}",
                "--manage-all-nodes=true",
                "--enable-crds=",
                f"--server-address=127.0.0.1:{port}",
                # an empty file: the user's own configuration must not reach in
                "--config=/dev/null",
                "--node-lease-duration-seconds=40",
            ]

        return Daemon(KWOK, command, lambda port: answers(port, "/healthz"))

    def endpoint(self, api_port: int) -> KubernetesEndpoint:
        """Return the administrator's access."""
        authority = encode(self._pki.authority.certificate.read_bytes())
        return KubernetesEndpoint(f"https://127.0.0.1:{api_port}", authority, token=self._token)

    def write_component_kubeconfigs(self, api_port: int) -> None:
        """Give each part its own identity at the API server."""
        for name, pair in self._pki.clients.items():
            access = KubernetesEndpoint(
                f"https://127.0.0.1:{api_port}",
                encode(self._pki.authority.certificate.read_bytes()),
                client_certificate=encode(pair.certificate.read_bytes()),
                client_key=encode(pair.key.read_bytes()),
            )
            write_private(self._kubeconfig(name), json.dumps(access.kubeconfig()))

    def _client_daemon(self, name: str, api_port: int, arguments: list[str]) -> Daemon:
        def command(port: int) -> list[str]:
            return [
                str(self._executables[name]),
                f"--kubeconfig={self._kubeconfig(name)}",
                f"--master=https://127.0.0.1:{api_port}",
                "--bind-address=127.0.0.1",
                f"--secure-port={port}",
                f"--tls-cert-file={self._pki.api_server.certificate}",
                f"--tls-private-key-file={self._pki.api_server.key}",
                "--leader-elect=false",
                "--profiling=false",
                *arguments,
            ]

        return Daemon(name, command, lambda port: self._answers(port, "/healthz"))

    def _kubeconfig(self, name: str) -> Path:
        return self._directory / "pki" / f"{name}.kubeconfig"

    def _etcd_tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self._pki.authority.certificate))
        context.load_cert_chain(self._pki.etcd.certificate, self._pki.etcd.key)
        return context

    def _answers(self, port: int, path: str) -> bool:
        return answers(port, path, self._tls, self._token)


def _pki(directory: Path) -> Pki:
    authority = CertificateAuthority(directory)
    local = ("127.0.0.1", "localhost")
    services = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", FIRST_SERVICE_ADDRESS)
    return Pki(
        authority=authority.files,
        etcd=authority.issue("etcd", "etcd", hosts=local),
        api_server=authority.issue("kube-apiserver", "kube-apiserver", hosts=(*local, *services)),
        service_accounts=authority.signing_key("service-accounts"),
        clients={
            CONTROLLER_MANAGER: authority.issue(CONTROLLER_MANAGER, "system:kube-controller-manager"),
            SCHEDULER: authority.issue(SCHEDULER, "system:kube-scheduler"),
            KWOK: authority.issue(KWOK, "kwok", groups=("system:masters",)),
        },
    )


def _admin_token(directory: Path) -> str:
    path = directory / "pki" / "tokens.csv"
    if not path.exists():
        write_private(path, f'{secrets.token_hex(24)},admin,admin,"system:masters"\n')
    return path.read_text().split(",", 1)[0]
