"""The DNS as it is: dnspython with timeouts, a cache, and a breaker for when nothing answers."""

from __future__ import annotations

import threading
import time

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from gateway.errors import DnsUnavailable
from gateway.ports import RecordType

_CACHED = 4096
_SILENT_AFTER = 3
_SILENCE_S = 30.0
_PROBE_S = 1.0


class DnsResolver:
    """`ports.Resolver` on the machine's resolvers (/etc/resolv.conf).

    After a few questions without an answer it asks for the root, which every resolver knows. When that
    is not answered either, it asks nothing more for half a minute: a machine without DNS works at full
    speed, and one domain whose servers are silent takes nobody else's answers away.
    """

    def __init__(self) -> None:
        try:
            self._asked = dns.resolver.Resolver()
            self._probed = dns.resolver.Resolver()
        except dns.resolver.NoResolverConfiguration as error:
            raise DnsUnavailable("no resolver is configured on this machine") from error
        self._asked.cache = dns.resolver.LRUCache(_CACHED)
        self._lock = threading.Lock()
        self._unanswered = 0
        self._silent_until = 0.0

    def look_up(self, name: str, kind: RecordType, *, timeout_s: float) -> tuple[str, ...] | None:
        """See `ports.Resolver`."""
        if time.monotonic() < self._silent_until:
            raise DnsUnavailable("the DNS does not answer")
        try:
            answer = self._asked.resolve(
                name, kind, lifetime=timeout_s, search=False, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            found = None
        except (dns.resolver.LifetimeTimeout, OSError) as error:
            self._note_silence()
            raise DnsUnavailable(f"no answer about {name}") from error
        except dns.exception.DNSException as error:
            raise DnsUnavailable(f"trouble with {name}: {type(error).__name__}") from error
        else:
            found = tuple(_text(rdata) for rdata in answer.rrset or ())
        self._unanswered = 0
        return found

    def probe(self) -> float:
        """How many seconds an answer about the root takes.

        Raises:
            DnsUnavailable: there is none.
        """
        began = time.monotonic()
        try:
            self._probed.resolve(dns.name.root, "NS", lifetime=_PROBE_S, search=False)
        except (dns.exception.DNSException, OSError) as error:
            raise DnsUnavailable(
                f"{', '.join(map(str, self._probed.nameservers))} does not answer"
            ) from error
        return time.monotonic() - began

    def _note_silence(self) -> None:
        with self._lock:
            self._unanswered += 1
            if self._unanswered < _SILENT_AFTER or time.monotonic() < self._silent_until:
                return
            self._unanswered = 0
            try:
                self.probe()
            except DnsUnavailable:
                self._silent_until = time.monotonic() + _SILENCE_S


def _text(rdata: object) -> str:
    if isinstance(rdata, TXT):
        return b"".join(rdata.strings).decode("utf-8", "replace")
    if isinstance(rdata, MX):
        return f"{rdata.preference} {rdata.exchange.to_text(omit_final_dot=True)}"
    return str(rdata).removesuffix(".")
