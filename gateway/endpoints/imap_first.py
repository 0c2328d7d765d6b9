"""The first look at a mailbox, and the first after its mails were numbered anew: what is old mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gateway.domain.mailbox import MailboxState
from gateway.endpoints.imap_session import Folder


def begin(state: MailboxState, folder: Folder, first_sync: str, *, now: datetime) -> MailboxState:
    """The state with which a look at `folder` begins; the same one when nothing is new.

    Args:
        first_sync: the setting: `ask`, `all` or `new-only`.
    """
    if state.uidvalidity == folder.uidvalidity:
        if not state.first_sync and first_sync != "ask":
            # Whoever changes the setting has decided.
            return replace(state, first_sync=first_sync)
        if state.history_uid >= folder.uidnext:
            # A mailbox from a backup, which gives numbers again: old mail is told by its date from here on.
            return replace(state, history_uid=0)
        return state
    if state.first_sync and state.uidvalidity:
        # Numbered anew (RFC 9051 section 2.3.1.1): old mail is told by its date from here on.
        return replace(state, uidvalidity=folder.uidvalidity, history_uid=0)
    decided = "" if first_sync == "ask" else first_sync
    if not folder.mails:
        return replace(state, uidvalidity=folder.uidvalidity, first_sync=decided or "new-only")
    return replace(
        state,
        uidvalidity=folder.uidvalidity,
        first_sync=decided,
        history_uid=folder.uidnext - 1,
        history_until=now,
        history_mails=folder.mails,
    )


def is_history(state: MailboxState, uid: int, received_at: datetime | None) -> bool:
    """Whether a mail was there before the gateway looked for the first time."""
    if state.history_until is None:
        return False
    if state.history_uid:
        return uid <= state.history_uid
    return received_at is not None and received_at <= state.history_until
