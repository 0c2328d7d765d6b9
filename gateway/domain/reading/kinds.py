"""What kind of mail it is: structure first, then headers, then the vendors' habits, then words."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.bounce import BounceReport
from gateway.domain.classification import AutoReply, Kind
from gateway.domain.mail import Mail
from gateway.domain.reading.automatic import header_reason, read_automatic
from gateway.domain.reading.delivery_status import read_delivery_status
from gateway.domain.reading.folding import fold
from gateway.domain.reading.notices import read_notice
from gateway.domain.reading.tables import ReadingTables
from gateway.domain.zones import Zones

_MAX_RECEIPT_CHARS = 1500
_OPENING_CHARS = 1000
_CALENDAR_METHODS = frozenset(("REQUEST", "REPLY", "CANCEL", "COUNTER", "DECLINECOUNTER", "REFRESH", "ADD"))


@dataclass(frozen=True, slots=True)
class KindReading:
    """The kind, why, and what the kind brings with it."""

    kind: Kind
    evidence: tuple[str, ...]
    bounce: BounceReport | None = None
    auto_reply: AutoReply | None = None


def read_kind(mail: Mail, zones: Zones, tables: ReadingTables, *, null_sender: bool) -> KindReading:
    """Tell persons, bounces, receipts, reports and automatic mail apart."""
    found = _by_structure(mail, tables)
    if found is not None:
        return found
    notice = read_notice(mail, tables, null_sender=null_sender)
    if notice is not None:
        challenge = _challenge(mail, zones, tables)
        return challenge or KindReading(Kind.BOUNCE, notice.evidence, bounce=notice.report)
    automatic = read_automatic(mail, zones.reply, tables.automatic, null_sender=null_sender)
    if automatic is not None:
        return KindReading(automatic.kind, automatic.evidence, auto_reply=automatic.auto_reply)
    return KindReading(Kind.PERSON, ())


def _by_structure(mail: Mail, tables: ReadingTables) -> KindReading | None:
    types = {part.content_type for part in mail.machine_parts}
    if "message/feedback-report" in types or mail.report_type in ("feedback-report", "tlsrpt"):
        return KindReading(
            Kind.REPORT, (f"multipart/report; report-type={mail.report_type or 'feedback-report'}",)
        )
    status = read_delivery_status(mail, tables.bounces)
    if status is not None:
        if all(recipient.action in ("delivered", "relayed", "expanded") for recipient in status.recipients):
            actions = {recipient.action for recipient in status.recipients}
            if actions:
                return KindReading(Kind.RECEIPT, (f"delivery status: {', '.join(sorted(actions))}",))
        return _challenged(mail, status, tables) or _with_recipients(mail, status, tables)
    disposition = next(
        (part for part in mail.machine_parts if "disposition-notification" in part.content_type), None
    )
    if disposition is not None or mail.report_type == "disposition-notification":
        return _by_disposition(mail, disposition.text if disposition else "", tables)
    if mail.calendar_method in _CALENDAR_METHODS:
        return KindReading(Kind.CALENDAR, (f"text/calendar; method={mail.calendar_method}",))
    return _by_report_subject(mail, tables)


def _with_recipients(mail: Mail, status: BounceReport, tables: ReadingTables) -> KindReading:
    """A report that names nobody by an address: those whom its text names."""
    if not any("@" in recipient.address for recipient in status.recipients):
        notice = read_notice(mail, tables, null_sender=True)
        if notice is not None and any("@" in recipient.address for recipient in notice.report.recipients):
            return KindReading(
                Kind.BOUNCE, ("message/delivery-status", *notice.evidence), bounce=notice.report
            )
    return KindReading(Kind.BOUNCE, ("message/delivery-status",), bounce=status)


def _challenged(mail: Mail, status: BounceReport, tables: ReadingTables) -> KindReading | None:
    """Some challenges come as a refusal with a link."""
    words = " ".join(recipient.diagnostic for recipient in status.recipients)
    found = tables.automatic.challenge_openings.search(
        fold(f"{mail.text[:_OPENING_CHARS]} {words[:_OPENING_CHARS]}")
    )
    return KindReading(Kind.CHALLENGE, ("message/delivery-status", f"words: {found}")) if found else None


def _by_disposition(mail: Mail, text: str, tables: ReadingTables) -> KindReading:
    """RFC 8098: displayed, deleted or dispatched; what a filter refused comes in the same form."""
    mode = next((line.lower() for line in text.split("\n") if line.lower().startswith("disposition:")), "")
    if "/failed" in mode or "/error" in mode or "rejected" in header_reason(mail) or "denied" in mode:
        notice = read_notice(mail, tables, null_sender=True)
        if notice is not None:
            return KindReading(
                Kind.BOUNCE, ("message/disposition-notification", *notice.evidence), bounce=notice.report
            )
    return KindReading(Kind.RECEIPT, (f"message/disposition-notification {mode}".strip()[:200],))


def _by_report_subject(mail: Mail, tables: ReadingTables) -> KindReading | None:
    """DMARC's aggregate reports, and receipts of clients that send no machine part."""
    subject = fold(mail.subject)
    if subject.startswith("report domain ") and " submitter " in subject:
        return KindReading(Kind.REPORT, ("subject: Report domain, submitter (RFC 9990)",))
    if len(mail.text) > _MAX_RECEIPT_CHARS or mail.attachments:
        return None
    title = tables.automatic.receipt_subjects.starts(subject)
    said = tables.automatic.receipt_openings.search(fold(mail.text)) if title else ""
    return KindReading(Kind.RECEIPT, (f"subject: {title}", f"words: {said}")) if said else None


def _challenge(mail: Mail, zones: Zones, tables: ReadingTables) -> KindReading | None:
    found = read_automatic(mail, zones.reply, tables.automatic, null_sender=False)
    if found is not None and found.kind is Kind.CHALLENGE:
        return KindReading(Kind.CHALLENGE, found.evidence)
    return None
