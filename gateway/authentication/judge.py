"""`ports.Judge`: who judges a mail, and all mails of a batch at the same time."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from gateway.authentication.lookups import Lookups
from gateway.authentication.relayed import judge_by_relay
from gateway.domain.envelope import Envelope
from gateway.domain.evidence import Judgement
from gateway.ports import Claim, Resolver

# All questions of a batch end by then, whatever the DNS does.
BATCH_S = 4.0
# As many as a batch has mails: one with slow servers takes nobody else's time.
_AT_ONCE = 32


class MailJudge:
    """Takes a listed relay's word, else looks for itself.

    Args:
        resolver: None when nothing is to be looked up (`trust.verify` is `off`).
        authserv_ids: whose Authentication-Results count.
        relays: networks from which they do, and channels for mail that comes without an address.
    """

    def __init__(
        self, resolver: Resolver | None, *, authserv_ids: Sequence[str] = (), relays: Sequence[str] = ()
    ) -> None:
        self._resolver = resolver
        self._authserv_ids = frozenset(one.lower() for one in authserv_ids)
        self._channels = frozenset(one for one in relays if one.isalpha())
        self._networks = [ipaddress.ip_network(one) for one in relays if one not in self._channels]

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="judge")

    def judge(self, claims: Sequence[Claim]) -> list[Judgement]:
        """See `ports.Judge`."""
        deadline = time.monotonic() + BATCH_S
        asking = [claim for claim in claims if self._is_worth_asking(claim)]
        if not asking:
            return [Judgement()] * len(claims)
        if len(asking) == 1:
            judged = [self._judge(asking[0], deadline)]
        else:
            judged = list(self._threads.map(lambda claim: self._judge(claim, deadline), asking))
        by_claim = {id(claim): judgement for claim, judgement in zip(asking, judged, strict=True)}
        return [by_claim.get(id(claim), Judgement()) for claim in claims]

    def _is_worth_asking(self, claim: Claim) -> bool:
        if self._is_relay(claim.envelope):
            return True
        if self._resolver is None:
            return False
        return "dkim-signature" in claim.mail.headers or is_public(claim.envelope.peer)

    def _is_relay(self, envelope: Envelope) -> bool:
        if not self._authserv_ids:
            return False
        if not envelope.peer:
            return envelope.channel in self._channels
        address = _address(envelope.peer)
        return address is not None and any(address in network for network in self._networks)

    def _judge(self, claim: Claim, deadline: float) -> Judgement:
        lookups = None if self._resolver is None else Lookups(self._resolver, deadline=deadline)
        if self._is_relay(claim.envelope):
            return judge_by_relay(claim, self._authserv_ids, lookups)
        if lookups is None:
            return Judgement()
        # Cryptography is 7 MiB, which a desk without signed mail need not carry.
        from gateway.authentication.own import judge_ourselves

        return judge_ourselves(claim, lookups, is_border=is_public(claim.envelope.peer))


def is_public(peer: str) -> bool:
    """Whether SPF can say anything of a peer: one of our own machines is no border (RFC 7208 section 2.5)."""
    address = _address(peer)
    return address is not None and address.is_global


def _address(peer: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
