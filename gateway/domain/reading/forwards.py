"""The mail that a mail passes on, from its text or from what is attached."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_tz

from gateway.domain.address import Mailbox
from gateway.domain.classification import Forward
from gateway.domain.mail import EnclosedMail, Mail
from gateway.domain.reading.dates import read_written_date
from gateway.domain.reading.headings import HeaderBlock
from gateway.domain.reading.split import History, Split
from gateway.domain.reading.tables import ReadingTables

_ADDRESS = re.compile(r"[^\s<>\[\]()\"'*,;:|]{1,64}@[^\s<>\[\]()\"'*,;:|@]{1,255}")
_MAILTO = re.compile(r"[<\[]?mailto:([^\s<>\[\]\"]{1,320})[>\]]?")
_BEHALF = re.compile(
    r"[ ](?:on behalf of|de la part de|im auftrag von|en nombre de|per conto di|namens)[ ]", re.IGNORECASE
)
_QUOTE_MARK = re.compile(r"^ {0,3}> ?")
_MAX_RECIPIENTS = 200


def read_forward(mail: Mail, body: Split, tables: ReadingTables, *, forwarding: bool) -> Forward | None:
    """The mail that `mail` passes on, or None when it passes on none.

    A heading that says so, or copied header lines below a subject that says so, or a mail attached
    whole by a writer who adds little or nothing.
    """
    history = body.history
    if history is not None and history.is_forward(forwarding=forwarding):
        return _from_text(history, body.lines, tables.automatic.months)
    if len(mail.enclosed) == 1 and mail.content_type != "multipart/report":
        passes_on = forwarding or not body.zones.reply.strip() or mail.subject == mail.enclosed[0].subject
        if passes_on or len(mail.attachments) == 1:
            return _from_enclosed(mail.enclosed[0])
    return None


def _from_enclosed(enclosed: EnclosedMail) -> Forward:
    author = enclosed.author if enclosed.author.address or enclosed.author.name else None
    return Forward(author, enclosed.to, enclosed.cc, enclosed.subject, enclosed.date, enclosed.text)


def _from_text(history: History, lines: list[str], months: Mapping[str, int]) -> Forward:
    block = history.block
    if block is None:
        return Forward(None, (), (), "", None, _body(lines, history.first + 1, quoted=False))
    author = read_copied_mailboxes(block.fields.get("from", ""))
    quoted = _QUOTE_MARK.match(lines[block.first]) is not None
    return Forward(
        author=author[0] if author else None,
        to=tuple(read_copied_mailboxes(block.fields.get("to", ""))),
        cc=tuple(read_copied_mailboxes(block.fields.get("cc", ""))),
        subject=block.fields.get("subject", ""),
        date=_date(block, months),
        body=_body(lines, block.end, quoted=quoted),
    )


def _date(block: HeaderBlock, months: Mapping[str, int]) -> datetime | None:
    """An instant when the zone is told, else the day and time as UTC: it is shown, nothing counts on it."""
    text = block.fields.get("sent", "")
    parsed = parsedate_tz(text) if text else None
    if parsed and parsed[9] is not None:
        try:
            zone = timezone(timedelta(seconds=parsed[9]))
            return datetime(*parsed[:6], tzinfo=zone)
        except (ValueError, OverflowError):
            return None
    return read_written_date(text, months)


def _body(lines: list[str], first: int, *, quoted: bool) -> str:
    rest = lines[first:]
    texts = [line for line in rest if line.strip()]
    if quoted or (texts and sum(line.lstrip()[:1] == ">" for line in texts) * 2 > len(texts)):
        rest = [_QUOTE_MARK.sub("", line) for line in rest]
    return "\n".join(rest).strip("\n")


def read_copied_mailboxes(text: str) -> list[Mailbox]:
    """The mailboxes of a copied header line: `John Doe<mailto:j@x.test> <j@x.test>; Petit, Chloé [c@x.test]`.

    Each address once; the name is what stands before it since the last one.
    """
    text = _BEHALF.split(_MAILTO.sub(r" <\1> ", text), maxsplit=1)[0]
    found: dict[str, Mailbox] = {}
    position = 0
    name = ""
    for match in _ADDRESS.finditer(text):
        before = text[position : match.start()].strip(" \t<[(\"'*,;>])|&")
        position = match.end()
        name = before or name
        address = match[0].strip(".'*")
        key = address.lower()
        if key not in found:
            found[key] = Mailbox(_plain_name(name, address), address)
        name = ""
        if len(found) >= _MAX_RECIPIENTS:
            break
    if not found and text.strip(" *<>"):
        return [Mailbox(one, "") for one in (part.strip(" *<>\"'") for part in text.split(";")) if one]
    return list(found.values())


def _plain_name(name: str, address: str) -> str:
    name = name.strip(" \t<>[]()\"'*,;")
    return "" if name.lower() == address.lower() else name
