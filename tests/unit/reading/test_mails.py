"""Mails as real clients write them, in tests/mails/reading, each with what must come out."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.classification import Classified
from gateway.domain.reading.tables import ReadingTables
from gateway.pipeline.classify import classify
from gateway.pipeline.parse import parse

CASES = sorted((Path(__file__).parents[2] / "mails" / "reading").iterdir())


def _expected(case: Path) -> dict[str, Any]:
    return tomllib.loads((case / "case.toml").read_text(encoding="utf-8"))


@pytest.fixture
def read_case(tables: ReadingTables, request: pytest.FixtureRequest) -> tuple[Classified, dict[str, Any]]:
    case: Path = request.param
    mail = parse((case / "message.eml").read_bytes())
    null_sender = mail.header("return-path") == "<>"
    return classify(mail, tables, null_sender=null_sender), _expected(case)


@pytest.mark.parametrize("read_case", CASES, indirect=True, ids=[case.name for case in CASES])
def test_a_client_s_mail_is_read_as_its_writer_meant_it(read_case: tuple[Classified, dict[str, Any]]) -> None:
    read, expected = read_case

    assert read.kind.value == expected["kind"], read.kind_evidence
    assert read.mail.conflicts == ()
    assert read.mail.identity == read.mail.author.address
    if "reply" in expected:
        assert read.zones.reply.strip() == expected["reply"].strip()
    assert expected.get("signature_contains", "") in read.zones.signature
    assert expected.get("quoted_contains", "") in read.zones.quoted
    assert (read.language or "") == expected.get("language", read.language or "")
    if "attachments" in expected:
        assert [file.filename for file in read.mail.attachments] == expected["attachments"]


@pytest.mark.parametrize("read_case", CASES, indirect=True, ids=[case.name for case in CASES])
def test_what_is_passed_on_is_found_and_nothing_else(read_case: tuple[Classified, dict[str, Any]]) -> None:
    read, expected = read_case

    if "forward" not in expected:
        assert read.forward is None
        return
    assert read.forward is not None
    assert read.forward.author is not None
    assert read.forward.author.address == expected["forward"]["sender"]
    assert read.forward.subject == expected["forward"]["subject"]
    assert read.forward.body.strip() == expected["forward"]["body"].strip()


@pytest.mark.parametrize("read_case", CASES, indirect=True, ids=[case.name for case in CASES])
def test_absences_say_until_when(read_case: tuple[Classified, dict[str, Any]]) -> None:
    read, expected = read_case

    if "auto_reply" not in expected:
        assert read.auto_reply is None
        return
    assert read.auto_reply is not None
    assert read.auto_reply.type == expected["auto_reply"]["type"]
    until = read.auto_reply.until.isoformat() if read.auto_reply.until else ""
    assert until == expected["auto_reply"].get("until", "")


def test_there_are_as_many_as_were_promised() -> None:
    names = [case.name.partition("-")[0] for case in CASES]

    assert names.count("fr") >= 60
    assert names.count("en") >= 40
    assert names.count("absence") >= 15
