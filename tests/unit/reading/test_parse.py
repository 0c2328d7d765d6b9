"""From bytes to a mail: charsets, encodings, names, parts, and what is wrong with them."""

from __future__ import annotations

import base64
import email
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import UnreadableMail
from gateway.pipeline.parse import parse, parse_partially
from tests.unit.reading.wire import multipart, wire


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("utf-8", "utf-8"),
        ("iso-8859-1", "cp1252"),
        ("us-ascii", "utf-8"),
        ("ISO-8859-15", "iso-8859-15"),
        ("windows-1252", "cp1252"),
        ("unknown-8bit", "utf-8"),
        ("x-made-up", "cp1252"),
        ('"UTF-8"', "utf-8"),
    ],
)
def test_french_in_any_charset_is_french(charset: str, codec: str) -> None:
    text = "L'été dernier, l'accès était déjà refusé à nos élèves : ça recommence.\n"

    mail = parse(wire(text.encode(codec), f"text/plain; charset={charset}"))

    assert mail.text == text


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("gb2312", "gb18030", "您好，页面是空白的，谢谢。"),
        ("ks_c_5601-1987", "cp949", "안녕하세요, 페이지가 비어 있습니다."),
        ("iso-2022-jp", "iso2022_jp", "お世話になっております。"),
        ("shift_jis", "cp932", "①ページが白いです。"),
        ("koi8-r", "koi8-r", "Здравствуйте, страница пустая."),
        ("windows-1250", "cp1250", "Dzień dobry, strona jest pusta, proszę o pomoc."),
        ("utf-16le", "utf-16-le", "Bonjour"),
    ],
)
def test_other_scripts_are_read_as_declared_and_wider(charset: str, codec: str, text: str) -> None:
    raw = wire(
        base64.encodebytes(text.encode(codec)),
        f"text/plain; charset={charset}",
        Content_Transfer_Encoding="base64",
    )

    assert parse(raw).text == text


@pytest.mark.parametrize(
    "charset", ["unicode_escape", "idna", "rot13", "undefined", "utf-7", "punycode", "zlib", "a\x00b", ""]
)
def test_a_codec_that_is_no_charset_fabricates_nothing(charset: str) -> None:
    mail = parse(wire(b"+ADw-script+AD4- \\ud800 \\x00 caf\xe9\r\n", f"text/plain; charset={charset}"))

    assert "<script>" not in mail.text
    assert "\x00" not in mail.text
    mail.text.encode("utf-8")


@pytest.mark.parametrize(
    ("value", "subject"),
    [
        ("=?utf-8?Q?Acc=C3=A8s_refus=C3=A9?=", "Accès refusé"),
        ("=?utf-8?B?QWNjw6hz?= =?utf-8?B?IHJlZnVzw6k=?=", "Accès refusé"),
        ("=?utf-8?B?ww==?= =?utf-8?Q?=A9?=", "é"),
        ("=?iso-8859-1?q?d=E9j=E0?= vu", "déjà vu"),
        ("=?utf-8?Q?deux mots?=", "deux mots"),
        ("=?UTF-8?b?Q2hsb8Op", "=?UTF-8?b?Q2hsb8Op"),
        ("=?utf-8?Q?a=0D=0ABcc:_x@evil.test?=", "a Bcc: x@evil.test"),
        ("=?unicode_escape?q?=5Cud800?=", "\\ud800"),
        ("Accès refusé", "Accès refusé"),
        ("RE:\r\n\t[#42]\r\n Panne", "RE: [#42] Panne"),
        ("=?utf-8*fr?Q?No=C3=ABl?=", "Noël"),
        ("\u202efdp", "fdp"),
    ],
)
def test_subjects_of_every_shape(value: str, subject: str) -> None:
    assert parse(wire(Subject=value)).subject == subject


def test_a_character_cut_between_two_words_is_put_together() -> None:
    assert parse(wire(Subject="=?utf-8?Q?caf=C3?=\r\n =?utf-8?Q?=A9?=")).subject == "café"


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ('attachment; filename="devis.pdf"', "devis.pdf"),
        ("attachment; filename=devis mars.pdf", "devis mars.pdf"),
        ("attachment; filename*=UTF-8''devis%20%C3%A9t%C3%A9.pdf", "devis été.pdf"),
        ('attachment; filename*0="de"; filename*1="vis.pdf"', "devis.pdf"),
        ("attachment; filename*0*=utf-8'fr'%C3%A9t; filename*1*=%C3%A9.pdf", "été.pdf"),
        ('attachment; filename="=?utf-8?Q?=C3=A9t=C3=A9.pdf?="', "été.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\Temp\\\\a.txt"', "a.txt"),
        ('attachment; filename="facture\u202efdp.exe"', "facturefdp.exe"),
        (f'attachment; filename="{"a" * 300}.pdf"', f"{'a' * 251}.pdf"),
        ('attachment; filename="a\\"b.txt"', 'a"b.txt'),
        ("attachment", ""),
    ],
)
def test_file_names_of_every_shape(field: str, name: str) -> None:
    body = multipart(
        "Content-Type: text/plain\n\nVoir.",
        f"Content-Type: application/pdf\nContent-Disposition: {field}\n\nx",
    )

    (file,) = parse(wire(body, 'multipart/mixed; boundary="b"')).attachments

    assert file.filename == name
    assert file.size == 1


