"""One connection to one mailbox, in the few words that fetching needs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from imapclient import IMAPClient
from imapclient.exceptions import (
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
    ProtocolError,
)

from gateway import faults
from gateway.domain.text import clean_line
from gateway.endpoints.imap_connection import ANSWER_BYTES, BoundedClient
from gateway.errors import MailboxRefused, MailboxUnavailable

# RFC 5530 section 3: it may be otherwise in a moment.
_PASSING = ("[UNAVAILABLE]", "[INUSE]", "[SERVERBUG]", "[LIMIT]", "[CONTACTADMIN]")
# Servers announce all UIDs on one line, and imaplib reads lines up to a million bytes.
_UIDS_A_LINE = 50_000
_IDLE_STEP_S = 1.0


@dataclass(frozen=True, slots=True)
class Folder:
    """What SELECT says of a folder; `uidnext` is above every UID in it."""

    uidvalidity: int
    uidnext: int
    mails: int


@dataclass(frozen=True, slots=True)
class Described:
    """A mail before it is fetched: bytes, and when the server got it (aware), if it says so."""

    size: int
    received_at: datetime | None


class MailboxSession:
    """Speaks with the server.

    Every method raises MailboxUnavailable when the connection is lost or the answer makes no sense,
    and MailboxRefused when the server says no.
    """

    def __init__(self, client: BoundedClient) -> None:
        self.client = client
        self._idles = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *details: object) -> None:
        if error is None:
            self.close()
        self.hang_up()

    def select(self, folder: str) -> Folder:
        """Open the folder for reading and writing."""
        with spoken("the folder cannot be opened"):
            self.client.allow()
            said = self.client.select_folder(folder)
            mails = int(said.get(b"EXISTS", 0))
            # RFC 9051 section 6.3.2: SELECT says it; where it does not, the last mail's UID does.
            uidnext = int(said.get(b"UIDNEXT", 0)) or self._last_uid(mails) + 1
            found = Folder(int(said.get(b"UIDVALIDITY", 0)), uidnext, mails)
        if not found.uidvalidity:
            raise MailboxRefused("the server does not number the folder's mails (no UIDVALIDITY)")
        return found

    def _last_uid(self, mails: int) -> int:
        return max(self.client.search([str(mails)])) if mails else 0

    def make_folder(self, folder: str) -> None:
        """Have the folder that fetched mail is moved to."""
        with spoken(f"the folder {folder} is not there and cannot be made"):
            self.client.allow()
            if self.client.folder_exists(folder):
                return
            try:
                self.client.create_folder(folder)
            except IMAPClientAbortError:
                raise
            except IMAPClientError:
                # Another mailbox of the account may have made it since we looked.
                if not self.client.folder_exists(folder):
                    raise

    def uids(self, after: int, folder: Folder) -> list[int]:
        """The UIDs greater than `after`, ascending."""
        found: set[int] = set()
        # A folder that is not known to be small is asked for in pieces.
        step = _UIDS_A_LINE if folder.mails > _UIDS_A_LINE else 0
        start = after + 1
        while True:
            end = str(start + step - 1) if step else "*"
            with spoken("the mails cannot be listed"):
                self.client.allow()
                found.update(int(uid) for uid in self.client.search(["UID", f"{start}:{end}"]))
            start += step
            if not step or start >= folder.uidnext:
                break
        # `7:*` is the last mail even when that is number 5.
        return sorted(uid for uid in found if uid > after)

    def describe(self, uids: Sequence[int]) -> dict[int, Described]:
        """Sizes and dates; a mail that is not there any more is left out.

        Raises:
            MailboxRefused: the server says no to one of them at least, for now or for ever.
        """
        with spoken("the mails' sizes cannot be read", no=MailboxRefused):
            self.client.allow()
            said = self.client.fetch(list(uids), ["RFC822.SIZE", "INTERNALDATE"])
            return {
                uid: Described(int(items[b"RFC822.SIZE"]), _instant(items.get(b"INTERNALDATE")))
                for uid, items in said.items()
                if b"RFC822.SIZE" in items
            }

    def fetch(self, uid: int, *, size: int) -> bytes | None:
        """A mail as it is, its flags untouched; None when it is not there any more.

        Args:
            size: what the server has said of it; an answer of much more is not read.
        """
        with spoken(f"mail {uid} cannot be read"):
            self.client.allow(size + size // 8 + ANSWER_BYTES)
            items = self.client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {})
        content = items.get(b"BODY[]")
        if content is None and b"BODY[]" not in items:
            return None
        if not content or not isinstance(content, bytes):
            raise MailboxRefused(f"mail {uid} cannot be read: it is empty")
        return content

    def put_away(self, uids: Sequence[int], after: str) -> None:
        """Do with stored mails what `after` says: `move:FOLDER`, `seen` or `delete`.

        Raises:
            MailboxRefused: the server says no, for now or for ever.
        """
        verb, _, target = after.partition(":")
        chosen = list(uids)
        with spoken("stored mails cannot be put away", no=MailboxRefused):
            self.client.allow()
            if verb == "seen":
                self.client.add_flags(chosen, [rb"\Seen"], silent=True)
            elif verb == "move" and self.client.has_capability("MOVE"):
                self.client.move(chosen, target)
            else:
                if verb == "move":
                    self.client.copy(chosen, target)
                    faults.reached("mailbox.copied")
                self._remove(chosen)

    def can_remove(self) -> bool:
        """Whether single mails can be taken out of the folder."""
        with spoken("the server does not say what it can"):
            self.client.allow()
            return any(self.client.has_capability(each) for each in ("MOVE", "UIDPLUS"))

    def _remove(self, uids: list[int]) -> None:
        r"""Delete these and no others.

        A server without UIDPLUS (RFC 4315) expunges whatever carries \Deleted: where somebody has
        flagged other mails, ours stay, flagged, until they expunge.
        """
        self.client.delete_messages(uids, silent=True)
        if self.client.has_capability("UIDPLUS"):
            self.client.uid_expunge(uids)
        elif set(self.client.search(["DELETED"])) <= set(uids):
            self.client.expunge()

    def wait(self, seconds: float, ended: threading.Event) -> None:
        """Return when the server announces something, after `seconds`, or when it is time to end."""
        deadline = time.monotonic() + seconds
        if not self._can_idle() or (announced := self._begin_idle()) is None:
            ended.wait(seconds)
            return
        with spoken("the server does not idle", no=MailboxUnavailable):
            while not announced and not self.client.has_unread() and not ended.is_set():
                begun = time.monotonic()
                heard = self.client.idle_check(timeout=max(0.0, min(_IDLE_STEP_S, deadline - begun)))
                # A connection that has ended is readable, and says nothing.
                at_once = time.monotonic() - begun < _IDLE_STEP_S / 2
                if heard or at_once or time.monotonic() >= deadline:
                    break
            self.client.idle_done()

    def _can_idle(self) -> bool:
        if not self._idles:
            return False
        with spoken("the server does not say what it can"):
            self.client.allow()
            can: bool = self.client.has_capability("IDLE")
            return can

    def _begin_idle(self) -> bool | None:
        with spoken("the server does not idle", no=MailboxUnavailable):
            self.client.allow()
            announced = self.client.begin_idle()
        self._idles = announced is not None
        return announced

    def close(self) -> None:
        """Say goodbye to a server that answers."""
        with suppress(OSError, IMAPClientError):
            self.client.allow()
            self.client.logout()

    def hang_up(self) -> None:
        """End the connection without a word, to a server that may not answer any more."""
        with suppress(OSError, IMAPClientError):
            self.client.shutdown()


@contextmanager
def spoken(what: str, *, no: type[MailboxRefused | MailboxUnavailable] | None = None) -> Iterator[None]:
    """Tell apart, for one exchange, a server that says no from one that is gone or talks nonsense.

    Args:
        no: what its no is, whatever its words; None where it is for them to say.
    """
    try:
        yield
    except IMAPClientReadOnlyError as error:
        raise MailboxRefused(f"{what}: it is read-only") from error
    except (IMAPClientAbortError, ProtocolError, OSError) as error:
        raise MailboxUnavailable(f"{what}: {shown(error)}") from error
    except IMAPClientError as error:
        said = no or (MailboxUnavailable if is_passing(error) else MailboxRefused)
        raise said(f"{what}: {shown(error)}") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # IMAPClient reads answers as if they were always right.
        raise MailboxUnavailable(f"{what}: the answer makes no sense ({type(error).__name__})") from error


def is_passing(error: IMAPClient.Error) -> bool:
    """Whether a refusal may be over in a moment, by its response code."""
    words = str(error).upper()
    return any(code in words for code in _PASSING)


def shown(error: Exception) -> str:
    """The server's words, harmless and short."""
    return clean_line(str(error), limit=200) or type(error).__name__


def _instant(value: object) -> datetime | None:
    return value if isinstance(value, datetime) and value.tzinfo is not None else None
