"""Fetching from one mailbox: size, bytes, store, commit, and only then move, flag or delete.

Nothing depends on flags: what is to be fetched is told by UIDVALIDITY and UID alone, so it does not
matter what somebody reads meanwhile. A mail that is fetched twice, because something died between the
commit and the move or because two gateways look at one mailbox, is recognised by its position.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from gateway import faults
from gateway.domain.desk import Desk
from gateway.domain.mailbox import MailboxState, Position
from gateway.endpoints.imap_envelope import envelope_of
from gateway.endpoints.imap_first import begin, is_history
from gateway.endpoints.imap_session import Described, Folder, MailboxSession
from gateway.errors import GatewayError, MailboxRefused, MailboxUnavailable
from gateway.ports import (
    Alarms,
    Bell,
    Clock,
    LedgerStore,
    NewMail,
    Signer,
)
from gateway.settings import MailboxSettings

log = logging.getLogger(__name__)

_DESCRIBED_TOGETHER = 100
_BATCH_MAILS = 16
_BATCH_BYTES = 4 << 20
# A mail at which the connection was lost so many times is left where it is.
_MOST_FAILURES = 3
# So long; then it is tried once more.
_LEFT_S = 900.0


class MailboxStore(Protocol):
    """What is remembered of the mailboxes that mail is fetched from."""

    def open(self, name: str, place: str) -> MailboxState:
        """The mailbox's row, made when it is not there yet."""

    def save(self, state: MailboxState) -> None:
        """The row as it is from now on."""

    def put_away(self, mailbox: int, uidvalidity: int) -> set[int]:
        """The UIDs whose mail is stored and has been moved, flagged or deleted."""

    def mark_put_away(self, mailbox: int, uidvalidity: int, uids: Sequence[int], *, now: datetime) -> None:
        """Those have been moved, flagged or deleted."""

    def take_back(self, mailbox: int, uidvalidity: int, uids: Sequence[int]) -> None:
        """Those are the numbers of other mails from here on."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """What fetching needs of the rest of the gateway.

    Attributes:
        current: the desk and the signer as they are now.
    """

    mailboxes: MailboxStore
    ledger: LedgerStore
    alarms: Alarms
    bell: Bell
    clock: Clock
    current: Callable[[], tuple[Desk, Signer]]
    max_message_bytes: int


class MailboxSync:
    """What is known of one mailbox from one look to the next.

    Args:
        ended: when it is set, a look ends after the mails that it has in hand.

    Attributes:
        last_sign: when the server last gave something; monotonic.
        stored: how many mails have been stored.
    """

    def __init__(
        self, settings: MailboxSettings, place: str, fetching: Fetching, ended: threading.Event
    ) -> None:
        self.last_sign = time.monotonic()
        self.stored = 0
        self._ended = ended
        self._settings = settings
        self._place = place
        self._fetching = fetching
        self._done: set[int] = set()
        self._done_under = 0
        self._failures: Counter[int] = Counter()
        self._again_at: dict[int, float] = {}
        self._waiting: set[int] = set()
        self._left: dict[int, str] = {}
        self._trouble = ""

    def look(self, session: MailboxSession, *, is_new: bool) -> bool:
        """Fetch all that is there and new; False when somebody has to decide on old mail first.

        Args:
            is_new: it is the session's first look: what was known of the last one's is forgotten.

        Raises:
            MailboxRefused, MailboxUnavailable, StorageUnavailable: nothing is lost, nothing is moved
                that is not stored.
        """
        # Each look opens the folder again, so that it sees when its mails are numbered anew.
        folder = session.select(self._settings.folder)
        state = self._begin(folder)
        if not state.first_sync:
            return False
        if is_new or self._done_under != state.uidvalidity:
            self._forget(state, folder, can_remove=session.can_remove())
        self._left, self._trouble = {}, ""
        above = state.history_uid if state.first_sync == "new-only" else 0
        wanted = [uid for uid in session.uids(above, folder) if uid not in self._done]
        # Where the connection was lost before, it may be again: the others come first.
        wanted.sort(key=lambda uid: (uid in self._waiting, self._failures[uid], uid))
        waiting = sorted(self._waiting & self._done)
        for start in range(0, len(wanted), _DESCRIBED_TOGETHER):
            if self._ended.is_set():
                return True
            self._take(session, state, wanted[start : start + _DESCRIBED_TOGETHER])
        if waiting:
            self._put_away_again(session, state, waiting)
        self._report()
        self._fetching.mailboxes.save(replace(state, looked_at=self._fetching.clock.now()))
        return True

    def _begin(self, folder: Folder) -> MailboxState:
        fetching = self._fetching
        before = fetching.mailboxes.open(self._settings.name, self._place)
        state = begin(before, folder, self._settings.first_sync, now=fetching.clock.now())
        if state.reason:
            state = replace(state, reason="")
        if state != before:
            if before.uidvalidity not in {0, state.uidvalidity}:
                log.warning("mailbox.numbered-anew", extra={"mailbox": state.name})
            fetching.mailboxes.save(state)
        return state

    def _forget(self, state: MailboxState, folder: Folder, *, can_remove: bool) -> None:
        if self._done_under != state.uidvalidity:
            self._failures.clear()
            self._waiting.clear()
        self._done_under = state.uidvalidity
        self._done = set()
        if self._settings.after == "seen" or not can_remove:
            # They stay in the folder. What was moved or deleted and is there all the same is another
            # mail under the same UID, or was not moved: the ledger will tell.
            mailboxes = self._fetching.mailboxes
            self._done = mailboxes.put_away(state.id, state.uidvalidity)
            given_again = [uid for uid in self._done if uid >= folder.uidnext]
            if given_again:
                # A mailbox from a backup: what comes under these numbers is other mail.
                log.warning("mailbox.numbers-given-again", extra={"mailbox": state.name})
                mailboxes.take_back(state.id, state.uidvalidity, given_again)
                self._done.difference_update(given_again)

    def _describe(self, session: MailboxSession, uids: Sequence[int]) -> dict[int, Described]:
        """Of all; where the server says no, each alone, for one must not hold up the others."""
        try:
            return session.describe(uids)
        except MailboxRefused as error:
            if len(uids) == 1:
                self._left[uids[0]] = str(error)
                return {}
        return {uid: found for one in uids for uid, found in self._describe(session, [one]).items()}

    def _take(self, session: MailboxSession, state: MailboxState, uids: Sequence[int]) -> None:
        described = self._describe(session, uids)
        self._heard(uids)
        for batch in self._batches(session, state, uids, described):
            faults.reached("mailbox.fetched")
            stored = self._store(batch)
            if stored:
                faults.reached("mailbox.stored")
                self._fetching.bell.ring("inbound")
                self._put_away(session, state, stored)

    def _batches(
        self,
        session: MailboxSession,
        state: MailboxState,
        uids: Sequence[int],
        described: Mapping[int, Described],
    ) -> Iterator[list[NewMail]]:
        batch: list[NewMail] = []
        for uid in uids:
            # A mail that is not described has been moved by somebody.
            if uid not in described or not self._is_wanted(state, uid, described[uid]):
                continue
            mail = self._fetch(session, state, uid, described[uid])
            if mail is not None:
                batch.append(mail)
            if len(batch) >= _BATCH_MAILS or sum(each.size for each in batch) >= _BATCH_BYTES:
                yield batch
                batch = []
        if batch:
            yield batch

    def _is_wanted(self, state: MailboxState, uid: int, found: Described) -> bool:
        if state.first_sync == "new-only" and is_history(state, uid, found.received_at):
            self._done.add(uid)
            return False
        if found.size > self._fetching.max_message_bytes:
            self._left[uid] = f"has {found.size} bytes, more than smtp.max_message_bytes"
            return False
        if self._failures[uid] >= _MOST_FAILURES:
            if time.monotonic() < self._again_at[uid]:
                self._left[uid] = "could not be read or stored"
                return False
            self._failed(uid, 0)
        return True

    def _failed(self, uid: int, times: int) -> None:
        """So often in all; a mail that is left is tried again after a while."""
        self._failures[uid] = times
        if times >= _MOST_FAILURES:
            self._again_at[uid] = time.monotonic() + _LEFT_S

    def _heard(self, uids: Sequence[int]) -> None:
        """The server has given something of these; what waits to be put away was heard before."""
        if not self._waiting.issuperset(uids):
            self.last_sign = time.monotonic()

    def _fetch(
        self, session: MailboxSession, state: MailboxState, uid: int, found: Described
    ) -> NewMail | None:
        try:
            raw = session.fetch(uid, size=found.size)
        except MailboxUnavailable:
            self._failed(uid, self._failures[uid] + 1)
            raise
        except MailboxRefused as error:
            self._failed(uid, _MOST_FAILURES)
            self._left[uid] = str(error)
            return None
        self._heard([uid])
        if raw is None:
            return None
        if len(raw) > self._fetching.max_message_bytes:
            self._failed(uid, _MOST_FAILURES)
            self._left[uid] = f"has {len(raw)} bytes, more than was said and than smtp.max_message_bytes"
            return None
        now = self._fetching.clock.now()
        desk, signer = self._fetching.current()
        envelope = envelope_of(
            raw,
            self._settings.recipient,
            desk,
            signer,
            tls=self._settings.tls == "implicit",
            received_at=min(found.received_at or now, now),
            historic=is_history(state, uid, found.received_at),
        )
        return NewMail(envelope, (raw,), len(raw), Position(state.id, state.uidvalidity, uid))

    def _store(self, batch: list[NewMail]) -> list[int]:
        """The UIDs of the mails that are now on disk."""
        try:
            self._fetching.ledger.append(batch)
        except GatewayError:
            raise
        except Exception:
            if len(batch) > 1:
                # One of them cannot be stored as it is: the others need not suffer for it.
                return [uid for mail in batch for uid in self._store([mail])]
            uid = _uid(batch[0])
            log.exception("mail.not-stored", extra={"mailbox": self._settings.name, "uid": uid})
            self._failed(uid, _MOST_FAILURES)
            self._left[uid] = "could not be stored"
            return []
        uids = [_uid(mail) for mail in batch]
        self.stored += len(uids)
        log.info("mailbox.stored", extra={"mailbox": self._settings.name, "uids": ",".join(map(str, uids))})
        return uids

    def _put_away(self, session: MailboxSession, state: MailboxState, uids: list[int]) -> None:
        self._done.update(uids)
        self._waiting.update(uids)
        for uid in uids:
            self._failures.pop(uid, None)
        try:
            session.put_away(uids, self._settings.after)
        except MailboxRefused as error:
            # They are stored, and new mail still comes in; the next look tries again.
            self._trouble = str(error)
            return
        self._waiting.difference_update(uids)
        faults.reached("mailbox.moved")
        self._fetching.mailboxes.mark_put_away(
            state.id, state.uidvalidity, uids, now=self._fetching.clock.now()
        )
        faults.reached("mailbox.marked")

    def _put_away_again(self, session: MailboxSession, state: MailboxState, uids: list[int]) -> None:
        """What was refused in an earlier look of this session: somebody may have made room, or taken the folder."""
        verb, _, target = self._settings.after.partition(":")
        if verb == "move":
            session.make_folder(target)
        for start in range(0, len(uids), _DESCRIBED_TOGETHER):
            if self._trouble:
                return
            self._put_away(session, state, uids[start : start + _DESCRIBED_TOGETHER])

    def _report(self) -> None:
        key = f"mailbox {self._settings.name} left"
        if self._left:
            uid, why = min(self._left.items())
            count = len(self._left)
            self._fetching.alarms.sound(key, f"{count} stay in the mailbox unread by us; UID {uid} {why}")
        elif self._trouble:
            self._fetching.alarms.sound(key, self._trouble)
        else:
            self._fetching.alarms.end(key)


def _uid(mail: NewMail) -> int:
    if mail.position is None:
        raise ValueError("a fetched mail has a position")
    return mail.position.uid
