"""Hostile mail costs time in proportion to its size: at most six times for four times the bytes."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.domain.reading.tables import ReadingTables
from gateway.errors import UnreadableMail
from gateway.pipeline.classify import classify
from gateway.pipeline.parse import parse, parse_partially
from tests.costs import small_and_large_s

HEAD = b"From: a@b.test\r\nTo: s@d.test\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
TEXT = HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
HTML = HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n"
MIXED = HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'

Make = Callable[[int], bytes]


def text(unit: str) -> Make:
    return lambda size: TEXT + unit.encode() * (size // len(unit.encode()))


def html(unit: str) -> Make:
    return lambda size: HTML + unit.encode() * (size // len(unit))


def field(name: str, unit: str) -> Make:
    return lambda size: HEAD + f"{name}: ".encode() + unit.encode() * (size // len(unit)) + b"\r\n\r\nx"


def _deep(size: int) -> bytes:
    return HEAD + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(size // 60)
    )


HOSTILE: dict[str, Make] = {
    "line feeds": text("\n"),
    "on": text("On \n"),
    "quote marks": text(">\n"),
    "wrapped colons": text(">:\n"),
    "from": text("From:\n"),
    "from with addresses": text("From: a@b.c\n"),
    "from and to": text("De : Paris\nÀ : Lyon\n"),
    "colons": text("1: 2020 10:00 a@b.c:\n"),
    "wrote": text("wrote:\n"),
    "le": text("Le 3 mars 2026 à 10:12 x\n"),
    "dashes": text("-----\n"),
    "original message": text("---- original message\n"),
    "signature marks": text("--\n"),
    "underscores": text("__\n"),
    "sign-offs": text("Cordialement,\nx\n"),
    "mobile": text("Envoyé de mon x\nfoo bar\n"),
    "disclaimers": text("Ce message et toutes les pieces jointes\n"),
    "one line": text("a "),
    "at signs": text("a@b."),
    "controls": text("\x1b[31m"),
    "begin": text("begin 644 x\n"),
    "absences": text("je suis absent jusqu'au 3 août 2026. "),
    "div": html("<div>"),
    "blockquote": html("<blockquote>"),
    "table": html("<table><tr><td>x"),
    "list": html("<ul><li>x"),
    "links": html("<a href=http://x>"),
    "closing": html("</div>"),
    "comments": html("<!--"),
    "less than": html("<"),
    "paragraphs": html("<p>x"),
    "deep parts": _deep,
    "wide parts": lambda size: MIXED + b"--b\r\n\r\nx\r\n" * (size // 10),
    "boundary mentions": lambda size: MIXED + b"\r\n--bb" * (size // 6),
    "encoded words": field("Subject", "=?utf-8?q?a?= "),
    "references": field("References", "<a@b> "),
    "recipients": field("To", "a@b.test, "),
    "brackets in to": field("To", "("),
    "brackets in from": field("From", "("),
    "angles": field("To", "<"),
    "folds": field("Subject", "a\r\n "),
    "parameters": field("Content-Type", "; a*1=b"),
    "fields": lambda size: HEAD + b"X: y\r\n" * (size // 6) + b"\r\nx",
    "quoted printable": lambda size: (
        HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=E9=\r\n" * (size // 6)
    ),
    "flowed": lambda size: (
        HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"> a \r\n" * (size // 6)
    ),
    "uuencode": lambda size: TEXT + b"begin 644 x\n" + b"#86)C\n" * (size // 6) + b"end\n",
    "status blocks": lambda size: (
        MIXED
        + b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        + b"Final-Recipient: rfc822; a@b.test\r\nAction: failed\r\n\r\n" * (size // 54)
    ),
    "failed addresses": lambda size: (
        b"From: mailer-daemon@x.test\r\nSubject: failure notice\r\n\r\nfailed permanently\r\n"
        + b"<a@b.test>:\r\n" * (size // 13)
    ),
}
SMALL = 60_000
# VmHWM is the peak of this program alone; ru_maxrss keeps the peak of the process that started it.
READ = """
import sys
from gateway.cli.inspect import run
run(sys.argv[1:], as_json=True)
status = open("/proc/self/status").read()
print(status.split("VmHWM:")[1].split()[0], file=sys.stderr)
"""


def _read(raw: bytes, tables: ReadingTables) -> None:
    try:
        mail = parse(raw)
    except UnreadableMail as refused:
        mail = parse_partially(raw, str(refused))
    classify(mail, tables, null_sender=False)


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_four_times_the_bytes_cost_at_most_six_times_the_time(make: Make, tables: ReadingTables) -> None:
    small, large = make(SMALL), make(4 * SMALL)

    small_and_large_s(lambda: _read(small, tables), lambda: _read(large, tables))


@pytest.mark.parametrize(
    "name", ["line feeds", "one line", "paragraphs", "boundary mentions", "uuencode", "deep parts"]
)
def test_25_mb_take_at_most_five_seconds_and_300_mb(name: str, tmp_path: Path) -> None:
    (tmp_path / "hostile.eml").write_bytes(HOSTILE[name](25_000_000))

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", READ, str(tmp_path / "hostile.eml")]
    done = subprocess.run(
        command, capture_output=True, check=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert json.loads(done.stdout)["size"] > 24_900_000
    assert after.ru_utime - before.ru_utime < 5.0
    assert int(done.stderr) < 300_000
