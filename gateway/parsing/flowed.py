"""format=flowed text put back into paragraphs (RFC 3676)."""

from __future__ import annotations


def unflow(text: str, *, delete_space: bool) -> str:
    """`text` with its soft line breaks undone and its space-stuffing taken off.

    Quote marks are kept: a paragraph quoted twice comes out as one line that begins with `>> `. A
    signature separator is never joined (section 4.3).

    Args:
        delete_space: `DelSp=yes`; the space that marks a soft break is not part of the text.
    """
    out: list[str] = []
    paragraph: list[str] = []
    depth = 0
    for line in text.split("\n"):
        content = line.lstrip(">")
        quoted = len(line) - len(content)
        content = content.removeprefix(" ")
        if paragraph and quoted != depth:
            _end(out, paragraph, depth)
        depth = quoted
        soft = content.endswith(" ") and content != "-- "
        if content == "-- ":
            _end(out, paragraph, depth)
        if soft and delete_space:
            content = content[:-1]
        paragraph.append(content)
        if not soft:
            _end(out, paragraph, depth)
    _end(out, paragraph, depth)
    return "\n".join(out)


def _end(out: list[str], paragraph: list[str], depth: int) -> None:
    if not paragraph:
        return
    text = "".join(paragraph)
    out.append(f"{'>' * depth} {text}" if depth and text else ">" * depth + text)
    paragraph.clear()
