"""Guesses: whoever asks for addresses that we never issued gets slower answers, and then none.

A guess is one of 2^128 and hopeless; what is limited is its noise. A link that we signed is never refused
for what its neighbours do.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass

_BURST = 20.0
_A_MINUTE = 20.0
_MOST_CLIENTS = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Throttle:
    """A token bucket for each client; the longest unseen is forgotten first."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def allow(self, client: str, *, monotonic: float) -> bool:
        """Count one guess; False when this client has made too many.

        Args:
            client: its address.
            monotonic: seconds.
        """
        key = _network(client)
        with self._lock:
            bucket = self._buckets.pop(key, None) or _Bucket(_BURST, monotonic)
            passed = monotonic - bucket.at
            left = min(_BURST, bucket.left + passed * _A_MINUTE / 60)
            allowed = left >= 1
            self._buckets[key] = _Bucket(left - 1 if allowed else left, monotonic)
            while len(self._buckets) > _MOST_CLIENTS:
                self._buckets.popitem(last=False)
        return allowed


def _network(client: str) -> str:
    """A client may use any address of its IPv6 network."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))
