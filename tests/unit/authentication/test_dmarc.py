"""DMARC by RFC 9989: what a record says, where it is found, and what failing it means."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.authentication.dmarc import POLICIES, read_record, walk
from gateway.authentication.judge import MailJudge
from gateway.errors import DnsUnavailable
from gateway.ports import RecordType
from tests.unit.authentication.zone import (
    OTHER_KEY,
    PRIVATE,
    PUBLIC,
    TableResolver,
    claim,
    fresh_wire,
    judged,
    lookups,
    results,
    sign,
    zone,
)


@pytest.mark.parametrize(
    ("text", "policies"),
    [
        ("v=DMARC1; p=reject", ("reject", "reject", "reject")),
        ("v=DMARC1;p=reject;sp=none", ("reject", "none", "none")),
        ("v=DMARC1; p=none; np=reject", ("none", "none", "reject")),
        ("v=DMARC1; rua=mailto:d@acme.test; p=Quarantine; pct=5", ("quarantine",) * 3),
        ("V = DMARC1 ; p = reject ;", ("reject",) * 3),
        ("v=DMARC1", ("none",) * 3),
        ("v=DMARC1; p=banana; new=1", ("none",) * 3),
        ("v=DMARC1; p=reject; sp=banana", ("none",) * 3),
        ("v=DMARC1; garbage; p=reject; =; p=none", ("reject",) * 3),
    ],
)
def test_a_record_says_what_is_asked_for(text: str, policies: tuple[str, str, str]) -> None:
    record = read_record(text)

    assert record is not None
    assert (record.policy, record.subdomain_policy, record.nonexistent_policy) == policies


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=dmarc1; p=reject",
        "v=DMARC2; p=reject",
        "p=reject; v=DMARC1",
        "v=spf1 -all",
        "v=DMARC1 p=reject",
    ],
)
def test_any_other_text_is_no_record(text: str) -> None:
    assert read_record(text) is None


@given(st.text(max_size=200))
def test_whatever_follows_the_version_is_a_record_with_known_values_or_none(text: str) -> None:
    record = read_record(f"v=DMARC1; {text}")

    assert record is None or {record.policy, record.subdomain_policy, record.nonexistent_policy} <= set(
        POLICIES
    )


def test_a_huge_record_is_read_in_linear_time() -> None:
    began = time.process_time()
    read_record("v=DMARC1;" + " ;" * 500_000)
    read_record("v=DMARC1;" + "a=" * 500_000)

    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    ("domain", "records", "expected"),
    [
        ("a.mail.acme.test", {"acme.test": "p=none"}, "acme.test"),
        ("a.mail.acme.test", {"acme.test": "p=none", "mail.acme.test": "p=none; psd=n"}, "mail.acme.test"),
        ("a.acme.test", {"test": "p=none; psd=y"}, "acme.test"),
        ("acme.test", {"test": "p=none; psd=y"}, "acme.test"),
        ("test.test", {"test.test": "p=none; psd=y"}, "test.test"),
        ("a.acme.test", {"acme.test": "p=none", "test": "p=none; psd=y"}, "acme.test"),
        ("a.acme.test", {}, "a.acme.test"),
    ],
)
def test_whose_a_domain_is(domain: str, records: dict[str, str], expected: str) -> None:
    table = {(f"_dmarc.{name}", "TXT"): (f"v=DMARC1; {tags}",) for name, tags in records.items()}

    assert walk(domain, lookups(TableResolver(table))).organizational_domain == expected


def test_the_walk_asks_eight_times_at_most() -> None:
    resolver = TableResolver({})

    walk(".".join("abcdefghijklmnopqrstuvwxyz"), lookups(resolver))

    asked = [name for name, _ in resolver.asked]
    assert asked[0].startswith("_dmarc.a.b.c.")
    assert asked[1:] == [f"_dmarc.{'.'.join('tuvwxyz'[index:])}" for index in range(7)]


def test_two_records_under_one_name_are_none() -> None:
    table = {("_dmarc.acme.test", "TXT"): ("v=DMARC1; p=reject", "v=DMARC1; p=none", "v=spf1 -all")}

    assert walk("acme.test", lookups(TableResolver(table))).record() is None


@pytest.mark.parametrize(
    ("tags", "author", "expected"),
    [
        ("p=reject", "acme.test", "reject"),
        ("p=reject; sp=none", "mail.acme.test", "none"),
        ("p=none; sp=quarantine", "mail.acme.test", "quarantine"),
        ("p=none; np=reject", "nowhere.acme.test", "reject"),
        ("p=none; np=reject", "mail.acme.test", "none"),
        ("p=reject; t=y", "acme.test", "quarantine"),
        ("p=quarantine; t=y", "acme.test", "none"),
    ],
)
def test_what_is_asked_for(tags: str, author: str, expected: str) -> None:
    table = {
        ("_dmarc.acme.test", "TXT"): (f"v=DMARC1; {tags}",),
        ("mail.acme.test", "A"): ("198.51.100.1",),
    }
    asked = lookups(TableResolver(table))

    assert walk(author, asked).policy(asked) == expected


# --- what becomes of a mail ----------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["reject", "quarantine"])
def test_a_forged_author_of_a_protected_domain_is_a_conflict(policy: str) -> None:
    judgement = judged(claim(fresh_wire(), peer=PUBLIC), zone(policy=f"v=DMARC1; p={policy}"))

    assert judgement.conflict == f"DMARC of acme.test fails, and the domain asks for {policy}"
    assert results(judgement) == {"spf": "fail", "dmarc": "fail"}


def test_a_domain_that_asks_for_nothing_is_only_doubted() -> None:
    judgement = judged(claim(fresh_wire(), peer=PUBLIC), zone(policy="v=DMARC1; p=none"))

    assert judgement.conflict == ""
    assert any("p=none" in doubt for doubt in judgement.doubts)


def test_a_domain_without_dmarc_is_claimed() -> None:
    judgement = judged(claim(fresh_wire(), peer=PUBLIC), zone(policy=""))

    assert (judgement.proof, judgement.conflict) == ("", "")
    assert results(judgement)["dmarc"] == "none"


def test_a_forged_mail_with_a_wrong_signature_is_a_conflict() -> None:
    raw = sign(fresh_wire(), key=OTHER_KEY)

    assert judged(claim(raw, peer=PUBLIC), zone()).conflict


def test_a_strangers_own_signature_and_spf_do_not_help() -> None:
    """The forger's domain passes everything, and has nothing to do with From."""
    resolver = zone()
    resolver.records = {
        **resolver.records,
        ("evil.test", "TXT"): ("v=spf1 +all",),
        ("s1._domainkey.evil.test", "TXT"): (OTHER_KEY.record,),
    }
    raw = sign(fresh_wire(), domain="evil.test", key=OTHER_KEY)

    judgement = judged(claim(raw, peer=PUBLIC, reverse_path="x@evil.test"), resolver)

    assert judgement.conflict
    assert results(judgement) == {"dkim": "policy", "spf": "policy", "dmarc": "fail"}
    assert not any("evil.test" in name for name, _ in resolver.asked)


