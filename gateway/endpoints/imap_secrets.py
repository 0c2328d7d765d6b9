"""Secrets are kept in files of their own, one a file."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import MailboxRefused


def read_secret(file: str) -> str:
    """What a file holds, without the line end.

    Raises:
        MailboxRefused: it cannot be read, or is empty.
    """
    try:
        secret = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise MailboxRefused(f"{file} cannot be read: {getattr(error, 'strerror', 'not UTF-8')}") from error
    if not secret:
        raise MailboxRefused(f"{file} is empty")
    return secret
