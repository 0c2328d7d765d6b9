"""Somebody pretends to be somebody else, in every way that is known (PROMISES T11 to T25, T29).

The gateway stands behind a border server, which judges signatures and says so. Each story has the
forgery and, with the same words, the mail that is right.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import pytest

from tests.acceptance.customer import Customer
from tests.running import RunningGateway

BORDER = """\
[trust]
authserv_ids = ["mx.example.test"]
relays = ["127.0.0.1"]
"""
AGENT = "ana@example.test"
_STORIES = itertools.count(1)


def vouched(domain: str, *, dkim: str = "pass", more: str = "") -> str:
    """What the border says of a signature."""
    return f"mx.example.test; dkim={dkim} header.d={domain}{more}"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    made = RunningGateway(tmp_path_factory.mktemp("spoofed"), extra=BORDER)
    with made.running():
        yield made


def someone(gateway: RunningGateway, name: str, address: str) -> Customer:
    """Somebody whose mails are none that an earlier story has sent."""
    made = Customer(gateway, name, address)
    made._mails = 100 * next(_STORIES)
    return made


@pytest.fixture
def ana(gateway: RunningGateway) -> Customer:
    return someone(gateway, "Ana Costa", AGENT)


@pytest.fixture
def eve(gateway: RunningGateway) -> Customer:
    return someone(gateway, "Eve", "eve@evil.test")


def team_reply_address(gateway: RunningGateway, number: int) -> str:
    """Where the team's notice of the ticket wants its answer."""
    gateway.settled()
    notices = [
        mail for mail in gateway.sent_to("team@example.test") if f"[#{number}]" in str(mail["Subject"])
    ]
    address: str = notices[-1]["Reply-To"]
    return address


def comments(gateway: RunningGateway, number: int) -> int:
    return len(gateway.ticket(number)["comments"])


# --- who may act for the desk (T11, T16, T17, T18) ----------------------------------------------


def test_a_signed_answer_of_an_agent_reaches_the_customer(chloe: Customer, ana: Customer) -> None:
    """The control of all that follow: a reply address and a signature (E4)."""
    number = chloe.opens_a_ticket()
    before = len(chloe.mails())

    row = ana.writes(
        "Nous regardons.",
        to=team_reply_address(ana.gateway, number),
        Authentication_Results=vouched("example.test"),
    )

    assert (row["outcome"], row["evidence"], row["ticket"]) == ("comment", "E4", number)
    assert chloe.gateway.ticket(number)["comments"][-1]["visibility"] == "public"
    assert len(chloe.mails()) == before + 1


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("", "E2"),
        (vouched("example.test", dkim="fail"), "E2"),
        (vouched("evil.test"), "E2"),
        (vouched("example.test.evil.test"), "E2"),
        ("mx.evil.test; dkim=pass header.d=example.test", "E2"),
        ("mx.example.test; spf=pass smtp.mailfrom=example.test; dmarc=pass header.from=example.test", "E2"),
        ("mx.example.test; arc=pass header.d=example.test", "E2"),
        ("mx.example.test; dkim=none\r\nAuthentication-Results: " + vouched("example.test"), "E2"),
        ("mx.example.test; dkim=pass (header.d=example.test)", "E2"),
        ("mx.example.test;\r\n dkim=fail (\r\n dkim=pass header.d=example.test)", "E2"),
        (vouched("example.test", more="; dmarc=pass header.from=evil.test"), "E2"),
        (vouched("evil.test", more="; dmarc=fail header.from=example.test"), "E0"),
    ],
)
def test_an_agents_name_and_reply_address_without_a_signature_are_held(
    chloe: Customer, ana: Customer, said: str, level: str
) -> None:
    gateway, number = chloe.gateway, chloe.opens_a_ticket()
    before = len(chloe.mails())
    headers = {"Authentication_Results": said} if said else {}

    row = ana.writes(
        "#close\nDonnez-moi votre mot de passe.", to=team_reply_address(gateway, number), **headers
    )

    assert row["evidence"] == level
    assert row["outcome"] == ("quarantined" if level == "E0" else "held")
    assert gateway.ticket(number)["state"] == "submitted"
    assert (comments(gateway, number), len(chloe.mails())) == (1, before)


def test_a_forged_reply_id_of_ours_ties_an_agents_mail_to_nothing(chloe: Customer, ana: Customer) -> None:
    number = chloe.opens_a_ticket()
    before = len(chloe.mails())

    row = ana.writes("#close", In_Reply_To="<aaaqmafqfrmczzvemtagulf7nen5vjeq@example.test>")

    assert row["ticket"] != number
    assert row["evidence"] == "E1"
    assert (comments(chloe.gateway, number), len(chloe.mails())) == (1, before)


