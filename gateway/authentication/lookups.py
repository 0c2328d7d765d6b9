"""The DNS questions of one mail: counted, and all to be answered before one instant."""

from __future__ import annotations

import re
import time

from gateway.errors import DnsUnavailable
from gateway.ports import RecordType, Resolver

# Ten for SPF (RFC 7208 section 4.6.4) and what hangs on them, eight for a tree walk, one for a key.
MAX_LOOKUPS = 60
# No record that means anything is longer; RFC 7208 section 3.4 wants SPF to fit into 512 octets.
_MAX_RECORD = 8192
_MAX_RECORDS = 100
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


def domain_name(text: str) -> str | None:
    """`text` in lower case, without a final dot, when it is a host name in ASCII, else None."""
    name = text.removesuffix(".").lower()
    return name if _DOMAIN.fullmatch(name) else None


class Lookups:
    """A resolver with a budget.

    Args:
        deadline: on the monotonic clock, in seconds.
        timeout_s: for one question.
    """

    def __init__(self, resolver: Resolver, *, deadline: float, timeout_s: float = 2.0) -> None:
        self._resolver = resolver
        self._deadline = deadline
        self._timeout_s = timeout_s
        self._left = MAX_LOOKUPS

    def records(self, name: str, kind: RecordType) -> tuple[str, ...] | None:
        """The records, or None where the name does not exist or cannot be one.

        Raises:
            DnsUnavailable: no answer, or the budget is used up.
        """
        if kind != "PTR" and domain_name(name) is None:
            return None
        left_s = self._deadline - time.monotonic()
        if self._left <= 0 or left_s <= 0:
            raise DnsUnavailable("the mail asks too much of the DNS" if left_s > 0 else "no answer in time")
        self._left -= 1
        found = self._resolver.look_up(name, kind, timeout_s=min(left_s, self._timeout_s))
        if found is None:
            return None
        return tuple(record for record in found[:_MAX_RECORDS] if len(record) <= _MAX_RECORD)
