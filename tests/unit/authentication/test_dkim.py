"""DKIM: signatures by another program are accepted, and nothing that was changed, kept or lengthened."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from dkim.canonicalization import CanonicalizationPolicy
from hypothesis import given
from hypothesis import strategies as st

from gateway.authentication.canonical import canonical_body, canonical_field, without_value
from gateway.authentication.fitness import staleness
from gateway.authentication.header_fields import RawField, read_raw
from gateway.authentication.own import MAX_SIGNATURES
from gateway.authentication.signature import BadSignature, read_signature, read_tags
from tests.unit.authentication.zone import (
    KEY,
    OTHER_KEY,
    SIGNED,
    Key,
    TableResolver,
    claim,
    fresh_wire,
    judged,
    present,
    results,
    sign,
    zone,
)


@pytest.mark.parametrize("header", [b"simple", b"relaxed"])
@pytest.mark.parametrize("body", [b"simple", b"relaxed"])
@pytest.mark.parametrize(
    "text",
    ["Bonjour.\n", "", "\n\n\n", "a  b\t c \n\n  d \n \n\n", "sans fin de ligne", "é\n" * 50],
    ids=["plain", "empty", "blank", "spaces", "no end", "long"],
)
def test_what_another_program_signed_is_proof(header: bytes, body: bytes, text: str) -> None:
    raw = sign(fresh_wire(text, Subject="Page  blanche\r\n\tdu module"), form=(header, body))

    judgement = judged(claim(raw), zone())

    assert judgement.proof == "signed by acme.test, which speaks for From"
    assert judgement.conflict == ""
    assert results(judgement) == {"dkim": "pass", "dmarc": "pass"}


def test_line_feeds_only_are_the_same_mail() -> None:
    """A pipe hands over mail with line feeds; the signature is of the same mail with CRLF."""
    raw = sign(fresh_wire("Un.\nDeux.\n")).replace(b"\r\n", b"\n")

    assert judged(claim(raw), zone()).proof


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Bonjour.", b"Bonsoir."),
        (b"Subject: Page blanche", b"Subject: #close"),
        (b"chloe@acme.test>\r\nTo", b"boss@acme.test>\r\nTo"),
        (b"s=s1", b"s=s2"),
        (b"a=rsa-sha256", b"a=rsa-sha1"),
        (b"a=rsa-sha256", b"a=ed25519-sha256"),
        (b"v=1;", b"v=2;"),
        (b"c=relaxed/relaxed", b"c=nowsp/relaxed"),
        (b"q=dns/txt", b"q=http"),
    ],
)
def test_what_was_changed_is_no_proof(before: bytes, after: bytes) -> None:
    raw = sign(fresh_wire())
    assert before in raw

    judgement = judged(claim(raw.replace(before, after)), zone())

    assert judgement.proof == ""
    assert results(judgement)["dkim"] in {"fail", "permerror"}


def test_somebody_elses_key_is_no_proof() -> None:
    assert results(judged(claim(sign(fresh_wire(), key=OTHER_KEY)), zone()))["dkim"] == "fail"


@pytest.mark.parametrize(
    "record",
    [
        "v=DKIM1; k=rsa; p=",
        KEY.record.replace("DKIM1", "DKIM9"),
        KEY.record.replace("k=rsa", "k=ed25519"),
        KEY.record.replace("k=rsa", "k=rsa; h=sha1"),
        KEY.record.replace("k=rsa", "k=rsa; s=tlsrpt"),
        "v=DKIM1; p=AAAA",
        "v=DKIM1; p=***",
        "garbage",
        "",
    ],
)
def test_a_key_that_is_not_for_this_is_no_proof(record: str) -> None:
    resolver = TableResolver({("s1._domainkey.acme.test", "TXT"): (record,)})

    judgement = judged(claim(sign(fresh_wire())), resolver)

    assert (judgement.proof, results(judgement)["dkim"]) == ("", "fail")


def test_two_keys_under_one_name_are_none() -> None:
    resolver = TableResolver({("s1._domainkey.acme.test", "TXT"): (KEY.record, OTHER_KEY.record)})

    assert results(judged(claim(sign(fresh_wire())), resolver))["dkim"] == "fail"


def test_a_key_that_is_being_tested_suffices_for_nothing() -> None:
    tested = Key(KEY.private_pem, KEY.record.replace("k=rsa", "k=rsa; t=y"))

    judgement = judged(claim(sign(fresh_wire())), zone(key=tested))

    assert judgement.proof == ""
    assert any("tested" in doubt for doubt in judgement.doubts)


@pytest.mark.parametrize("bits", [512, 768, 16_384])
def test_a_key_of_no_proper_size_is_not_accepted(bits: int) -> None:
    """RFC 8301 section 3.2: 768 bits have been factored, and long ones cost us time."""
    public = RSAPublicNumbers(65537, (1 << bits) - 159).public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    resolver = TableResolver(
        {("s1._domainkey.acme.test", "TXT"): (f"v=DKIM1; p={base64.b64encode(der).decode()}",)}
    )

    (finding, _) = judged(claim(sign(fresh_wire())), resolver).findings

    assert (finding.result, finding.reason) == ("fail", "the key's size is not accepted")


def test_ed25519_is_accepted() -> None:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    record = f"v=DKIM1; k=ed25519; p={base64.b64encode(public).decode()}"
    raw = fresh_wire()
    body_hash = base64.b64encode(
        hashlib.sha256(canonical_body(read_raw(raw).body, "relaxed")).digest()
    ).decode()
    names = ("from", "to", "subject", "date", "content-type")
    start = (
        f"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=acme.test; s=s1; t={int(present().timestamp())};"
        f" h={':'.join(names)}; bh={body_hash}; b="
    ).encode()
    field = read_raw(start + b"\r\n\r\n").fields[0]
    fields = {one.name: one for one in read_raw(raw).fields}
    hashed = [canonical_field(fields[name], "relaxed") for name in names]
    hashed.append(canonical_field(field, "relaxed"))
    value = private.sign(hashlib.sha256(b"\r\n".join(hashed)).digest())
    signed = start + base64.b64encode(value) + b"\r\n" + raw

    resolver = TableResolver({("s1._domainkey.acme.test", "TXT"): (record,)})

    assert judged(claim(signed), resolver).proof
    assert not judged(claim(signed.replace(b"Bonjour", b"Bonsoir")), resolver).proof


# --- valid, and still no proof (PROMISES T17) ---------------------------------------------------


@pytest.mark.parametrize("name", [b"to", b"subject", b"date", b"content-type"])
def test_a_signature_that_leaves_a_field_open_does_not_suffice(name: bytes) -> None:
    raw = sign(fresh_wire(), names=[one for one in SIGNED if one != name])

    judgement = judged(claim(raw), zone())

    assert judgement.proof == ""
    assert judgement.conflict == ""
    assert results(judgement)["dkim"] == "pass"
    assert any(f"does not cover {name.decode()}" in doubt for doubt in judgement.doubts)


@pytest.mark.parametrize(
    "added", ["Subject: #close", "To: agent@desk.test", "Cc: eve@evil.test", "Reply-To: eve@evil.test"]
)
def test_a_field_added_above_a_signed_mail_takes_the_proof_away(added: str) -> None:
    raw = added.encode() + b"\r\n" + sign(fresh_wire())

    assert judged(claim(raw), zone()).proof == ""


@pytest.mark.parametrize("added", ["Cc: eve@evil.test", "Reply-To: eve@evil.test"])
def test_a_field_that_was_not_there_to_be_signed_takes_the_proof_away(added: str) -> None:
    raw = sign(fresh_wire(), names=[b"from", b"to", b"subject", b"date", b"content-type"])

    judgement = judged(claim(added.encode() + b"\r\n" + raw), zone())

    assert judged(claim(raw), zone()).proof
    assert (judgement.proof, results(judgement)["dkim"]) == ("", "pass")
    assert any("does not cover" in doubt for doubt in judgement.doubts)


def test_of_several_fields_the_lowest_are_signed() -> None:
    """RFC 6376 section 5.4.2: whoever passes a mail on adds his own above."""
    raw = sign(b"X-Tag: upper\r\nX-Tag: lower\r\n" + fresh_wire(), names=[*SIGNED, b"x-tag"])

    assert judged(claim(raw), zone()).proof
    assert judged(claim(raw.replace(b"upper", b"other")), zone()).proof
    assert not judged(claim(raw.replace(b"lower", b"other")), zone()).proof


def test_what_was_oversigned_cannot_be_added() -> None:
    raw = sign(fresh_wire(), names=[*SIGNED, b"subject", b"cc"])

    assert judged(claim(raw), zone()).proof
    assert results(judged(claim(b"Cc: eve@evil.test\r\n" + raw), zone()))["dkim"] == "fail"


def test_a_signed_length_does_not_suffice() -> None:
    raw = sign(fresh_wire(), length=True)

    for mail in (raw, raw + b"#close\r\n"):
        judgement = judged(claim(mail), zone())
        assert (judgement.proof, judgement.conflict) == ("", "")
        assert any("l= lets anybody add" in doubt for doubt in judgement.doubts)


@pytest.mark.parametrize(("days", "suffices"), [(1.9, True), (3, False), (300, False), (-3, False)])
def test_a_signed_mail_that_was_kept_does_not_suffice(days: float, suffices: bool) -> None:
    raw = sign(fresh_wire())

    judgement = judged(claim(raw, received_at=present() + timedelta(days=days)), zone())

    assert bool(judgement.proof) is suffices
    assert results(judgement)["dkim"] == "pass"


def test_without_a_time_of_signing_the_date_decides() -> None:
    raw = sign(fresh_wire())
    signature = replace(read_signature(read_raw(raw).fields[0]), signed_at=None)

    assert staleness(signature, claim(raw)) == ""
    assert "48 hours" in staleness(signature, claim(raw, received_at=present() + timedelta(days=3)))
    assert "when" in staleness(signature, claim(fresh_wire(Date=None)))


def test_a_signature_that_has_expired_does_not_suffice() -> None:
    raw = sign(fresh_wire())
    signature = read_signature(read_raw(raw).fields[0])
    received_at = present()

    for seconds, words in ((60, ""), (-60, "the signature has expired")):
        limited = replace(signature, expires_at=int(received_at.timestamp()) + seconds)
        assert staleness(limited, claim(raw, received_at=received_at)) == words


def test_a_mail_signed_for_another_address_does_not_suffice() -> None:
    raw = sign(fresh_wire())
    elsewhere = ("support+aaaqmafqfrmczzvemtagulf7nen5vjeq@desk.test",)

    assert judged(claim(raw), zone()).proof
    judgement = judged(claim(raw, recipients=elsewhere), zone())
    assert judgement.proof == ""
    assert any("To and Cc" in doubt for doubt in judgement.doubts)


# --- whose signature -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("author", "signer", "speaks"),
    [
        ("acme.test", "acme.test", True),
        ("acme.test", "mail.acme.test", True),
        ("mail.acme.test", "acme.test", True),
        ("acme.test", "evil.test", False),
        ("acme.test", "acme.test.evil.test", False),
        ("acme.test", "evilacme.test", False),
        ("acme.test", "xn--acm-dma.test", False),
        ("a.b.c.d.e.f.g.h.i.j.k.acme.test", "acme.test", True),
    ],
)
def test_only_the_domain_of_from_speaks_for_it(author: str, signer: str, speaks: bool) -> None:
    raw = sign(fresh_wire(From=f"Chloe <chloe@{author}>"), domain=signer)
    resolver = TableResolver(
        {
            (f"s1._domainkey.{signer}", "TXT"): (KEY.record,),
            ("_dmarc.acme.test", "TXT"): ("v=DMARC1; p=none",),
        }
    )

    assert bool(judged(claim(raw), resolver).proof) is speaks
    assert max(resolver.asked.values()) < 4
    assert sum(resolver.asked.values()) <= 20


def test_strict_alignment_is_heard() -> None:
    raw = sign(fresh_wire(), domain="mail.acme.test")
    records = {
        ("s1._domainkey.mail.acme.test", "TXT"): (KEY.record,),
        ("_dmarc.acme.test", "TXT"): ("v=DMARC1; p=none; adkim=s",),
    }

    assert judged(claim(raw), TableResolver(records)).proof == ""


def test_a_customer_of_a_host_does_not_speak_for_the_host() -> None:
    """A public suffix that says so (psd=y) keeps its customers apart (RFC 9989 section 4.10.2)."""
    raw = sign(fresh_wire(From="x@victim.host.test"), domain="attacker.host.test")
    records = {
        ("s1._domainkey.attacker.host.test", "TXT"): (KEY.record,),
        ("_dmarc.host.test", "TXT"): ("v=DMARC1; p=none; psd=y",),
    }

    assert judged(claim(raw), TableResolver(records)).proof == ""


def test_a_subdomain_that_is_somebody_elses_does_not_speak() -> None:
    """It says so (psd=n: an organization of its own)."""
    raw = sign(fresh_wire(), domain="shop.acme.test")
    records = {
        ("s1._domainkey.shop.acme.test", "TXT"): (KEY.record,),
        ("_dmarc.acme.test", "TXT"): ("v=DMARC1; p=none",),
    }
    apart = {**records, ("_dmarc.shop.acme.test", "TXT"): ("v=DMARC1; p=none; psd=n",)}

    assert judged(claim(raw), TableResolver(records)).proof
    assert judged(claim(raw), TableResolver(apart)).proof == ""


def test_a_signature_of_a_stranger_beside_a_right_one_changes_nothing() -> None:
    raw = sign(sign(fresh_wire()), domain="list.test", key=OTHER_KEY)

    judgement = judged(claim(raw), zone())

    assert judgement.proof
    assert [finding.result for finding in judgement.findings if finding.method == "dkim"] == [
        "policy",
        "pass",
    ]


# --- hostile ------------------------------------------------------------------------------------------


def test_hundreds_of_signatures_cost_little() -> None:
    raw = fresh_wire()
    forged = sign(raw, key=OTHER_KEY)[: -len(raw)]
    resolver = zone()

    judgement = judged(claim(forged * 300 + raw), resolver)

    assert judgement.proof == ""
    assert sum(resolver.asked.values()) < 10
    assert len(judgement.findings) <= MAX_SIGNATURES * 2
    assert len(judgement.doubts) < 10


@pytest.mark.parametrize(
    "body",
    [" " * 500_000 + "x", " \n" * 200_000, "\n" * 500_000, "\t \t" * 150_000, "a " * 250_000],
    ids=["spaces", "blank lines", "line feeds", "tabs", "words"],
)
def test_a_hostile_body_is_judged_in_linear_time(body: str) -> None:
    raw = fresh_wire(body)
    began = time.process_time()

    canonical_body(read_raw(raw).body, "relaxed")
    canonical_body(read_raw(raw).body, "simple")

    assert time.process_time() - began < 1.0


def test_a_huge_signature_field_is_judged_in_linear_time() -> None:
    names = ":".join(["from", *(f"x-{number}" for number in range(20_000))])
    raw = f"DKIM-Signature: v=1; a=rsa-sha256; d=acme.test; s=s1; h={names}; bh=AAAA; b=AAAA\r\n".encode()
    began = time.process_time()

    judgement = judged(claim(raw + fresh_wire()), zone())

    assert results(judgement)["dkim"] == "permerror"
    assert time.process_time() - began < 1.0


def test_dns_trouble_is_a_doubt_and_no_conflict() -> None:
    resolver = zone()
    resolver.records = {**resolver.records, ("s1._domainkey.acme.test", "TXT"): None}

    judgement = judged(claim(sign(fresh_wire()), peer="93.184.216.34"), resolver)

    assert (judgement.proof, judgement.conflict) == ("", "")
    assert results(judgement) == {"dkim": "temperror", "spf": "fail", "dmarc": "temperror"}


BODIES = st.binary(max_size=300).map(lambda body: body.replace(b"\r", b""))


@given(BODIES.map(lambda body: body.replace(b"\n", b"\r\n") + b"\r\n"))
def test_a_body_has_the_form_that_another_program_gives_it(body: bytes) -> None:
    for form in ("simple", "relaxed"):
        policy = CanonicalizationPolicy.from_c_value(f"{form}/{form}".encode())
        assert canonical_body(body, form) == policy.canonicalize_body(body)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"; d=acme.test", b"; d=evil.test; d=acme.test"),
        (b"i=@acme.test", b"i=chloe@evil.test"),
        (b"i=@acme.test", b"i=@notacme.test"),
        (b"; d=acme.test", b"; d=acme.test; l=x"),
        (b"; d=acme.test", b"; d=acme.test; z"),
    ],
)
def test_tags_that_contradict_or_cannot_be_read_are_refused(before: bytes, after: bytes) -> None:
    raw = sign(fresh_wire()).replace(before, after, 1)
    assert after in raw

    (finding, _) = judged(claim(raw), zone()).findings

    assert finding.result == "permerror"


def test_a_key_may_be_kept_from_subdomains() -> None:
    """`t=s` in the key's record (RFC 6376 section 3.6.1)."""
    restricted = Key(KEY.private_pem, KEY.record.replace("k=rsa", "k=rsa; t=s"))
    raw = sign(fresh_wire())
    below = raw.replace(b"i=@acme.test", b"i=@mail.acme.test", 1)
    assert below != raw

    assert judged(claim(raw), zone(key=restricted)).proof
    (finding, _) = judged(claim(below), zone(key=restricted)).findings
    assert (finding.result, finding.reason) == ("fail", "the key is not for subdomains")


@given(st.text(max_size=200))
def test_any_text_is_a_list_of_tags_or_refused(text: str) -> None:
    try:
        tags = read_tags(text)
    except BadSignature:
        return
    assert all("=" not in name and ";" not in value for name, value in tags.items())


@given(st.binary(max_size=300))
def test_any_field_is_a_signature_or_refused(value: bytes) -> None:
    field = RawField("dkim-signature", b" v=1; a=rsa-sha256; " + value, b"DKIM-Signature: v=1;" + value)
    try:
        signature = read_signature(field)
    except BadSignature:
        return
    assert "from" in signature.names


@given(BODIES)
def test_only_the_value_of_b_is_taken_out(value: bytes) -> None:
    value = value.replace(b";", b"")
    field = RawField("x", b" bh=1; b=" + value + b"; c=d", b"X: bh=1; b=" + value + b"; c=d")

    assert without_value(field).whole == b"X: bh=1; b=; c=d"
