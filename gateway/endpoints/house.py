"""What all sessions of one process share: caps, limits of time, and the closing of the house."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gateway.endpoints import replies
from gateway.endpoints.replies import Reply
from gateway.ports import Clock, Reception

log = logging.getLogger(__name__)

# RFC 5321 section 4.5.3.2: five minutes a command, ten for the end of the data.
IDLE_LIMIT_S = 300.0
SESSION_LIMIT_S = 3600.0
DATA_GRACE_S = 30.0
LEAST_BYTES_PER_S = 500.0
LOOK_EVERY_S = 5.0


class Guest(Protocol):
    """A session as the house sees it; instants are the loop's."""

    peer: str
    busy: bool
    in_data: bool
    begun: float
    last_heard: float
    data_begun: float
    data_bytes: int

    def hang_up(self, reply: Reply) -> None:
        """Say a last word and close."""


@dataclass
class House:
    """Counts sessions, ends those that are idle or too slow, and lets nobody in when it closes.

    Attributes:
        tls: for STARTTLS, or None.
        spool: folder for mails of more than a mebibyte while they come in.
    """

    reception: Reception
    clock: Clock
    loop: asyncio.AbstractEventLoop
    hostname: str
    max_message_bytes: int
    max_connections: int
    max_connections_per_peer: int
    spool: Path
    tls: ssl.SSLContext | None = None
    closing: bool = False
    guests: set[Guest] = field(default_factory=set)
    _by_peer: Counter[str] = field(default_factory=Counter)

    def admit(self, guest: Guest) -> Reply | None:
        """Take a session in, or say why not."""
        if self.closing:
            return replies.SHUTTING_DOWN
        # A Unix socket has no peer: it is ours or the mail server's in front.
        crowded = bool(guest.peer) and self._by_peer[guest.peer] >= self.max_connections_per_peer
        if crowded or len(self.guests) >= self.max_connections:
            log.warning("session.refused", extra={"connections": len(self.guests)})
            return replies.TOO_MANY_CONNECTIONS
        self.guests.add(guest)
        self._by_peer[guest.peer] += 1
        return None

    def leave(self, guest: Guest) -> None:
        """A session has ended."""
        self.guests.discard(guest)
        self._by_peer[guest.peer] -= 1
        if not self._by_peer[guest.peer]:
            del self._by_peer[guest.peer]

    def look_around(self) -> None:
        """End the sessions that are idle, too old or too slow."""
        now = self.loop.time()
        for guest in list(self.guests):
            reply = _too_slow(guest, now)
            if reply is not None:
                guest.hang_up(reply)

    async def close(self, grace_s: float) -> None:
        """Let transfers that are under way end; the others are told to come again."""
        self.closing = True
        for guest in list(self.guests):
            if not guest.busy:
                guest.hang_up(replies.SHUTTING_DOWN)
        deadline = self.loop.time() + grace_s
        while self.guests and self.loop.time() < deadline:  # noqa: ASYNC110  (once in a process's life)
            await asyncio.sleep(0.02)
        for guest in list(self.guests):
            guest.hang_up(replies.SHUTTING_DOWN)
        await asyncio.sleep(0)


def _too_slow(guest: Guest, now: float) -> Reply | None:
    if guest.in_data:
        taken = now - guest.data_begun
        if taken > DATA_GRACE_S and guest.data_bytes < LEAST_BYTES_PER_S * taken:
            return replies.TOO_SLOW
    elif guest.busy:
        # It waits for us.
        return None
    if now - guest.last_heard > IDLE_LIMIT_S or now - guest.begun > SESSION_LIMIT_S:
        return replies.TIMED_OUT
    return None
