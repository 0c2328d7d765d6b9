"""A DNS that is a table, keys of our own, and mails signed with them by another program (dkimpy)."""

from __future__ import annotations

import base64
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from gateway.authentication.judge import MailJudge
from gateway.authentication.lookups import Lookups
from gateway.domain.envelope import Envelope
from gateway.domain.evidence import Judgement
from gateway.errors import DnsUnavailable
from gateway.pipeline.parse import parse
from gateway.ports import Claim, RecordType
from tests.unit.reading.wire import wire

# A public address that is none of ours, and one of our own machines.
PUBLIC, PRIVATE = "93.184.216.34", "10.0.0.7"
SIGNED = (b"from", b"to", b"cc", b"subject", b"date", b"content-type", b"message-id", b"reply-to")


@dataclass
class TableResolver:
    """Answers from `records`, by name and kind; None is trouble, a missing name does not exist."""

    records: Mapping[tuple[str, str], Sequence[str] | None]
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)

    def look_up(self, name: str, kind: RecordType, *, timeout_s: float) -> tuple[str, ...] | None:
        self.asked[name, kind] += 1
        found = self.records.get((name, kind), ())
        if found is None:
            raise DnsUnavailable(f"no answer about {name}")
        exists = any(known == name or known.endswith(f".{name}") for known, _ in self.records)
        return tuple(found) if found or exists else None


@dataclass(frozen=True)
class Key:
    """A signing key and what its owner publishes."""

    private_pem: bytes
    record: str

    @classmethod
    def rsa(cls, bits: int = 2048) -> Key:
        private = generate_private_key(65537, bits)
        der = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        pem = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        return cls(pem, f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}")


KEY = Key.rsa()
OTHER_KEY = Key.rsa()


def zone(*, key: Key = KEY, policy: str = "v=DMARC1; p=reject") -> TableResolver:
    """What acme.test publishes: a key under `s1`, a DMARC policy, SPF for one address."""
    return TableResolver(
        {
            ("s1._domainkey.acme.test", "TXT"): (key.record,),
            ("_dmarc.acme.test", "TXT"): (policy,) if policy else (),
            ("acme.test", "TXT"): ("v=spf1 ip4:198.51.100.0/24 -all",),
            ("acme.test", "A"): ("198.51.100.1",),
        }
    )


def sign(
    raw: bytes,
    *,
    key: Key = KEY,
    domain: str = "acme.test",
    names: Sequence[bytes] = SIGNED,
    form: tuple[bytes, bytes] = (b"relaxed", b"relaxed"),
    length: bool = False,
) -> bytes:
    """The mail with a DKIM-Signature on top; its `t=` is the present."""
    signature: bytes = dkim.sign(
        raw,
        b"s1",
        domain.encode(),
        key.private_pem,
        canonicalize=form,
        include_headers=list(names),
        length=length,
    )
    return signature + raw


def dated(raw: bytes, at: datetime) -> bytes:
    return raw.replace(b"Tue, 3 Mar 2026 11:02:00 +0100", format_datetime(at).encode())


def present() -> datetime:
    """The time that dkimpy writes into `t=`."""
    return datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251


def fresh_wire(body: str = "Bonjour.\n", **fields: str | None) -> bytes:
    return dated(wire(body, "text/plain; charset=utf-8", **fields), present())


def claim(
    raw: bytes,
    *,
    peer: str = PRIVATE,
    reverse_path: str = "chloe@acme.test",
    recipients: tuple[str, ...] = ("support@desk.test",),
    received_at: datetime | None = None,
    channel: str = "smtp",
) -> Claim:
    envelope = Envelope(
        channel, reverse_path, recipients, peer, "mx.acme.test", True, received_at or present()
    )
    return Claim(parse(raw), envelope, raw)


def judged(asked: Claim, resolver: TableResolver | None) -> Judgement:
    (judgement,) = MailJudge(resolver).judge([asked])
    return judgement


def results(judgement: Judgement) -> dict[str, str]:
    """The last result of each method."""
    return {finding.method: finding.result for finding in judgement.findings}


def lookups(resolver: TableResolver) -> Lookups:
    return Lookups(resolver, deadline=time.monotonic() + 60)
