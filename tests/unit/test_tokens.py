"""Tokens: what we sign is read again, and nothing else is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.authentication.tokens import TokenSigner
from gateway.domain.action import ActionToken
from gateway.domain.token import Purpose, Token
from gateway.errors import ForgedToken

SIGNER = TokenSigner({0: b"k" * 32, 7: b"l" * 32}, signing=7)
NUMBERS = st.integers(0, 2**63 - 1)


@given(NUMBERS, NUMBERS, NUMBERS, st.sampled_from(Purpose))
def test_what_was_signed_is_read_again_in_any_case(
    ticket: int, contact: int, number: int, purpose: Purpose
) -> None:
    token = Token(ticket, contact, number)
    text = SIGNER.sign(token, purpose)
    assert text.isalnum()
    assert text == text.lower()
    assert SIGNER.read(text.upper(), purpose) == token


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.data())
def test_no_other_spelling_is_accepted(ticket: int, contact: int, data: st.DataObject) -> None:
    text = SIGNER.sign(Token(ticket, contact, 0), Purpose.REPLY)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(
        st.sampled_from("abcdefghijklmnopqrstuvwxyz234567").filter(lambda each: each != text[place])
    )
    with pytest.raises(ForgedToken):
        SIGNER.read(text[:place] + letter + text[place + 1 :], Purpose.REPLY)


def test_a_token_is_worth_nothing_for_another_purpose_or_with_a_retired_key() -> None:
    text = SIGNER.sign(Token(1, 2, 3), Purpose.REPLY)
    with pytest.raises(ForgedToken):
        SIGNER.read(text, Purpose.BOUNCE)
    with pytest.raises(ForgedToken):
        TokenSigner({0: b"k" * 32}, signing=0).read(text, Purpose.REPLY)
    older = TokenSigner({0: b"k" * 32}, signing=0).sign(Token(1, 2, 0), Purpose.REPLY)
    assert SIGNER.read(older, Purpose.REPLY) == Token(1, 2, 0)


@given(st.text(max_size=90))
def test_any_other_word_is_no_token_or_forged(text: str) -> None:
    try:
        assert SIGNER.read(text, Purpose.REPLY) is None
    except ForgedToken:
        assert len(text) >= 32


def test_a_reply_address_stays_within_64_octets() -> None:
    text = SIGNER.sign(Token(2**28 - 1, 2**28 - 1, 0), Purpose.REPLY)
    assert len("x" * 20 + "+" + text) <= 64


def test_nobody_guesses_a_token() -> None:
    """A hundred thousand words of the right shape, none of them ours."""
    chance = random.Random(19)

    for _ in range(100_000):
        # "aa" is the key id 0, which is one of ours.
        word = "aa" + "".join(chance.choices("abcdefghijklmnopqrstuvwxyz234567", k=31))
        try:
            assert SIGNER.read(word, Purpose.REPLY) is None
        except ForgedToken:
            continue


ACTIONS = st.builds(
    ActionToken,
    act=st.sampled_from(["approve", "refuse", "escalate", "close"]),
    ticket=st.integers(0, 2**40),
    contact=st.integers(0, 2**40),
    notification=st.integers(0, 2**40),
    about=st.integers(0, 2**40),
    expires_at=st.integers(0, 2**40),
)


@given(ACTIONS)
def test_a_link_says_what_it_was_made_for(token: ActionToken) -> None:
    link = SIGNER.sign_action(token)
    assert SIGNER.read_action(link) == token
    assert link.isalnum()
    assert link == link.lower()


@given(ACTIONS)
def test_no_bit_of_a_link_can_be_another(token: ActionToken) -> None:
    link = SIGNER.sign_action(token).encode()
    for place in range(len(link)):
        for bit in range(8):
            flipped = bytearray(link)
            flipped[place] ^= 1 << bit
            assert _refused(flipped.decode("latin-1"))


def test_a_link_is_no_reply_address_and_the_other_way_round() -> None:
    token = ActionToken("approve", 1, 2, 3, 4, 5)
    link = SIGNER.sign_action(token)
    with pytest.raises(ForgedToken):
        SIGNER.read(link, Purpose.REPLY)
    assert _refused(SIGNER.sign(Token(2**40, 2**40, 2**40), Purpose.REPLY))
    assert _refused(link.upper())
    assert _refused(TokenSigner({7: b"m" * 32}, signing=7).sign_action(token))
    with pytest.raises(ForgedToken):
        SIGNER.sign_action(token, 3)
    assert SIGNER.read_action(SIGNER.sign_action(token, 0)) == token


def test_a_seal_is_of_these_words_alone() -> None:
    seal = SIGNER.seal("a|b|c")
    assert SIGNER.is_sealed("a|b|c", seal)
    assert not SIGNER.is_sealed("a|b|d", seal)
    assert not SIGNER.is_sealed("a|b|c", "")
    assert not SIGNER.is_sealed("a|b|c", "é" + seal)
    older = TokenSigner({0: b"k" * 32}, signing=0)
    assert SIGNER.is_sealed("x", older.seal("x"))


def _refused(link: str) -> bool:
    try:
        return SIGNER.read_action(link) is None
    except ForgedToken:
        return True
