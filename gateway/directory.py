"""The desk as a process holds it in memory, and the reception that asks it for recipients."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from gateway.authentication.tokens import TokenSigner
from gateway.domain.desk import Desk
from gateway.domain.envelope import Envelope
from gateway.errors import ForgedToken, GatewayError, StorageUnavailable, UnknownRecipient
from gateway.pipeline.receive import check_recipient
from gateway.pipeline.store_raw import GroupCommit
from gateway.ports import Bell, Signer
from gateway.storage.desk import DeskStore
from gateway.storage.inbound import Ledger

_REFRESH_S = 1.0


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251  (the adapter that everybody else asks)


class Directory:
    """The desk and the signer, held in memory and looked up again when the desk's version grows."""

    def __init__(self, store: DeskStore, clock: SystemClock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[Desk, TokenSigner] | None = None
        self._looked_at = 0.0
        self.is_fresh = False

    def current(self) -> tuple[Desk, Signer]:
        """At most a second old.

        Raises:
            NotFound: no desk has been loaded.
            StorageUnavailable: nothing is held, and nothing can be read.
        """
        with self._lock:
            if self._held is None or time.monotonic() - self._looked_at > _REFRESH_S:
                self.refresh()
            if self._held is None:
                raise StorageUnavailable("the desk has not been read yet")
            return self._held

    def held(self) -> tuple[Desk, Signer]:
        """What was read last, without looking: never blocks."""
        if self._held is None:
            raise StorageUnavailable("the desk has not been read yet")
        return self._held

    def refresh(self) -> None:
        """Look whether the desk has changed; what is held stays when nobody can tell."""
        try:
            if self._held is None or self._store.version() != self._held[0].version:
                # The desk first: keys that are made meanwhile belong to a version that is yet to be seen.
                desk = self._store.desk()
                keys, signing = self._store.keys(now=self._clock.now())
                self._held = (desk, TokenSigner(keys, signing=signing))
        except StorageUnavailable:
            self.is_fresh = False
            if self._held is None:
                raise
        else:
            self.is_fresh = True
        self._looked_at = time.monotonic()


class Intake:
    """`ports.Reception`: recipients from memory, mail by group commit."""

    def __init__(self, directory: Directory, ledger: Ledger, bell: Bell) -> None:
        self._directory = directory
        self._group = GroupCommit(ledger, bell)
        self._ended = threading.Event()
        self._refresher = threading.Thread(target=self._refresh, name="directory", daemon=True)

    def start(self) -> None:
        """Read the desk, then begin to take mail."""
        self._directory.refresh()
        self._group.start()
        self._refresher.start()

    def stop(self) -> None:
        """Commit what is waiting, and end."""
        self._ended.set()
        self._group.stop()
        self._refresher.join()

    def check_recipient(self, address: str) -> None:
        """See `ports.Reception`."""
        desk, signer = self._directory.held()
        try:
            check_recipient(address, desk, signer)
        except (UnknownRecipient, ForgedToken) as error:
            if not self._directory.is_fresh:
                # It may have been made while nobody could look.
                raise StorageUnavailable("the desk cannot be looked up") from error
            raise

    async def store(self, envelope: Envelope, content: Iterable[bytes], size: int) -> int:
        """See `ports.Reception`."""
        return await self._group.store(envelope, content, size)

    def _refresh(self) -> None:
        while not self._ended.wait(_REFRESH_S):
            try:
                self._directory.refresh()
            except GatewayError:
                # Nothing but a missing database, which the next mail will be told of.
                continue
