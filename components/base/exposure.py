"""What an application says of its public host, and what publishes it.

Source: NET-4..7, A-11.
"""

from dataclasses import dataclass
from typing import Protocol

import pulumi

from components.base.namespace import Namespace


@dataclass(frozen=True)
class Exposure:
    """A Service that is reachable from outside, over HTTPS.

    Args:
        name: first label of the host: ``kestra`` is published as ``kestra.<base domain>``; unique in the stack.
        namespace: of the Service.
        service: name of the Service.
        port: of the Service.
        public_paths: path prefixes that need no sign-on, because their callers are programs that prove themselves
            otherwise (webhooks with a key); everything else asks for it. ``("/",)``: no sign-on at all.
        after: gate to wait for: the Service stands.
        pod_port: of its pods, number or name, where it is not the Service's; some routers call pods, not Services.
    """

    name: str
    namespace: Namespace
    service: str
    port: int
    public_paths: tuple[str, ...] = ()
    after: pulumi.Resource | None = None
    pod_port: int | str | None = None

    @property
    def paths(self) -> dict[str, tuple[str, ...]]:
        """Path prefixes by the name of the object that publishes them: what asks for sign-on, and what does not."""
        if "/" in self.public_paths:
            return {f"{self.name}-public": ("/",)}
        return {self.name: ("/",), **({f"{self.name}-public": self.public_paths} if self.public_paths else {})}

    def is_public(self, published_as: str) -> bool:
        """Whether the object of this name (a key of ``paths``) publishes without sign-on."""
        return published_as != self.name


class Edge(Protocol):
    """Publishes applications: host name, TLS certificate, redirect from HTTP, sign-on. Source: NET-2..7."""

    def expose(self, exposure: Exposure, opts: pulumi.ResourceOptions) -> str:
        """Publish an application and give back its address (``https://...``).

        Without oauth2-proxy only what is public answers: nothing is ever open because the sign-on is missing.

        Raises:
            ValueError: its host is published already, or its name is no label of a host; nothing of it is made.
        """
        ...
