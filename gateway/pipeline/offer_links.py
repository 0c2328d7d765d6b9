"""Step 9, the links: which acts a mail offers its reader, as rows that know each link by its hash.

The link itself is made when the mail is rendered, of the same values: it stands in no row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gateway.domain.action import CONFIRM, ActionToken, IssuedAction, Offer
from gateway.domain.desk import Contact
from gateway.domain.events import ConfirmationAsked, Event
from gateway.domain.policy import Policy
from gateway.domain.ticket import Ticket
from gateway.domain.visibility import takes_part
from gateway.pipeline.link_acts import LINK_ACTS
from gateway.pipeline.recipients import Recipient
from gateway.ports import Signer, UnitOfWork


def hash_of(link: str) -> str:
    """By which a link's row is found."""
    return hashlib.sha256(link.encode()).hexdigest()


def offer_links(
    template: str,
    event: Event,
    recipient: Recipient,
    number: int,
    uow: UnitOfWork,
    policy: Policy,
    signer: Signer,
    *,
    now: datetime,
) -> list[Mapping[str, Any]]:
    """What the links of a mail are made of, in the order of the rules; their rows are added.

    Args:
        number: the mail's outbox id.
    """
    offers = [offer for offer in policy.offers if offer.template == template]
    contact = uow.contact(recipient.contact_id) if offers and recipient.contact_id else None
    found: list[Mapping[str, Any]] = []
    for offer in offers:
        if not _is_meant(offer, contact, event.ticket, uow):
            continue
        name = event.deed if offer.act == CONFIRM and isinstance(event, ConfirmationAsked) else offer.act
        act = LINK_ACTS.get(name)
        # Whatever has been asked for by mail is offered again; not every command has a page.
        if act is None or not (offer.act == CONFIRM or act.offered(event, policy, now)):
            continue
        expires_at = int((now + offer.valid).timestamp())
        token = ActionToken(name, event.ticket.number, recipient.contact_id, number, event.about, expires_at)
        asked_by = event.comment.inbound_id if isinstance(event, ConfirmationAsked) else None
        add_action(token, uow, signer, asked_by_mail=asked_by, now=now)
        found.append(
            {"label": offer.label(recipient.language), "token": asdict(token), "kid": signer.signing}
        )
    return found


def add_action(
    token: ActionToken, uow: UnitOfWork, signer: Signer, *, asked_by_mail: int | None = None, now: datetime
) -> str:
    """Add a link's row; the link."""
    link = signer.sign_action(token)
    uow.actions.add(IssuedAction(hash_of(link), token, asked_by_mail, now, None))
    return link


def _is_meant(offer: Offer, contact: Contact | None, ticket: Ticket, uow: UnitOfWork) -> bool:
    """Whether the mail's reader is who the offer is for; None stands for a team."""
    match offer.to:
        case "reader":
            return contact is not None
        case "requester":
            return contact is not None and takes_part(contact, ticket, uow.participants(ticket.number))
        case "agent":
            return contact is None or bool(contact.roles & {"agent", "support_lead"})
        case _:
            return contact is not None and offer.to in contact.roles
