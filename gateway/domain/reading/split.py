"""A body split into its zones, in one pass over its lines.

Every line is new text, quote or signature; nothing is deleted. A mail of which nothing would be new
shows everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent

from gateway.domain.mail import Mark
from gateway.domain.reading.attribution import VERB_END, attribution_start
from gateway.domain.reading.folding import fold
from gateway.domain.reading.headings import (
    RULE_CHARS,
    HeaderBlock,
    is_rule,
    is_undrawn_separator,
    read_header_block,
    read_label,
    read_separator,
    read_unknown_block,
)
from gateway.domain.reading.signatures import signature_start
from gateway.domain.reading.tables import ReadingTables
from gateway.domain.zones import Zones

NEW, QUOTE, SIGNATURE = 0, 1, 2
_MIN_WRAPPED = 55
_LABEL_REACH = 34
# No mail that people write has as many lines that may open a quote; beyond them all is new text.
_MAX_TRIES = 3000
_MAX_MARKER = 100
_WRAPPED_COLON = 3
_SANDWICHED = re.compile(rb"\x01(?=\x00\x01)")
_RUNS = re.compile(rb"\x00+|\x01+|\x02+")


@dataclass(frozen=True, slots=True)
class History:
    """Where the mail below begins, when it is set off by more than quote marks.

    Attributes:
        first: index of its first line, the separator included.
        block: its copied header lines, or None.
        forwarded: True or False where the words above it say so, else None.
    """

    first: int
    block: HeaderBlock | None
    forwarded: bool | None

    def is_forward(self, *, forwarding: bool) -> bool:
        """Whether it is what the mail passes on, and not what it answers.

        Args:
            forwarding: whether the subject says so; some clients write the same words above both.
        """
        return bool(self.forwarded or (forwarding and (self.forwarded is None or self.block is not None)))


@dataclass(slots=True)
class Split:
    """The zones, and what a forward is read from.

    Attributes:
        has_new_text: false where nothing was newly written and everything is shown as the reply.
    """

    zones: Zones
    lines: list[str]
    history: History | None
    has_new_text: bool


def split(
    text: str, marks: tuple[Mark, ...], tables: ReadingTables, *, author: str, forwarding: bool
) -> Split:
    """Split a body.

    Args:
        author: display name of the writer.
        forwarding: whether the subject says that a mail is passed on.
    """
    scan = _Scan(text.split("\n"), marks, tables, forwarding=forwarding)
    scan.run()
    kinds, lines = scan.kinds, scan.lines
    forward = scan.history is not None and scan.history.is_forward(forwarding=forwarding)
    _close_wrapped_quotes(lines, kinds)
    _mark_signatures(lines, kinds, tables, author)
    zones = _zones(lines, kinds)
    has_new_text = bool(zones.reply.strip())
    if not has_new_text and not forward:
        kinds = bytearray(len(lines))
        if scan.history and scan.history.block and scan.history.first == _first_text(lines):
            # A mail that begins with copied header lines: what they stand above is what was sent.
            kinds[scan.history.first : scan.history.block.end] = bytes([QUOTE]) * (
                scan.history.block.end - scan.history.first
            )
        _mark_signatures(lines, kinds, tables, author)
        zones = _zones(lines, kinds)
        if not zones.reply.strip():
            zones = Zones(reply=text, signature="", quoted="")
    return Split(zones, lines, scan.history, has_new_text)


def _first_text(lines: list[str]) -> int:
    return next((at for at, line in enumerate(lines) if line.strip()), 0)


class _Scan:
    """One pass over the lines, from quote to quote."""

    def __init__(
        self, lines: list[str], marks: tuple[Mark, ...], tables: ReadingTables, *, forwarding: bool
    ) -> None:
        self.lines = lines
        self.kinds = bytearray(len(lines))
        self.history: History | None = None
        self._marks = marks
        self._tables = tables
        self._forwarding = forwarding
        self._last_end = 0
        self._tries = 0

    def run(self) -> None:
        """Find the quotes; stop where everything below is history."""
        kinds, verb_ends = self.kinds, self._tables.quotes.verb_ends
        self._apply_marks()
        for at, line in enumerate(self.lines):
            if kinds[at]:
                self._introduce(at)
                self._last_end = at + 1
            elif line:
                char = line[0]
                if char == ">" or (char == " " and line.lstrip()[:1] == ">"):
                    if line[-1] in ": ：" and self._quoted_heading(at):
                        return
                    if self._last_end != at and (self._introduce(at) or self._quoted_block(at)):
                        return
                    kinds[at] = QUOTE
                    self._last_end = at + 1
                elif (
                    ":" in line or char in RULE_CHARS or line[-VERB_END:] in verb_ends or "：" in line
                ) and self._opens_history(at, line):
                    return

    def _apply_marks(self) -> None:
        for mark in self._marks:
            kind = {"quote": QUOTE, "signature": SIGNATURE}.get(mark.kind, NEW)
            self.kinds[mark.first : mark.end] = bytes([kind]) * (mark.end - mark.first)

    def _introduce(self, at: int) -> bool:
        """At the first line of a quote: give the lines that introduce it to the quote; never ends the pass."""
        above = at - 1
        if above > self._last_end and not self.lines[above].strip():
            above -= 1
        if (
            above >= self._last_end
            and self.kinds[above] == NEW
            and self.lines[above]
            and self._tries <= _MAX_TRIES
        ):
            self._attributed(above)
        return False

    def _opens_history(self, at: int, line: str) -> bool:
        """Whether all that is left is history."""
        if self._tries > _MAX_TRIES:
            return False
        if line[0] in RULE_CHARS and len(line) > 2 and self._separated(at):
            return True
        if line.rstrip()[-1:] in (":", "："):
            return self._headed(at) or self._attributed(at)
        beginning = line[:_LABEL_REACH]
        if (":" in beginning or "：" in beginning) and self._headed(at):
            return True
        return line[-VERB_END:] in self._tables.quotes.verb_ends and self._attributed(at)

    def _ends_in_history(self, first: int, block: HeaderBlock | None, *, forwarded: bool | None) -> bool:
        while first > self._last_end and (
            not self.lines[first - 1].strip() or is_rule(self.lines[first - 1])
        ):
            first -= 1
        if first > self._last_end and is_undrawn_separator(self.lines[first - 1], self._tables.quotes):
            first -= 1
        self.kinds[first:] = bytes([QUOTE]) * (len(self.lines) - first)
        self.history = History(first, block, forwarded)
        return True

    def _next_text(self, at: int, *, within: int = 4) -> int:
        """The index of the next line with text, or the number of lines."""
        for ahead in range(at + 1, min(len(self.lines), at + 1 + within)):
            if self.lines[ahead].strip(" \t>\u00a0"):
                return ahead
        return len(self.lines)

    def _quoted_heading(self, at: int) -> bool:
        """What opens the history although it stands behind a quote mark.

        Apple Mail and MailMate quote the forward's own heading; and Gmail wraps an attribution before
        its last bracket, which leaves `>:` on a line.
        """
        line = self.lines[at]
        if len(line) <= _WRAPPED_COLON and line.rstrip()[-1:] == ":":
            return self._attributed(at)
        separator = read_separator(line, self._tables.quotes)
        if separator is None or not separator.forwarded:
            return False
        following = self._next_text(at)
        if following >= len(self.lines):
            return False
        block = read_header_block(self.lines, following, len(self.lines), self._tables.quotes)
        return block is not None and self._ends_in_history(at, block, forwarded=True)

    def _quoted_block(self, at: int) -> bool:
        """Copied header lines at the top of a quote, below a subject that says that it is passed on."""
        for first in (at, at + 1) if self._forwarding else ():
            block = read_header_block(self.lines, first, len(self.lines), self._tables.quotes)
            if block is not None:
                return self._ends_in_history(at, block, forwarded=True)
        return False

    def _separated(self, at: int) -> bool:
        """A line of dashes, with words or above header lines."""
        self._tries += 1
        quotes = self._tables.quotes
        separator = read_separator(self.lines[at], quotes)
        following = self._next_text(at)
        block = None
        if following < len(self.lines):
            block = read_header_block(self.lines, following, len(self.lines), quotes)
            if block is None and (separator or is_rule(self.lines[at]) or self._forwarding):
                block = read_unknown_block(self.lines, following, len(self.lines))
        if fold(self.lines[at][:_MAX_MARKER]).startswith(self._tables.signatures.answer_above):
            return self._ends_in_history(at, None, forwarded=False)
        if separator is not None:
            if not separator.forwarded and block is None and following >= len(self.lines):
                return False
            return self._ends_in_history(at, block, forwarded=separator.forwarded)
        dashes = self.lines[at].strip()
        if block is not None and (is_rule(dashes) or (dashes[:2] == dashes[-2:] and dashes[0] in RULE_CHARS)):
            return self._ends_in_history(at, block, forwarded=None)
        if dashes[:2] in ("--", "==", "__") and dashes[-2:] == dashes[:2] and not is_rule(dashes):
            return self._attributed(at)
        return False

    def _headed(self, at: int) -> bool:
        """Copied header lines, or the words above a forward, without a drawn line."""
        self._tries += 1
        quotes = self._tables.quotes
        line = self.lines[at]
        if read_label(line, quotes):
            block = read_header_block(self.lines, at, len(self.lines), quotes)
            return block is not None and self._ends_in_history(at, block, forwarded=None)
        if line.rstrip()[-1:] in ":：" and len(line) < 80:
            separator = read_separator(line, quotes)
            following = self._next_text(at)
            if separator is not None and following < len(self.lines):
                block = read_header_block(self.lines, following, len(self.lines), quotes)
                if block is not None:
                    return self._ends_in_history(at, block, forwarded=separator.forwarded)
        if self._forwarding and at == _first_text(self.lines):
            block = read_unknown_block(self.lines, at, len(self.lines))
            return block is not None and self._ends_in_history(at, block, forwarded=True)
        return False

    def _attributed(self, at: int) -> bool:
        """The line above a quote; True when the quote is all that is left."""
        self._tries += 1
        following = self._next_text(at)
        there = following < len(self.lines)
        quoted_next = there and (self.kinds[following] == QUOTE or self.lines[following].lstrip()[:1] == ">")
        start = attribution_start(
            self.lines, at, self._last_end, self._tables.quotes, quoted_next=quoted_next
        )
        if start is None:
            return False
        if quoted_next or not there:
            self.kinds[start : at + 1] = bytes([QUOTE]) * (at + 1 - start)
            self._last_end = at + 1
            return False
        return self._ends_in_history(start, None, forwarded=False)


def _close_wrapped_quotes(lines: list[str], kinds: bytearray) -> None:
    """Give the tail of a quoted line, wrapped on its way without a mark of its own, to the quote."""
    for found in _SANDWICHED.finditer(kinds):
        at = found.start() + 1
        line, above = lines[at], lines[at - 1]
        if (
            line[:1].islower()
            and len(above) >= _MIN_WRAPPED
            and above[:1] == ">"
            and above.rstrip()[-1] not in "?:"
        ):
            kinds[at] = QUOTE


def _mark_signatures(lines: list[str], kinds: bytearray, tables: ReadingTables, author: str) -> None:
    """In each stretch of new text, give the signature to the signatures; never the whole text of a mail."""
    first = 0
    total = len(lines)
    any_new = False
    while first < total:
        if kinds[first] != NEW:
            first += 1
            continue
        end = first
        while end < total and kinds[end] == NEW:
            end += 1
        start = first
        while start < end and not lines[start].strip():
            start += 1
        if start < end:
            cut = signature_start(lines, start, end, tables.signatures, author=author)
            if cut > start or any_new or end < total:
                kinds[cut:end] = bytes([SIGNATURE]) * (end - cut)
            any_new = any_new or cut > start
        first = end


def _zones(lines: list[str], kinds: bytearray) -> Zones:
    """The texts of the zones; stretches that were apart are set apart by an empty line."""
    texts: tuple[list[str], list[str], list[str]] = ([], [], [])
    for run in _RUNS.finditer(kinds):
        text = "\n".join(lines[run.start() : run.end()])
        if not text.isspace() and text:
            texts[kinds[run.start()]].append(_trimmed(text))
    return Zones(
        reply="\n\n".join(texts[NEW]),
        signature="\n\n".join(texts[SIGNATURE]),
        quoted="\n\n".join(texts[QUOTE]),
    )


def _trimmed(text: str) -> str:
    """`text` without empty lines before and after it, and without an indent that all of its lines share."""
    end = text.rstrip()
    start = len(end) - len(end.lstrip())
    trimmed = end[end.rfind("\n", 0, start) + 1 :]
    return dedent(trimmed) if trimmed[0] == " " else trimmed
