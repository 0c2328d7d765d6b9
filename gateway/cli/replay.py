"""`gateway replay`: what other rules would have decided on the mail already received."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.bootstrap import Gateway
from gateway.cli.context import CONTEXT
from gateway.cli.output import instant, print_json
from gateway.errors import ActRefused

if TYPE_CHECKING:
    from gateway.pipeline.replay import Replayed

_EVERY_S = 0.5


def run(*, rules: str, preset: str | None, since: str, until: str, limit: int | None, as_json: bool) -> None:
    """Print every mail that would have been decided otherwise (as JSON: every mail), then the sums.

    Raises:
        ConfigurationError: the rules are wrong.
        ActRefused: an instant is none.
    """
    desk = CONTEXT.settings.desk
    tried = replace(desk, rules_dir=rules or desk.rules_dir, preset=desk.preset if preset is None else preset)
    replayer = CONTEXT.gateway.rehearsal(Gateway(replace(CONTEXT.settings, desk=tried)))
    span = (_instant(since), _instant(until), limit)
    sums = _Sums()
    advance = _progress(replayer.mails.count(*span))
    for found in replayer.replay(*span):
        sums.add(found)
        if as_json:
            print_json(as_object(found))
        elif found.differences:
            advance(-1)
            _print(found)
        advance(1)
    advance(0)
    if as_json:
        print_json({"summary": sums.as_object() | {"rules": replayer.policy.version}})
        return
    sys.stdout.writelines(f"{line}\n" for line in sums.lines())


class _Sums:
    """What it all comes to."""

    def __init__(self) -> None:
        self.read = self.same = 0
        self.different: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()

    def add(self, found: Replayed) -> None:
        """One mail more."""
        self.read += 1
        self.same += not found.skipped and not found.differences
        self.different.update(found.differences)
        self.skipped.update([found.skipped] if found.skipped else [])

    def as_object(self) -> dict[str, Any]:
        """As JSON."""
        different = self.read - self.same - self.skipped.total()
        return {
            "read": self.read,
            "same": self.same,
            "different": different,
            "by_kind": dict(self.different.most_common()),
            "skipped": dict(self.skipped.most_common()),
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        sums = self.as_object()
        yield f"{self.read} mails read: {self.same} the same, {sums['different']} different, {self.skipped.total()} skipped"
        for name, number in self.different.most_common():
            yield f"  {number:>6}  {name} would differ"
        for reason, number in self.skipped.most_common():
            yield f"  {number:>6}  skipped: {reason}"


def as_object(found: Replayed) -> dict[str, Any]:
    """One mail."""
    return {
        "id": found.stored.mail.id,
        "received_at": instant(found.stored.mail.envelope.received_at),
        "from": found.author or None,
        "subject": found.subject,
        "same": None if found.skipped else not found.differences,
        "skipped": found.skipped or None,
        "differences": list(found.differences),
        "was": dict(found.was),
        "would_be": dict(found.would_be),
        "words": [
            {
                "rule": each.rule,
                "zone": each.zone,
                "text": each.text,
                "was": each.was,
                "would_be": each.would_be,
            }
            for each in found.words
        ],
    }


def _print(found: Replayed) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    mail = found.stored.mail
    head = f"mail {mail.id}  {instant(mail.envelope.received_at)}  {found.author}  {found.subject}"
    console.print(Text(head, style="bold"))
    for name in found.differences:
        was, would_be = found.was[name], found.would_be[name]
        line = Text(f"  {name:<17}")
        if isinstance(was, list) and isinstance(would_be, list):
            gone, new = (
                list((Counter(was) - Counter(would_be)).elements()),
                list((Counter(would_be) - Counter(was)).elements()),
            )
            line.append("  ".join(f"- {each}" for each in gone), style="red")
            line.append("  " if gone and new else "")
            line.append("  ".join(f"+ {each}" for each in new), style="green")
            if not gone and not new:
                line.append("in another order")
        else:
            line.append(str(was or "-"), style="red")
            line.append(" -> ")
            line.append(str(would_be or "-"), style="green")
        console.print(line)
    for each in found.words:
        line = Text(f"  {'words':<17}{each.text!r}", style="")
        line.append(
            f" in the {each.zone}, {each.rule}: {each.was or 'not met'} -> {each.would_be or 'not met'}"
        )
        console.print(line)
    console.print()


def _progress(total: int) -> Callable[[int], None]:
    """To call with 1 after each mail, -1 before something is printed, 0 at the end."""
    if not sys.stderr.isatty():
        return lambda _: None
    done, last = 0, time.monotonic()

    def advance(step: int) -> None:
        nonlocal done, last
        if step <= 0:
            sys.stderr.write("\r\x1b[K")
        elif time.monotonic() - last >= _EVERY_S:
            last = time.monotonic()
            sys.stderr.write(f"\r\x1b[K{done + step} of {total} mails")
        done += max(step, 0)
        sys.stderr.flush()

    return advance


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ActRefused(f"{text!r} is no instant; expected such as 2026-12-01T09:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
