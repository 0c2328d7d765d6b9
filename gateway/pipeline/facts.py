"""Between reading and deciding: what a mail is to the desk, gathered from the rows of one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.acts import Said
from gateway.domain.address import Mailbox, author_key
from gateway.domain.alert_words import matched_alerts
from gateway.domain.articles import Search
from gateway.domain.classification import Classified, Kind
from gateway.domain.decision import Outcome
from gateway.domain.desk import Contact, Desk
from gateway.domain.evidence import Evidence, Level
from gateway.domain.mail import Attachment, Mail
from gateway.domain.our_addresses import desk_address_among, is_ours
from gateway.domain.permissions import Role
from gateway.domain.reading.tables import ReadingTables
from gateway.domain.service_alert import MatchedAlert
from gateway.domain.storm import StormRules
from gateway.domain.suggestions import SuggestionRules
from gateway.domain.ticket import Ticket
from gateway.domain.token import Token
from gateway.domain.visibility import answers_for, is_colleague, takes_part
from gateway.pipeline.alert_orders import alerts_of, offer_of
from gateway.pipeline.apply_rules import OPENING_KINDS, Facts
from gateway.pipeline.authenticate import Tokens
from gateway.pipeline.marked import marked_mail
from gateway.pipeline.mask_links import mask_links
from gateway.pipeline.own_words import without_own_words
from gateway.pipeline.storms import keys_of
from gateway.pipeline.suggest import search_for
from gateway.pipeline.thread import (
    answered_ids,
    numbers_in_subject,
    own_message,
    thread,
    weigh_token,
)
from gateway.ports import LeasedMail, Renderer, Signer, UnitOfWork, Wanted

_ABOUT_ALERTS = frozenset({"follow", "unfollow"})


@dataclass(frozen=True, slots=True)
class Examined:
    """A mail after steps 3 to 5; without `classified` when it could not be read."""

    inbound: LeasedMail
    classified: Classified | None
    tokens: Tokens
    evidence: Evidence
    trouble: str = ""
    trouble_outcome: Outcome = Outcome.TICKET

    @classmethod
    def unreadable(cls, inbound: LeasedMail, trouble: str, outcome: Outcome) -> Examined:
        """A mail that becomes a ticket with its bytes attached."""
        nothing = Evidence(Level.E0, None, (trouble,))
        return cls(inbound, None, Tokens((), (), 0), nothing, trouble, outcome)

    def desk_address(self, desk: Desk) -> str:
        """Comparison form of the desk's address that the mail was sent to."""
        shown = self.classified.mail.to + self.classified.mail.cc if self.classified else ()
        addresses = (*self.inbound.envelope.recipients, *(box.address for box in shown))
        return desk_address_among(map(author_key, addresses), desk)

    def as_attachment(self) -> Attachment:
        """The whole mail as a file; its bytes are the ledger's."""
        raw = self.inbound.raw
        name = f"mail-{self.inbound.id}.eml"
        return Attachment(
            name, "message/rfc822", len(raw), hashlib.sha256(raw).hexdigest(), inline=False, content_id=""
        )


def wanted_by(
    mails: Sequence[Examined],
    desk: Desk,
    signer: Signer,
    storms: StormRules | None = None,
    suggestions: SuggestionRules | None = None,
) -> Wanted:
    """What `gather` will ask of the transaction for all of `mails`.

    Args:
        storms: by which mail is counted; None counts none.
        suggestions: by which articles are looked for; None looks for none.
    """
    searches: dict[int, Search] = {}
    fingerprints: dict[int, str] = {}
    message_ids: set[str] = set()
    tickets: set[int] = set()
    contacts: set[int] = set()
    addresses: set[str] = set()
    buckets: dict[str, bool] = {}
    for examined in mails:
        if examined.classified is None:
            continue
        mail = examined.classified.mail
        fingerprints[examined.inbound.id] = mail.fingerprint
        ids = answered_ids(mail)
        message_ids.update(ids)
        tokens = [*examined.tokens.reply, *examined.tokens.bounce]
        tokens += filter(None, (own_message(each, desk, signer) for each in ids))
        tickets.update(token.ticket for token in tokens)
        tickets.update(numbers_in_subject(mail.subject))
        contacts.update(token.contact for token in tokens if token.contact)
        if examined.evidence.identity is not None:
            addresses.add(examined.evidence.identity)
        # An answer to one of our mails opens no ticket; where there are no articles, nobody looks for any.
        if suggestions and desk.articles and not tokens and not examined.inbound.envelope.historic:
            search = search_for(examined.classified, desk, suggestions)
            if search is not None:
                searches[examined.inbound.id] = search
        if storms is not None:
            buckets.update(keys_of(examined.classified, examined.evidence.identity, storms))
    return Wanted(
        fingerprints,
        frozenset(message_ids),
        frozenset(tickets),
        frozenset(contacts),
        frozenset(addresses),
        searches=searches,
        buckets=buckets,
    )