@pytest.mark.parametrize(
    ("age_s", "tags", "level"), [(3600, "", "E4"), (3 * 86_400, "", "E2"), (3600, " l=10;", "E2")]
)
def test_a_signed_mail_is_not_good_for_ever(
    chloe: Customer, ana: Customer, age_s: int, tags: str, level: str
) -> None:
    """T17: the border finds the signature valid each time; what it says of its time and length decides."""
    number = chloe.opens_a_ticket()
    signed_at = int(time.time()) - age_s  # noqa: TID251  (the machine's time is what the gateway goes by)
    signature = (
        f"v=1; a=rsa-sha256; d=example.test; s=s1; t={signed_at};{tags}"
        " h=from:to:subject:date:content-type; bh=AAAA; b=AAAA"
    )

    row = ana.writes(
        "Nous regardons.",
        to=team_reply_address(ana.gateway, number),
        Authentication_Results=vouched("example.test"),
        DKIM_Signature=signature,
    )

    assert (row["evidence"], row["outcome"]) == (level, "comment" if level == "E4" else "held")


def test_the_account_manager_needs_proof_too(chloe: Customer) -> None:
    gateway, number = chloe.gateway, chloe.opens_a_ticket()
    max_weber = someone(gateway, "Max Weber", "max@example.test")
    subject = f"[#{number}] Module Paie"

    assert max_weber.writes("Où en est-on ?", subject=subject)["outcome"] == "refused"
    row = max_weber.writes("Où en est-on ?", subject=subject, Authentication_Results=vouched("example.test"))
    assert (row["outcome"], row["evidence"]) == ("comment", "E3")


# --- who somebody is (T12, T13, T14, T23, T24, T25) ------------------------------------------------


@pytest.mark.parametrize(
    "header", ["Reply_To", "Sender", "Resent_From", "Return_Path", "X_Original_From", "Errors_To"]
)
def test_only_from_says_who_it_is(chloe: Customer, eve: Customer, header: str) -> None:
    number = chloe.opens_a_ticket()

    row = eve.writes("#close", to=team_reply_address(eve.gateway, number), **{header: f"Ana Costa <{AGENT}>"})

    assert row["outcome"] == "held"
    assert row["from"] == "eve@evil.test"
    assert comments(eve.gateway, number) == 1


@pytest.mark.parametrize(
    "author",
    [
        f"{AGENT}, eve@evil.test",
        f"<{AGENT}> <eve@evil.test>",
        f"{AGENT} <eve@evil.test>",
        f"eve@evil.test <{AGENT}>, <{AGENT}>",
        f"eve@evil.test\r\nFrom: {AGENT}",
        f"{AGENT}\r\nfrom: eve@evil.test",
        f"{AGENT}\r\nFrom : eve@evil.test",
        f"=?utf-8?q?{AGENT.replace('@', '=40')}?=",
        f"Staff: {AGENT};",
        f"<@evil.test:{AGENT}>",
        '"ana"@example.test',
        "ana@example.test.",
        "ana@example.test (c)",
        "ana@example.test\x0b",
        "ana@example.test\x00@evil.test",
        "ana@[127.0.0.1]",
        "",
    ],
)
def test_a_from_that_readers_could_disagree_on_is_nobody(chloe: Customer, ana: Customer, author: str) -> None:
    """Even with the reply address, and the border's word for the agent's domain."""
    gateway, number = chloe.gateway, chloe.opens_a_ticket()
    address = team_reply_address(gateway, number)
    raw = ana.mail("Nous regardons.", to=address, Authentication_Results=vouched("example.test"))
    forged = raw.replace(f"From: Ana Costa <{AGENT}>".encode(), f"From: {author}".encode())
    assert forged != raw

    row = ana.sends(forged, address)

    assert (row["outcome"], row["evidence"]) == ("quarantined", "E0")
    assert comments(gateway, number) == 1


@pytest.mark.parametrize(
    "author",
    [
        f'"{AGENT}" <eve@evil.test>',
        "Ana Costa <eve@evil.test>",
        "ana+x@example.test",
        "Ana Costa <ana@еxample.test>",
        "\u202etset.elpmaxe@ana <eve@evil.test>",
        "Ana\u200b Costa <ana@example.test.evil.test>",
        "ana@examp1e.test",
        "ana@mail.example.test",
    ],
)
def test_somebody_who_looks_like_an_agent_is_a_stranger(
    chloe: Customer, gateway: RunningGateway, author: str
) -> None:
    """Their own domains vouch for them, as they may: it is not the agent's."""
    number = chloe.opens_a_ticket()
    address = team_reply_address(gateway, number)
    domain = author.rpartition("@")[2].strip(">").encode("idna").decode()
    eve = someone(gateway, "", "eve@evil.test")
    raw = eve.mail("#close", to=address, Authentication_Results=vouched(domain))

    row = eve.sends(raw.replace(b"From:  <eve@evil.test>", f"From: {author}".encode()), address)

    assert (row["outcome"], row["evidence"]) in {("held", "E3"), ("quarantined", "E0")}
    assert comments(gateway, number) == 1


def test_headers_of_our_own_from_outside_are_not_heard(chloe: Customer, eve: Customer) -> None:
    row = eve.writes(
        "Bonjour.",
        X_Gw_Role="agent",
        X_Gateway_Ticket="1",
        X_Priority="1",
        Importance="high",
        Priority="urgent",
    )

    ticket = eve.gateway.ticket(row["ticket"])
    assert (row["outcome"], row["evidence"], ticket["priority"]) == ("ticket", "E1", "low")
    assert ticket["requester"]["address"] == "eve@evil.test"


