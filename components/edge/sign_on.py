"""What gateway and oauth2-proxy agree on: where a request is judged, and who its user is.

Source: SEC-13, NET-7.
"""

HOST = "auth"
SERVICE = "oauth2-proxy"
PORT = 80
# whoever follows a sign-on is sent back here; the gateway sets it, clients cannot
REDIRECT_HEADER = "x-auth-request-redirect"
# what oauth2-proxy says of the user; the gateway takes them away from requests, so that nobody can claim to be another
USER_HEADERS = (
    "x-auth-request-user",
    "x-auth-request-email",
    "x-auth-request-groups",
    "x-auth-request-preferred-username",
)
