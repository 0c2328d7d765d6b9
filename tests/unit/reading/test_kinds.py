"""Kinds of mail that no person wrote, and persons who are none of them."""

from __future__ import annotations

import pytest

from gateway.domain.classification import Kind
from tests.unit.reading.conftest import Read
from tests.unit.reading.wire import multipart, wire

MDN = multipart(
    "Content-Type: text/plain\n\nVotre message a été lu le 3 mars.",
    "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;chloe@acme.test\nDisposition: manual-action/MDN-sent-manually; displayed",
)
ARF = multipart(
    "Content-Type: text/plain\n\nThis is an email abuse report.",
    "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1",
    "Content-Type: message/rfc822\n\nSubject: x\n\ny",
)
ICS = "Content-Type: text/calendar; method={}\n\nBEGIN:VCALENDAR\nMETHOD:{}\nEND:VCALENDAR"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (wire(MDN, 'multipart/report; report-type=disposition-notification; boundary="b"'), Kind.RECEIPT),
        (
            wire(
                "Votre message\n\nÀ : Chloé\nObjet : Point\n\na été lu le mardi 3 mars 2026.\n",
                Subject="Lu : Point",
            ),
            Kind.RECEIPT,
        ),
        (wire("Lu et approuvé, merci.\n", Subject="Lu : le contrat"), Kind.PERSON),
        (wire(ARF, 'multipart/report; report-type=feedback-report; boundary="b"'), Kind.REPORT),
        (
            wire("See the file.\n", Subject="Report Domain: desk.test Submitter: acme.test Report-ID: 12"),
            Kind.REPORT,
        ),
        (
            wire(
                multipart("Content-Type: text/plain\n\nChloé a accepté.", ICS.format("REPLY", "REPLY")),
                'multipart/mixed; boundary="b"',
            ),
            Kind.CALENDAR,
        ),
        (wire("BEGIN:VCALENDAR\nMETHOD:CANCEL\nEND:VCALENDAR\n", "text/calendar"), Kind.CALENDAR),
        (
            wire(
                "Les nouvelles de mars.\n",
                List_Id="<news.acme.test>",
                List_Unsubscribe="<mailto:u@acme.test>",
            ),
            Kind.LIST,
        ),
        (wire("Promotion.\n", Precedence="bulk"), Kind.LIST),
        (wire("Absent.\n", Auto_Submitted="auto-replied"), Kind.AUTO_REPLY),
        (
            wire("Disque plein.\n", Auto_Submitted='auto-generated; owner-email="root@acme.test"'),
            Kind.AUTO_REPLY,
        ),
        (wire("Absent.\n", X_Autoreply="yes"), Kind.AUTO_REPLY),
        (wire("Absent.\n", Precedence="auto_reply"), Kind.AUTO_REPLY),
        (wire("x\n", X_MS_Exchange_Generated_Message_Source="Mailbox Rules Agent"), Kind.AUTO_REPLY),
        (
            wire(
                "Afin de valider votre message, cliquez.\n",
                Subject="Votre message est en attente de validation",
            ),
            Kind.CHALLENGE,
        ),
        (
            wire(
                "This account is protected by X. Please click on the following link to have your address added.\n"
            ),
            Kind.CHALLENGE,
        ),
        (wire("Bonjour.\n", Auto_Submitted="no"), Kind.PERSON),
        (wire("Bonjour.\n", X_Auto_Response_Suppress="All"), Kind.PERSON),
        (wire("Bonjour.\n", X_Autoreply="no"), Kind.PERSON),
        (wire("Bonjour, pouvez-vous m'ajouter à la liste ?\n", Subject="Liste"), Kind.PERSON),
        (
            wire(
                multipart("Content-Type: text/plain\n\nMon agenda.", ICS.format("PUBLISH", "PUBLISH")),
                'multipart/mixed; boundary="b"',
            ),
            Kind.PERSON,
        ),
    ],
)
def test_structure_and_headers_decide(read: Read, raw: bytes, kind: Kind) -> None:
    found = read(raw)

    assert found.kind is kind, found.kind_evidence
    assert bool(found.kind_evidence) is (kind is not Kind.PERSON)


