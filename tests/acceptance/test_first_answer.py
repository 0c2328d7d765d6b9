"""The first answer: a recap, what is missing and nothing else, and how to go on; by mail, in both languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.message import EmailMessage, Message
from typing import Any

import pytest

from tests.acceptance.customer import Customer
from tests.running import RunningGateway

COMPLETE = {
    "fr": "Bonjour,\n\nDepuis ce matin, quand je clique sur Valider dans le module Paie, j'obtiens l'erreur 500.\n"
    "Tous les gestionnaires sont touchés. Nous avons redémarré le poste, sans succès.\n\nMerci,\nChloé",
    "en": "Hello,\n\nSince this morning, when I click on Save in the payroll module, we get error 500.\n"
    "All accountants are affected. We have restarted the computer, to no avail.\n\nThanks,\nGrace",
}
PARTLY = {
    "fr": "Bonjour,\n\nDepuis ce matin le module Paie ne démarre plus, tous les gestionnaires sont touchés.\n\nMerci",
    "en": "Hello,\n\nThe payroll module has not started since this morning, all accountants are affected.\n\nThanks",
}
ASKED = {
    "fr": {
        "error": "le message d'erreur exact",
        "steps": "étape par étape",
        "since": "depuis quand",
        "who": "qui est touché",
        "tried": "déjà essayé",
    },
    "en": {
        "error": "the exact error message",
        "steps": "step by step",
        "since": "since when",
        "who": "who is affected",
        "tried": "already tried",
    },
}


ARTICLES = {
    "badgeuse-heure": ("fr", "La badgeuse affiche une heure fausse"),
    "badgeuse-heure-hiver": ("fr", "La badgeuse garde une heure d'été fausse"),
    "badgeuse-fausse": ("fr", "Badgeuse fausse à l'heure du changement"),
    "badgeuse-heure-fausse": ("fr", "Heure fausse sur la badgeuse"),
    "time-clock": ("en", "The time clock shows a wrong hour"),
    "carte-perdue": ("fr", "Une carte de badgeuse est perdue"),
}


@pytest.fixture(scope="module")
def knowledge(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A knowledge base that the workers know of; gone afterwards."""
    folder = tmp_path_factory.mktemp("articles")
    for slug, (language, title) in ARTICLES.items():
        front = f"title: {title}\nlanguage: {language}\nurl: https://aide.example.test/{slug}\n"
        (folder / f"{slug}.md").write_text(f"---\n{front}---\nRéglez l'horloge.\n", encoding="utf-8")
    assert "6 added" in gateway.command("articles", "import", str(folder))
    reader = Customer(gateway, "Reader", "reader@acme.test")
    while "aide.example.test" not in texts(_answered(reader, BADGE))[0]:
        # A worker looks once a second whether the desk has changed.
        assert len(reader.mails()) < 100
    yield
    for slug in ARTICLES:
        gateway.command("articles", "withdraw", slug)


BADGE = "Bonjour,\n\nLa badgeuse affiche une heure fausse depuis ce matin, pour tous les salariés.\n\nMerci"


def _answered(customer: Customer, text: str) -> Message:
    customer.writes(text, subject="Horaires")
    return customer.mails()[-1]


def texts(mail: Message) -> tuple[str, str]:
    """The text of a mail, in one line, and its HTML."""
    parts = {
        part.get_content_type(): part.get_payload(decode=True).decode()  # type: ignore[union-attr]
        for part in mail.walk()
        if not part.is_multipart()
    }
    return " ".join(parts["text/plain"].split()), parts["text/html"]


def asked_in(mail: Message, language: str) -> set[str]:
    text, html = texts(mail)
    for words in ASKED[language].values():
        assert (words in text) == (words in html.replace("&#39;", "'"))
    return {detail for detail, words in ASKED[language].items() if words in text}


def explained(gateway: RunningGateway, mail: int) -> Any:
    return json.loads(gateway.command("mail", "explain", str(mail), "--json"))["explanation"]


def test_a_french_request_is_asked_for_what_is_missing_alone(
    gateway: RunningGateway, chloe: Customer
) -> None:
    row = chloe.writes(PARTLY["fr"])

    (confirmation,) = chloe.mails()
    assert asked_in(confirmation, "fr") == {"error", "steps", "tried"}
    why = explained(gateway, row["id"])
    assert why["first_answer"]["missing"] == ["error", "steps", "tried"]
    assert {each["detail"]: each["words"] for each in why["diagnostics"]} == {
        "since": "Depuis ce matin",
        "who": "tous les gestionnaires",
    }


def test_an_english_request_is_asked_in_english(gateway: RunningGateway, chloe: Customer) -> None:
    chloe.writes(PARTLY["en"], subject="Payroll")

    (confirmation,) = chloe.mails()
    assert asked_in(confirmation, "en") == {"error", "steps", "tried"}


def test_whoever_has_said_all_is_asked_nothing(gateway: RunningGateway, chloe: Customer) -> None:
    for language, text in COMPLETE.items():
        chloe.writes(text, subject=language)

    for language, confirmation in zip(COMPLETE, chloe.mails(), strict=True):
        assert asked_in(confirmation, language) == set()
        assert "sans attendre" not in texts(confirmation)[0]
        assert "start at once" not in texts(confirmation)[0]