def gather(
    examined: Examined,
    uow: UnitOfWork,
    signer: Signer,
    renderer: Renderer,
    tables: ReadingTables,
    *,
    now: datetime,
) -> tuple[Classified, Facts]:
    """All that the rules look at, for a mail that could be read; our own words in it are set aside."""
    classified = examined.classified
    if classified is None:
        raise ValueError("an unreadable mail has no facts")
    mail, inbound, desk = classified.mail, examined.inbound, uow.desk
    author = _author(examined.evidence.identity, mail.author, desk, uow)
    match = thread(mail, examined.tokens, author, uow, signer)
    classified = without_own_words(classified, match, uow, renderer, signer, tables)
    evidence = weigh_token(examined.evidence, match, author, uow)
    ticket = uow.ticket(match.chosen.ticket) if match.chosen else None
    first_id = uow.first_with_content(inbound.id)
    commands = {each.name for each in classified.intent.commands}
    said = _said(examined, classified, author, evidence, signer, is_new=ticket is None)
    facts = Facts(
        inbound_id=inbound.id,
        first_id=first_id,
        first_ticket=uow.ticket_of_mail(first_id) if first_id != inbound.id else None,
        ours=_is_our_own(mail, evidence, desk, signer),
        returned=_returned(examined, classified, desk, signer),
        match=match,
        ticket=ticket,
        role=role_on(author, ticket, uow),
        author=author,
        evidence=evidence,
        said=said,
        desk=desk,
        desk_address=examined.desk_address(desk),
        named=_named(mail, desk, uow) if evidence.level >= Level.E2 else (),
        articles=uow.found_articles(inbound.id) if ticket is None else (),
        released=inbound.instruction == "release",
        recent=uow.recent_entries(ticket.number) if ticket and "undo" in commands else (),
        marked=marked_mail(mail, ticket, uow, signer, tables.intent)
        if ticket and "wrong" in commands
        else None,
        alerts=alerts_of(ticket, uow) if ticket and commands & _ABOUT_ALERTS else (),
        matched=() if ticket else _matched(examined, classified, author, desk, tables),
    )
    return classified, facts


def _matched(
    examined: Examined, classified: Classified, author: Contact | None, desk: Desk, tables: ReadingTables
) -> tuple[MatchedAlert, ...]:
    """The open alerts that a new request is about; costs nothing where none is open."""
    if not desk.alerts or classified.kind not in OPENING_KINDS or examined.inbound.envelope.historic:
        return ()
    organisation = author.organisation_id if author else None
    offer = offer_of(organisation, examined.desk_address(desk), desk)
    concerning = [each for each in desk.alerts if each.concerns(organisation, offer)]
    texts = (
        classified.mail.subject,
        classified.zones.reply,
        classified.forward.body if classified.forward else "",
    )
    return matched_alerts(texts, concerning, tables.alerts)


def _author(identity: str | None, shown: Mailbox, desk: Desk, uow: UnitOfWork) -> Contact | None:
    """The contact with the From address; a newcomer has id 0 until something makes a row of them."""
    if identity is None:
        return None
    return desk.staff.get(identity) or uow.contact_at(identity) or _newcomer(identity, shown, desk)


def _newcomer(key: str, shown: Mailbox, desk: Desk) -> Contact:
    return Contact(
        id=0,
        key=key,
        address=shown.address,
        name=shown.name,
        language="",
        organisation_id=desk.organisation_of(key),
        roles=frozenset(),
        team="",
        offers=(),
        listed=False,
    )


def role_on(author: Contact | None, ticket: Ticket | None, uow: UnitOfWork) -> Role:
    """What somebody is to a ticket."""
    if ticket is None:
        return Role.ANYONE
    if author is None:
        return Role.STRANGER
    if takes_part(author, ticket, uow.participants(ticket.number)):
        return Role.REQUESTER
    if author.roles & {"agent", "support_lead", "offer_owner"}:
        return Role.AGENT
    if "account_manager" in author.roles:
        return Role.ACCOUNT_MANAGER if answers_for(author, ticket, uow.desk) else Role.STRANGER
    return Role.COLLEAGUE if is_colleague(author, ticket) else Role.STRANGER


def _is_our_own(mail: Mail, evidence: Evidence, desk: Desk, signer: Signer) -> bool:
    """A mail with a Message-ID that we signed, or from one of our own addresses: a loop, not a person."""
    if own_message(mail.message_id, desk, signer) is not None:
        return True
    return evidence.identity is not None and is_ours(evidence.identity, desk)


def _returned(examined: Examined, classified: Classified, desk: Desk, signer: Signer) -> Token | None:
    """The notification that a bounce is about: by its address, else by the Message-ID that it returns."""
    if classified.kind is not Kind.BOUNCE:
        return None
    if examined.tokens.bounce:
        return examined.tokens.bounce[0]
    original = classified.bounce.original_message_id if classified.bounce else ""
    return own_message(original, desk, signer) if original else None


def _named(mail: Mail, desk: Desk, uow: UnitOfWork) -> tuple[Contact, ...]:
    """The other people among the recipients: neither the desk's addresses nor its staff."""
    people: dict[str, Contact] = {}
    for box in (*mail.to, *mail.cc):
        key = author_key(box.address)
        if "@" not in key or is_ours(key, desk) or key in desk.staff:
            continue
        people.setdefault(key, uow.contact_at(key) or _newcomer(key, box, desk))
    return tuple(people.values())


def _said(
    examined: Examined,
    classified: Classified,
    author: Contact | None,
    evidence: Evidence,
    signer: Signer,
    *,
    is_new: bool,
) -> Said:
    mail, zones = classified.mail, classified.zones
    # A first mail is shown whole when it passes something on: that is what it is about.
    whole = is_new and (classified.forward is not None or not zones.reply.strip())
    name = f"{mail.author.name} <{mail.author.address}>" if mail.author.name else mail.author.address
    return Said(
        author=author,
        author_shown=name,
        text=mask_links(mail.text if whole else zones.reply or mail.text, signer),
        attachments=mail.attachments,
        source=examined.inbound.envelope.channel,
        evidence=evidence.level.name,
        verified=evidence.level >= Level.E2,
        inbound_id=examined.inbound.id,
        message_id=mail.message_id,
    )
