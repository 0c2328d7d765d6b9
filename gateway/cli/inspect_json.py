"""What `gateway inspect --json` prints: one object a mail, with the keys of the contract."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from gateway.domain.address import Mailbox
from gateway.domain.bounce import BounceReport
from gateway.domain.classification import Classified, Forward
from gateway.domain.intent.result import Hit


def as_object(path: str, read: Classified) -> dict[str, Any]:
    """One mail as it was read."""
    mail = read.mail
    answer, intent = read.auto_reply, read.intent
    return {
        "path": path,
        "sha256": mail.sha256,
        "size": mail.size,
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "from": _mailbox(mail.author),
        "reply_to": _mailboxes(mail.reply_to),
        "to": _mailboxes(mail.to),
        "cc": _mailboxes(mail.cc),
        "subject": mail.subject,
        "date": _instant(mail.date),
        "text": mail.text,
        "reply": read.zones.reply,
        "signature": read.zones.signature,
        "quoted": read.zones.quoted,
        "forward": _forward(read.forward),
        "language": read.language,
        "kind": read.kind.value,
        "kind_evidence": list(read.kind_evidence),
        "bounce": _bounce(read.bounce),
        "auto_reply": None
        if answer is None
        else {"type": answer.type, "until": None if answer.until is None else answer.until.isoformat()},
        "attachments": [
            {
                "filename": file.filename,
                "content_type": file.content_type,
                "size": file.size,
                "sha256": file.sha256,
                "inline": file.inline,
                "content_id": file.content_id,
            }
            for file in mail.attachments
        ],
        "intent": intent.asked.value,
        "intent_evidence": [_hit(hit) for hit in intent.evidence],
        "intent_set_aside": [_hit(one.hit) | {"operator": one.operator} for one in intent.set_aside],
        "intent_suggested": [_hit(hit) for hit in intent.suggested],
        "intent_shadowed": [_hit(hit) for hit in intent.shadowed],
        "grounds": list(intent.grounds),
        "refusals": list(intent.refusals),
        "claimed_priority": intent.claimed_priority,
        "commands": [{"name": one.name, "argument": one.argument} for one in intent.commands],
        "diagnostics": [asdict(told) for told in read.details],
        "defects": [*mail.conflicts, *mail.defects],
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {"rule": hit.rule, "zone": hit.zone, "text": hit.text, "start": hit.start, "end": hit.end}


def _instant(instant: datetime | None) -> str | None:
    if instant is None:
        return None
    try:
        return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return None


def _mailbox(mailbox: Mailbox | None) -> dict[str, str] | None:
    return None if mailbox is None else {"name": mailbox.name, "address": mailbox.address}


def _mailboxes(mailboxes: Iterable[Mailbox]) -> list[dict[str, str] | None]:
    return [_mailbox(mailbox) for mailbox in mailboxes]


def _forward(forward: Forward | None) -> dict[str, Any] | None:
    if forward is None:
        return None
    return {
        "from": _mailbox(forward.author),
        "to": _mailboxes(forward.to),
        "cc": _mailboxes(forward.cc),
        "subject": forward.subject,
        "date": _instant(forward.date),
        "body": forward.body,
    }


def _bounce(report: BounceReport | None) -> dict[str, Any] | None:
    if report is None:
        return None
    return {
        "recipients": [
            {
                "address": recipient.address,
                "status": recipient.status,
                "action": recipient.action,
                "permanent": recipient.permanent,
                "reason": recipient.reason,
                "diagnostic": recipient.diagnostic,
            }
            for recipient in report.recipients
        ],
        "original_message_id": report.original_message_id,
    }