def test_a_screenshot_is_the_error(gateway: RunningGateway, chloe: Customer) -> None:
    written = EmailMessage()
    written["From"], written["To"] = chloe.address, "support@example.test"
    written["Subject"], written["Message-ID"] = "Module Paie", f"<capture.{chloe.address}>"
    written.set_content("Bonjour,\n\nLe module Paie ne démarre plus, voir la capture.\n\nMerci\n")
    written.add_attachment(bytes(20_000), "image", "png", filename="capture.png")

    row = chloe.sends(written.as_bytes())

    (confirmation,) = chloe.mails()
    assert "error" not in asked_in(confirmation, "fr")
    assert "capture.png (20 ko)" in texts(confirmation)[0]
    assert {"detail": "error", "zone": "file", "words": "capture.png"} in explained(gateway, row["id"])[
        "diagnostics"
    ]


def test_the_recap_says_all_that_a_customer_needs(gateway: RunningGateway, chloe: Customer) -> None:
    number = chloe.opens_a_ticket()

    (confirmation,) = chloe.mails()
    text, html = texts(confirmation)
    for words in (
        f"#{number}",
        "Module Paie bloqué",
        "Assistance",
        "Basse (",
        "Une personne de l'équipe",
        "répondez simplement à ce message",
        "+33 1 00 00 00 00",
    ):
        assert words in text
        assert words in html.replace("&#39;", "'")


def test_the_recap_names_the_files_that_were_accepted_and_those_that_were_not(
    gateway: RunningGateway, chloe: Customer
) -> None:
    message = EmailMessage()
    message["From"], message["To"] = chloe.address, "support@example.test"
    message["Subject"], message["Message-ID"] = "Mise à jour", f"<files.{chloe.address}>"
    message.set_content("Bonjour,\n\nVoici ce que je reçois depuis ce matin.\n\nMerci\n")
    for name, kind in (("écran.png", "image/png"), ("Facture.pdf.EXE ", "application/pdf")):
        main, _, sub = kind.partition("/")
        message.add_attachment(b"x" * 2000, maintype=main, subtype=sub, filename=name)
    raw = message.as_bytes().replace(b"\n", b"\r\n")

    row = chloe.sends(raw)

    (confirmation,) = chloe.mails()
    text, html = texts(confirmation)
    for words in (text, html.replace("&#39;", "'").replace("\u00a0", " ")):
        assert "écran.png" in words
        assert "Facture.pdf.EXE" in words
        assert words.count("refusée : c'est un programme") == 1
        assert "par quel autre moyen l'envoyer" in words
    ticket = json.loads(gateway.command("tickets", "show", str(row["ticket"]), "--json"))
    refused = {each["filename"].strip(): each["refused"] for each in ticket["comments"][0]["attachments"]}
    assert refused == {"écran.png": "", "Facture.pdf.EXE": "program"}
    assert explained(gateway, row["id"])["refused_files"][0]["rule"] == "program"
    assert gateway.gateway().ledger.raw(row["id"]) == raw, "the bytes are kept all the same"


@pytest.mark.usefixtures("knowledge")
def test_articles_that_match_are_named_three_at_most(gateway: RunningGateway, chloe: Customer) -> None:
    row = chloe.writes(BADGE, subject="Horaires")

    text, html = texts(chloe.mails()[-1])
    named = [slug for slug in ARTICLES if f"https://aide.example.test/{slug} " in f"{text} "]
    assert len(named) == 3
    assert "badgeuse-heure" in named
    assert not {"time-clock", "carte-perdue"} & set(named)
    for slug in named:
        assert f'<a href="https://aide.example.test/{slug}">' in html
        assert ARTICLES[slug][1] in text
    why = explained(gateway, row["id"])["first_answer"]["articles"]
    assert {each["slug"] for each in why} == set(named)
    assert [each["score"] for each in why] == sorted((each["score"] for each in why), reverse=True)
    assert why[0]["score"] == 1.0


@pytest.mark.usefixtures("knowledge")
def test_articles_are_in_the_language_of_the_request(chloe: Customer) -> None:
    text, _ = texts(
        _answered(chloe, "Hello,\n\nThe time clock shows a wrong hour, could you please help us?\n\nThanks")
    )

    assert "https://aide.example.test/time-clock" in text
    assert text.count("aide.example.test") == 1


@pytest.mark.usefixtures("knowledge")
def test_where_nothing_matches_well_nothing_is_named(gateway: RunningGateway, chloe: Customer) -> None:
    text, _ = texts(_answered(chloe, "Bonjour,\n\nNotre badgeuse est livrée quand ?\n\nMerci à vous"))

    assert "aide.example.test" not in text
    assert "peut vous aider" not in text


@pytest.mark.usefixtures("knowledge")
def test_the_command_line_shows_what_would_be_named(gateway: RunningGateway) -> None:
    lines = gateway.command(
        "articles", "search", "la badgeuse affiche une heure fausse", "--json"
    ).splitlines()
    found = [json.loads(line) for line in lines]

    assert found[0]["slug"] == "badgeuse-heure"
    assert found[0]["named"] is True
    assert any(each["named"] is False for each in found)
    shown = json.loads(gateway.command("articles", "show", "time-clock", "--json"))
    assert (shown["language"], shown["published"], shown["body"]) == ("en", True, "Réglez l'horloge.")
    listed = [json.loads(line)["slug"] for line in gateway.command("articles", "list", "--json").splitlines()]
    assert listed == sorted(ARTICLES)
