"""Each positive example as a whole mail: as it is, and quoted, forwarded, signed, sent back, in other forms."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import lru_cache

import pytest

from gateway.domain.intent.result import Asked
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.intent import load_intent_tables
from gateway.rulebook.intent_examples import read_examples
from tests.unit.intent.conftest import ReadMail
from tests.unit.reading.wire import wire

Make = Callable[[str], bytes]


@lru_cache
def positives() -> tuple[tuple[str, str], ...]:
    """Every text of ours that asks for something, with what it asks for."""
    folder = rules_folder("")
    tables = load_intent_tables(folder)
    return tuple(
        (example.text, next(one for one in ("escalation", "nudge") if one in example.means))
        for name in ("fr-intent", "en-intent")
        for example in read_examples(folder / "escalation" / "examples" / f"{name}.yaml", tables)
        if {"escalation", "nudge"} & set(example.means)
    )


def marked(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def page(text: str) -> str:
    return "<html><body><p>" + html.escape(text).replace("\n", "<br>\n") + "</p></body></html>"


def outlook(text: str) -> str:
    return (
        "Bien reçu, merci.\n\n________________________________\nDe : Support <support@desk.test>\n"
        "Envoyé : lundi 2 mars 2026 10:00\nÀ : Chloe Petit <chloe@acme.test>\nObjet : [#42] Page blanche\n\n"
        f"Vous avez écrit :\n{text}\n"
    )


def gmail(text: str) -> str:
    return (
        "Thanks, noted.\n\nOn Mon, 2 Mar 2026 at 10:00, Support <support@desk.test> wrote:\n\n"
        f"{marked(text)}\n"
    )


def apple(text: str) -> str:
    return (
        "Merci.\n\n> Le 2 mars 2026 à 10:00, Support <support@desk.test> a écrit :\n> \n"
        + marked(text)
        + "\n"
    )


def forwarded(text: str) -> str:
    return (
        "Pour information.\n\n---------- Forwarded message ---------\nFrom: Jean Roy <jean@acme.test>\n"
        f"Date: Mon, 2 Mar 2026 at 10:00\nSubject: Panne\nTo: Chloe <chloe@acme.test>\n\n{text}\n"
    )


KEPT: dict[str, Make] = {
    "plain": wire,
    "latin-1": lambda text: wire(
        text.encode("cp1252"), "text/plain; charset=windows-1252", Content_Transfer_Encoding="8bit"
    ),
    "utf-16": lambda text: wire(
        __import__("base64").encodebytes(text.encode("utf-16")),
        "text/plain; charset=utf-16",
        Content_Transfer_Encoding="base64",
    ),
    "html": lambda text: wire(page(text), "text/html; charset=utf-8"),
    "capitals": lambda text: wire(" ".join(text.upper().split())),
    "signed": lambda text: wire(f"{text}\n\nCordialement,\nChloé Petit\n"),
    "above a quote": lambda text: wire(
        f"{text}\n\nOn Mon, 2 Mar 2026 at 10:00, Léa <lea@desk.test> wrote:\n> Bonjour\n"
    ),
}
LOST: dict[str, Make] = {
    "quoted alone": lambda text: wire(marked(text)),
    "quoted below thanks": lambda text: wire(gmail(text)),
    "sent back by Outlook": lambda text: wire(outlook(text)),
    "sent back by Apple Mail": lambda text: wire(apple(text)),
    "forwarded": lambda text: wire(forwarded(text), Subject="Fwd: Panne"),
    "under a signature": lambda text: wire(f"Bien reçu.\n\n-- \nChloé Petit\n{text}\n"),
    "absence": lambda text: wire(f"Je suis absente.\n{text}\n", Auto_Submitted="auto-replied"),
    "kept subject": lambda text: wire(
        "Bien reçu.", Subject=f"Re: {text.splitlines()[0]}", In_Reply_To="<x@d>"
    ),
    "quotation": lambda text: wire(
        "Ma collègue a lu ceci : « "
        + " ".join(text.replace("?", "").replace("!", "").replace(".", "").split())
        + " »"
    ),
}


@pytest.mark.parametrize("form", KEPT)
def test_a_request_is_met_in_every_form(form: str, read_mail: ReadMail) -> None:
    missed = [text for text, asked in positives() if read_mail(KEPT[form](text)).asked != asked]

    assert missed == []


@pytest.mark.parametrize("form", LOST)
def test_what_the_writer_did_not_newly_write_asks_for_nothing(form: str, read_mail: ReadMail) -> None:
    assert [text for text, _ in positives() if read_mail(LOST[form](text)).asked is not Asked.NONE] == []


@pytest.mark.parametrize(
    "negated",
    [
        "Merci de ne pas escalader : « {} » n'est plus d'actualité.",
        'If nothing changes we may one day write: "{}"',
        'Votre modèle disait : "{}"',
    ],
)
def test_a_request_that_is_only_spoken_of_is_none(negated: str, read_mail: ReadMail) -> None:
    sentences = [(text, asked) for text, asked in positives() if not set('.!?\n;:"') & set(text[:-1])]

    found = [
        text for text, _ in sentences if read_mail(wire(negated.format(text.rstrip(".!?")))).asked != "none"
    ]

    assert len(sentences) > 60
    assert found == []
