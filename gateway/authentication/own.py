"""Our own judgement of a mail: DKIM, SPF and DMARC by what the DNS says today."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gateway.authentication.dkim import verify
from gateway.authentication.dmarc import Walk, aligned, walk
from gateway.authentication.fitness import gaps, staleness
from gateway.authentication.header_fields import RawMail, read_raw
from gateway.authentication.lookups import Lookups, domain_name
from gateway.authentication.signature import BadSignature, Signature, read_signature
from gateway.authentication.spf import judge_spf, spf_domain
from gateway.domain.address import author_key
from gateway.domain.evidence import Finding, Judgement
from gateway.errors import DnsUnavailable
from gateway.ports import Claim

BY = "gateway"
# Of the author's own domain. A mail has one or two; whoever sends hundreds wants us to work.
MAX_SIGNATURES = 4
_MAX_READ = 50
_MAX_FINDINGS = 8
_OTHER = "not a domain that speaks for From"


@dataclass
class _Notes:
    """What has been found so far.

    Attributes:
        speaks_for: the domain in From by SPF or DKIM, as DMARC means it.
        undecided: something that could still speak for it was not answered.
    """

    findings: list[Finding] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    proof: str = ""
    speaks_for: bool = False
    undecided: bool = False

    def judgement(self, conflict: str = "") -> Judgement:
        findings = tuple(self.findings[:_MAX_FINDINGS])
        return Judgement(BY, findings, "" if conflict else self.proof, conflict, tuple(self.doubts))


def judge_ourselves(claim: Claim, lookups: Lookups, *, is_border: bool) -> Judgement:
    """What the domain in From has to do with the mail.

    Args:
        is_border: the peer is the sender's own server, so that SPF can be asked about it.
    """
    author = domain_name(author_key(claim.mail.identity or "").rpartition("@")[2])
    if author is None:
        return Judgement(BY)
    notes = _Notes()
    policies, policy = None, ""
    try:
        policies = walk(author, lookups)
        policy = policies.policy(lookups)
    except DnsUnavailable as error:
        notes.undecided = True
        notes.doubts.append(f"DMARC of {author} cannot be told: {error}")
    if "dkim-signature" in claim.mail.headers:
        _judge_signatures(claim, read_raw(claim.raw), author, policies, lookups, notes)
    if is_border and not notes.speaks_for:
        _judge_spf(claim, author, policies, lookups, notes)
    elif not is_border:
        notes.undecided = True
    return _judge_dmarc(author, policies, policy, notes)


def _judge_signatures(
    claim: Claim, mail: RawMail, author: str, policies: Walk | None, lookups: Lookups, notes: _Notes
) -> None:
    bodies: dict[str, bytes] = {}
    looked_at = 0
    for raw in mail.all("dkim-signature")[:_MAX_READ]:
        try:
            signature = read_signature(raw)
        except BadSignature as error:
            notes.findings.append(Finding("dkim", "permerror", "", str(error)))
            continue
        domain = signature.domain
        if not _may_speak(domain, author, policies):
            notes.findings.append(Finding("dkim", "policy", domain, _OTHER))
            continue
        looked_at += 1
        if looked_at > MAX_SIGNATURES:
            # No reason to call the rest undecided: then any forger would add five.
            notes.doubts.append(f"more than {MAX_SIGNATURES} signatures of {author}")
            return
        try:
            if not _aligned(policies, author, domain, lookups, by="dkim"):
                notes.findings.append(Finding("dkim", "policy", domain, _OTHER))
                continue
            remark = verify(signature, mail, lookups, bodies)
        except BadSignature as error:
            notes.findings.append(Finding("dkim", "fail", domain, str(error)))
        except DnsUnavailable as error:
            notes.undecided = True
            notes.findings.append(Finding("dkim", "temperror", domain, str(error)))
            notes.doubts.append(f"the signature of {domain} cannot be checked: {error}")
        else:
            _take(signature, remark, mail, claim, notes)
        if notes.proof:
            return


def _take(signature: Signature, remark: str, mail: RawMail, claim: Claim, notes: _Notes) -> None:
    """A valid signature that speaks for From: proof when it also shows that the mail is new and for us."""
    notes.speaks_for = True
    doubt = remark or staleness(signature, claim) or gaps(signature, mail)
    notes.findings.append(Finding("dkim", "pass", signature.domain, doubt))
    if doubt:
        notes.doubts.append(f"the signature of {signature.domain} is valid but does not suffice: {doubt}")
    else:
        notes.proof = f"signed by {signature.domain}, which speaks for From"


def _judge_spf(claim: Claim, author: str, policies: Walk | None, lookups: Lookups, notes: _Notes) -> None:
    """SPF of a domain that could speak for From; any other's servers are not asked."""
    envelope = claim.envelope
    domain = spf_domain(envelope.reverse_path, envelope.helo)
    try:
        if domain is None or not _aligned(policies, author, domain, lookups, by="spf"):
            notes.findings.append(Finding("spf", "policy", domain or "", _OTHER))
            return
    except DnsUnavailable as error:
        notes.undecided = True
        notes.doubts.append(f"whether {domain} speaks for From cannot be told: {error}")
        return
    found = judge_spf(envelope.peer, envelope.reverse_path, envelope.helo, lookups)
    notes.findings.append(found)
    if found.result == "temperror":
        notes.undecided = True
        notes.doubts.append(f"SPF of {domain} cannot be told: {found.reason}")
    elif found.result == "pass":
        notes.speaks_for = True
        notes.doubts.append(f"SPF alone speaks for {author}, which others on the same host can have too")


def _judge_dmarc(author: str, policies: Walk | None, policy: str, notes: _Notes) -> Judgement:
    held = policies.record() if policies else None
    if policies is None or held is None:
        notes.findings.append(Finding("dmarc", "temperror" if policies is None else "none", author))
        return notes.judgement()
    if notes.speaks_for:
        notes.findings.append(Finding("dmarc", "pass", author))
        return notes.judgement()
    if notes.undecided:
        notes.findings.append(Finding("dmarc", "temperror", author, "not all of it could be judged"))
        return notes.judgement()
    notes.findings.append(Finding("dmarc", "fail", author, f"p={policy} at {held[0]}"))
    if policy == "none":
        # Lists and forwarders break signatures; a domain that only watches asks for no consequence.
        notes.doubts.append(f"DMARC of {author} fails, and the domain asks for nothing (p=none)")
        return notes.judgement()
    return notes.judgement(f"DMARC of {author} fails, and the domain asks for {policy}")


def _may_speak(domain: str, author: str, policies: Walk | None) -> bool:
    """Whether it is worth asking: what strangers' name servers say decides nothing."""
    return f".{domain}".endswith(f".{policies.organizational_domain if policies else author}")


def _aligned(
    policies: Walk | None, author: str, domain: str, lookups: Lookups, *, by: Literal["dkim", "spf"]
) -> bool:
    return domain == author if policies is None else aligned(policies, domain, lookups, by=by)
