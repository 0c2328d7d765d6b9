"""The shipped tables, and texts and whole mails read with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.domain.intent.read import read_intent
from gateway.domain.intent.result import Intent
from gateway.domain.reading.tables import ReadingTables
from gateway.domain.zones import Zones
from gateway.pipeline.classify import classify
from gateway.pipeline.parse import parse
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.reading import load_reading_tables

ReadText = Callable[[str], Intent]
ReadMail = Callable[[bytes], Intent]


@pytest.fixture(scope="session")
def tables() -> ReadingTables:
    return load_reading_tables(rules_folder(""))


@pytest.fixture(scope="session")
def read_text(tables: ReadingTables) -> ReadText:
    return lambda text: read_intent(Zones(text, "", ""), tables.intent)


@pytest.fixture(scope="session")
def read_mail(tables: ReadingTables) -> ReadMail:
    return lambda raw: classify(parse(raw), tables, null_sender=False).intent
