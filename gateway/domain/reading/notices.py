"""Bounces in prose: what qmail, Exim, Exchange, Gmail, Yahoo and their like wrote and write without RFC 3464.

Who writes (a daemon, the null sender), what the subject begins with, what the first lines say: two of
them make a bounce, one alone never does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.domain.bounce import BounceReport, FailedRecipient
from gateway.domain.mail import Mail
from gateway.domain.reading.delivery_status import returned_message_id
from gateway.domain.reading.folding import fold
from gateway.domain.reading.reasons import judge
from gateway.domain.reading.tables import BounceTables, ReadingTables

_NOTICE_CHARS = 6000
_OPENING_CHARS = 1500
_MAX_RECIPIENTS = 200
_TITLE_REACH = 40
_MARK_CHARS = "-=*_#~|+ .:[]<>"
_ADDRESS = re.compile(r"[^\s<>()\[\]\"'`,;:|\\]{1,64}@[^\s<>()\[\]\"'`,;:|\\@]{2,255}")
_LEADING = re.compile(
    r"[\s>|*\-•·]{0,20}(?:\[?(?:smtp|rfc822|address|recipient|to|an|à)[ ]?[:;])?[ ]?[<\"'\[]{0,3}(?:smtp:)?",
    re.IGNORECASE,
)
_HEADER_LINE = re.compile(
    r"(?:received|return-path|mime-version|dkim-signature|x-[a-z-]+)[ ]?:", re.IGNORECASE
)
_CONTACT = re.compile(
    r"postmaster|mailer-daemon|abuse@|helpdesk|support@|contact|please send|assistance|envelope sender|on behalf|mail from|sent by|from:|sender",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:(?:to|for|user|recipient|userid|address|mailbox)\b[ :]{1,3}[<'\"\[]{0,2}(?:smtp:)?|smtp=)"
    r"([^\s<>()\[\]\"',;:|\\]{1,64}@[^\s<>()\[\]\"',;:|\\@]{2,255})",
    re.IGNORECASE,
)
_COPIED = re.compile(
    r"[ \t>*]{0,12}(?:from|to|cc|subject|subj|sent|date|de|à|objet|von|an|betreff)[ ]?:[ \t]", re.IGNORECASE
)
_MALFORMED = re.compile(r"[ ]{1,8}[^\s<>]{1,200}[ ]<([^\s<>@]{1,64}@[^\s<>@]{1,255})>:[ ]")
_SHORT = 8
_PROSE_END = ".'*!?"


@dataclass(frozen=True, slots=True)
class Notice:
    """A bounce told by its words."""

    report: BounceReport
    evidence: tuple[str, ...]


def read_notice(mail: Mail, tables: ReadingTables, *, null_sender: bool) -> Notice | None:
    """The bounce that `mail` is, or None."""
    evidence, delayed = _evidence(mail, tables.bounces, null_sender=null_sender)
    if not evidence:
        return None
    recipients = _recipients(mail, tables.bounces, delayed=delayed)
    by_program = null_sender or _daemon(mail, tables.bounces) or mail.header("x-failed-recipients")
    if not by_program and (not recipients or mail.in_reply_to or "?" in mail.text[:_OPENING_CHARS]):
        # Somebody who writes of bounces, and asks.
        return None
    return Notice(BounceReport(recipients, returned_message_id(mail)), evidence)


def _evidence(mail: Mail, tables: BounceTables, *, null_sender: bool) -> tuple[tuple[str, ...], bool]:
    """Why it is a bounce (nothing when it is none), and whether it reports a delay only."""
    failed = mail.header("x-failed-recipients")
    sender = _daemon(mail, tables)
    subject = fold(mail.subject)
    titled = tables.subjects.search(subject) if subject else ""
    delayed_title = tables.delay_subjects.search(subject) if subject else ""
    suspicious = bool(failed or sender or null_sender or titled or delayed_title or mail.report_type)
    if not suspicious:
        return (), False
    if not (sender or failed or null_sender) and not _is_title(
        mail.subject, subject, titled or delayed_title, tables
    ):
        # "Mail delivery failed since Tuesday, please help" is a person's.
        return (), False
    opening = fold(_notice_text(mail, tables)[:_OPENING_CHARS])
    said = tables.openings.search(opening)
    delayed_words = tables.delay_openings.search(opening)
    delayed = bool(delayed_words or (delayed_title and not titled)) and not (said and "fatal" in said)
    reasons = [
        f"x-failed-recipients: {failed}"[:200] if failed else "",
        f"from: {sender}" if sender else "",
        "the null sender" if null_sender else "",
        f"subject: {titled or delayed_title}" if titled or delayed_title else "",
        f"words: {said or delayed_words}" if said or delayed_words else "",
        f"report-type={mail.report_type}" if mail.report_type == "delivery-status" else "",
    ]
    found = tuple(reason for reason in reasons if reason)
    enough = (
        bool(failed)
        or mail.report_type == "delivery-status"
        or (bool(said or delayed_words or titled or delayed_title) and len(found) >= 2)
    )
    return (found if enough else ()), delayed


def _is_title(raw: str, subject: str, phrase: str, tables: BounceTables) -> bool:
    """Whether a subject begins or ends as those of bounces do, rather than speaking of one."""
    if phrase and subject.find(phrase) <= _TITLE_REACH:
        return True
    return bool(tables.subjects.starts(fold(raw.rpartition(":")[2])))


def _daemon(mail: Mail, tables: BounceTables) -> str:
    local = mail.author.address.partition("@")[0]
    return tables.senders.search(fold(local)) or tables.senders.search(fold(mail.author.name))


def _notice_text(mail: Mail, tables: BounceTables) -> str:
    """The notice itself, without the mail that came back below it."""
    lines: list[str] = []
    for line in mail.text[:_NOTICE_CHARS].split("\n"):
        bare = line.strip(_MARK_CHARS)
        if (
            lines
            and bare
            and (line.lstrip()[:1] in "-=*_#~|" or line.rstrip()[-1:] in ":.-")
            and tables.original_marks.is_one(fold(bare))
        ):
            break
        if _HEADER_LINE.match(line) and len(lines) > 1:
            break
        lines.append(line)
    return "\n".join(lines)


def _recipients(mail: Mail, tables: BounceTables, *, delayed: bool) -> tuple[FailedRecipient, ...]:
    """Whom the notice names, each with the words that speak of them; the surest way of telling first."""
    text = _notice_text(mail, tables)
    lines = _without_copied_header(text.split("\n"))
    own = {mail.author.address.lower()}
    found: dict[str, str] = {}
    for match in _ADDRESS.finditer(mail.header("x-failed-recipients")):
        found.setdefault(match[0].strip(_PROSE_END).lower(), "")
    if found and not any(address in text.lower() for address in found):
        leading: dict[str, str] = {}
        _leading_addresses(lines, leading, own, only_known=False)
        found = leading or found
    else:
        _leading_addresses(lines, found, own, only_known=bool(found))
    for way in (_bare_screen_names, _named_addresses, _addresses_of_subject, _remaining_addresses):
        if found:
            break
        way(lines, mail, found)
    if not found and len(mail.enclosed) == 1 and len(mail.enclosed[0].to) == 1:
        found[mail.enclosed[0].to[0].address.lower()] = ""
    whole = " ".join(" ".join(lines).split())[:_NOTICE_CHARS]
    alone = len(found) == 1
    return tuple(
        judge(
            address,
            action="delayed" if delayed else "",
            status="",
            diagnostic=_diagnostic(whole, address, words, alone=alone),
            tables=tables,
        )
        for address, words in list(found.items())[:_MAX_RECIPIENTS]
    )


def _diagnostic(whole: str, address: str, words: str, *, alone: bool) -> str:
    """What is said of one recipient; where there is only one, all that follows the address."""
    if not alone:
        return words or whole
    at = whole.lower().find(address)
    return (
        whole[at + len(address) :].strip(" <>:;\"'])")
        if 0 <= at < len(whole) - len(address) - _SHORT
        else whole
    )


def _without_copied_header(lines: list[str]) -> list[str]:
    """The lines without the header lines of the mail that came back, which name other people."""
    kept = [line for line in lines if not _COPIED.match(line)]
    return kept if any("@" in line for line in kept) else lines


def _leading_addresses(lines: list[str], found: dict[str, str], own: set[str], *, only_known: bool) -> None:
    """Addresses that begin a line, each with the lines below it as its diagnostic."""
    current = ""
    for at, line in enumerate(lines):
        match = _MALFORMED.match(line)
        if match is None:
            start = _LEADING.match(line)
            match = _ADDRESS.match(line, start.end() if start else 0)
        if match:
            address = match[match.lastindex or 0].strip(_PROSE_END).lower()
            known = address in found
            if address not in own and (known or not only_known) and not _is_contact(lines, at):
                if not known or not found[address]:
                    found[address] = line[match.end() :].strip(" <>:\"]'")
                    current = address
                continue
        if not line.strip():
            if current and found[current]:
                current = ""
        elif current:
            found[current] = f"{found[current]} {line.strip()}".strip()[:1500]


def _is_contact(lines: list[str], at: int) -> bool:
    around = " ".join(lines[max(0, at - 2) : at + 1])
    return _CONTACT.search(around) is not None and _NAMED.search(lines[at]) is None


def _named_addresses(lines: list[str], mail: Mail, found: dict[str, str]) -> None:
    """`Unable to deliver to a@x.test`, `Recipient: [SMTP:a@x.test]`."""
    text = "\n".join(lines)
    for match in _NAMED.finditer(text):
        address = match[1].strip(_PROSE_END).lower()
        before = text[max(0, match.start() - 40) : match.start()]
        if address != mail.author.address.lower() and not _CONTACT.search(before):
            found.setdefault(address, "")


def _addresses_of_subject(_lines: list[str], mail: Mail, found: dict[str, str]) -> None:
    for match in _ADDRESS.finditer(mail.subject):
        found.setdefault(match[0].strip(_PROSE_END).lower(), "")


def _remaining_addresses(lines: list[str], mail: Mail, found: dict[str, str]) -> None:
    for line in lines:
        if _CONTACT.search(line):
            continue
        for match in _ADDRESS.finditer(line):
            address = match[0].strip(_PROSE_END).lower()
            if address != mail.author.address.lower():
                found.setdefault(address, "")


def _bare_screen_names(lines: list[str], mail: Mail, found: dict[str, str]) -> None:
    """AOL names its own users without a domain, each on an indented line below a colon."""
    domain = mail.author.address.partition("@")[2].lower()
    announced = False
    for line in lines:
        name = line.strip()
        if announced and line[:1] in ("\t", " ") and name.isalnum() and domain:
            found.setdefault(f"{name.lower()}@{domain}", "")
        elif name:
            announced = name.endswith(":")
