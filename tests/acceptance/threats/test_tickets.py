"""Whose ticket it is: addresses, numbers and domains in other hands (T17, T19, T20, T21, T22)."""

from __future__ import annotations

import random

import pytest

from gateway.domain.token import Purpose
from gateway.errors import ForgedToken
from tests.acceptance.threats.desk import ANA, DESK_ADDRESS, Desk, Target, vouched

# A thousand mails, and a machine that may be busy.
pytestmark = pytest.mark.timeout(300)

CLOSE = "#close\n\nNous avons terminé."


def flipped(address: str, position: int) -> str:
    local, _, domain = address.partition("@")
    start = local.index("+") + 1
    place = start + position % (len(local) - start)
    other = "b" if local[place] != "b" else "c"
    return f"{local[:place]}{other}{local[place + 1 :]}@{domain}"


def test_t17_an_agents_mail_is_no_order_for_ever_nor_elsewhere(target: Target, threatened: Desk) -> None:
    """Replayed after three days, to another ticket's address, with a length, without its Content-Type signed."""
    desk = target.desk
    other = Target(threatened, f"other.{target.number}@acme.test")
    target.before = target.seen()

    def signed(age_s: int, *, tags: str = "", fields: str = "from:to:subject:date:content-type") -> bytes:
        at = int(desk.clock.at.timestamp()) - age_s
        value = f"v=1; a=rsa-sha256; d=example.test; s=s1; t={at};{tags} h={fields}; bh=AAAA; b=AAAA"
        return desk.mail(
            f"Ana Costa <{ANA}>",
            CLOSE,
            to=target.agents_address,
            Authentication_Results=vouched("example.test"),
            DKIM_Signature=value,
        )

    replays = {
        "three days old": signed(3 * 86_400),
        "a length": signed(60, tags=" l=10;"),
        "To unsigned": signed(60, fields="from:subject:date:content-type"),
        "Content-Type unsigned": signed(60, fields="from:to:subject:date"),
    }
    rows = desk.receives(*replays.values(), to=target.agents_address)
    # Another ticket's envelope, the signed To as it was.
    fresh = signed(60)
    rows += desk.receives(fresh, to=other.agents_address)

    print(
        f"T17: {dict(zip((*replays, 'other envelope'), ((r['outcome'], r['evidence']) for r in rows), strict=True))}"
    )
    assert {each["outcome"] for each in rows} == {"held"}
    target.is_untouched()
    assert desk.ticket(other.number)["state"] == "in_progress"


def test_t19_addresses_that_nobody_was_given_open_nothing(target: Target) -> None:
    desk = target.desk
    _, signer = desk.gateway.directory.current()
    rng = random.Random(19)
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    local = target.customers_address.partition("@")[0].partition("+")[2]
    hits = forged = 0
    for _ in range(100_000):
        word = "".join(rng.choices(letters, k=len(local)))
        try:
            hits += signer.read(word, Purpose.REPLY) is not None
        except ForgedToken:
            forged += 1
    raws = [
        desk.mail(f"<{target.customer}>", CLOSE, to=flipped(target.customers_address, n))
        for n in range(len(local))
    ]
    rows = desk.receives(*raws, to=DESK_ADDRESS)
    stolen = desk.receives(
        desk.mail("Eve <eve@evil.test>", CLOSE, to=target.customers_address),
        desk.mail("Eve <eve@evil.test>", CLOSE, to=target.agents_address),
        to=target.customers_address,
    )

    print(
        f"T19: 100000 random words, {hits} hits, {forged} told as forgeries; {len(rows)} changed letters: "
        f"{sorted({each['outcome'] for each in rows})}; in other hands: {[each['outcome'] for each in stolen]}"
    )
    assert hits == 0
    assert not [each for each in rows if each["outcome"] == "comment"]
    assert [each["outcome"] for each in stolen] == ["held", "held"]
    target.is_untouched(but=("outside",))
    assert not [each for each in target.written_to_outsiders() if each.endswith("@evil.test")]


