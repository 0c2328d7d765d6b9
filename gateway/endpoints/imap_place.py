"""What a mailbox's row is kept under, beside its name."""

from __future__ import annotations

from gateway.settings import MailboxSettings


def place_of(settings: MailboxSettings) -> str:
    """`user@host/folder`: another place under the same name is another mailbox, with old mail of its own."""
    return f"{settings.user}@{settings.host}/{settings.folder}"
