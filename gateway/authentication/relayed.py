"""A listed relay's judgement: the topmost Authentication-Results of a listed authserv-id (RFC 8601)."""

from __future__ import annotations

import re

from gateway.authentication.authentication_results import (
    AuthenticationResults,
    MethodResult,
    authserv_id,
    read_authentication_results,
)
from gateway.authentication.dmarc import aligned, walk
from gateway.authentication.fitness import gaps, staleness
from gateway.authentication.header_fields import RawMail, read_raw, unfolded
from gateway.authentication.lookups import Lookups, domain_name
from gateway.authentication.signature import BadSignature, read_signature
from gateway.domain.address import author_key
from gateway.domain.evidence import Finding, Judgement
from gateway.errors import DnsUnavailable
from gateway.ports import Claim

_METHODS = ("dkim", "spf", "dmarc")
_DOMAIN_PROPERTIES = {
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom", "smtp.helo"),
    "dmarc": ("header.from",),
}
_MAX_LOOKED_AT = 100
_MAX_FINDINGS = 8
# OpenDMARC, Google and rspamd write the policy into a comment.
_ASKS_NOTHING = re.compile(r"\b(?:p|policy)=none\b", re.IGNORECASE)


def judge_by_relay(claim: Claim, authserv_ids: frozenset[str], lookups: Lookups | None) -> Judgement:
    """What the relay found.

    Args:
        lookups: None when nothing is to be looked up: then a domain speaks for itself only.
    """
    author = domain_name(author_key(claim.mail.identity or "").rpartition("@")[2])
    if author is None or "authentication-results" not in claim.mail.headers:
        return Judgement(doubts=("the relay has judged nothing",))
    mail = read_raw(claim.raw)
    said, by = _topmost(mail, authserv_ids)
    if said is None:
        doubt = f"what {by} says cannot be read" if by else "the relay has judged nothing"
        return Judgement(by, doubts=(doubt,))
    results = [result for result in said.results if result.method in _METHODS]
    findings = tuple(Finding(one.method, one.result, _domain(one)) for one in results)[:_MAX_FINDINGS]
    dmarc = [one for one in results if one.method == "dmarc"]
    if any(_domain(one) not in ("", author) for one in dmarc):
        return Judgement(by, findings, doubts=(f"{by} has judged another From than the one that is here",))
    if any(one.result == "fail" for one in dmarc):
        if not all(one.result != "fail" or _asks_nothing(one) for one in dmarc):
            return Judgement(by, findings, conflict=f"{by} says that DMARC of {author} fails")
        return Judgement(by, findings, doubts=(f"{by} says that DMARC of {author} fails, with p=none",))
    doubts: list[str] = []
    signed = [one for one in results if one.method == "dkim" and one.result == "pass"]
    for one in sorted(signed, key=lambda one: _domain(one) != author):
        proof, doubt = _weigh(_domain(one), author, claim, mail, lookups)
        if proof:
            return Judgement(by, findings, proof=f"{by} says that {proof}")
        doubts.append(doubt)
    if not doubts and any(one.result == "pass" for one in dmarc):
        doubts.append(f"{by} says that DMARC passes, by SPF alone")
    return Judgement(by, findings, doubts=tuple(doubts[:_MAX_FINDINGS]))


def _topmost(mail: RawMail, authserv_ids: frozenset[str]) -> tuple[AuthenticationResults | None, str]:
    """The one field that counts, and whose it is; None when it cannot be read, or there is none."""
    for field in mail.all("authentication-results")[:_MAX_LOOKED_AT]:
        value = unfolded(field.value)
        by = authserv_id(value)
        if by in authserv_ids:
            return read_authentication_results(value), by
    return None, ""


def _weigh(domain: str, author: str, claim: Claim, mail: RawMail, lookups: Lookups | None) -> tuple[str, str]:
    """A proof or a doubt, of a signature that the relay found valid."""
    try:
        speaks = domain == author or (
            bool(domain)
            and lookups is not None
            and aligned(walk(author, lookups), domain, lookups, by="dkim")
        )
    except DnsUnavailable as error:
        return "", f"whether {domain} speaks for From cannot be told: {error}"
    if not speaks:
        return "", f"signed by {domain or 'nobody who is named'}, which does not speak for From"
    for field in mail.all("dkim-signature"):
        try:
            signature = read_signature(field)
        except BadSignature:
            continue
        lacks = staleness(signature, claim) or gaps(signature, mail) if signature.domain == domain else ""
        if lacks:
            return "", f"the signature of {domain} is valid but does not suffice: {lacks}"
    return f"{domain} has signed it, which speaks for From", ""


def _domain(result: MethodResult) -> str:
    for name in _DOMAIN_PROPERTIES[result.method]:
        if name in result.properties:
            return domain_name(result.properties[name].rpartition("@")[2]) or "?"
    return ""


def _asks_nothing(result: MethodResult) -> bool:
    stated = {result.properties.get(name, "").lower() for name in ("policy.dmarc", "polrec.p")}
    return "none" in stated or bool(_ASKS_NOTHING.search(result.comment))
