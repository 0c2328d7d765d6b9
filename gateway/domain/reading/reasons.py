"""From a server's words and codes to a status, whether it is permanent, and a reason of rules/bounces.yaml."""

from __future__ import annotations

import re

from gateway.domain.bounce import FailedRecipient
from gateway.domain.reading.folding import fold
from gateway.domain.reading.tables import BounceReason, BounceTables

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.])([45])\d\d(?=[ \-:,\]])|(?<![\d.])([45])\d\d$")
_EXPIRED = "retry timeout exceeded"
_MAX_DIAGNOSTIC = 600


def judge(
    address: str, *, action: str, status: str, diagnostic: str, tables: BounceTables
) -> FailedRecipient:
    """One recipient of a report with its reason.

    Args:
        action: of RFC 3464, or empty when nothing said it.
        status: as it was reported, or empty.
        diagnostic: the server's words.
    """
    words = " ".join(diagnostic.split())[:_MAX_DIAGNOSTIC]
    folded = fold(words)
    named = _status(status, words)
    by_words = next((reason for reason in tables.reasons if reason.words.search(folded)), None)
    generic = not named or named[1:] in (".0.0", ".1.0", ".2.0", ".3.0", ".5.0", ".7.0")
    by_status = (
        None
        if not named
        else next(
            (one for one in tables.reasons if named in one.statuses or f"x{named[1:]}" in one.statuses), None
        )
    )
    reason = (by_words or by_status if generic else by_status or by_words) or tables.reasons[-1]
    if by_words and by_status and by_status.id in ("not-authorised", "user-unknown", "server-trouble"):
        # Servers say 5.7.1 and 5.1.1 for anything; their words are nearer to the truth.
        reason = by_words
    if not named:
        named = _without_status(reason, words, action)
    permanent = named[0] == "5" and action != "delayed"
    return FailedRecipient(
        address=address,
        status=named,
        action=action or ("failed" if permanent or named[0] == "4" else "delivered"),
        permanent=permanent,
        reason=reason.id,
        diagnostic=words,
    )


def _without_status(reason: BounceReason, words: str, action: str) -> str:
    """A status for a report that names none: the reply code's class, else 5 unless somebody still tries."""
    if reason.without_status[0] != "x":
        return reason.without_status
    found = _REPLY_CODE.search(words)
    code = (found[1] or found[2]) if found else "5"
    return ("4" if action == "delayed" or _EXPIRED in fold(words) else code) + reason.without_status[1:]


def _status(reported: str, words: str) -> str:
    found = _ENHANCED.search(reported)
    status = found[1] if found else ""
    if not status or status[1:] in (".0.0", ".3.0"):
        # The remote server's own code says more than the reporting one's summary.
        inner = _ENHANCED.search(words)
        if inner and inner[1][0] != "2":
            return inner[1]
    return status
