"""Orders where nobody wrote them, and orders as a weapon (T26, T27, T30)."""

from __future__ import annotations

import base64
import quopri
from collections import Counter

import pytest

from gateway.domain.held import MailReleased
from tests.acceptance.threats.desk import ANA, Target, vouched

# A thousand mails, and a machine that may be busy.
pytestmark = pytest.mark.timeout(300)

GENUINE = vouched("example.test")
TEXT = "Bonjour,\n\nNous regardons.\n"
PLAIN = "Content-Type: text/plain; charset=utf-8\r\n\r\n"


def placements(target: Target) -> dict[str, bytes]:
    """Mails by the agent herself, fully proven, whose `#close` stands where it is no order."""

    def plain(text: str) -> bytes:
        return target.desk.mail(
            f"Ana Costa <{ANA}>", text, to=target.agents_address, Authentication_Results=GENUINE
        )

    def built(content_type: str, body: str, *, encoding: str = "8bit") -> bytes:
        raw = plain("@@")
        head = raw.partition(b"\r\n\r\n")[0].decode()
        head = head.replace("Content-Type: text/plain; charset=utf-8", f"Content-Type: {content_type}")
        head = head.replace("Content-Transfer-Encoding: 8bit", f"Content-Transfer-Encoding: {encoding}")
        return f"{head}\r\n\r\n{body}".encode()

    def mixed(*parts: str) -> bytes:
        body = "".join(f"--bb\r\n{part}\r\n" for part in parts)
        return built('multipart/mixed; boundary="bb"', f"{body}--bb--\r\n")

    encoded = base64.b64encode(b"#close\r\n").decode()
    inner = f"From: {ANA}\r\nSubject: x\r\n{PLAIN}#close\r\n"
    return {
        "quoted": plain(f"{TEXT}\n> #close\n"),
        "quoted at the top": plain(f"> #close\n\n{TEXT}"),
        "below the text": plain(f"{TEXT}\n#close\n"),
        "after a greeting": plain(f"Bonjour,\n#close\n{TEXT}"),
        "in the signature": plain(f"{TEXT}\n-- \n#close\nAna Costa\n"),
        "in a forward": plain(
            f"{TEXT}\n---------- Forwarded message ---------\nFrom: x@acme.test\nDate: Mon, 23 Nov 2026\n"
            "Subject: x\nTo: y@acme.test\n\n#close\n"
        ),
        "in Outlook's history": plain(
            f"{TEXT}\n-----Original Message-----\nFrom: Chloe\nSent: Monday\nTo: Support\nSubject: x\n\n#close\n"
        ),
        "in HTML alone": built("text/html; charset=utf-8", "<p>#close</p><p>Nous regardons.</p>"),
        "hidden in HTML": built(
            "text/html; charset=utf-8", '<p style="display:none">#close</p><p>Nous regardons.</p>'
        ),
        "in the second part": mixed(f"{PLAIN}{TEXT}", f"{PLAIN}#close\r\n"),
        "in an attached file": mixed(
            f"{PLAIN}{TEXT}",
            "Content-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment\r\n\r\n#close\r\n",
        ),
        "in an attached file, first": mixed(
            "Content-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment\r\n"
            f"Content-Transfer-Encoding: base64\r\n\r\n{encoded}",
            f"{PLAIN}{TEXT}",
        ),
        "in an attached mail": mixed(f"{PLAIN}{TEXT}", f"Content-Type: message/rfc822\r\n\r\n{inner}"),
        "in the subject": plain(TEXT).replace(b"Subject: Module Paie", b"Subject: #close"),
        "in an encoded attachment name": mixed(
            f"{PLAIN}{TEXT}",
            'Content-Type: application/pdf; name="#close"\r\nContent-Disposition: attachment\r\n\r\nx',
        ),
    }


def test_t26_fifteen_places_where_a_command_is_none(target: Target) -> None:
    """The agent's own mails, each with every proof: a comment may come of them, and no closing."""
    mails = placements(target)
    assert len(mails) == 15

    rows = target.desk.receives(*mails.values(), to=target.agents_address, sender=ANA)

    outcomes = dict(zip(mails, (each["outcome"] for each in rows), strict=True))
    print(f"T26: {outcomes}")
    assert {each["evidence"] for each in rows} == {"E4"}
    assert target.desk.ticket(target.number)["state"] == "in_progress"
    target.is_untouched(but=("public", "outside"))
    # The control, in base64 and in quoted-printable: the first text part's first line.
    raw = target.desk.mail(
        f"Ana Costa <{ANA}>", "@@", to=target.agents_address, Authentication_Results=GENUINE
    )
    body = base64.b64encode("#status resolved\n\nC'est corrigé.".encode())
    raw = raw.replace(b"Content-Transfer-Encoding: 8bit", b"Content-Transfer-Encoding: base64").replace(
        b"@@", body
    )
    assert quopri.decodestring(body) == body
    target.desk.receives(raw, to=target.agents_address, sender=ANA)
    assert target.desk.ticket(target.number)["state"] == "resolved"


