"""The short form of `make torture`: small sizes, the same law; and campaigns that are tried themselves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.services import Unavailable
from tests.torture.crash_loop import crash_loop
from tests.torture.duplicates import duplicates
from tests.torture.every_fault import every_fault
from tests.torture.found import Found
from tests.torture.mailbox_kills import mailbox_kills
from tests.torture.mailbox_troubles import mailbox_troubles
from tests.torture.stage import Stage
from tests.torture.syscalls import order, unsynced_answers

SEED = 20261126

Run = Callable[[Stage], Found]


def run(campaign: Run, *mutations: str) -> Found:
    """The short form, on SQLite; by another seed it is run by `make torture`."""
    try:
        with ExitStack() as stack:
            return campaign(Stage(stack, SEED, short=True, mutations=mutations))
    except Unavailable as error:
        missing(str(error))


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "campaign",
    [crash_loop, every_fault, mailbox_kills, duplicates, order],
    ids=lambda campaign: campaign.__name__,
)
def test_the_promise_is_kept(campaign: Run) -> None:
    found = run(campaign)

    assert found.wrong == [], found


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("mutation", "campaign", "red"),
    [
        ("answer-before-commit", order, {"250 before a sync", "lost"}),
        ("synchronous-normal", order, {"250 before a sync"}),
        ("flag-before-commit", mailbox_troubles, {"touched before their commit"}),
        ("no-duplicate-check", duplicates, {"same (1)", "again (1)"}),
    ],
)
def test_a_gateway_that_breaks_the_promise_turns_the_campaign_red(
    mutation: str, campaign: Run, red: set[str]
) -> None:
    found = run(campaign, mutation)

    assert red <= {each.partition(":")[0] for each in found.wrong}, found


def test_the_oracle_sees_an_answer_that_overtakes_its_sync(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    lines = [
        '7 recvfrom(9, "Subject: x\\r\\n\\r\\nx\\r\\n.\\r\\n", 65536, 0) = 30',
        "8 fdatasync(5 <unfinished ...>",
        "8 <... fdatasync resumed>) = 0",
        '7 sendto(9, "250 2.0.0 1 stored\\r\\n", 20, 0) = 20',
        '7 recvfrom(9, "Subject: y\\r\\n\\r\\nx\\r\\n.\\r\\n", 65536, 0) = 30',
        "8 fdatasync(5) = -1 EIO (Input/output error) (INJECTED)",
        '7 sendto(9, "250 2.0.0 2 stored\\r\\n", 20, 0) = 20',
        "8 fdatasync(5) = 0",
    ]
    trace.write_text("\n".join(lines))

    assert unsynced_answers(trace) == (2, 1)
