"""Which host names of a stack are taken, and by whom.

Source: NET-5, A-11.
"""

import re

from components.base import Exposure

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class Hosts:
    """Hands out the host names under one domain, each once.

    Args:
        base_domain: end of every name.
    """

    def __init__(self, base_domain: str) -> None:
        self._base_domain = base_domain
        self._owners: dict[str, str] = {}

    def claim(self, exposure: Exposure) -> str:
        """The host of an exposure.

        Raises:
            ValueError: it is taken, or its name is no label of a host.
        """
        owner = f"{exposure.namespace.name}/{exposure.service}"
        if not _LABEL.fullmatch(exposure.name):
            raise ValueError(f"{owner}: {exposure.name!r} is no label of a host; use lower-case letters, digits and -")
        host = f"{exposure.name}.{self._base_domain}"
        if host in self._owners:
            raise ValueError(f"{owner}: {host} is published already, for {self._owners[host]}; give one another name")
        self._owners[host] = owner
        return host
