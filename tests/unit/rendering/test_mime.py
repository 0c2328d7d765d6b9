"""What leaves is exactly what was meant, whatever strangers have put into subjects, names and texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.address import Mailbox
from gateway.domain.notification import Notification
from gateway.domain.text import clean_text
from gateway.errors import ConfigurationError, UnsafeMail
from gateway.rendering.headers import harmless
from gateway.rendering.mime import build
from gateway.rendering.renderer import TemplateRenderer

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
NAMES = [
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
    "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language", "MIME-Version", "Content-Type",
]  # fmt: skip
PLAIN = Notification(
    template="confirmation",
    language="fr",
    sender=Mailbox("Support", "support@example.test"),
    to=Mailbox("Chloé", "chloe@acme.test"),
    reply_to="support+abc@example.test",
    message_id="t1@example.test",
    in_reply_to="r1@acme.test",
    references=("r1@acme.test",),
    ticket=1,
    subject="x",
    auto_submitted="auto-replied",
    date=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    context={},
)
NASTY = st.one_of(
    st.text(),
    st.sampled_from(
        [
            "=?utf-8?q?hi=0ABcc:_evil@x.test?=",
            "a\r\nBcc: evil@x.test",
            "a\u2028Bcc: evil@x.test",
            "a\x0bb\x0cc\x85d",
            "=?utf-8?b?SGkKQmNjOiBldmlsQHgudGVzdA==?=",
            '"quoted" <evil@x.test>, other',
            "é" * 400,
            "x" * 400,
            "\u202eexe.fdp",
        ]
    ),
)


def texts(content: bytes) -> list[str]:
    """The decoded parts, text first."""
    decoded = []
    for part in message_from_bytes(content).walk():
        payload = part.get_payload(decode=True)
        if not part.is_multipart() and isinstance(payload, bytes):
            decoded.append(payload.decode("utf-8"))
    return decoded


@given(NASTY, NASTY, NASTY)
def test_the_header_fields_are_those_that_were_set(subject: str, name: str, text: str) -> None:
    content = build(
        replace(PLAIN, to=Mailbox(name, "chloe@acme.test")), subject, clean_text(text), "<p>x</p>"
    )

    mail = message_from_bytes(content)
    assert mail.keys() == NAMES
    assert mail["To"].endswith("chloe@acme.test") or mail["To"].endswith("<chloe@acme.test>")
    read = str(make_header(decode_header(mail["Subject"])))
    assert " ".join(read.split()) == " ".join(harmless(subject).split())
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 998


@given(st.text())
def test_the_text_comes_out_as_it_went_in(text: str) -> None:
    cleaned = clean_text(text)
    text_part, _ = texts(build(PLAIN, "x", cleaned, "<p></p>"))

    assert text_part.replace("\r\n", "\n").rstrip("\n") == cleaned.rstrip("\n")


def test_a_customers_text_cannot_end_the_data_or_the_part() -> None:
    text = "x\n.\nMAIL FROM:<evil@x.test>\n--=_5588a346c15278984c791e8e8dffb7a1--\n"
    parts = texts(build(PLAIN, "x", text, "<p></p>"))
    assert len(parts) == 2
    assert "MAIL FROM" in parts[0]


@pytest.mark.parametrize(
    "address", ["a b@x.test", "a@x.test>\r\nBcc: <e@x.test", "é@x.test", "a@b@c.test", ""]
)
def test_an_address_that_cannot_be_written_is_refused(address: str) -> None:
    with pytest.raises(UnsafeMail):
        build(replace(PLAIN, to=Mailbox("", address)), "x", "x", "x")


def test_an_international_domain_is_written_in_ascii() -> None:
    mail = message_from_bytes(build(replace(PLAIN, to=Mailbox("", "a@exämple.test")), "x", "x", "x"))
    assert mail["To"] == "a@xn--exmple-cua.test"


@cache
def renderer() -> TemplateRenderer:
    return TemplateRenderer(TEMPLATES)


def examples() -> Iterator[Notification]:
    return renderer().examples()


@pytest.mark.parametrize("example", list(examples()), ids=lambda each: f"{each.template}-{each.language}")
def test_every_template_says_the_same_in_text_and_html(example: Notification) -> None:
    text, html = texts(renderer().render(example))

    # An acknowledgement to a stranger has nothing of the request in it.
    own = {"en": "We have received your message", "fr": "Nous avons bien reçu votre message"}
    subject = own[example.language] if example.template == "acknowledgement" else "Module Paie bloqué"
    assert renderer().subject(example) == f"[#42] {subject}"
    for shown in (text, html):
        assert "#42" in shown
        assert "support@example.test" in shown
        assert "{{" not in shown
    assert "\n\n\n" not in text.replace("\r\n", "\n")
    # Nothing is fetched when it is opened, and every link stands in the text too.
    assert not re.search(r"\bsrc=|url\(|<link|@import", html)
    assert all(link in text for link in re.findall(r'href="([^"]*)"', html))


def test_a_strangers_template_is_text() -> None:
    example = next(each for each in examples() if each.template == "desk-comment")
    comment = {"author": "Ana", "text": "{{ 7*7 }} <b>x</b>", "evidence": "E1", "verified": False}
    context = {**example.context, "comment": comment}
    text, html = texts(renderer().render(replace(example, context=context)))
    assert "{{ 7*7 }} <b>x</b>" in text
    assert "{{ 7*7 }} &lt;b&gt;x&lt;/b&gt;" in html


def copied(folder: Path) -> Path:
    import shutil

    return Path(shutil.copytree(TEMPLATES, folder / "templates"))


@pytest.mark.parametrize(
    ("part", "text", "reason"),
    [
        ("fr/body.txt", "Bonjour {{ nobody.name }}", "nobody"),
        ("fr/body.txt", "Bonjour\n{% if %}", "Expected"),
        ("en/body.html", None, "is missing"),
        ("template.toml", "colour = 1", "no key 'colour'"),
    ],
)
def test_a_wrong_template_is_refused_with_its_file(
    tmp_path: Path, part: str, text: str | None, reason: str
) -> None:
    folder = copied(tmp_path)
    file = folder / "mail" / "confirmation" / part
    if text is None:
        file.unlink()
    else:
        file.write_text(text)

    with pytest.raises(ConfigurationError) as refused:
        TemplateRenderer(folder).check()

    assert reason in refused.value.reason
    assert part in refused.value.file
