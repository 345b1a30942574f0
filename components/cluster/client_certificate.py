"""The client certificate of a kubeconfig's user.

Source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#AuthInfo
"""

import base64
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def present_client_certificate(tls: ssl.SSLContext, user: Mapping[str, Any]) -> None:
    """Have a TLS context show the certificate of a user; nothing where the user has none.

    Args:
        tls: for connections to the API server.
        user: of the kubeconfig, with certificate and key in it, or as files.

    Raises:
        OSError: a file cannot be read, or certificate and key do not belong together.
        ValueError: the content is no base64.
    """
    # the ssl module takes client certificates from files only
    with tempfile.TemporaryDirectory() as folder:
        paths: list[str | None] = []
        for name in ("client-certificate", "client-key"):
            path = user.get(name)
            if data := user.get(f"{name}-data"):
                path = str(Path(folder) / name)
                Path(path).write_bytes(base64.b64decode(data))
            paths.append(path)
        certificate, key = paths
        if certificate and key:
            tls.load_cert_chain(certificate, key)
