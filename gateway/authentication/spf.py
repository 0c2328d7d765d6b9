"""Whether the peer may send for a domain (RFC 7208): pyspf, asking through our own lookups."""

from __future__ import annotations

from typing import Any

import spf

from gateway.authentication.lookups import Lookups, domain_name
from gateway.domain.evidence import Finding
from gateway.errors import DnsUnavailable

_KINDS = {"TXT": "TXT", "MX": "MX", "A": "A", "AAAA": "AAAA", "PTR": "PTR"}


def spf_domain(reverse_path: str, helo: str) -> str | None:
    """MAIL FROM's domain, or what the peer calls itself when that is empty (section 2.4)."""
    domain = domain_name(reverse_path.rpartition("@")[2] if reverse_path else helo)
    return domain if domain and "." in domain and reverse_path.isascii() else None


def judge_spf(peer: str, reverse_path: str, helo: str, lookups: Lookups) -> Finding:
    """The result for `spf_domain`."""
    domain = spf_domain(reverse_path, helo)
    if domain is None:
        return Finding("spf", "none", "", "no domain to ask about")
    try:
        result, _, words = _Query(peer, reverse_path, helo, lookups).check()
    except DnsUnavailable as error:
        return Finding("spf", "temperror", domain, str(error))
    except Exception as error:  # noqa: BLE001  (pyspf raises whatever a strange record leads it to)
        return Finding("spf", "permerror", domain, f"the record cannot be read: {type(error).__name__}")
    return Finding("spf", str(result), domain, str(words)[:200] if "error" in str(result) else "")


class _Query(spf.query):  # type: ignore[misc]  # pyspf has no types
    """pyspf's algorithm without its resolver, its timers and its process-wide cache."""

    def __init__(self, peer: str, reverse_path: str, helo: str, lookups: Lookups) -> None:
        super().__init__(i=peer, s=reverse_path, h=helo)
        self._lookups = lookups

    def get_explanation(self, spec: str) -> str:
        """Nobody shows a stranger's explanation here, so none is fetched."""
        return ""

    def dns(self, name: str, qtype: str, *, ignore_void: bool = False) -> list[Any]:
        """What `spf.query.dns` gives: strings of bytes for TXT, pairs for MX, else names and addresses."""
        kind = _KINDS.get(qtype)
        try:
            found = self._lookups.records(str(name).rstrip(".").lower(), kind) if kind else ()  # type: ignore[arg-type]
        except DnsUnavailable:
            # Section 5.5: the peer's own servers answer for PTR, and their silence matches nothing.
            if kind != "PTR":
                raise
            found = ()
        if not found:
            if not ignore_void:
                self.void_lookups += 1
                if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                    raise spf.PermError("more lookups without an answer than RFC 7208 allows")
            return []
        if qtype == "TXT":
            return [(record.encode(),) for record in found]
        if qtype == "MX":
            pairs = (record.partition(" ") for record in found)
            return [(int(preference), host) for preference, _, host in pairs]
        return list(found)
