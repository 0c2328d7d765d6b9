"""Logs: one record a line, whatever strangers put into it."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import logs

FORGED = 'mx.test\n2026-11-22T09:30:00Z info mail.processed inbound_id=1\x1b[2J\u2028\u202e\x85"\\'
log = logging.getLogger("gateway.tests")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


def written(stream: io.StringIO, *, as_json: bool = False) -> io.StringIO:
    logs.configure("INFO", stream=stream, as_json=as_json)
    return stream


def test_an_event_is_one_line_of_words() -> None:
    stream = written(io.StringIO())

    log.info("mail.processed", extra={"inbound_id": 7, "kind": "reply", "matched_by": ""})

    instant, rest = stream.getvalue().split(" ", 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", instant)
    assert rest == 'info mail.processed inbound_id=7 kind=reply matched_by=""\n'


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["file", "terminal"])
def test_no_stranger_writes_a_second_record(stream: io.StringIO) -> None:
    written(stream)

    log.warning("connection.refused", extra={"helo": FORGED})
    log.warning("helo %s", FORGED)

    assert len(stream.getvalue().splitlines()) == 2
    assert "\x1b[2J" not in stream.getvalue()


def test_no_stranger_writes_a_second_record_of_json() -> None:
    stream = written(io.StringIO(), as_json=True)

    log.warning("connection.refused", extra={"helo": FORGED, "level": "debug"})

    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["helo"] == FORGED
    assert json.loads(line)["level"] == "warning"


@given(st.text())
def test_any_value_stays_on_its_line_and_can_be_told_apart(value: str) -> None:
    stream = io.StringIO()
    logs.configure("INFO", stream=stream)

    log.info("event", extra={"value": value, "after": 1})

    (line,) = stream.getvalue().splitlines()
    assert line.isprintable()
    assert line.endswith(" after=1")


def test_a_traceback_stays_in_its_record() -> None:
    stream = written(io.StringIO())

    try:
        int("two\nlines")
    except ValueError:
        log.exception("mail.failed", extra={"inbound_id": 7})

    (line,) = stream.getvalue().splitlines()
    assert " error mail.failed inbound_id=7 traceback=" in line
    assert "ValueError: invalid literal" in line


def test_a_terminal_shows_colours_and_a_readable_traceback() -> None:
    stream = written(Terminal())

    try:
        int("wrong")
    except ValueError:
        log.exception("mail.failed")

    first, *others = stream.getvalue().splitlines()
    assert "\x1b[31merror" in first
    assert others[0].strip() == "Traceback (most recent call last):"
    assert others[-1].strip() == "ValueError: invalid literal for int() with base 10: 'wrong'"


def test_a_long_value_keeps_its_two_ends() -> None:
    stream = written(io.StringIO())

    log.info("event", extra={"value": "a" * 50_000 + "z"})

    assert len(stream.getvalue()) < 5000
    assert "z" in stream.getvalue()


def test_libraries_that_log_addresses_are_kept_quiet() -> None:
    stream = written(io.StringIO())

    logging.getLogger("mail.log").info("sender: chloe@acme.test")
    logging.getLogger("dramatiq.broker").info("declared")
    log.debug("unseen")

    assert stream.getvalue() == ""


def test_configuring_again_replaces_what_was_set() -> None:
    first = written(io.StringIO())
    second = written(io.StringIO())

    log.info("event")

    assert first.getvalue() == ""
    assert second.getvalue().count("\n") == 1


@pytest.mark.parametrize(("environ", "wanted"), [({}, False), ({"GATEWAY_LOG": "JSON"}, True)])
def test_json_is_asked_for_by_the_environment(environ: dict[str, str], wanted: bool) -> None:
    assert logs.wants_json(environ) is wanted
