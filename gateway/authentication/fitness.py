"""Whether a valid signature proves that its domain sent this mail to us, now.

A signature says that the domain once wrote these fields and this body. What it leaves out can be
added by anybody, and the whole can be sent again to anybody (RFC 6376 sections 8.2, 8.6, 8.15).
"""

from __future__ import annotations

from datetime import timedelta

from gateway.authentication.header_fields import RawMail
from gateway.authentication.signature import Signature
from gateway.domain.address import author_key
from gateway.ports import Claim

FRESH = timedelta(hours=48)
# Each of them must be signed as often as it stands there, so that none can be added.
_COVERED = ("from", "to", "cc", "subject", "date", "content-type", "reply-to")
_NEEDED = ("from", "to", "subject", "date")


def staleness(signature: Signature, claim: Claim) -> str:
    """Why the signed mail may have been lengthened, kept or sent on to us, or an empty string."""
    if signature.length is not None:
        return "l= lets anybody add to the body"
    received_at = claim.envelope.received_at
    now = received_at.timestamp()
    if signature.expires_at is not None and signature.expires_at < now:
        return "the signature has expired"
    if signature.signed_at is not None:
        age_s = abs(now - signature.signed_at)
    elif claim.mail.date is not None:
        age_s = abs((received_at - claim.mail.date).total_seconds())
    else:
        return "nothing says when it was signed"
    if age_s > FRESH.total_seconds():
        return "signed more than 48 hours from now"
    shown = {author_key(box.address) for box in (*claim.mail.to, *claim.mail.cc)}
    if not {author_key(address) for address in claim.envelope.recipients} <= shown:
        return "To and Cc do not name the address at which it was received"
    return ""


def gaps(signature: Signature, mail: RawMail) -> str:
    """What the signature leaves open, or an empty string."""
    for name in _COVERED:
        if signature.names.count(name) < len(mail.all(name)):
            return f"the signature does not cover {name}"
    for name in _NEEDED:
        if name not in signature.names:
            return f"the signature does not cover {name}"
    return ""
