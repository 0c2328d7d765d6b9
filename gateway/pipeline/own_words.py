"""Between threading and deciding: the desk's own words in an answer are not its writer's.

Most answers quote in a way that is read without help. Some clients leave no mark at all; but when the
notification that a mail answers is known, so is its text, and whatever repeats it is set aside.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.classification import Classified, Kind
from gateway.domain.desk import Desk
from gateway.domain.intent.read import read_intent
from gateway.domain.reading.own_text import set_aside_own
from gateway.domain.reading.tables import ReadingTables
from gateway.domain.thread import Match
from gateway.pipeline.classify import read_told
from gateway.pipeline.thread import answered_ids, own_message
from gateway.ports import Renderer, Signer, UnitOfWork

_LOOKED_AT = 3


def without_own_words(
    classified: Classified,
    match: Match,
    uow: UnitOfWork,
    renderer: Renderer,
    signer: Signer,
    tables: ReadingTables,
) -> Classified:
    """`classified` with its zones and its intent read anew, where it repeats what we sent."""
    zones = classified.zones
    if (
        match.chosen is None
        or classified.kind is not Kind.PERSON
        or not _may_repeat(classified.mail.text, uow.desk)
    ):
        return classified
    for sent in _answered(classified, match.chosen.ticket, uow, renderer, signer):
        zones = set_aside_own(zones, sent)
    if zones is classified.zones:
        return classified
    mail = classified.mail
    intent = read_intent(
        zones,
        tables.intent,
        subject=mail.subject,
        command_text=mail.text if mail.has_plain_text else "",
        is_answer=True,
    )
    details = read_told(mail, zones, classified.forward, tables, is_answer=True)
    return replace(classified, zones=zones, intent=intent, details=details)


def _may_repeat(text: str, desk: Desk) -> bool:
    """Every mail of ours names the desk's address at its end."""
    folded = text.lower()
    return any(key in folded for key in desk.addresses)


def _answered(
    classified: Classified, ticket: int, uow: UnitOfWork, renderer: Renderer, signer: Signer
) -> list[str]:
    """The texts of the notifications that the mail says it answers."""
    texts = []
    for message_id in answered_ids(classified.mail)[:_LOOKED_AT]:
        token = own_message(message_id, uow.desk, signer)
        notification = uow.notification(token.notification) if token else None
        if notification is not None and notification.ticket == ticket:
            texts.append(renderer.text(notification))
    return texts
