"""The ledger's law, held against the store: what was found, article by article, as it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.finding import Finding
from gateway.errors import StorageDamaged
from gateway.ports import Clock

# What hashing takes at most from a disk and a core that the desk is working with.
BYTES_A_SECOND = 64 << 20
_SHOWN = 20
_DAMAGED = "stop the gateway, keep the file, restore the last good backup, and look at the disk"
_LOST = "restore them from the last good backup (`gateway restore`), and look at the disk"


class AuditedStore(Protocol):
    """The database as whoever audits it sees it."""

    def law(self, now: datetime) -> Iterator[Finding]:
        """Every article of the law, all at one instant."""

    def engine(self) -> Finding:
        """What the engine finds in its own files."""

    def mails(self) -> int:
        """How many there are to hash."""

    def rehash(self, after: int) -> tuple[int, int, int, list[int]] | None:
        """Hash some mails behind an id: the last id, mails, bytes, the ids that are wrong; None at the end."""


@dataclass(frozen=True, slots=True)
class Auditor:
    """Audits one store.

    Attributes:
        rest: waits so many seconds.
        monotonic: seconds since whenever.
        progress: told, now and then, what is being done.
        rate: bytes to hash in a second, at most.
    """

    store: AuditedStore
    clock: Clock
    monotonic: Callable[[], float]
    rest: Callable[[float], None]
    progress: Callable[[str], None]
    rate: int = BYTES_A_SECOND

    def audit(self, *, quick: bool) -> Iterator[Finding]:
        """All findings.

        Args:
            quick: without what reads every byte: the engine's own check, and hashing the mails anew.
        """
        law = self.store.law(self.clock.now())
        for look in [law] if quick else [law, self._engine(), self._hashes()]:
            try:
                yield from look
            except StorageDamaged as error:
                # What can still be read is looked at all the same.
                yield Finding("readable", str(error), _DAMAGED, count=1)

    def _engine(self) -> Iterator[Finding]:
        yield self.store.engine()

    def _hashes(self) -> Iterator[Finding]:
        """Whether each mail's bytes are those that were received, at a bounded rate."""
        mails = self.store.mails()
        begun = self.monotonic()
        last, done, volume, wrong = 0, 0, 0, list[int]()
        while (batch := self.store.rehash(last)) is not None:
            last, count, size, found = batch
            done, volume, wrong = done + count, volume + size, wrong + found
            self.progress(f"hashed {done} of {mails} mails, {volume >> 20} MiB")
            ahead_s = volume / self.rate - (self.monotonic() - begun)
            if ahead_s > 0:
                self.rest(ahead_s)
        if not wrong:
            yield Finding("hashes", f"{done} mails hashed anew ({volume} bytes), each as it was received")
            return
        rows = tuple(map(str, wrong[:_SHOWN]))
        remark = f"{len(wrong)} of {done} mails are not as they were received"
        yield Finding("hashes", remark, _LOST, rows, len(wrong))
