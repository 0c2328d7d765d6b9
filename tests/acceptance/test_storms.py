"""More mail than anybody can read: what passes, what is held, who is told, and that it ends (T48, T49)."""

from __future__ import annotations

import smtplib
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.customer import FRENCH, Customer
from tests.running import RunningGateway, mail
from tests.servers.sink import SmtpSink

pytestmark = pytest.mark.timeout(300)

VICTIM = "victim@elsewhere.test"
PITCH = "Buy gold at https://evil.test"


@pytest.fixture(scope="module")
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as made:
        yield made


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def gateway(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sink: SmtpSink
) -> Iterator[RunningGateway]:
    database_url = request.getfixturevalue("postgres_server") if request.param == "postgres" else None
    folder: Path = tmp_path_factory.mktemp("storms")
    relay = f"smtp://127.0.0.1:{sink.port}"
    sink.mails.clear()
    if database_url is None:
        made = RunningGateway(folder, relay_url=relay, storms=True)
        with made.running():
            yield made
        return
    with database_url.database() as url:
        made = RunningGateway(folder, relay_url=relay, storms=True, database_url=url)
        with made.running():
            yield made


def pour(gateway: RunningGateway, mails: Iterable[bytes], sender: str) -> list[int]:
    """Send them over one connection; their ids in the ledger."""
    ids = []
    with smtplib.SMTP("127.0.0.1", gateway.port, timeout=30) as smtp:
        smtp.ehlo("client.test")
        for raw in mails:
            smtp.mail(sender)
            smtp.rcpt("support@example.test")
            code, words = smtp.data(raw)
            assert code == 250, words
            ids.append(int(words.split()[1]))
    return ids


def outcomes(gateway: RunningGateway, ids: list[int]) -> Counter[str]:
    wanted = set(ids)
    return Counter(row["outcome"] for row in gateway.settled() if row["id"] in wanted)


def test_a_thousand_mails_in_a_victims_name_give_it_one_mail(gateway: RunningGateway, sink: SmtpSink) -> None:
    """T48 and T49: other words, names, subjects and ids each time; a customer is served meanwhile."""
    mails = (
        mail(
            f"{PITCH} <{VICTIM}>",
            f"{PITCH} {number} {chr(97 + number % 26) * 20}",
            f"Merci d'escalader ce ticket au plus vite. {PITCH}\n"
            + "".join(chr(97 + (number * 7 + i * i) % 26) for i in range(300)),
            message_id=f"{number}.evil@evil.test",
        )
        for number in range(1000)
    )
    ids = pour(gateway, mails, VICTIM)
    begun = time.monotonic()
    chloe = Customer(gateway, "Chloe Petit", "chloe@acme.test")
    row = chloe.writes(FRENCH)
    served_s = time.monotonic() - begun

    found = outcomes(gateway, ids)
    to_victim = [each for each in sink.mails if each.recipient == VICTIM]
    notices = gateway.notifications(to="team@example.test", template="storm")
    print(
        f"1000 mails in one name: {dict(found)}; to that name {len(to_victim)}; storm notices {len(notices)}; "
        f"another customer served within {served_s:.1f} s"
    )
    assert found["ticket"] <= 19
    assert found["ticket"] + found["held"] == 1000
    assert len(to_victim) == 1
    assert b"evil.test" not in to_victim[0].content.partition(b"\r\nIn-Reply-To:")[0]
    assert b"gold" not in to_victim[0].content
    assert row["outcome"] == "ticket"
    assert any(each.recipient == "chloe@acme.test" for each in sink.mails)
    assert len(notices) == 1
    # One ticket counts them all, and only the desk has it.
    number = notices[0]["ticket"]
    storm = gateway.ticket(number)
    assert storm["requester"] is None or not storm["requester"]["address"]
    note = storm["comments"][-1]
    assert (note["visibility"], note["source"]) == ("internal", "storm")
    assert f"{found['held']} mails" in note["text"]
    assert f"sender {VICTIM} on #{number}: {found['held']} mails held" in gateway.command("check", "--quick")


def test_the_desk_sees_what_a_storm_held_and_decides(gateway: RunningGateway, sink: SmtpSink) -> None:
    """One is let in by somebody of the desk, the rest is dropped by them without a word."""
    (notice,) = gateway.notifications(to="team@example.test", template="storm")
    number = notice["ticket"]
    held = gateway.json_lines("mail", "list", "--held", "--ticket", str(number))
    ids = [each["id"] for each in held]
    assert {each["reason"].partition(":")[0] for each in held} == {"rate"}
    assert "rate, sender" in gateway.command("mail", "explain", str(held[0]["id"]))
    gateway.command("mail", "release", str(held[0]["id"]), "--as", "ana@example.test")
    gateway.command("mail", "drop", "--ticket", str(number), "--as", "ana@example.test")
    counts = outcomes(gateway, ids)
    assert (counts["held"], counts["ticket"], counts["dropped"]) == (0, 1, len(ids) - 1)
    entries = gateway.ticket(number)["timeline"]
    assert {each["actor"] for each in entries if each["kind"] == "mail_dropped"} == {"ana@example.test"}
    # The desk vouches for the one that it has let in, and what that one asks for is acknowledged.
    assert len([each for each in sink.mails if each.recipient == VICTIM]) <= 2


