"""Divides a network's addresses among its zones; pure arithmetic, the same for every cloud.

Source: NET-1, A-32.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network

MAXIMUM_ZONES = 4
LONGEST_PREFIX = 20

_BLOCK_BITS = 4
_SMALL_BITS = 8
_SMALL_BLOCK = MAXIMUM_ZONES
_FIRST_INTRA = 8
_FIRST_ENDPOINTS = 12


@dataclass(frozen=True)
class ZoneAddresses:
    """Addresses of one zone: nodes and pods (private), load balancers and NAT (public), no way out (the others).

    What answers to the pods that may call the cloud's services (endpoints) is apart from what does not (intra).
    """

    private: IPv4Network
    public: IPv4Network
    intra: IPv4Network
    endpoints: IPv4Network


@dataclass(frozen=True)
class AddressPlan:
    """A network in sixteen equal blocks: one per zone for nodes and pods, one for all small subnets, the rest free.

    In a /16 a private subnet is a /20, the others are a /24 each. A zone's addresses depend on the
    zone's position alone, so a zone can be added later without renumbering the others.
    """

    network: IPv4Network
    zones: tuple[ZoneAddresses, ...]
    free: tuple[IPv4Network, ...]

    @classmethod
    def of(cls, network: IPv4Network, zones: int) -> "AddressPlan":
        """Plan a network.

        Args:
            network: all addresses; /20 or larger.
            zones: availability zones, 1 to 4.

        Raises:
            ValueError: the network is too small, or the zones are too many.
        """
        if not 1 <= zones <= MAXIMUM_ZONES:
            raise ValueError(f"{zones} zones: the address plan holds 1 to {MAXIMUM_ZONES}")
        if network.prefixlen > LONGEST_PREFIX:
            raise ValueError(f"network {network} is too small: use /{LONGEST_PREFIX} or larger")
        blocks = list(network.subnets(prefixlen_diff=_BLOCK_BITS))
        small = list(blocks[_SMALL_BLOCK].subnets(prefixlen_diff=_SMALL_BITS - _BLOCK_BITS))
        return cls(
            network=network,
            zones=tuple(
                ZoneAddresses(
                    private=blocks[zone],
                    public=small[zone],
                    intra=small[_FIRST_INTRA + zone],
                    endpoints=small[_FIRST_ENDPOINTS + zone],
                )
                for zone in range(zones)
            ),
            free=tuple(blocks[_SMALL_BLOCK + 1 :]),
        )
