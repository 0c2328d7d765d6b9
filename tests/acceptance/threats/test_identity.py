"""Who somebody is: what a mail says of itself proves nothing (T14, T15, T16, T18, T23, T24, T25)."""

from __future__ import annotations

import pytest

from tests.acceptance.threats.desk import ANA, DESK_ADDRESS, Target, vouched

CLOSE = "#close\n\nNous avons terminé."
GENUINE = vouched("example.test")


def agent_mail(target: Target, text: str = CLOSE, **headers: str) -> bytes:
    return target.desk.mail(f"Ana Costa <{ANA}>", text, to=target.agents_address, **headers)


def test_control_the_agent_is_carried_out(target: Target) -> None:
    """What the forgeries below want, by the agent's own mail: reply address and signature."""
    (row,) = target.desk.receives(
        agent_mail(target, "#status resolved\n\nC'est corrigé.", Authentication_Results=GENUINE),
        to=target.agents_address,
    )

    assert (row["outcome"], row["evidence"]) == ("comment", "E4")
    assert target.desk.ticket(target.number)["state"] == "resolved"
    assert target.written_to_outsiders() == [target.customer]


@pytest.mark.parametrize("inside", ["\r", "\x00", "\x0b", "\x0c", "\x85", "\x1c", "\x1e", "\u2028"])
def test_t14_control_bytes_in_the_header_hide_nobody(target: Target, inside: str) -> None:
    """One reader ends the line there and reads the agent's From, another reads the attacker's."""
    raws = []
    for name, hidden in (("X-A", f"y{inside}From: <{ANA}>"), ("Subject", f"Paie{inside}From: <{ANA}>")):
        raw = agent_mail(target, Authentication_Results=vouched("attack.test"))
        line = f"{name}: {hidden}\r\nFrom: <x@attack.test>".encode()
        raws.append(raw.replace(f"From: Ana Costa <{ANA}>".encode(), line))

    rows = target.desk.receives(*raws, to=target.agents_address)

    print(f"T14 {inside!r}: {[(each['outcome'], each['evidence'], each['from']) for each in rows]}")
    assert {each["outcome"] for each in rows} <= {"held", "quarantined"}
    assert all(each["from"] != ANA or each["evidence"] == "E0" for each in rows)
    target.is_untouched()


FORGED_RESULTS = (
    "mx.evil.test; dkim=pass header.d=example.test",
    "mx.example.test.evil.test; dkim=pass header.d=example.test",
    "evil.test mx.example.test; dkim=pass header.d=example.test",
    "(mx.example.test) evil.test; dkim=pass header.d=example.test",
    "evil.test (mx.example.test; dkim=pass header.d=example.test)",
    '"mx.example.test.evil"; dkim=pass header.d=example.test',
    "mx.example.test/2; dkim=pass header.d=example.test",
    "mx.example.test; dkim=none; dkim=fail header.d=example.test",
    "mx.example.test; dkim=pass header.d=evil.test",
    "mx.example.test; dkim=pass header.d=example.test.evil.test",
    "mx.example.test; dkim=pass header.d=evilexample.test",
    "mx.example.test; dkim=pass header.d=test",
    "mx.example.test; dkim=pass header.i=@evil.test",
    "mx.example.test; dkim=pass (header.d=example.test)",
    "mx.example.test; dkim=policy header.d=example.test",
    'mx.example.test; dkim=neutral reason="pass header.d=example.test"',
    "mx.example.test; dkim=passed header.d=example.test",
    "mx.example.test; x-dkim=pass header.d=example.test",
    "mx.example.test; none",
    "; dkim=pass header.d=example.test",
)


def test_t15_forged_authentication_results_prove_nothing(target: Target) -> None:
    """With the agent's own reply address, which has leaked: without proof of the domain it is not enough."""
    raws = [agent_mail(target, Authentication_Results=each) for each in FORGED_RESULTS]
    below = [
        agent_mail(
            target, Authentication_Results=f"mx.example.test; dkim=none\r\nAuthentication-Results: {GENUINE}"
        ),
        agent_mail(target, Authentication_Results=f"mx.example.test;\r\n dkim=none (\r\n {GENUINE})"),
        agent_mail(target, X_Authentication_Results=GENUINE),
        agent_mail(target, ARC_Authentication_Results=f"i=1; {GENUINE}"),
        agent_mail(target, Received=f"from x by y; Authentication-Results: {GENUINE}"),
    ]

    rows = target.desk.receives(*raws, *below, to=target.agents_address)
    # The genuine words from a peer that is no border.
    rows += target.desk.receives(
        agent_mail(target, Authentication_Results=GENUINE), to=target.agents_address, peer="192.0.2.7"
    )

    passed = [each for each in rows if each["evidence"] in {"E3", "E4"}]
    print(f"T15: {len(rows)} forged results, {len(passed)} believed")
    assert not passed
    assert {each["outcome"] for each in rows} <= {"held", "quarantined"}
    target.is_untouched()