def test_a_mail_within_the_mail_stays_apart() -> None:
    inner = "From: x@x.test\nSubject: #close\nContent-Type: text/plain\n\n#close URGENT"
    body = multipart(
        "Content-Type: text/plain\n\nVoir la pièce jointe.", f"Content-Type: message/rfc822\n\n{inner}"
    )

    mail = parse(wire(body, 'multipart/mixed; boundary="b"'))

    assert mail.text == "Voir la pièce jointe."
    assert mail.enclosed[0].subject == "#close"
    assert mail.enclosed[0].text == "#close URGENT"
    assert [file.content_type for file in mail.attachments] == ["message/rfc822"]


def test_text_below_a_picture_belongs_to_the_text() -> None:
    body = multipart(
        "Content-Type: text/plain\n\nAvant.",
        "Content-Type: image/png; name=a.png\n\nx",
        "Content-Type: text/plain\n\nAprès.",
    )

    assert parse(wire(body, 'multipart/mixed; boundary="b"')).text == "Avant.\nAprès."


def test_the_plain_form_is_taken_and_the_html_when_it_says_nothing() -> None:
    html = "Content-Type: text/html\n\n<p>Bonjour</p>"

    said = parse(
        wire(multipart("Content-Type: text/plain\n\nSalut", html), 'multipart/alternative; boundary="b"')
    )
    empty = parse(
        wire(multipart("Content-Type: text/plain\n\n \n", html), 'multipart/alternative; boundary="b"')
    )

    assert (said.text, said.has_plain_text) == ("Salut", True)
    assert (empty.text, empty.has_plain_text) == ("Bonjour", False)
    assert said.attachments == ()


def test_an_inline_picture_is_told_from_a_file() -> None:
    body = multipart(
        'Content-Type: text/html\n\n<p>Ici<img src="cid:logo@x"></p>',
        "Content-Type: image/png\nContent-ID: <logo@x>\n\nx",
        "Content-Type: image/png\nContent-Disposition: attachment; filename=b.png\n\ny",
    )

    logo, file = parse(wire(body, 'multipart/related; boundary="b"')).attachments

    assert (logo.inline, logo.content_id) == (True, "logo@x")
    assert not file.inline


def test_flowed_paragraphs_are_put_together() -> None:
    mail = parse(wire("Une ligne \ncoupée.\n> citée \n> aussi\n-- \nnom\n", "text/plain; format=flowed"))

    assert mail.text == "Une ligne coupée.\n> citée aussi\n-- \nnom\n"


def test_a_uuencoded_file_in_the_text_is_a_file() -> None:
    mail = parse(wire("Voici.\n\nbegin 644 a.txt\n#86)C\n`\nend\nMerci.\n"))

    assert mail.text == "Voici.\n\nMerci.\n"
    assert [(file.filename, file.size) for file in mail.attachments] == [("a.txt", 3)]


@pytest.mark.parametrize(
    ("raw", "defect"),
    [
        (
            wire(multipart("Content-Type: text/plain\n\nx")[:-6], 'multipart/mixed; boundary="b"'),
            "not closed",
        ),
        (wire("--b\n\nx\n--b--\n", "multipart/mixed"), "without a usable boundary"),
        (wire("x", 'multipart/mixed; boundary="b"'), "without parts"),
        (wire("eQ", Content_Transfer_Encoding="base64"), "wrong padding"),
        (wire("x", Content_Transfer_Encoding="x-y"), "unknown transfer encoding"),
        (wire(b"caf\xe9", "text/plain"), "8-bit text without a charset"),
        (wire(b"caf\xe9", "text/plain; charset=utf-8"), "not in the declared charset"),
        (b"From: a@b.test\r\nSubject: x\r\nBonjour, il manque une ligne vide.\r\n", "no empty line"),
        (wire(multipart("Content-Type: text/plain\n\nx"), 'multipart/encrypted; boundary="b"'), "encrypted"),
    ],
)
def test_what_was_wrong_is_named_and_the_mail_is_read(raw: bytes, defect: str) -> None:
    mail = parse(raw)

    assert any(defect in one for one in mail.defects)
    assert mail.text.strip()


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("Tue, 3 Mar 2026 11:02:00 +0100", "2026-03-03T10:02:00+00:00"),
        ("3 Mar 2026 11:02:00 GMT", "2026-03-03T11:02:00+00:00"),
        ("Tue, 3 Mar 2026 11:02:00 -0500 (EST)", "2026-03-03T16:02:00+00:00"),
        ("Tue, 3 Mar 2026 11:02", "2026-03-03T11:02:00+00:00"),
        ("Tue, 3 Mar 2026 11:02:00 +99999999999999999999", None),
        ("mardi", None),
        ("", None),
    ],
)
def test_dates_are_shown_when_they_can_be_read(value: str, instant: str | None) -> None:
    date = parse(wire(Date=value)).date

    assert (date.isoformat() if date else None) == instant


