"""Where the sandbox keeps its things, and the environment in which programs see it."""

import base64
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sandbox.errors import SandboxError

CHECKOUT = Path(__file__).resolve().parents[1]
REGION = "us-east-1"
# moto accepts any key; this pair can never be mistaken for a real one
ACCESS_KEY = "testing"
# where nothing answers: a sandbox without AWS must never reach the real one
NO_ENDPOINT = {"endpoint": "http://127.0.0.1:9"}
# set while the CLI shows debug messages
DEBUG_VARIABLE = "SANDBOX_DEBUG_MESSAGES"
# subscription and tenant of the Azure stand-in: no real one is all zeros
AZURE_ID = "00000000-0000-0000-0000-000000000000"


def sandbox_directory() -> Path:
    """Return the state directory: `SANDBOX_DIRECTORY`, else `.sandbox` in the checkout."""
    return Path(os.environ.get("SANDBOX_DIRECTORY") or CHECKOUT / ".sandbox").resolve()


def cache_directory() -> Path:
    """Return the cache that all checkouts of this user share."""
    explicit = os.environ.get("BIZ_AUTOMATION_CACHE")
    if explicit:
        return Path(explicit).resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "biz-automation"


def find_outside(program: str) -> str | None:
    """Return where the user's own search path, without the sandbox's launchers, has a program."""
    own = str(sandbox_directory())
    folders = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if not folder.startswith(own)]
    return shutil.which(program, path=os.pathsep.join(folders))


def crds_directory() -> Path:
    """Return the folder of upstream CustomResourceDefinitions; it need not exist."""
    return Path(os.environ.get("PLATFORM_CRDS") or CHECKOUT.parent / "shared" / "crds").resolve()


@dataclass(frozen=True)
class KubernetesEndpoint:
    """How to reach a cluster: a bearer token, or a client certificate with its key (both PEM, base64)."""

    server: str
    certificate_authority: str
    token: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None

    def as_json(self) -> dict[str, str]:
        """Return the `kubernetes` part of endpoints.json."""
        values = {
            "server": self.server,
            "certificateAuthority": self.certificate_authority,
            "token": self.token,
            "clientCertificate": self.client_certificate,
            "clientKey": self.client_key,
        }
        return {key: value for key, value in values.items() if value}

    @classmethod
    def from_json(cls, values: Mapping[str, str]) -> "KubernetesEndpoint":
        """Read the `kubernetes` part of endpoints.json."""
        return cls(
            values["server"],
            values["certificateAuthority"],
            values.get("token"),
            values.get("clientCertificate"),
            values.get("clientKey"),
        )

    def kubeconfig(self) -> dict[str, Any]:
        """Return a kubeconfig with this cluster as the only context."""
        user = {
            "token": self.token,
            "client-certificate-data": self.client_certificate,
            "client-key-data": self.client_key,
        }
        cluster = {"server": self.server, "certificate-authority-data": self.certificate_authority}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "sandbox", "cluster": cluster}],
            "users": [{"name": "sandbox", "user": {key: value for key, value in user.items() if value}}],
            "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "sandbox"}}],
            "current-context": "sandbox",
        }


def encode(pem: bytes) -> str:
    """Encode a PEM block as kubeconfigs carry it."""
    return base64.b64encode(pem).decode()


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file in one step, readable by its owner only.

    A reader, and the next run after a kill, sees the old content or the new one, never a half.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content.encode() if isinstance(content, str) else content)
    temporary.replace(path)


def read_endpoints(directory: Path) -> dict[str, Any]:
    """Return endpoints.json of a sandbox, or an empty mapping where none has been started."""
    path = directory / "endpoints.json"
    return cast("dict[str, Any]", json.loads(path.read_text())) if path.exists() else {}


def record_endpoint(directory: Path, name: str, endpoint: dict[str, str]) -> None:
    """Put one service's address into endpoints.json and keep the others'."""
    endpoints = read_endpoints(directory)
    if endpoints.get(name) != endpoint:
        write_private(directory / "endpoints.json", json.dumps({**endpoints, name: endpoint}, indent=2) + "\n")


def passphrase_file(directory: Path) -> Path:
    """Return the file with the passphrase of the sandbox's Pulumi state; made on first use."""
    path = directory / "passphrase"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path


def environment(directory: Path) -> dict[str, str]:
    """Return the variables with which the Pulumi CLI, a shell or a test sees the sandbox.

    Args:
        directory: state directory of the sandbox; its daemons should be running.

    Returns:
        Only the variables to set; the caller lays them over `os.environ`.

    Raises:
        SandboxError: nothing has been started in this directory.
    """
    endpoints = read_endpoints(directory)
    if not endpoints:
        raise SandboxError(f"No sandbox has been started in {directory}: run `make up` first.")
    (directory / "state").mkdir(parents=True, exist_ok=True)
    search_path = [str(directory / "bin"), os.environ.get("PATH", os.defpath)]
    return {
        "PATH": os.pathsep.join(search_path),
        "SANDBOX_DIRECTORY": str(directory),
        "PLATFORM_CRDS": str(crds_directory()),
        "PULUMI_HOME": str(directory / "pulumi"),
        # digests beside the files, which nobody reads, take a tenth of the engine's time
        "PULUMI_BACKEND_URL": f"file://{directory / 'state'}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase_file(directory)),
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_ERROR_OUTPUT_STRING": "1",
        "AWS_ENDPOINT_URL": endpoints.get("aws", NO_ENDPOINT)["endpoint"],
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "ARM_SUBSCRIPTION_ID": AZURE_ID,
        "ARM_TENANT_ID": AZURE_ID,
        "KUBECONFIG": str(directory / "kubeconfig"),
    }
