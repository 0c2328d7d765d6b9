"""Step 5: how well it is proven who wrote a mail, as far as the mail and the DNS can tell.

Levels that need the database (is From the contact whom the token was made for?) are reached in
`thread`, where the token's contact is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.address import author_key
from gateway.domain.desk import Desk
from gateway.domain.envelope import Envelope
from gateway.domain.evidence import Evidence, Judgement, Level
from gateway.domain.mail import Mail
from gateway.domain.our_addresses import BOUNCE_LOCAL_PART, subaddress
from gateway.domain.token import Purpose, Token
from gateway.errors import ForgedToken
from gateway.ports import Signer

# A mail to more addresses than this is not a reply to one of ours.
_RECIPIENTS_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Tokens:
    """The valid tokens that a mail was addressed to, and how many were forged."""

    reply: tuple[Token, ...]
    bounce: tuple[Token, ...]
    forged: int


def read_tokens(mail: Mail, envelope: Envelope, desk: Desk, signer: Signer) -> Tokens:
    """The tokens among the envelope's recipients, To and Cc; each once, the envelope's first."""
    shown = [box.address for box in (*mail.to, *mail.cc)]
    looked_at = [*envelope.recipients, *shown][:_RECIPIENTS_LOOKED_AT]
    keys = dict.fromkeys(author_key(address) for address in looked_at)
    reply: list[Token] = []
    bounce: list[Token] = []
    forged = 0
    for key in keys:
        sub = subaddress(key, desk)
        if sub is None:
            continue
        is_bounce = sub.local_part == BOUNCE_LOCAL_PART
        try:
            token = signer.read(sub.detail, Purpose.BOUNCE if is_bounce else Purpose.REPLY)
        except ForgedToken:
            forged += 1
            continue
        if token is not None:
            (bounce if is_bounce else reply).append(token)
    return Tokens(tuple(reply), tuple(bounce), forged)


def authenticate(mail: Mail, tokens: Tokens, judgement: Judgement) -> Evidence:
    """E0 where something contradicts From, E3 where its domain stands behind the mail, else E1."""
    if mail.identity is None or mail.conflicts:
        return Evidence(Level.E0, None, mail.conflicts or ("there is no single From address",))
    if tokens.forged:
        forged = ("addressed to a reply address that we did not issue",)
        return Evidence(Level.E0, None, forged, judgement)
    if judgement.conflict:
        return Evidence(Level.E0, None, (judgement.conflict, *judgement.doubts), judgement)
    identity = author_key(mail.identity)
    if judgement.proof:
        return Evidence(Level.E3, identity, (judgement.proof, *judgement.doubts), judgement)
    claimed = ("From is claimed, nothing proves it", *judgement.doubts)
    return Evidence(Level.E1, identity, claimed, judgement)
