"""The shipped tables, and a mail read with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.domain.classification import Classified
from gateway.domain.reading.tables import ReadingTables
from gateway.pipeline.classify import classify
from gateway.pipeline.parse import parse
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.reading import load_reading_tables

Read = Callable[..., Classified]


@pytest.fixture(scope="session")
def tables() -> ReadingTables:
    return load_reading_tables(rules_folder(""))


@pytest.fixture
def read(tables: ReadingTables) -> Read:
    def read_raw(raw: bytes, *, null_sender: bool = False) -> Classified:
        return classify(parse(raw), tables, null_sender=null_sender)

    return read_raw