def test_a_forger_with_silent_name_servers_gains_nothing() -> None:
    resolver = zone()
    resolver.records = {
        **resolver.records,
        ("evil.test", "TXT"): None,
        ("_dmarc.evil.test", "TXT"): None,
        ("s1._domainkey.evil.test", "TXT"): None,
    }
    raw = sign(fresh_wire(), domain="evil.test", key=OTHER_KEY)

    assert judged(claim(raw, peer=PUBLIC, reverse_path="x@evil.test"), resolver).conflict


def test_a_forger_with_many_signatures_gains_nothing() -> None:
    """Neither by their number nor by the names under the victim's domain that they make us ask for."""
    raw = fresh_wire()
    resolver = zone()
    forged = b"".join(
        sign(raw, domain=f"n{number}.acme.test", key=OTHER_KEY)[: -len(raw)] for number in range(40)
    )

    judgement = judged(claim(forged + raw, peer=PUBLIC), resolver)

    assert judgement.conflict
    assert sum(resolver.asked.values()) < 40


def test_a_forger_whose_address_has_silent_name_servers_gains_nothing() -> None:
    """SPF's ptr asks the servers of the peer's own network (RFC 7208 section 5.5)."""
    resolver = zone()
    reverse = ".".join(reversed(PUBLIC.split(".")))
    resolver.records = {
        **resolver.records,
        ("acme.test", "TXT"): ("v=spf1 ptr -all",),
        (f"{reverse}.in-addr.arpa", "PTR"): None,
    }

    assert judged(claim(fresh_wire(), peer=PUBLIC), resolver).conflict


def test_slow_servers_take_nobody_elses_time() -> None:
    class Slow(TableResolver):
        def look_up(self, name: str, kind: RecordType, *, timeout_s: float) -> tuple[str, ...] | None:
            if name.endswith("slow.test"):
                time.sleep(min(timeout_s, 0.3))
                raise DnsUnavailable("no answer")
            return super().look_up(name, kind, timeout_s=timeout_s)

    slow = [claim(fresh_wire(From="x@slow.test"), peer=PUBLIC) for _ in range(31)]
    began = time.monotonic()

    *others, mine = MailJudge(Slow(zone().records)).judge([*slow, claim(sign(fresh_wire()), peer=PUBLIC)])

    assert mine.proof
    assert [one.conflict for one in others] == [""] * 31
    assert time.monotonic() - began < 6.0