def test_the_null_sender_of_the_envelope_is_never_a_person(read: Read) -> None:
    assert read(wire("Je suis en congés.\n"), null_sender=True).kind is Kind.AUTO_REPLY


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Automatic reply: Your ticket", "I am out of the office until 12 March.\n"),
        ("Abwesenheitsnotiz: Anfrage", "Ich bin bis zum 12. März nicht im Büro.\n"),
        ("Respuesta automática: consulta", "Estaré fuera de la oficina hasta el 12 de marzo.\n"),
        ("Risposta automatica: richiesta", "Sono fuori ufficio fino al 12 marzo.\n"),
        ("Resposta automática: pedido", "Estou fora do escritório até 12 de março.\n"),
        ("Automatisch antwoord: vraag", "Ik ben niet op kantoor tot 12 maart.\n"),
        ("Automatyczna odpowiedź: pytanie", "Jestem na urlopie do 12 marca.\n"),
        ("Autosvar: fråga", "Jag är på semester till 12 mars.\n"),
        ("Automatisk svar: spørsmål", "Jeg er på ferie til 12 mars.\n"),
        ("Automaattinen vastaus: kysymys", "Olen lomalla.\n"),
        ("Réponse automatique : demande", "Je suis absente jusqu'au 12 mars.\n"),
    ],
)
def test_absences_in_many_languages_without_any_header(read: Read, subject: str, text: str) -> None:
    found = read(wire(text, Subject=subject))

    assert found.kind is Kind.AUTO_REPLY
    assert found.auto_reply is not None
    assert found.auto_reply.type == "out_of_office"
    until = found.auto_reply.until
    assert until is None or (until.month, until.day) == (3, 12)
    assert until is not None or "lomalla" in text


@pytest.mark.parametrize(
    ("fields", "answerable"),
    [
        ({}, True),
        ({"X_Auto_Response_Suppress": "All"}, False),
        ({"X_Auto_Response_Suppress": "DR, RN"}, True),
        ({"List_Id": "<l>"}, False),
        ({"Precedence": "bulk"}, False),
        ({"From": "no-reply@acme.test"}, False),
        ({"From": "MAILER-DAEMON@acme.test"}, False),
    ],
)
def test_who_may_be_answered_by_a_machine(read: Read, fields: dict[str, str], answerable: bool) -> None:
    assert read(wire("Bonjour, rien ne marche.\n", **fields)).answerable is answerable


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Bonjour, la page reste blanche depuis ce matin.", "fr"),
        ("Hello, the page is still blank this morning.", "en"),
        ("Guten Tag, die Seite ist seit heute Morgen leer.", "de"),
        ("Buenos días, la página está en blanco desde esta mañana.", "es"),
        ("Buongiorno, la pagina è ancora vuota da questa mattina.", "it"),
        ("Bom dia, a página não abre desde ontem, obrigado.", "pt"),
        ("Goedemorgen, de pagina is nog steeds leeg, kunnen jullie helpen?", "nl"),
        ("Dzień dobry, strona jest pusta, proszę o pomoc.", "pl"),
        ("Здравствуйте, страница пустая.", "ru"),
        ("ページが真っ白です。", "ja"),
        ("页面是空白的，请帮忙。", "zh"),
        ("페이지가 비어 있습니다.", "ko"),
        ("Merci !", "fr"),
        ("Ça remarche", "fr"),
        ("Thanks!", "en"),
        ("ok", None),
        ("12345", None),
        ("", None),
    ],
)
def test_the_language_of_the_new_text(read: Read, text: str, language: str | None) -> None:
    assert read(wire(f"{text}\n")).language == language


def test_the_quote_does_not_decide_the_language(read: Read) -> None:
    text = "Ça ne marche toujours pas.\n\nOn Tue, Mar 3, 2026 at 10:12 AM Lea <lea@desk.test> wrote:\n> Hello, have you tried again with the other browser that we talked about?\n"

    assert read(wire(text)).language == "fr"
