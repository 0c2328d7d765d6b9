"""The desk's own words in an answer, recognised by what we sent, however a client has mangled them.

Some clients quote with no mark at all, wrap the lines anew or drop the line above. When the
notification that a mail answers is known, its text is known too: whatever repeats it is no news.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.domain.reading.folding import fold
from gateway.domain.zones import Zones

_WORDS = 5
_SHARE = 0.6


def set_aside_own(zones: Zones, sent: str) -> Zones:
    """`zones` with the lines of the reply that repeat `sent` moved to the quote.

    A line is ours when most of its runs of five words stand in `sent`; a shorter one when it stands
    there whole, next to a line of ours. A reply that would be empty is left as it is.

    Args:
        sent: the text part of the notification that the mail answers.
    """
    words = fold(sent).split()
    known = set(_runs(words))
    if not known or not zones.reply:
        return zones
    lines = zones.reply.split("\n")
    ours = [_repeats(fold(line).split(), known) for line in lines]
    if not any(ours):
        return zones
    whole = f" {' '.join(words)} "
    for order in (range(len(lines)), range(len(lines) - 1, -1, -1)):
        beside = False
        for at in order:
            folded = fold(lines[at])
            if folded and not ours[at]:
                ours[at] = beside and f" {folded} " in whole
            beside = ours[at] if folded else beside
    reply = "\n".join(line for line, own in zip(lines, ours, strict=True) if not own).strip("\n")
    if not reply.strip():
        return zones
    moved = "\n".join(line for line, own in zip(lines, ours, strict=True) if own).strip("\n")
    return Zones(reply, zones.signature, f"{moved}\n\n{zones.quoted}".strip("\n"))


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[at : at + _WORDS]) for at in range(len(words) - _WORDS + 1))


def _repeats(words: list[str], known: set[tuple[str, ...]]) -> bool:
    runs = list(_runs(words))
    return bool(runs) and sum(run in known for run in runs) >= _SHARE * len(runs)
