"""What a domain asks for by DMARC, and which other domains speak for it (RFC 9989)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from gateway.authentication.lookups import Lookups

POLICIES = ("none", "quarantine", "reject")
_MOST_LABELS = 8


@dataclass(frozen=True, slots=True)
class Record:
    """A DMARC policy record (RFC 9989 section 4.7), with the defaults filled in."""

    policy: str
    subdomain_policy: str
    nonexistent_policy: str
    strict_dkim: bool
    strict_spf: bool
    psd: str
    testing: bool


def read_record(text: str) -> Record | None:
    """The record in a TXT string, or None for any other text.

    Unknown tags are ignored, and so is whatever the grammar does not know (section 4.8).
    """
    items = [item.partition("=") for item in text.split(";")]
    version, _, value = items[0]
    if version.strip(" \t").lower() != "v" or value.strip(" \t") != "DMARC1":
        return None
    tags: dict[str, str] = {}
    for name, _, value in items[1:]:
        tags.setdefault(name.strip(" \t").lower(), value.strip(" \t").lower())
    if any(tags.get(name, "none") not in POLICIES for name in ("p", "sp", "np")):
        # Section 4.10.1: a record with a wrong policy asks for nothing.
        tags |= {"p": "none", "sp": "none", "np": "none"}
    policy = tags.get("p", "none")
    subdomain_policy = tags.get("sp", policy)
    return Record(
        policy=policy,
        subdomain_policy=subdomain_policy,
        nonexistent_policy=tags.get("np", subdomain_policy),
        strict_dkim=tags.get("adkim") == "s",
        strict_spf=tags.get("aspf") == "s",
        psd=tags.get("psd", "u"),
        testing=tags.get("t") == "y",
    )


@dataclass(frozen=True)
class Walk:
    """The records met on the way from a domain to the root of the DNS, longest name first."""

    domain: str
    found: tuple[tuple[str, Record], ...]

    @cached_property
    def organizational_domain(self) -> str:
        """Whose the domain is (section 4.10.2); itself where no record tells."""
        for name, record in self.found:
            if record.psd == "n":
                return name
            if record.psd == "y" and name != self.domain:
                below = self.domain.removesuffix(f".{name}").rpartition(".")[2]
                return f"{below}.{name}"
        return self.found[-1][0] if self.found else self.domain

    def record(self) -> tuple[str, Record] | None:
        """The record that counts, and where it stands (section 4.10.1)."""
        by_name = dict(self.found)
        for name in (self.domain, self.organizational_domain):
            if name in by_name:
                return name, by_name[name]
        return self.found[-1] if self.found else None

    def policy(self, lookups: Lookups) -> str:
        """What is asked for when a mail fails: none, quarantine or reject; a test asks for one step less.

        Raises:
            DnsUnavailable: it cannot be told whether the domain exists.
        """
        held = self.record()
        if held is None:
            return "none"
        name, record = held
        policy = record.policy
        if name != self.domain:
            policy = record.subdomain_policy
            if record.nonexistent_policy != policy and lookups.records(self.domain, "A") is None:
                policy = record.nonexistent_policy
        return POLICIES[max(0, POLICIES.index(policy) - record.testing)]


def walk(domain: str, lookups: Lookups) -> Walk:
    """The DNS tree walk (section 4.10): at most eight questions, however many labels there are.

    Raises:
        DnsUnavailable: what the domain asks for cannot be told.
    """
    labels = domain.split(".")
    first = len(labels) - _MOST_LABELS + 1 if len(labels) > _MOST_LABELS else 1
    names = [domain, *(".".join(labels[index:]) for index in range(first, len(labels)))]
    found: list[tuple[str, Record]] = []
    for name in names:
        texts = lookups.records(f"_dmarc.{name}", "TXT") or ()
        records = [record for text in texts if (record := read_record(text)) is not None]
        if len(records) != 1:
            continue
        found.append((name, records[0]))
        if records[0].psd in ("y", "n"):
            break
    return Walk(domain, tuple(found))


def aligned(author: Walk, domain: str, lookups: Lookups, *, by: Literal["dkim", "spf"]) -> bool:
    """Whether `domain`, known by DKIM or SPF, speaks for the author's (section 4.4).

    Only names below the author's organizational domain are asked about: what a stranger's name
    servers answer, or fail to, decides nothing.

    Raises:
        DnsUnavailable: it cannot be told.
    """
    if domain == author.domain:
        return True
    held = author.record()
    strict = held is not None and (held[1].strict_dkim if by == "dkim" else held[1].strict_spf)
    ours = author.organizational_domain
    if strict or not f".{domain}".endswith(f".{ours}"):
        return False
    return walk(domain, lookups).organizational_domain == ours