def test_a_thousand_strangers_get_a_hundred_answers_an_hour(gateway: RunningGateway, sink: SmtpSink) -> None:
    """T48: every mail forges another address, of another domain, with another text."""
    mails = (
        mail(
            f"x{number}@v{number}.test",
            f"hello {number}",
            "".join(chr(97 + (number * 11 + i * i * (number % 13)) % 26) for i in range(300)),
            message_id=f"{number}.strangers@evil.test",
        )
        for number in range(400)
    )
    begun = time.monotonic()
    ids = pour(gateway, mails, "anybody@evil.test")
    found = outcomes(gateway, ids)
    took_min = (time.monotonic() - begun) / 60

    answered = [each for each in sink.mails if each.recipient.startswith("x")]
    print(f"400 strangers: {dict(found)}; answered {len(answered)}")
    assert 9 <= len(answered) <= 10 + took_min
    assert found["ticket"] + found["held"] == 400
    assert found["held"] >= 50


def test_many_mails_on_a_ticket_are_one_note(gateway: RunningGateway, sink: SmtpSink) -> None:
    """A robot in the customer's name, unproven, answers on and on; only its references tie it to the ticket."""
    chloe = Customer(gateway, "Karim", "karim@acme.test")
    first = chloe.mail(FRENCH, message_id="root.storm@acme.test")
    number = chloe.sends(first)["ticket"]
    gateway.settled()
    before = len([each for each in sink.mails if each.recipient == "karim@acme.test"])
    mails = (
        mail(
            "Karim <karim@acme.test>",
            "Re: Module Paie",
            "Je suis absent. " + "".join(chr(97 + (n * 5 + i * i) % 26) for i in range(200)),
            message_id=f"{n}.robot@acme.test",
            References="<root.storm@acme.test>",
        )
        for n in range(200)
    )
    ids = pour(gateway, mails, "karim@acme.test")
    found = outcomes(gateway, ids)

    ticket = gateway.ticket(number)
    notes = [each for each in ticket["comments"] if each["source"] == "storm"]
    told = gateway.notifications(to="team@example.test", template="storm")
    told = [each for each in told if each["ticket"] == number]
    after = len([each for each in sink.mails if each.recipient == "karim@acme.test"])
    print(
        f"200 mails on a ticket: {dict(found)}; notes {len(notes)}, notices {len(told)}, to the customer {after - before}"
    )
    assert found["comment"] <= 19
    assert found["comment"] + found["held"] == 200
    assert len(notes) == len(told) == 1
    assert f"{found['held']} mails" in notes[0]["text"] or f"{found['held']} mails" in notes[0]["text"]
    assert after == before


def test_a_known_customer_is_slowed_and_never_refused(gateway: RunningGateway) -> None:
    """Proven by their reply address, beyond thirty mails at once on a ticket: read when their turn has come."""
    grace = Customer(gateway, "Grace", "grace@acme.test")
    number = grace.opens_a_ticket()
    sent = gateway.notifications(to="grace@acme.test")
    raw = gateway.gateway().renderer.render(gateway.gateway().outbox.notification(sent[-1]["id"]))
    address = next(
        line.partition(b":")[2].strip().decode() for line in raw.splitlines() if line.startswith(b"Reply-To")
    )
    with smtplib.SMTP("127.0.0.1", gateway.port, timeout=30) as smtp:
        smtp.ehlo("client.test")
        for n in range(33):
            smtp.mail("grace@acme.test")
            smtp.rcpt(address)
            assert (
                smtp.data(
                    mail(
                        "Grace <grace@acme.test>",
                        "Re: x",
                        f"Ligne {n}",
                        message_id=f"{n}.grace@acme.test",
                        to=address,
                    )
                )[0]
                == 250
            )

    def waiting() -> list[dict[str, object]]:
        rows = gateway.json_lines("mail", "list")
        return [each for each in rows if str(each["reason"]).startswith("slowed")]

    rows = gateway.wait_for(lambda: len(found := waiting()) >= 2 and found, "two mails to be slowed")
    assert {each["outcome"] for each in rows} == {"pending"}
    assert len(gateway.ticket(number)["comments"]) >= 31
    # Time passes, for those that wait.
    database = gateway.gateway().database
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE inbound SET due_at = received_at WHERE outcome = 'pending'")
    gateway.settled()
    assert len(gateway.ticket(number)["comments"]) == 34
    assert not [
        each
        for each in gateway.json_lines("mail", "list")
        if each["outcome"] == "held" and each["from"] == "grace@acme.test"
    ]
