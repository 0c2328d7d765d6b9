"""How well it is proven who wrote a mail: what a mail may do depends on it, never whether it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class Level(IntEnum):
    """The levels of evidence, weakest first."""

    E0 = 0
    """Conflict: several From lines, none, DMARC that fails, or a forged token."""
    E1 = 1
    """Claimed: nothing contradicts From and nothing proves it."""
    E2 = 2
    """Token: a valid reply token, and From is the contact it was made for."""
    E3 = 3
    """Domain: DKIM aligned with From."""
    E4 = 4
    """Proven: E3 and E2, or the gateway's own ways in (command line, portal)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one method said.

    Attributes:
        method: dkim, spf or dmarc.
        result: as RFC 8601 section 2.7 names it: pass, fail, none, temperror…
        domain: whom the result speaks of; empty where that cannot be told.
        reason: a few words, or empty.
    """

    method: str
    result: str
    domain: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the domain in From has to do with a mail.

    Attributes:
        by: `gateway` for ourselves, or the authserv-id whose word it is; empty when nobody judged.
        proof: why the domain stands behind the mail, or empty.
        conflict: why it does not, or empty.
        doubts: what was found that neither proves nor contradicts.
    """

    by: str = ""
    findings: tuple[Finding, ...] = ()
    proof: str = ""
    conflict: str = ""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a mail's writer.

    Attributes:
        identity: the comparison form of the writer's address, None at E0.
        reasons: short sentences, in the order in which they were found.
        judgement: what the methods said of From's domain.
    """

    level: Level
    identity: str | None
    reasons: tuple[str, ...]
    judgement: Judgement = field(default_factory=Judgement)
