"""Authentication-Results: only the topmost of a listed name from a listed relay (PROMISES T15)."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.authentication.authentication_results import read_authentication_results
from gateway.authentication.judge import MailJudge
from gateway.domain.evidence import Judgement
from tests.unit.authentication.zone import PRIVATE, PUBLIC, claim, fresh_wire, present, results, sign, zone

JUDGE = MailJudge(None, authserv_ids=["mx.desk.test"], relays=["10.0.0.0/8", "imap"])
PASS = "mx.desk.test; dkim=pass header.d=acme.test header.s=s1; spf=pass smtp.mailfrom=acme.test; dmarc=pass header.from=acme.test"
FAIL = "mx.desk.test; dkim=none; spf=fail smtp.mailfrom=acme.test; dmarc=fail header.from=acme.test"


def said(
    *values: str, peer: str = PRIVATE, channel: str = "smtp", judge: MailJudge = JUDGE, raw: bytes = b""
) -> Judgement:
    """What comes of a mail with these fields on top, the first topmost."""
    block = "".join(f"Authentication-Results: {value}\r\n" for value in values).encode()
    (judgement,) = judge.judge([claim(block + (raw or fresh_wire()), peer=peer, channel=channel)])
    return judgement


@pytest.mark.parametrize(
    "value",
    [
        PASS,
        PASS.replace("; ", ";\r\n\t"),
        PASS.replace("mx.desk.test;", "MX.Desk.Test 1;"),
        PASS.replace("mx.desk.test;", '(our own (nested) border) "mx.desk.test" ;'),
        PASS.replace("dkim=pass", "dkim = pass (2048-bit key; unprotected)"),
        PASS.replace("dkim=pass", "dkim/1=pass"),
        PASS.replace("header.d=acme.test", 'header.i=@acme.test header.b="aB/d+x=="'),
        PASS + ";",
        "mx.desk.test; dkim=pass header.d=acme.test",
        "mx.desk.test; dkim=fail header.d=evil.test; dkim=pass header.d=acme.test; arc=none",
    ],
)
def test_a_listed_relays_word_counts(value: str) -> None:
    judgement = said(value)

    assert judgement.by == "mx.desk.test"
    assert judgement.proof == "mx.desk.test says that acme.test has signed it, which speaks for From"


@pytest.mark.parametrize("peer", [PUBLIC, "127.0.0.1", "192.168.0.1", "11.0.0.1", "nonsense"])
def test_from_any_other_peer_it_is_nobodys_word(peer: str) -> None:
    assert said(PASS, peer=peer) == Judgement()
    assert said(FAIL, peer=peer) == Judgement()


def test_mail_handed_over_without_an_address_counts_as_its_way_in_is_listed() -> None:
    assert said(PASS, peer="", channel="imap").proof
    assert said(PASS, peer="", channel="pipe") == Judgement()
    assert said(PASS, peer="::ffff:10.1.2.3").proof


@pytest.mark.parametrize(
    "value",
    [
        PASS.replace("mx.desk.test;", "mx.evil.test;"),
        PASS.replace("mx.desk.test;", "mx.desk.test.evil.test;"),
        PASS.replace("mx.desk.test;", "x (mx.desk.test;) ;"),
        PASS.replace("mx.desk.test; ", ""),
        PASS.replace("mx.desk.test;", "mx.desk.test/1;"),
        PASS.replace("mx.desk.test;", '"mx.desk.test" "x";'),
        PASS.replace("mx.desk.test;", "mx.desk.test 2;"),
        PASS.replace("dkim=pass", "dkim/2=pass"),
        PASS.replace("header.d=acme.test", "(header.d=acme.test)"),
        PASS.replace("header.d=acme.test", "header.d=acme.test header.d=evil.test"),
        PASS.replace("header.d=acme.test", "header.d=evil.test header.d=acme.test"),
        PASS.replace("header.d=acme.test", "header.d=acme.test garbage"),
        PASS.replace("header.d=acme.test", 'header.d="acme.test'),
        PASS.replace("header.d=acme.test", "header.d=acme.test ((("),
        PASS.replace("header.d=acme.test", "header.d=acme.test.evil.test"),
        PASS.replace("header.d=acme.test", "header.d=evilacme.test"),
        PASS.replace("header.d=acme.test", "header.d=mail.acme.test"),
        PASS.replace("dkim=pass", "dkim=passed"),
        PASS.replace("dkim=pass", "dkim=policy"),
        PASS.replace("dmarc=pass header.from=acme.test", "dmarc=pass header.from=evil.test"),
        "mx.desk.test; none",
        "mx.desk.test",
        "",
        "mx.desk.test; arc=pass header.d=acme.test; spf=pass smtp.mailfrom=acme.test",
        "mx.desk.test; dkim=none; spf=pass smtp.mailfrom=acme.test; dmarc=pass header.from=acme.test",
    ],
)
def test_what_says_anything_else_is_no_proof(value: str) -> None:
    judgement = said(value)

    assert (judgement.proof, judgement.conflict) == ("", "")


def test_dmarc_by_spf_alone_is_no_proof() -> None:
    """PROMISES T16."""
    judgement = said(
        "mx.desk.test; spf=pass smtp.mailfrom=acme.test; dkim=none; dmarc=pass header.from=acme.test"
    )

    assert judgement.doubts == ("mx.desk.test says that DMARC passes, by SPF alone",)


@pytest.mark.parametrize(
    "topmost", [FAIL, "mx.desk.test; none", "mx.desk.test; dkim=pass ((", "mx.desk.test garbage"]
)
def test_one_that_a_stranger_put_below_is_not_heard(topmost: str) -> None:
    assert said(topmost, PASS).proof == ""
    assert said("mx.other.test; dkim=fail", topmost, PASS).proof == ""


def test_one_of_another_host_above_changes_nothing() -> None:
    assert said("mx.other.test; dkim=fail header.d=acme.test; dmarc=fail header.from=acme.test", PASS).proof


@pytest.mark.parametrize(
    ("more", "conflict"),
    [
        ("", True),
        (" (p=REJECT sp=NONE dis=NONE)", True),
        (" (p=NONE sp=NONE dis=NONE)", False),
        (" policy.dmarc=none", False),
        (" polrec.p=none", False),
        (" policy.dmarc=quarantine", True),
    ],
)
def test_dmarc_that_fails_is_a_conflict_unless_the_domain_asks_for_nothing(more: str, conflict: bool) -> None:
    judgement = said(FAIL + more)

    assert bool(judgement.conflict) is conflict
    assert results(judgement) == {"dkim": "none", "spf": "fail", "dmarc": "fail"}


def test_a_signature_that_was_kept_or_has_a_length_does_not_suffice() -> None:
    """The relay says that it is valid, which it is."""
    kept = f"Authentication-Results: {PASS}\r\n".encode() + sign(fresh_wire())
    (fresh, stale) = JUDGE.judge([claim(kept), claim(kept, received_at=present() + timedelta(days=3))])

    assert fresh.proof
    assert stale.proof == ""
    assert "48 hours" in stale.doubts[0]
    assert said(PASS, raw=sign(fresh_wire(), length=True)).proof == ""
    (sent_on,) = JUDGE.judge([claim(kept, recipients=("support+token@desk.test",))])
    assert "To and Cc" in sent_on.doubts[0]


def test_a_subdomain_speaks_where_the_dns_says_so() -> None:
    value = "mx.desk.test; dkim=pass header.d=mail.acme.test"
    asking = MailJudge(zone(), authserv_ids=["mx.desk.test"], relays=["10.0.0.0/8"])

    assert said(value, judge=asking).proof
    assert said(value.replace("mail.acme", "mail.evil"), judge=asking).proof == ""


def test_a_listed_relay_that_says_nothing_is_not_replaced_by_our_own_judgement() -> None:
    resolver = zone()
    asking = MailJudge(resolver, authserv_ids=["mx.desk.test"], relays=["10.0.0.0/8"])

    assert said(judge=asking, raw=sign(fresh_wire())).proof == ""
    assert not resolver.asked


@pytest.mark.parametrize("piece", ["(", ")", "\\", '"', ";", "=", "a=b ", "(x) ", " "])
def test_a_hostile_field_is_read_in_linear_time(piece: str) -> None:
    began = time.process_time()
    read_authentication_results("mx.desk.test; dkim=pass " + piece * (16_000 // len(piece)))

    assert time.process_time() - began < 0.5


def test_hundreds_of_fields_cost_little() -> None:
    began = time.process_time()
    judgement = said(*["mx.evil.test; dkim=pass header.d=acme.test"] * 900)

    assert judgement.proof == ""
    assert time.process_time() - began < 1.0


WORDS = st.text("abz09.-_@/+", min_size=1, max_size=10)


@given(st.text(max_size=120))
def test_any_text_is_read_or_refused(text: str) -> None:
    read = read_authentication_results(text)

    assert read is None or read.authserv_id


@given(st.text(' \t;=()"\\/1.abmxdkiposr', max_size=60))
def test_nothing_after_the_statement_turns_a_fail_into_a_pass(text: str) -> None:
    """What a stranger may get into a comment or value of the relay's own field ends in no other result."""
    read = read_authentication_results(f"mx.desk.test; dkim=fail ({text}) header.d=acme.test")

    if read is not None and len(read.results) == 1:
        assert read.results[0].result == "fail"


@given(
    WORDS,
    st.lists(st.tuples(st.sampled_from(["dkim", "spf", "dmarc"]), st.sampled_from(["pass", "fail"]), WORDS)),
)
def test_what_was_written_is_read_back(name: str, written: list[tuple[str, str, str]]) -> None:
    statements = [f'{method} = {result} (c) header.d="{value}"' for method, result, value in written]

    read = read_authentication_results(f"{name};\t" + " ; ".join(statements or ["none"]))

    assert read is not None
    assert read.authserv_id == name.lower()
    assert [(one.method, one.result, one.properties["header.d"]) for one in read.results] == written