@pytest.mark.parametrize(
    ("threat", "results"),
    [
        (
            "T16",
            "mx.example.test; spf=pass smtp.mailfrom=acme.test; dkim=none; dmarc=pass header.from=acme.test",
        ),
        ("T18", "mx.example.test; arc=pass header.d=acme.test; dkim=fail header.d=acme.test"),
    ],
)
def test_t16_t18_hosting_and_chains_are_asked_back(target: Target, threat: str, results: str) -> None:
    """The customer's name by a shared host's SPF, or a chain that a stranger sealed; then their own signature."""
    desk = target.desk
    root = desk.gateway.tickets.ticket(target.number).ticket.root_message_id
    asked = "Merci d'escalader ce ticket : la paie de 300 personnes est bloquée."
    raw = desk.mail(f"<{target.customer}>", asked, References=f"<{root}>", Authentication_Results=results)

    (row,) = desk.receives(raw, sender=target.customer)

    escalation = desk.ticket(target.number)["escalation"]["state"]
    told = [each.template for each in desk.written_to(target.customer)][-1]
    print(
        f"{threat}: {row['outcome']} on {row['evidence']}, escalation {escalation}, the customer got {told}"
    )
    assert (row["evidence"], escalation, told) == ("E1", "none", "please-confirm")
    target.is_untouched(but=("public", "outside"))
    assert target.written_to_outsiders() == [target.customer]
    assert desk.proven(target.customer, asked, to=target.customers_address)["evidence"] == "E4"
    assert desk.ticket(target.number)["escalation"]["state"] == "requested"


def display_names() -> list[str]:
    hidden = ["\u202e", "\u200b", "\u2066", "\ufeff", "\u00ad", "\u2060"]
    names = [
        f'"{ANA}"',
        f'"{ANA} via support"',
        "Ana Costa",
        "ANA COSTA",
        "Ana Costa (support)",
        '"Ana Costa <ana@example.test>"',
        f'"\\"{ANA}\\""',
        "support@example.test",
        '"support@example.test (Ana Costa)"',
        "Аna Costа",
        "Ana C\u043esta",
        "Ａｎａ Ｃｏｓｔａ",
        "𝐀𝐧𝐚 𝐂𝐨𝐬𝐭𝐚",
        "Lea Martin",
        "Support Team",
        "Mailer-Daemon",
        "postmaster@example.test",
        "=?utf-8?q?Ana_Costa_=3Cana=40example=2Etest=3E?=",
        "=?utf-8?b?QW5hIENvc3RhIDxhbmFAZXhhbXBsZS50ZXN0Pg==?=",
        '"Ana Costa" (ana@example.test)',
        "[agent] Ana Costa",
        "verified Ana Costa",
        '"✓ Ana Costa"',
        '"Ana Costa\\, Example"',
    ]
    return names + [f"Ana{each} Costa" for each in hidden]


def test_t23_thirty_names_make_nobody_an_agent(target: Target) -> None:
    names = display_names()
    assert len(names) == 30
    raws = [
        target.desk.mail(
            f"{name} <eve@evil.test>",
            CLOSE,
            to=target.agents_address,
            Authentication_Results=vouched("evil.test"),
        )
        for name in names
    ]

    rows = target.desk.receives(*raws, to=target.agents_address)

    print(f"T23: {len(rows)} names, {sum(each['outcome'] in {'held', 'quarantined'} for each in rows)} held")
    assert {each["outcome"] for each in rows} <= {"held", "quarantined"}
    assert {each["from"] for each in rows} <= {"eve@evil.test", ANA}
    assert all(each["evidence"] == "E0" for each in rows if each["from"] == ANA)
    target.is_untouched()
    # What the desk is told shows the address, and no name can turn it round.
    shown = [
        entry["actor"]
        for entry in target.desk.ticket(target.number)["timeline"]
        if entry["kind"] == "mail_held"
    ]
    assert shown
    assert all("eve@evil.test" in each for each in shown)
    assert not any(set("\u202e\u2066") & set(each) for each in shown)


VARIANTS = (
    '"ana"@example.test',
    "ana+x@example.test",
    "ana@example.test.",
    "ana@example.test (c)",
    "ana(c)@example.test",
    "ana@EXAMPLE.test.evil.test",
    "ana @example.test",
    "ana@ example.test",
    "<@evil.test:ana@example.test>",
    "ana@example.test <eve@evil.test>",
    "ana%example.test@evil.test",
    "ana@xn--example.test",
)


def test_t24_twelve_variants_of_a_roster_address_are_strangers(target: Target) -> None:
    raws = []
    for each in VARIANTS:
        raw = agent_mail(target, Authentication_Results=GENUINE)
        raws.append(raw.replace(f"From: Ana Costa <{ANA}>".encode(), f"From: {each}".encode()))

    rows = target.desk.receives(*raws, to=target.agents_address)

    print(f"T24: {[(each['from'], each['outcome'], each['evidence']) for each in rows]}")
    assert {each["outcome"] for each in rows} <= {"held", "quarantined"}
    target.is_untouched()


OWN_HEADERS = {
    "X_Gw_Role": "agent",
    "X_Gateway_Ticket": "1",
    "X_Gateway_Evidence": "E4",
    "X_Priority": "1",
    "Importance": "high",
    "Priority": "urgent",
    "X_MSMail_Priority": "High",
    "RT_Ticket": "1",
    "X_Zammad_Ticket_Priority": "3 high",
    "X_OTRS_Owner": "lea",
    "X_Auth_User": ANA,
    "X_Original_From": ANA,
}


def test_t25_headers_from_outside_are_no_orders(target: Target) -> None:
    desk = target.desk
    raw = desk.mail("Eve <eve.t25@evil.test>", "Bonjour, une question.", **OWN_HEADERS)

    (row,) = desk.receives(raw, to=DESK_ADDRESS)

    ticket = desk.ticket(row["ticket"])
    print(
        f"T25: {len(OWN_HEADERS)} headers; {row['outcome']} {row['evidence']}, priority {ticket['priority']}"
    )
    assert (row["outcome"], row["evidence"], ticket["priority"]) == ("ticket", "E1", "low")
    assert ticket["assignee"] is None
    assert ticket["requester"]["address"] == "eve.t25@evil.test"
    target.is_untouched(but=("outside",))
    assert target.written_to_outsiders() == ["eve.t25@evil.test"]