def test_t20_a_thousand_numbers_bring_nothing_to_the_copied(target: Target) -> None:
    """From is the customer's, forged; the copied wants what is on the ticket."""
    desk, copied = target.desk, "copied@evil.test"
    raws = [
        desk.mail(
            f"Chloe <{target.customer}>", f"Pour suivi {n}.", subject=f"Re: [#{n}] Module Paie", Cc=copied
        )
        for n in range(1, 1001)
    ]
    rows = desk.receives(*raws, sender=target.customer)
    own = rows[target.number - 1]

    reached = [row for row in rows if row["outcome"] == "comment"]
    print(
        f"T20: 1000 numbers, {len(reached)} comments, {sum(r['outcome'] == 'held' for r in rows)} held, 0 for the copied"
    )
    assert not reached
    assert desk.written_to(copied) == []
    assert copied not in desk.ticket(target.number)["participants"]
    assert (own["outcome"], own["ticket"]) == ("held", target.number)
    target.is_untouched(but=("outside",))
    # Confirmations of what has become tickets go to the address in From alone, and once a day at most where limits are on.
    assert set(target.written_to_outsiders()) <= {target.customer}


def test_t21_what_a_service_sends_to_a_reply_address_is_not_shown(target: Target) -> None:
    """The ticket trick: somebody signs up elsewhere with the address that the desk gave them."""
    desk = target.desk
    link = "https://service.test/confirm/1234567"
    services = ("no-reply@slack.test", "feedback@slack.test", "notifications@github.test", "hello@zoom.test")
    raws = [
        desk.mail(
            f"Service <{each}>",
            f"Your code is 123456\n{link}",
            to=target.customers_address,
            Authentication_Results=vouched(each.partition("@")[2]),
        )
        for each in services
    ]
    raws.append(
        desk.mail(f"<{services[0]}>", link, to=target.customers_address, Auto_Submitted="auto-generated")
    )

    rows = desk.receives(*raws, to=target.customers_address)
    acting = desk.gateway.acting()
    acting.act(target.number, ANA, "Voici où nous en sommes.", lambda orders: orders.comment())

    sent = [desk.gateway.renderer.render(each) for each in desk.written_to(target.customer)]
    public = [
        each["text"] for each in desk.ticket(target.number)["comments"] if each["visibility"] == "public"
    ]
    print(
        f"T21: {[each['outcome'] for each in rows]}; in {len(sent)} mails and {len(public)} public comments: 0 bytes"
    )
    assert {each["outcome"] for each in rows} <= {"held", "auto_reply"}
    assert not any(b"1234567" in each or b"123456" in each for each in sent)
    assert not any("123456" in each for each in public)


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com",
        "evil-acme.test",
        "acme.test.evil.test",
        "sub.acme.test",
        "xn--acm-dma.test",
        "acme.test.",
        "аcme.test",
    ],
)
def test_t22_no_other_domain_makes_a_colleague(target: Target, domain: str) -> None:
    """Each with the word of its own domain; then a real colleague with theirs."""
    desk = target.desk
    ascii_domain = domain.encode("idna").decode().strip(".") if not domain.isascii() else domain.strip(".")
    raw = desk.mail(
        f"Paul <paul@{domain}>",
        "Et moi ?",
        subject=f"[#{target.number}] Module Paie",
        Authentication_Results=vouched(ascii_domain),
    )

    (row,) = desk.receives(raw)

    print(f"T22 {domain}: {row['outcome']} on {row['evidence']}, ticket {row['ticket']}")
    assert row["outcome"] in {"ticket", "held", "quarantined"}
    target.is_untouched(but=("outside",))
    assert target.customer not in target.written_to_outsiders()
    colleague = desk.proven(
        f"paul.{target.number}@acme.test", "Et moi ?", subject=f"[#{target.number}] Module Paie"
    )
    assert (colleague["outcome"], colleague["ticket"]) == ("comment", target.number)
