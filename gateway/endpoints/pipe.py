"""`gateway deliver`: one message from an MTA's pipe to the running gateway.

Runs once a mail, so it imports the standard library alone. Every trouble of ours is 75: Postfix's
pipe(8) returns the mail to its sender on any other code, and keeps it on this one.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import smtplib
import sys
import tomllib
from pathlib import Path
from typing import NoReturn

_PLACES = ("gateway.toml", "/etc/gateway/gateway.toml")
_TIMEOUT_S = 120.0
_USAGE = "usage: gateway [--config FILE] deliver --recipient ADDR [--recipient ADDR ...] [--sender ADDR]"
_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")


class _Answer(Exception):
    """The exit code, and one line that an MTA may put into its report."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


def main(arguments: list[str]) -> int:
    """Hand over standard input; 0 stored, 67 unknown recipient, 65 refused content, 75 anything else.

    Where the recipients differ, 0 as soon as the mail is stored for one of them: sent again, it would
    be there twice for nobody's good.
    """
    if "--help" in arguments or "-h" in arguments:
        sys.stdout.write(
            f"{_USAGE}\n\nReads one message on standard input, for an MTA's pipe. Without --sender: the null sender.\n"
        )
        return os.EX_OK
    signal.signal(signal.SIGTERM, _terminated)
    try:
        _deliver(arguments)
    except _Answer as answer:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{answer.words}\n")
        return answer.code
    except BaseException:  # noqa: BLE001  (whatever it is, the mail must stay in the MTA's queue)
        with contextlib.suppress(OSError):
            # An MTA may pass it on to the sender.
            sys.stderr.write("4.3.0 the gateway cannot take it now, try again later\n")
        return os.EX_TEMPFAIL
    return os.EX_OK


def _terminated(number: int, frame: object) -> NoReturn:
    raise _Answer(os.EX_TEMPFAIL, "4.3.2 interrupted, try again later")


def _deliver(arguments: list[str]) -> None:
    config, recipients, sender = _options(arguments)
    # Read to the end whatever follows: an MTA that cannot write reports that instead of our answer.
    message = _normal(sys.stdin.buffer.read())
    path = _socket_path(config)
    if not path.exists():
        raise _Answer(os.EX_TEMPFAIL, "4.3.2 the gateway is not running, try again later")
    with smtplib.LMTP(timeout=_TIMEOUT_S, host="", port=0) as lmtp:
        lmtp.connect(_short(path))
        lmtp.ehlo_or_helo_if_needed()
        _answered(lmtp.mail(sender, [f"size={len(message)}"]))
        refused = []
        taken = 0
        for recipient in recipients:
            reply = lmtp.rcpt(recipient)
            if reply[0] == 250:
                taken += 1
            else:
                refused.append(reply)
        if not taken:
            _answered(refused[0])
        _answered(lmtp.data(message))
        # RFC 2033 section 4.2: a reply for each recipient; they are the same, for the mail is one.
        for _ in range(taken - 1):
            lmtp.getreply()


def _answered(reply: tuple[int, bytes]) -> None:
    code, words = reply
    if code < 400:
        return
    text = words.decode("ascii", "replace").splitlines()[0] if words else ""
    if code < 500:
        raise _Answer(os.EX_TEMPFAIL, text)
    raise _Answer(os.EX_NOUSER if text.startswith("5.1.1") else os.EX_DATAERR, text)


def _options(arguments: list[str]) -> tuple[str, list[str], str]:
    values: dict[str, list[str]] = {"--config": [], "--recipient": [], "--sender": []}
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name in values:
            found = value if equals else next(words, None)
            if found is None:
                raise _Answer(os.EX_TEMPFAIL, f"4.3.5 {name} needs a value; {_USAGE}")
            values[name].append(found)
        elif word != "deliver":
            raise _Answer(os.EX_TEMPFAIL, f"4.3.5 {word} is not known; {_USAGE}")
    if not values["--recipient"]:
        raise _Answer(os.EX_TEMPFAIL, f"4.3.5 --recipient is missing; {_USAGE}")
    sender = (values["--sender"] or [""])[-1]
    return (values["--config"] or [""])[-1], values["--recipient"], "" if sender == "<>" else sender


def _socket_path(config: str) -> Path:
    """Where the gateway's receiver listens for us: the one setting that is needed here."""
    places = [config] if config else [place for place in _PLACES if Path(place).exists()]
    base, data_dir = Path.cwd(), "var"
    if places:
        with Path(places[0]).open("rb") as file:
            data_dir = tomllib.load(file).get("gateway", {}).get("data_dir", data_dir)
        base = Path(places[0]).resolve().parent
    data_dir = os.environ.get("GATEWAY_GATEWAY__DATA_DIR", data_dir)
    return base / data_dir / "run" / "deliver.sock"


def _short(path: Path) -> str:
    """A name that fits into a socket address and that smtplib takes for a path: it begins with /."""
    if len(os.fsencode(path)) <= 100:
        return str(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    return f"/proc/self/fd/{folder}/{path.name}"


def _normal(message: bytes) -> bytes:
    """Line ends as mail has them, without the line that mbox puts before a mail."""
    if message.startswith(b"From "):
        message = message.partition(b"\n")[2]
    return (
        _BARE_LINE_FEED.sub(b"\r\n", message) if message.count(b"\n") != message.count(b"\r\n") else message
    )
