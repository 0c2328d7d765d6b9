"""Links of ours are masked in what people write, and nothing else is touched."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from gateway.authentication.tokens import TokenSigner
from gateway.domain.action import ActionToken
from gateway.pipeline.mask_links import mask_links

SIGNER = TokenSigner({0: b"k" * 32}, signing=0)
LINK = SIGNER.sign_action(ActionToken("approve", 42, 7, 99, 3, 1_800_000_000))


@given(st.text(), st.text())
def test_a_link_is_masked_wherever_it_stands(before: str, after: str) -> None:
    before, after = f"{before}/a/", f"&{after}"
    assert LINK not in mask_links(before + LINK + after, SIGNER)


@given(st.text())
def test_everything_else_stays(text: str) -> None:
    assert mask_links(text, SIGNER) == text


def test_words_that_only_look_like_one_stay() -> None:
    others = TokenSigner({0: b"m" * 32}, signing=0).sign_action(ActionToken("approve", 1, 1, 1, 1, 1))
    text = f"https://x.test/a/{others} {'a' * 500} {LINK.upper()}"
    assert mask_links(text, SIGNER) == text
    assert mask_links(f"url=https%3A%2F%2Fx.test%2Fa%2F{LINK}&data=1", SIGNER).endswith("%2Fa%2F…&data=1")


def test_a_large_text_of_such_letters_costs_little() -> None:
    began = time.process_time()
    mask_links("abc234" * 500_000, SIGNER)
    assert time.process_time() - began < 3
