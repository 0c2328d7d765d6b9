"""The prefixes of a subject: `Re:`, `TR :`, `AW[2]:`, and tags in brackets."""

from __future__ import annotations

import re

from gateway.domain.reading.folding import fold
from gateway.domain.reading.tables import QuoteTables

_PREFIX = re.compile(r"[ ]?([^\W\d_][^:：\[\]\d]{0,24}?)[ ]?(?:[\[(]\d{1,3}[\])])?[ ]?[:：][ ]?")
_TAG = re.compile(r"[ ]?\[[^\[\]]{0,60}\][ ]?")
_MAX_PREFIXES = 10
_LABEL_REACH = 20_000


def prefixes(subject: str, tables: QuoteTables) -> tuple[list[str], str]:
    """The folded reply and forward prefixes in order, and the subject without them; tags are kept."""
    found: list[str] = []
    tags = ""
    position = 0
    for _ in range(_MAX_PREFIXES):
        tag = _TAG.match(subject, position)
        if tag:
            tags += tag[0].strip() + " "
            position = tag.end()
            continue
        match = _PREFIX.match(subject, position)
        if match is None:
            break
        word = fold(match[1])
        if word not in tables.reply_prefixes and word not in tables.forward_prefixes:
            break
        found.append(word)
        position = match.end()
    return found, (tags + subject[position:]).strip()


def is_forwarding(subject: str, text: str, tables: QuoteTables) -> bool:
    """Whether the outermost prefix says that a mail is passed on.

    Args:
        text: of the body, which tells what a prefix means that two languages use.
    """
    if ":" not in subject and "：" not in subject:
        return False
    found, _ = prefixes(subject, tables)
    if not found:
        return False
    label = tables.forward_prefixes_by_label.get(found[0])
    if label is not None:
        return re.search(rf"(?mi)^[ *>]{{0,6}}{re.escape(label)}[ ]?:", text[:_LABEL_REACH]) is not None
    return found[0] in tables.forward_prefixes
