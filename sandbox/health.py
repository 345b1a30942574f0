"""Whether a server on 127.0.0.1 answers."""

import http.client
import ssl


def answers(port: int, path: str, tls: ssl.SSLContext | None = None, token: str | None = None) -> bool:
    """Return whether a GET request is answered with status 200.

    Args:
        port: of the server on 127.0.0.1.
        path: its health page.
        tls: for servers that speak TLS.
        token: bearer token to show.
    """
    connection = _connection(port, tls)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _connection(port: int, tls: ssl.SSLContext | None) -> http.client.HTTPConnection:
    if tls is None:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=tls)
