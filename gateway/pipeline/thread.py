"""Step 6: which ticket a mail belongs to, by weighed evidence; the losers are kept to explain it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from gateway.domain.desk import Contact, Desk
from gateway.domain.evidence import Evidence, Level
from gateway.domain.mail import Mail
from gateway.domain.thread import Authority, Candidate, Match
from gateway.domain.ticket import Ticket
from gateway.domain.token import Purpose, Token
from gateway.domain.visibility import may_see
from gateway.errors import ForgedToken
from gateway.pipeline.authenticate import Tokens
from gateway.ports import Signer, UnitOfWork

# Threads grow without end; the newest ids decide, and twenty are one look-up.
REFERENCES_LOOKED_AT = 20
_WITH_TOKEN = {Level.E1: Level.E2, Level.E3: Level.E4}
_NUMBER = re.compile(r"\[#([1-9][0-9]{0,11})\]", re.ASCII)


def answered_ids(mail: Mail) -> tuple[str, ...]:
    """The ids that a mail says it answers: the direct parent first, then from the newest back."""
    ids = (*mail.in_reply_to, *reversed(mail.references))
    return tuple(dict.fromkeys(ids))[:REFERENCES_LOOKED_AT]


def own_message(message_id: str, desk: Desk, signer: Signer) -> Token | None:
    """What a Message-ID of ours is bound to; None for anybody else's, and for a forged one."""
    local_part, _, domain = message_id.rpartition("@")
    if domain.lower() != desk.domain:
        return None
    try:
        return signer.read(local_part, Purpose.MESSAGE_ID)
    except ForgedToken:
        return None


def numbers_in_subject(subject: str) -> tuple[int, ...]:
    """The ticket numbers written as `[#42]`."""
    return tuple(int(digits) for digits in _NUMBER.findall(subject)[:REFERENCES_LOOKED_AT])


def thread(mail: Mail, tokens: Tokens, author: Contact | None, uow: UnitOfWork, signer: Signer) -> Match:
    """The ticket with the strongest evidence, or none.

    Args:
        author: the contact with the From address, as far as From can be trusted to be one address.
    """
    found = [
        candidate
        for candidate in _candidates(mail, tokens, author, uow, signer)
        if uow.ticket(candidate.ticket) is not None
    ]
    found.sort(key=lambda candidate: candidate.authority)
    return Match(found[0], tuple(found[1:])) if found else Match(None, ())


def _candidates(
    mail: Mail, tokens: Tokens, author: Contact | None, uow: UnitOfWork, signer: Signer
) -> Iterator[Candidate]:
    for token in tokens.reply:
        yield Candidate(token.ticket, Authority.TOKEN, token.contact, "addressed to a signed reply address")
    for message_id in answered_ids(mail):
        token_of_id = own_message(message_id, uow.desk, signer)
        if token_of_id is not None:
            yield Candidate(
                token_of_id.ticket, Authority.REFERENCES, token_of_id.contact, "answers a mail that we sent"
            )
        for number in uow.tickets_with_message(message_id):
            yield Candidate(number, Authority.REFERENCES, None, "answers a mail received on the ticket")
    for number in numbers_in_subject(mail.subject):
        ticket = uow.ticket(number)
        if ticket is not None and _may_name(author, ticket, uow):
            yield Candidate(
                number, Authority.SUBJECT, None, "number in the subject, and its author takes part"
            )


def _may_name(author: Contact | None, ticket: Ticket, uow: UnitOfWork) -> bool:
    """A number is easily guessed: only somebody who has to do with the ticket may name it."""
    if author is None:
        return False
    # An account manager names any ticket; the permissions refuse those of foreign organisations, and say so.
    return author.is_staff or may_see(author, ticket, uow.participants(ticket.number), uow.desk)


def weigh_token(evidence: Evidence, match: Match, author: Contact | None, uow: UnitOfWork) -> Evidence:
    """Raise claimed to token (E2), and domain to proven (E4), when the reply address was made for From.

    An address sent to a team is every member's; forwarded to anybody else it proves nothing.
    """
    chosen = match.chosen
    raised = _WITH_TOKEN.get(evidence.level)
    if raised is None or chosen is None or chosen.authority is not Authority.TOKEN:
        return evidence
    ticket = uow.ticket(chosen.ticket)
    if author is None or ticket is None:
        return evidence
    if author.id and chosen.contact == author.id:
        reason = "From is the contact whom the reply address was made for"
    elif chosen.contact == 0 and author.is_staff and author.team == ticket.team:
        reason = "From is a member of the team that the reply address was made for"
    else:
        return replace(evidence, reasons=(*evidence.reasons, "the reply address was made for somebody else"))
    return replace(evidence, level=raised, reasons=(*evidence.reasons, reason))
