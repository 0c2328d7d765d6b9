"""From what was found to a level of evidence: every way up and down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.domain.evidence import Evidence, Judgement, Level
from gateway.domain.mail import Mail
from gateway.domain.token import Token
from gateway.pipeline.authenticate import Tokens, authenticate
from gateway.pipeline.parse import parse
from tests.unit.reading.wire import wire

MAIL = parse(wire())
NONE = Tokens((), (), 0)
PROVEN = Judgement("gateway", proof="signed by acme.test")
REFUTED = Judgement("gateway", conflict="DMARC of acme.test fails")
DOUBTED = Judgement("gateway", doubts=("no answer",))


def level(mail: Mail = MAIL, tokens: Tokens = NONE, judgement: Judgement | None = None) -> Level:
    return authenticate(mail, tokens, judgement or Judgement()).level


def test_what_nothing_proves_is_claimed() -> None:
    assert level() is Level.E1
    assert authenticate(MAIL, NONE, Judgement()).identity == "chloe@acme.test"


def test_a_valid_reply_address_proves_nothing_before_it_is_known_whose_it_is() -> None:
    assert level(tokens=Tokens((Token(42, 7, 1),), (), 0)) is Level.E1


def test_a_domain_that_stands_behind_the_mail_is_e3() -> None:
    evidence = authenticate(MAIL, NONE, PROVEN)

    assert evidence == Evidence(Level.E3, "chloe@acme.test", ("signed by acme.test",), PROVEN)


def test_trouble_is_told_and_lowers_nothing() -> None:
    evidence = authenticate(MAIL, NONE, DOUBTED)

    assert evidence.level is Level.E1
    assert evidence.reasons[-1] == "no answer"


@pytest.mark.parametrize("judgement", [Judgement(), PROVEN, DOUBTED, REFUTED])
def test_a_conflict_is_e0_whatever_else_is_found(judgement: Judgement) -> None:
    two_authors = replace(MAIL, identity=None, conflicts=("2 From fields",))

    for evidence in (
        authenticate(two_authors, NONE, judgement),
        authenticate(MAIL, Tokens((), (), 1), judgement),
        authenticate(MAIL, NONE, REFUTED),
    ):
        assert (evidence.level, evidence.identity) == (Level.E0, None)
        assert evidence.reasons
