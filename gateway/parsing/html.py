"""HTML to text that keeps words, lists, links and tables readable, in one pass over its tokens.

No tree is built: nested elements cost nothing, however deep. What the HTML knows and text cannot say
(which lines are a quote, which a signature) comes out as marks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from turbohtml import TokenType, tokenize

from gateway.domain.mail import Mark
from gateway.parsing import html_tags
from gateway.parsing.limits import HTML_TOKENS, TEXT_CHARS

_BLANKS = re.compile(r"[ \t\n\r\f]+")
_MAX_INDENT = 8
_CELL_END = "\x1f"


@dataclass(frozen=True, slots=True)
class HtmlText:
    """The text, what its lines are, and the images that it shows (content ids, no `cid:`)."""

    text: str
    marks: tuple[Mark, ...]
    images: frozenset[str]
    defects: tuple[str, ...]


class _Open(NamedTuple):
    tag: str
    container: str
    hides: bool
    spaced: bool
    href: str
    href_at: int


def html_to_text(html: str) -> HtmlText:
    """The text of an HTML part, as a reader would see it."""
    defects: list[str] = []
    page = _Page()
    for count, token in enumerate(tokenize(html)):
        kind = token.type
        if kind == TokenType.TEXT:
            if not page.hidden:
                page.write(token.data or "")
        elif kind == TokenType.START_TAG:
            page.open(
                token.tag or "", dict(token.attrs or ()) if token.attrs else {}, closed=token.self_closing
            )
        elif kind == TokenType.END_TAG:
            page.close(token.tag or "")
        if page.length > TEXT_CHARS or count > HTML_TOKENS:
            defects.append("HTML longer than is read: cut")
            break
    page.finish()
    return HtmlText("\n".join(page.lines), tuple(page.marks), frozenset(page.images), tuple(defects))


class _Page:
    """Lines under construction."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.length = 0
        self.marks: list[Mark] = []
        self.images: set[str] = set()
        self.hidden = 0
        self._line: list[str] = []
        self._blank_wanted = False
        self._stack: list[_Open] = []
        self._open_count: dict[str, int] = {}
        self._mark_starts: dict[str, tuple[int, int]] = {}
        self._lists: list[int] = []
        self._preformatted = 0

    def write(self, text: str) -> None:
        """Add a run of characters to the line."""
        if self._preformatted:
            first, *others = text.split("\n")
            self._line.append(first)
            for other in others:
                self.end_line(always=True)
                self._line.append(other)
            return
        text = _BLANKS.sub(" ", text)
        if text == " " and not self._line:
            return
        self._line.append(text)

    def end_line(self, *, always: bool = False) -> None:
        """Finish the line; an empty one only when it was written as such."""
        if not self._line and not always:
            return
        text = "".join(self._line).replace("\xa0", " ")
        self._line.clear()
        if _CELL_END in text:
            cells = [cell.strip() for cell in text.split(_CELL_END)]
            text = " | ".join(cell for cell in cells if cell)
            if not text:
                return
        text = text.rstrip() if self._preformatted else " ".join(text.split(" ")).strip()
        if text.startswith("- ") or not self._lists:
            self._push(text)
        else:
            self._push(" " * 2 * min(len(self._lists) - 1, _MAX_INDENT) + text if text else text)

    def _push(self, text: str) -> None:
        if text and self._blank_wanted and self.lines and self.lines[-1]:
            self.lines.append("")
        if text:
            self._blank_wanted = False
        elif not self.lines or not self.lines[-1]:
            return
        self.lines.append(text)
        self.length += len(text) + 1

    def open(self, tag: str, attributes: dict[str, str], *, closed: bool) -> None:
        """Begin an element."""
        if tag == "br":
            if not self.hidden:
                self.end_line(always=True)
            return
        if tag in html_tags.VOID:
            self._void(tag, attributes)
            return
        hides = tag in html_tags.NOT_SHOWN or (bool(attributes) and html_tags.is_hidden(attributes))
        contains, spaced = "", False
        if not (self.hidden or hides):
            spaced = tag in html_tags.SPACED or (tag == "p" and not html_tags.is_tight_paragraph(attributes))
            contains = self._begin(tag, attributes, spaced=spaced)
        if closed and hides:
            return
        self.hidden += hides
        href = attributes.get("href", "") if tag == "a" else ""
        self._stack.append(_Open(tag, contains, hides, spaced, href, len(self._line)))
        self._open_count[tag] = self._open_count.get(tag, 0) + 1

    def _void(self, tag: str, attributes: dict[str, str]) -> None:
        if self.hidden:
            return
        if tag == "hr":
            self.end_line()
            self._push("-" * 20)
        elif tag == "img":
            source = attributes.get("src", "")
            if source[:4].lower() == "cid:":
                self.images.add(source[4:].strip("<> "))
            alternative = _BLANKS.sub(" ", attributes.get("alt", "")).strip()
            # Emoji that the client draws as images.
            if alternative and not alternative.isascii() and len(alternative) <= 8:
                self._line.append(alternative)

    def _begin(self, tag: str, attributes: dict[str, str], *, spaced: bool) -> str:
        """Lay out the beginning of a shown element, and say what it contains."""
        if tag == "li":
            self.end_line()
            self._blank_wanted = False
            number = self._lists[-1] if self._lists else 0
            if number:
                self._lists[-1] += 1
            self._line.append(f"{number}. " if number else "- ")
        elif tag in html_tags.BLOCKS or tag in html_tags.SPACED or tag == "p":
            self.end_line()
            self._blank_wanted |= spaced and not self._lists
            if tag in ("ul", "ol"):
                self._lists.append(1 if tag == "ol" else 0)
            self._preformatted += tag == "pre"
        contains = html_tags.container(tag, attributes)
        if contains:
            self.end_line()
            start, depth = self._mark_starts.get(contains, (len(self.lines), 0))
            self._mark_starts[contains] = (start, depth + 1)
        return contains

    def close(self, tag: str) -> None:
        """End an element, and whatever was left open within it."""
        if tag in ("br", "p") and not self._open_count.get(tag):
            # Browsers read </br> as <br> and </p> as an empty paragraph.
            if not self.hidden:
                self.end_line(always=tag == "br")
            return
        if not self._open_count.get(tag):
            return
        while self._stack:
            element = self._stack.pop()
            self._open_count[element.tag] -= 1
            self._end(element)
            if element.tag == tag:
                return

    def _end(self, element: _Open) -> None:
        self.hidden -= element.hides
        if self.hidden or element.hides:
            return
        tag = element.tag
        if tag == "a" and element.href:
            self._link(element)
        elif tag in html_tags.CELLS:
            self._line.append(_CELL_END)
        elif tag in html_tags.BLOCKS or tag in html_tags.SPACED or tag in ("li", "p"):
            self.end_line()
            if tag in ("ul", "ol") and self._lists:
                self._lists.pop()
            self._blank_wanted |= element.spaced and not self._lists
            self._preformatted -= tag == "pre"
        if element.container:
            self._end_container(element.container)

    def _end_container(self, kind: str) -> None:
        self.end_line()
        start, depth = self._mark_starts[kind]
        if depth > 1:
            self._mark_starts[kind] = (start, depth - 1)
            return
        del self._mark_starts[kind]
        if len(self.lines) > start:
            self.marks.append(Mark(kind, start, len(self.lines)))

    def _link(self, element: _Open) -> None:
        target = element.href.strip()
        shown = "".join(self._line[element.href_at :])
        bare = target.partition("://")[2].strip("/")
        if target[:4].lower() == "http" and bare and bare not in shown and shown.strip():
            self._line.append(f" <{target}>")

    def finish(self) -> None:
        """Close all that is open."""
        self.end_line()
        while self._stack:
            element = self._stack.pop()
            if element.container and not element.hides:
                self._end_container(element.container)
        while self.lines and not self.lines[-1]:
            self.lines.pop()
        count = len(self.lines)
        self.marks = sorted(
            (replace(mark, end=min(mark.end, count)) for mark in self.marks if mark.first < count),
            key=lambda mark: mark.first,
        )