def test_spf_alone_proves_nothing_and_contradicts_nothing() -> None:
    """PROMISES T16: everybody on a shared host has it."""
    resolver = zone()
    resolver.records = {**resolver.records, ("acme.test", "TXT"): (f"v=spf1 ip4:{PUBLIC} -all",)}

    judgement = judged(claim(fresh_wire(), peer=PUBLIC), resolver)

    assert (judgement.proof, judgement.conflict) == ("", "")
    assert results(judgement) == {"spf": "pass", "dmarc": "pass"}
    assert any("SPF alone" in doubt for doubt in judgement.doubts)


def test_behind_a_server_of_our_own_nothing_is_contradicted() -> None:
    """SPF is about the sender's server, and the peer is another: half of DMARC cannot be judged."""
    raw = sign(fresh_wire(), key=OTHER_KEY)

    judgement = judged(claim(raw, peer=PRIVATE), zone())

    assert (judgement.proof, judgement.conflict) == ("", "")
    assert results(judgement) == {"dkim": "fail", "dmarc": "temperror"}


@pytest.mark.parametrize("missing", ["_dmarc.acme.test", "acme.test"])
def test_trouble_with_the_dns_contradicts_nothing(missing: str) -> None:
    resolver = zone()
    resolver.records = {**resolver.records, (missing, "TXT"): None}

    judgement = judged(claim(fresh_wire(), peer=PUBLIC), resolver)

    assert (judgement.proof, judgement.conflict) == ("", "")
    assert results(judgement)["dmarc"] == "temperror"
    assert judgement.doubts


def test_the_null_sender_is_judged_by_what_the_peer_calls_itself() -> None:
    resolver = TableResolver(
        {
            ("mx.acme.test", "TXT"): (f"v=spf1 ip4:{PUBLIC} -all",),
            ("_dmarc.acme.test", "TXT"): ("v=DMARC1; p=reject",),
        }
    )

    judgement = judged(claim(fresh_wire(), peer=PUBLIC, reverse_path=""), resolver)

    (spf, _) = judgement.findings
    assert (spf.result, spf.domain) == ("pass", "mx.acme.test")


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 include:spf.acme.test -all", "pass"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 a:web.acme.test -all", "pass"),
        ("v=spf1 redirect=spf.acme.test", "pass"),
        ("v=spf1 exists:%{i}.list.acme.test -all", "pass"),
        ("v=spf1 ip4:198.51.100.7 ~all", "softfail"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1 banana -all", "permerror"),
        ("v=spf1 include:acme.test -all", "permerror"),
        ("v=spf1 " + " ".join(f"include:n{n}.acme.test" for n in range(30)) + " -all", "permerror"),
        ("v=spf1 " + "a " * 3000 + "-all", "permerror"),
    ],
)
def test_spf_is_judged_by_the_record(record: str, result: str) -> None:
    resolver = TableResolver(
        {
            ("acme.test", "TXT"): (record,),
            ("acme.test", "MX"): ("10 web.acme.test",),
            ("web.acme.test", "A"): (PUBLIC,),
            ("spf.acme.test", "TXT"): (f"v=spf1 ip4:{PUBLIC} -all",),
            (f"{PUBLIC}.list.acme.test", "A"): ("127.0.0.2",),
        }
    )

    found = results(judged(claim(fresh_wire(), peer=PUBLIC), resolver))

    assert found["spf"] == result
    assert sum(resolver.asked.values()) < 40


def test_mail_that_shows_nothing_to_judge_asks_the_dns_nothing() -> None:
    """The embedded default: unsigned mail from this machine, or from one of ours."""
    resolver = zone()
    mails = [claim(fresh_wire(), peer=peer) for peer in ("127.0.0.1", "::1", PRIVATE, "", "fe80::1%eth0")]

    judgements = MailJudge(resolver).judge(mails)

    assert [judgement.by for judgement in judgements] == [""] * len(mails)
    assert not resolver.asked


def test_a_batch_is_judged_in_order() -> None:
    signed, forged = sign(fresh_wire()), fresh_wire()
    mails = [claim(raw, peer=PUBLIC) for raw in (signed, forged, signed, forged) * 8]

    judgements = MailJudge(zone()).judge(mails)

    assert [bool(one.proof) for one in judgements] == [True, False] * 16
    assert [bool(one.conflict) for one in judgements] == [False, True] * 16
