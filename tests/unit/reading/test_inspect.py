"""`gateway inspect`: one object a mail, whatever it holds, wherever it is found."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.inspect import run
from tests.unit.reading.wire import wire

KEYS = (
    "path sha256 size message_id in_reply_to references from reply_to to cc subject date text reply signature quoted"
    " forward language kind kind_evidence bounce auto_reply attachments intent intent_evidence intent_set_aside grounds"
    " refusals claimed_priority commands defects"
)
ADDED = {"intent_suggested", "intent_shadowed", "diagnostics"}


@pytest.fixture
def objects(capfdbinary: pytest.CaptureFixture[bytes]) -> Any:
    def inspect(*paths: Path | str, status: int = 0) -> list[dict[str, Any]]:
        assert run([str(path) for path in paths], as_json=True) == status
        return [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]

    return inspect


def test_the_keys_are_those_of_the_contract(tmp_path: Path, objects: Any) -> None:
    (tmp_path / "one.eml").write_bytes(wire("Ça ne marche pas.\n"))

    (found,) = objects(tmp_path / "one.eml")

    assert [key for key in found if key not in ADDED] == KEYS.split()
    assert found["path"] == str(tmp_path / "one.eml")
    assert found["from"] == {"name": "Chloe Petit", "address": "chloe@acme.test"}
    assert found["date"] == "2026-03-03T10:02:00Z"
    assert found["reply"] == "Ça ne marche pas."
    assert (found["intent"], found["claimed_priority"], found["commands"]) == ("none", None, [])


def test_folders_are_read_to_the_bottom_in_order(tmp_path: Path, objects: Any) -> None:
    for name in ("b/2.eml", "b/1.eml", "a.eml", "c/d/3"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(wire())

    assert [Path(one["path"]).relative_to(tmp_path).as_posix() for one in objects(tmp_path)] == [
        "a.eml",
        "b/1.eml",
        "b/2.eml",
        "c/d/3",
    ]


def test_a_mailbox_file_is_many_mails(tmp_path: Path, objects: Any) -> None:
    line = b"From chloe@acme.test Tue Mar  3 11:02:00 2026\n"
    mails = [wire(f"Mail {number}\n").replace(b"\r\n", b"\n") for number in range(3)]
    (tmp_path / "box").write_bytes(b"\n".join(line + mail for mail in mails))

    found = objects(tmp_path / "box")

    assert [one["reply"] for one in found] == ["Mail 0", "Mail 1", "Mail 2"]
    assert [one["path"].rpartition("#")[2] for one in found] == ["1", "2", "3"]


def test_standard_input_is_a_mail(monkeypatch: pytest.MonkeyPatch, objects: Any) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(wire("Salut.\n"))))

    (found,) = objects("-")

    assert (found["path"], found["reply"]) == ("-", "Salut.")


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 1000, b"\xff\xfe", b"From: ", b"X: y\r\n" * 3000, bytes(range(256)) * 50]
)
def test_whatever_a_file_holds_is_one_object(tmp_path: Path, objects: Any, content: bytes) -> None:
    (tmp_path / "odd").write_bytes(content)

    (found,) = objects(tmp_path / "odd")

    assert found["size"] == len(content)


def test_a_mail_beyond_the_limits_says_so(tmp_path: Path, objects: Any) -> None:
    (tmp_path / "wide.eml").write_bytes(wire("--b\n\nx\n" * 1500, 'multipart/mixed; boundary="b"'))

    (found,) = objects(tmp_path / "wide.eml")

    assert "not read: more than 1000 parts" in found["defects"]
    assert found["subject"] == "Page blanche"


def test_a_path_that_is_not_there_is_told_and_the_others_are_read(tmp_path: Path, objects: Any) -> None:
    (tmp_path / "one.eml").write_bytes(wire())

    assert len(objects(tmp_path / "one.eml", tmp_path / "none.eml", status=1)) == 1


def test_many_mails_are_read_by_many_processes_in_order(tmp_path: Path, objects: Any) -> None:
    for number in range(70):
        (tmp_path / f"{number:03}.eml").write_bytes(wire(f"Mail {number}\n"))

    assert [one["reply"] for one in objects(tmp_path)] == [f"Mail {number}" for number in range(70)]


def test_the_null_sender_is_taken_from_the_file_itself(tmp_path: Path, objects: Any) -> None:
    (tmp_path / "one.eml").write_bytes(b"Return-Path: <>\r\n" + wire("Je suis en vacances.\n"))

    (found,) = objects(tmp_path / "one.eml")

    assert found["kind"] == "auto_reply"


def test_a_page_for_people_shows_the_zones_and_takes_nothing_for_markup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.eml").write_bytes(
        wire("Voir [bold]ici[/bold].\n\nLe 3 mars 2026 à 10:12, Léa <lea@desk.test> a écrit :\n> ancien\n")
    )

    assert run([str(tmp_path / "one.eml")], as_json=False) == 0

    page = capsys.readouterr().out
    assert "reply │ Voir [bold]ici[/bold]." in page
    assert "> ancien" in page
    assert "\x1b" not in page
