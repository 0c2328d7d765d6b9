"""Where in a stretch of new text the signature begins.

A stretch ends where a quote begins or where the mail does; what follows the first sign-off, signature
mark, line of a mail program or notice in it is the signature, when it looks like one.
"""

from __future__ import annotations

import re

from gateway.domain.reading.folding import fold
from gateway.domain.reading.headings import RULE_CHARS
from gateway.domain.reading.tables import SignatureTables

_TAIL_LINES = 60
_MAX_BLOCK = 25
_MAX_AFTER_SIGN_OFF = 18
_LONG_LINE = 110
_MAX_MOBILE = 120
_MAX_LINKED = 50
_MAX_PROGRAM = 64
_MAX_NAMES = 4
_FIRST_UNSPACED = "\u2e80"
WORD_MARKS = '*,.!;:()[]"«»<>#&-—–'
"""What is taken off the first word of a line before it is looked up."""
# Formal French ends in a sentence.
_FORMAL = (
    "je vous prie d agreer",
    "veuillez agreer",
    "je vous prie de croire",
    "veuillez recevoir",
    "dans cette attente je vous prie",
)
FORMAL_OPENERS = frozenset(("je", "veuillez", "dans"))
_WORD_END = re.compile(r"['’-]")
_MAX_SIGN_OFF = 90
_DASHED_NAME = re.compile(r"(?:[-–—~/]|— |– )[A-ZÀ-ÞĀ-Ž][\w'’.-]{1,20}(?: [A-ZÀ-ÞĀ-Ž][\w'’.-]{0,20}){0,2}")
_UNDERSCORES = re.compile(r"_{2,}")
_NAME_WORD = re.compile(r"[^\W\d_][\w'’.-]{0,30}")
_URL = re.compile(r"<?https?://\S{1,2000}>?")


def signature_start(lines: list[str], first: int, end: int, tables: SignatureTables, *, author: str) -> int:
    """The index of the first line of the signature in `lines[first:end]`, or `end` when there is none.

    Args:
        author: display name of the From line; a line that is it and nothing else begins a signature.
    """
    while end > first and not lines[end - 1].strip():
        end -= 1
    found = end
    openers = tables.openers
    name = fold(author) if " " in author else ""
    name_starts = (name.partition(" ")[0], author.casefold().partition(" ")[0]) if name else ()
    tail = end - _TAIL_LINES
    for at in range(first, end):
        line = lines[at]
        if not line or (at < tail and len(line) > _MAX_PROGRAM):
            continue
        if line[0] in "-_" and _is_mark(lines, at, end):
            found = at
            break
        word = line.split(None, 1)[0].strip(WORD_MARKS).casefold() if not line.isspace() else ""
        if "'" in word or "’" in word or "-" in word:
            word = _WORD_END.split(word)[0]
        if word not in openers and word not in name_starts and word[:1] < _FIRST_UNSPACED:
            continue
        if _is_mobile_line(lines, at, first, end, tables) or (
            at >= tail and _begins_here(lines, at, first, end, tables, name)
        ):
            found = at
            break
    return _without_rules(lines, first, _with_dashed_name(lines, first, found), end)


def _is_mark(lines: list[str], at: int, end: int) -> bool:
    """The signature separator of RFC 3676 section 4.3, or the line of underscores of mailing lists."""
    line = lines[at].rstrip()
    return (line == "--" or _UNDERSCORES.fullmatch(line) is not None) and _is_short(
        lines, at, end, _MAX_BLOCK
    )


def _is_mobile_line(lines: list[str], at: int, first: int, end: int, tables: SignatureTables) -> bool:
    line = lines[at].rstrip()
    return (
        len(line) <= _MAX_MOBILE
        and line[-1] not in ",;"
        and (line[-1] != "." or _is_last(lines, at, end))
        and _opens(lines, at, first)
        and _is_mobile(line, tables)
    )


def _is_last(lines: list[str], at: int, end: int) -> bool:
    return all(not lines[below].strip() for below in range(at + 1, min(end, at + _MAX_BLOCK)))


def _with_dashed_name(lines: list[str], first: int, found: int) -> int:
    """`-Chloe` on the last line of the text, after an empty one."""
    last = found - 1
    while last > first and not lines[last].strip():
        last -= 1
    if last > first and not lines[last - 1].strip() and _DASHED_NAME.fullmatch(lines[last].strip()):
        return last
    return found


def _begins_here(lines: list[str], at: int, first: int, end: int, tables: SignatureTables, name: str) -> bool:
    line = lines[at].strip()
    folded = fold(line[:_MAX_SIGN_OFF].strip("*"))
    if len(line) <= _MAX_SIGN_OFF:
        ends_text = folded in tables.sign_offs or (name and folded == name)
        if ends_text or folded.startswith(_FORMAL) or _is_sign_off_with_name(line, tables):
            return _is_short(lines, at, end, _MAX_AFTER_SIGN_OFF)
    return bool(tables.disclaimers.starts(folded)) and _opens(lines, at, first)


def _is_sign_off_with_name(line: str, tables: SignatureTables) -> bool:
    """`Cordialement, Chloé Petit` or `Bien à vous - Jean`: a sign-off, a mark, and names."""
    for mark in (",", " - ", " – ", ". ", "  "):
        head, found, rest = line.partition(mark)
        if found and fold(head) in tables.sign_offs:
            words = rest.strip(" .,!").split()
            return len(words) <= _MAX_NAMES and all(_is_name(word) for word in words)
    return False


def _is_name(word: str) -> bool:
    return _NAME_WORD.fullmatch(word) is not None and (
        word[0].isupper() or not word[0].isascii() or len(word) <= 3
    )


def _opens(lines: list[str], at: int, first: int) -> bool:
    """Whether a line begins a paragraph, or stands below a drawn line."""
    if at <= first:
        return True
    above = lines[at - 1].strip()
    return not above or not above.strip(RULE_CHARS + " ") or len(above) < _LONG_LINE


def _is_mobile(line: str, tables: SignatureTables) -> bool:
    """What a program adds; where it links to itself, "Sent from" and its name are enough."""
    bare = _URL.sub("", line)
    folded = fold(bare)
    if tables.mobile.is_one(folded):
        return True
    return (
        bare != line
        and len(folded) < _MAX_LINKED
        and folded.startswith(("sent from ", "sent by ", "envoye "))
    )


def _is_short(lines: list[str], at: int, end: int, most: int) -> bool:
    """Whether what follows looks like a signature: few lines, none of them prose."""
    count = 0
    for below in range(at + 1, end):
        bare = lines[below].strip()
        if not bare:
            continue
        count += 1
        if count > most:
            return False
        if len(bare) > _LONG_LINE and count <= 3 and " " in bare and "http" not in bare:
            # Prose right below is no signature; further down it may be a notice.
            return count > 1
    return True


def _without_rules(lines: list[str], first: int, found: int, end: int) -> int:
    """Take a drawn line right above the signature into it."""
    if found >= end:
        return found
    above = found - 1
    while above > first and not lines[above].strip():
        above -= 1
    bare = lines[above].strip()
    if above > first and bare and not bare.strip(RULE_CHARS + " ") and len(bare) >= 2:
        return above
    return found
