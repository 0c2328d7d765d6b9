"""Nothing of the gateway's insides is seen outside: not in an SMTP answer, not in a mail."""

from __future__ import annotations

import email
import re
from collections.abc import Iterable

from tests.torture.table import MARK

# What a program says of its own trouble, and no desk ever writes to a customer.
_INSIDES = re.compile(
    rf"{MARK}|Traceback|File \"|, line \d+|[A-Za-z]+(?:Error|Exception)\b|errno|sqlalchemy|sqlite3|psycopg"
    r"|dramatiq|gateway[./]\w+|/(?:tmp|var|usr|work|home)/\w|No space left|disk is full"
)


def insides(texts: Iterable[str]) -> list[str]:
    """Every piece of text that only somebody inside should read."""
    return [found[0] for text in texts for found in _INSIDES.finditer(text)]


def readable(raw: bytes) -> str:
    """Headers and text parts of a mail, decoded."""
    message = email.message_from_bytes(raw)
    parts = [f"{name}: {value}" for name, value in message.items()]
    for part in message.walk():
        if part.get_content_maintype() == "text":
            payload = part.get_payload(decode=True)
            parts.append(payload.decode("utf-8", "replace") if isinstance(payload, bytes) else "")
    return "\n".join(parts)
