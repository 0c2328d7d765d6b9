"""One desk for all threats, and a ticket of its own for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.acceptance.threats.desk import Desk, Target

_NAMES = itertools.count(1)


@pytest.fixture(scope="session")
def threatened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("threats"))
    with closing(made.gateway.database):
        yield made


@pytest.fixture
def target(threatened: Desk) -> Target:
    return Target(threatened, f"chloe.{next(_NAMES)}@acme.test")