def test_ids_are_found_folded_bare_and_in_order() -> None:
    mail = parse(
        wire(
            Message_ID="bare-id@x.test",
            In_Reply_To="<a@x>\r\n (garbage)",
            References="<a@\r\n x>\r\n <b@x> <b@x>",
        )
    )

    assert mail.message_id == "bare-id@x.test"
    assert mail.in_reply_to == ("a@x",)
    assert mail.references == ("a@x", "b@x")


def test_copies_that_came_two_ways_have_one_fingerprint() -> None:
    one = wire("Bonjour.\n\nMerci.\n")
    other = b"Received: by mx.test; Tue, 3 Mar 2026 11:03:00 +0100\r\n" + one.replace(b"\r\n", b"\n") + b"\n"

    assert parse(one).fingerprint == parse(other).fingerprint
    assert parse(one).sha256 != parse(other).sha256
    assert parse(one).fingerprint != parse(wire("Bonsoir.\n")).fingerprint


@pytest.mark.parametrize(
    "raw",
    [
        b"X: y\r\n" * 2500 + b"\r\nx",
        b"X: " + b"y" * 300_000 + b"\r\n\r\nx",
        wire("--b\n\nx\n" * 1200, 'multipart/mixed; boundary="b"'),
        wire(
            "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(80)),
            "multipart/mixed; boundary=x",
        ).replace(b"\r\n\r\n", b"\r\n\r\n--x\r\n", 1),
    ],
    ids=["fields", "header block", "parts", "depth"],
)
def test_beyond_the_limits_nobody_guesses(raw: bytes) -> None:
    with pytest.raises(UnreadableMail) as refused:
        parse(raw)

    mail = parse_partially(raw, str(refused.value))
    assert mail.identity is None
    assert mail.text == ""
    assert mail.size == len(raw)


def test_a_partial_reading_still_says_who_and_what() -> None:
    mail = parse_partially(wire("x"), "too deep")

    assert (mail.author.address, mail.subject) == ("chloe@acme.test", "Page blanche")
    assert mail.identity is None


FIELD = st.sampled_from(
    ["From: a@b.test", "To: c@d.test", "Subject: =?utf-8?q?=C3=A9?=", "Content-Type: text/html", "X-Y: z"]
)
MIME = st.sampled_from(
    [
        'Content-Type: multipart/mixed; boundary="b"',
        "Content-Type: message/rfc822",
        "Content-Transfer-Encoding: base64",
        "--b",
        "--b--",
        "",
    ]
)


@given(
    st.lists(FIELD | MIME | st.text(max_size=30), max_size=30),
    st.binary(max_size=40),
    st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_no_bytes_make_it_raise_anything_but_unreadable(lines: list[str], tail: bytes, end: str) -> None:
    raw = end.join(lines).encode("utf-8", "surrogatepass") + tail

    mail = parse(raw)

    mail.text.encode("utf-8")
    mail.subject.encode("utf-8")
    assert all("\x00" not in value for values in mail.headers.values() for value in values)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60)


@given(subject=TEXTS, text=TEXTS, name=st.from_regex(r"[a-z]{1,12}\.pdf", fullmatch=True))
def test_what_the_standard_library_writes_is_read_back(subject: str, text: str, name: str) -> None:
    written = email.message.EmailMessage()
    written["From"] = "a@b.test"
    written["Subject"] = " ".join(subject.split())
    written.set_content(text)
    written.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename=name)

    mail = parse(written.as_bytes())

    assert [(file.filename, file.size) for file in mail.attachments] == [(name, 4)]
    compat = email.message_from_bytes(written.as_bytes())
    assert isinstance(compat, Message)
    assert len(mail.text.strip().split()) == len(mail.text.split())
    assert mail.identity == "a@b.test"
