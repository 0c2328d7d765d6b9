"""YAML as it was written: no value changes its type, and whatever is wrong has its line."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from gateway.errors import ConfigurationError
from gateway.rulebook.source import Strict, Words, read_source, typed


class _Item(Strict):
    name: Words
    count: int = 0


class _File(Strict):
    title: Words
    items: list[_Item] = Field(default_factory=list)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "some.yaml"


def _written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def _refusal(file: Path) -> tuple[int | None, str]:
    with pytest.raises(ConfigurationError) as refused:
        typed(read_source(file), _File)
    assert str(refused.value).startswith(str(file))
    return refused.value.line, refused.value.reason


@pytest.mark.parametrize(
    "word", ["no", "on", "yes", "9:30", "22:30", "007", "1e3", "~", "2026-11-24", "0x1F"]
)
def test_a_word_stays_the_word_that_was_written(file: Path, word: str) -> None:
    assert read_source(_written(file, f"{word}: [{word}]\n")).content == {word: [word]}


def test_a_key_said_twice_is_refused_with_both_lines(file: Path) -> None:
    _written(file, "title: a\nitems: []\ntitle: b\n")

    assert _refusal(file) == (3, "'title' is at line 1 already")


def test_an_alias_is_refused(file: Path) -> None:
    _written(file, "title: &t a\nitems:\n  - name: *t\n")

    line, reason = _refusal(file)

    assert line == 3
    assert "aliases" in reason


def test_aliases_that_multiply_are_refused_before_they_do(file: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    _written(file, "\n".join(lines))

    assert "aliases" in _refusal(file)[1]


@pytest.mark.parametrize("depth", [30, 100_000])
def test_deep_nesting_is_refused(file: Path, depth: int) -> None:
    _written(file, "title: " + "[" * depth + "]" * depth)

    assert "nested" in _refusal(file)[1]


def test_a_file_over_a_mebibyte_is_refused_unread(file: Path) -> None:
    _written(file, "title: " + "é" * (1 << 19))

    assert "larger than 1048576 bytes" in _refusal(file)[1]


def test_bytes_that_are_not_utf_8_are_refused_with_their_line(file: Path) -> None:
    file.write_bytes(b"title: a\nitems:\n  - name: " + "Léa".encode("latin-1"))

    assert _refusal(file) == (3, "is not UTF-8")


def test_a_missing_file_is_named(file: Path) -> None:
    assert _refusal(file) == (None, "cannot be read: No such file or directory")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "cannot be read" in _refusal(tmp_path)[1]


def test_broken_yaml_has_its_line(file: Path) -> None:
    _written(file, "title: a\nitems: [\n")

    line, reason = _refusal(file)

    assert line == 3
    assert reason.startswith("is not YAML")


def test_a_second_document_is_refused(file: Path) -> None:
    assert _refusal(_written(file, "title: a\n---\ntitle: b\n")) == (
        2,
        "there is a second document; a file holds one",
    )


def test_a_control_character_is_refused(file: Path) -> None:
    assert "control characters" in _refusal(_written(file, "title: a\x00b\n"))[1]


def test_a_key_that_is_no_word_is_refused(file: Path) -> None:
    assert _refusal(_written(file, "title: a\n? [x, y]\n: z\n")) == (2, "a key must be a word")


def test_a_mistyped_key_is_told_what_it_should_be(file: Path) -> None:
    _written(file, "title: a\nitems:\n  - {name: x}\n  - {nmae: y}\n")

    assert _refusal(file) == (4, "there is no key 'items.1.nmae'; did you mean 'name'?")


def test_an_unknown_key_is_told_which_keys_there_are(file: Path) -> None:
    assert _refusal(_written(file, "title: a\nzzzzz: 1\n")) == (
        2,
        "there is no key 'zzzzz'; there are title, items",
    )


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("items: []\n", 1, "'title' is missing"),
        ("title:\n", 1, "'title' must not be empty"),
        ("title: [a]\n", 1, "'title' must be a text"),
        ("title: a\nitems: b\n", 2, "'items' must be a list"),
        ("title: a\nitems:\n  - b\n", 3, "'items.0' must be a mapping"),
        ("- a\n", 1, "the file must be a mapping"),
        ("just words\n", 1, "the file must be a mapping"),
        ("", 1, "'title' is missing"),
    ],
)
def test_what_does_not_fit_is_refused(file: Path, text: str, line: int, reason: str) -> None:
    assert _refusal(_written(file, text)) == (line, reason)


def test_a_number_that_is_none_is_refused(file: Path) -> None:
    line, reason = _refusal(_written(file, "title: a\nitems:\n  - name: b\n    count: many\n"))

    assert line == 4
    assert reason.startswith("'items.0.count': input should be a valid integer")


@given(st.text(alphabet=st.sampled_from("ab:-[]{}#&*!|>'\"%@`,? \n\t\u00e9\ud83d\ude00\x07"), max_size=80))
def test_no_text_ends_in_anything_but_a_source_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))

    with suppress(ConfigurationError):
        typed(read_source(file), _File)