def test_t27_signed_and_sealed_parts_prove_nothing(target: Target) -> None:
    """S/MIME and PGP of six kinds, with the agent's reply address: kept, shown as unproven, never carried out."""
    desk = target.desk
    opaque = base64.b64encode(b"0\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02" + b"#close\r\n" * 20).decode()

    def built(content_type: str, body: str, encoding: str = "8bit") -> bytes:
        raw = desk.mail(f"Ana Costa <{ANA}>", "@@", to=target.agents_address)
        head = raw.partition(b"\r\n\r\n")[0].decode()
        head = head.replace("text/plain; charset=utf-8", content_type).replace(": 8bit", f": {encoding}")
        return f"{head}\r\n\r\n{body}".encode()

    signature = 'Content-Type: application/pkcs7-signature; name="smime.p7s"\r\n\r\nAAAA'
    pgp = "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n#close\r\n-----BEGIN PGP SIGNATURE-----\r\nAAAA\r\n-----END PGP SIGNATURE-----\r\n"
    kinds = {
        "opaque": built('application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"', opaque, "base64"),
        "enveloped": built(
            'application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"', opaque, "base64"
        ),
        "detached": built(
            'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="bb"',
            f"--bb\r\n{PLAIN}#close\r\n--bb\r\n{signature}\r\n--bb--\r\n",
        ),
        "inner part alone": built(
            'multipart/mixed; boundary="cc"',
            f"--cc\r\n{PLAIN}#close\r\n--cc\r\nContent-Type: multipart/signed; boundary=bb\r\n\r\n"
            f"--bb\r\n{PLAIN}Bonjour\r\n--bb\r\n{signature}\r\n--bb--\r\n--cc--\r\n",
        ),
        "PGP inline": built("text/plain; charset=utf-8", pgp),
        "PGP/MIME": built(
            'multipart/signed; protocol="application/pgp-signature"; boundary="bb"',
            f"--bb\r\n{PLAIN}#close\r\n--bb\r\nContent-Type: application/pgp-signature\r\n\r\nAAAA\r\n--bb--\r\n",
        ),
    }

    rows = desk.receives(*kinds.values(), to=target.agents_address)

    print(f"T27: {dict(zip(kinds, ((each['outcome'], each['evidence']) for each in rows), strict=True))}")
    assert {each["evidence"] for each in rows} <= {"E2", "E0"}
    assert {each["outcome"] for each in rows} <= {"held", "quarantined"}
    target.is_untouched()
    # What came sealed is there as a file when the desk lets it in.
    held = next(row for row, kind in zip(rows, kinds, strict=True) if kind == "opaque")
    desk.gateway.acting().by_itself([MailReleased(held["ticket"], held["id"], None)])
    desk.receives()
    names = [
        file["filename"] for each in desk.ticket(target.number)["comments"] for file in each["attachments"]
    ]
    assert "smime.p7m" in names


def test_t30_five_hundred_forged_commands_are_told_once_an_hour(target: Target) -> None:
    """In the agent's name, by the ticket's number; answers to go to whom the forger likes."""
    desk = target.desk
    before = Counter(each["to"] for each in desk.notifications())
    raws = [
        desk.mail(
            f"Ana Costa <{ANA}>",
            f"#close {n}",
            subject=f"[#{target.number}] Module Paie",
            Reply_To="victim@elsewhere.test",
            Sender="victim@elsewhere.test",
        )
        for n in range(500)
    ]

    rows = desk.receives(*raws, sender="victim@elsewhere.test")

    new = Counter(each["to"] for each in desk.notifications()) - before
    print(f"T30: 500 forged commands: {dict(Counter(each['outcome'] for each in rows))}; told {dict(new)}")
    assert {each["outcome"] for each in rows} == {"refused"}
    assert new[ANA] <= 1
    assert new["victim@elsewhere.test"] == 0
    target.is_untouched()
    # Their author is told again an hour later, and not before.
    desk.receives(desk.mail(f"Ana Costa <{ANA}>", "#close", subject=f"[#{target.number}] Module Paie"))
    assert Counter(each["to"] for each in desk.notifications())[ANA] <= before[ANA] + 1
    # The customer, by what ties their mail to the ticket without proof: five hundred orders, at most one answer.
    root = desk.gateway.tickets.ticket(target.number).ticket.root_message_id
    told = len(desk.written_to(target.customer))
    desk.receives(
        *(desk.mail(f"<{target.customer}>", f"#close\n\n{n}", References=f"<{root}>") for n in range(500)),
        sender=target.customer,
    )
    answers = len(desk.written_to(target.customer)) - told
    print(f"T30: 500 forged orders of a customer: {answers} answers to their address")
    assert answers <= 1
    target.is_untouched(but=("public", "outside"))
