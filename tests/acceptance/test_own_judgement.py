"""The gateway as the border itself: it asks the DNS, here a table, and judges what comes in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gateway.authentication.judge import MailJudge
from gateway.bootstrap import Gateway
from gateway.cli.serve import prepare
from gateway.domain.envelope import Envelope
from gateway.domain.token import Purpose, Token
from gateway.ports import NewMail
from gateway.settings import load_settings
from tests.running import DESK
from tests.unit.authentication.zone import (
    KEY,
    OTHER_KEY,
    PUBLIC,
    TableResolver,
    fresh_wire,
    present,
    sign,
)

DNS = TableResolver(
    {(f"s1._domainkey.{domain}", "TXT"): (KEY.record,) for domain in ("acme.test", "example.test")}
    | {(f"_dmarc.{domain}", "TXT"): ("v=DMARC1; p=reject",) for domain in ("acme.test", "example.test")}
    | {("s1._domainkey.evil.test", "TXT"): (OTHER_KEY.record,)}
)


@dataclass
class Desk:
    """A gateway in this process, one mail at a time."""

    gateway: Gateway

    def receives(self, raw: bytes, to: str = "support@example.test", *, peer: str = PUBLIC) -> dict[str, Any]:
        """Store a mail and settle it; its row, and what was judged under `identity`."""
        envelope = Envelope("smtp", "x@evil.test", (to,), peer, "mx.evil.test", True, present())
        (number,) = self.gateway.ledger.append([NewMail(envelope, (raw,), len(raw))])
        processor = replace(self.gateway.processor("test:0"), judge=MailJudge(DNS))
        while processor.process_batch():
            pass
        entry = self.gateway.ledger.entry(number)
        identity = self.gateway.ledger.explanation(number)["identity"]
        return {
            "outcome": entry.outcome,
            "evidence": entry.evidence,
            "ticket": entry.ticket,
            "identity": identity,
        }

    def reply_address(self, ticket: int, contact: int) -> str:
        """Of a ticket, for a contact; 0 for the team."""
        _, signer = self.gateway.directory.current()
        return f"support+{signer.sign(Token(ticket, contact, 1), Purpose.REPLY)}@example.test"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "desk.yaml").write_text(DESK, encoding="utf-8")
    (tmp_path / "gateway.toml").write_text('[desk]\nfile = "desk.yaml"\n', encoding="utf-8")
    gateway = Gateway(load_settings(tmp_path / "gateway.toml", {}))
    prepare(gateway)
    return Desk(gateway)


def test_a_signed_request_is_verified(desk: Desk) -> None:
    row = desk.receives(sign(fresh_wire(To="support@example.test")))

    assert (row["outcome"], row["evidence"]) == ("ticket", "E3")
    assert row["identity"]["judged_by"] == "gateway"
    assert row["identity"]["results"] == [
        {"method": "dkim", "result": "pass", "domain": "acme.test", "reason": ""},
        {"method": "dmarc", "result": "pass", "domain": "acme.test", "reason": ""},
    ]


def test_a_forged_customer_of_a_protected_domain_is_held_and_not_answered(desk: Desk) -> None:
    """The same words unsigned, from anywhere."""
    row = desk.receives(fresh_wire(To="support@example.test"))

    assert (row["outcome"], row["evidence"]) == ("held", "E0")
    assert "asks for reject" in row["identity"]["reasons"][0]
    assert not list(desk.gateway.outbox.entries(limit=10))


def test_an_agent_acts_with_reply_address_and_signature_only(desk: Desk) -> None:
    ticket = desk.receives(sign(fresh_wire(To="support@example.test")))["ticket"]
    address = desk.reply_address(ticket, 0)
    mail = fresh_wire(
        "Nous regardons.\n", From="ana@example.test", To=address, Message_ID="<a1@example.test>"
    )

    forged = desk.receives(sign(mail, domain="evil.test", key=OTHER_KEY), address)
    behind_our_own = desk.receives(mail.replace(b"<a1@", b"<a2@"), address, peer="10.0.0.1")
    right = desk.receives(sign(mail.replace(b"<a1@", b"<a3@"), domain="example.test"), address)

    assert (forged["outcome"], forged["evidence"]) == ("quarantined", "E0")
    assert (behind_our_own["outcome"], behind_our_own["evidence"]) == ("held", "E2")
    assert (right["outcome"], right["evidence"]) == ("comment", "E4")


def test_an_agents_signed_mail_sent_on_to_another_ticket_is_held(desk: Desk) -> None:
    """T17: whoever got hold of it knows a reply address as well."""
    first, second = (
        desk.receives(sign(fresh_wire(To="support@example.test", Message_ID=f"<{n}@acme.test>")))["ticket"]
        for n in (1, 2)
    )
    address, other = desk.reply_address(first, 0), desk.reply_address(second, 0)
    signed = sign(fresh_wire("#close\n", From="ana@example.test", To=address), domain="example.test")

    row = desk.receives(signed, other)

    assert (row["outcome"], row["evidence"]) == ("held", "E2")
    assert any("To and Cc" in reason for reason in row["identity"]["reasons"])


def test_the_dns_in_trouble_holds_nobody_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = dict.fromkeys(DNS.records)
    monkeypatch.setattr(DNS, "records", silent)

    row = desk.receives(sign(fresh_wire(To="support@example.test")))

    assert (row["outcome"], row["evidence"]) == ("ticket", "E1")
    assert any("no answer" in reason for reason in row["identity"]["reasons"])