# --- whose ticket it is (T19, T20, T21, T22) ------------------------------------------------------


def test_a_reply_address_in_other_hands_opens_nothing(chloe: Customer, eve: Customer) -> None:
    """T19: even when the stranger's domain vouches for the stranger."""
    number = chloe.opens_a_ticket()
    address = chloe.reply_address()

    stolen = eve.writes("Donnez-moi tout.", to=address, Authentication_Results=vouched("evil.test"))
    right = chloe.writes("Sur le poste 14.", to=address, Authentication_Results=vouched("acme.test"))

    assert (stolen["outcome"], stolen["evidence"]) == ("held", "E3")
    assert (right["outcome"], right["evidence"]) == ("comment", "E4")
    assert not [mail for mail in eve.mails() if f"[#{number}]" in str(mail["Subject"])]


def test_a_reply_address_with_a_letter_changed_is_a_forgery(chloe: Customer) -> None:
    """In To; in the envelope it is refused at once."""
    number = chloe.opens_a_ticket()
    address = chloe.reply_address()
    local, _, domain = address.partition("@")
    changed = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"
    raw = chloe.mail("Sur le poste 14.", to=changed, Authentication_Results=vouched("acme.test"))

    row = chloe.sends(raw, "support@example.test")

    assert (row["outcome"], row["evidence"]) == ("held", "E0")
    assert comments(chloe.gateway, number) == 1


def test_a_forged_customer_who_names_a_number_gets_nothing_for_the_copied(
    chloe: Customer, eve: Customer
) -> None:
    """T20."""
    number = chloe.opens_a_ticket()
    subject = f"Re: [#{number}] Module Paie"

    forged = chloe.writes("Pour information.", subject=subject, Cc="eve@evil.test")
    right = chloe.writes("Encore ?", subject=subject, Authentication_Results=vouched("acme.test"))

    assert forged["outcome"] == "held"
    assert (right["outcome"], right["ticket"]) == ("comment", number)
    assert "eve@evil.test" not in chloe.gateway.ticket(number)["participants"]
    assert not [mail for mail in eve.mails() if f"[#{number}]" in str(mail["Subject"])]


def test_a_services_mail_to_somebodys_reply_address_is_not_shown_to_them(chloe: Customer) -> None:
    """T21: a sign-up elsewhere with the reply address sends its link there."""
    number = chloe.opens_a_ticket()
    address = chloe.reply_address()
    before = len(chloe.mails())
    slack = someone(chloe.gateway, "Slack", "feedback@slack.test")

    row = slack.writes(
        "https://slack.test/confirm/123", to=address, Authentication_Results=vouched("slack.test")
    )

    assert row["outcome"] == "held"
    assert (comments(chloe.gateway, number), len(chloe.mails())) == (1, before)


@pytest.mark.parametrize(
    "domain", ["evil-acme.test", "acme.test.evil.test", "sub.acme.test", "xn--acm-dma.test", "gmail.com"]
)
def test_only_the_organisations_own_domain_makes_a_colleague(chloe: Customer, domain: str) -> None:
    """T22, each with the word of its own domain."""
    gateway, number = chloe.gateway, chloe.opens_a_ticket()
    subject = f"[#{number}] Module Paie"
    other = someone(gateway, "Paul", f"paul@{domain}")
    colleague = someone(gateway, "Paul", f"paul.{number}@acme.test")

    row = other.writes("Et moi ?", subject=subject, Authentication_Results=vouched(domain))
    claimed = colleague.writes("Et moi ?", subject=subject)
    proven = colleague.writes("Et moi ?", subject=subject, Authentication_Results=vouched("acme.test"))

    assert row["ticket"] != number
    assert claimed["outcome"] == "held"
    assert (proven["outcome"], proven["ticket"]) == ("comment", number)


# --- what is told of it ------------------------------------------------------------------------------


def test_what_was_judged_is_kept_with_the_mail(chloe: Customer, ana: Customer) -> None:
    row = chloe.writes(
        "Bonjour.",
        Authentication_Results="mx.example.test; spf=pass smtp.mailfrom=acme.test;"
        " dkim=pass header.d=acme.test; dmarc=pass header.from=acme.test",
    )

    words = chloe.gateway.command("mail", "explain", str(row["id"]))

    assert row["evidence"] == "E3"
    for word in ("mx.example.test", "acme.test has signed it", "spf", "dkim", "dmarc"):
        assert word in words
    assert chloe.gateway.ticket(row["ticket"])["comments"][0]["verified"] is True


def test_dmarc_that_fails_holds_a_first_mail_and_answers_nobody(chloe: Customer) -> None:
    row = chloe.writes("Bonjour.", Authentication_Results="mx.example.test; dmarc=fail header.from=acme.test")

    assert (row["outcome"], row["evidence"]) == ("held", "E0")
    assert not chloe.mails()
