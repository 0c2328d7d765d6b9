"""What is asked after every campaign: the same law and the same rest, whatever was done to the gateway."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from difflib import unified_diff

from tests.running import RunningGateway
from tests.servers.sink import SmtpSink
from tests.torture import law
from tests.torture.found import Found
from tests.torture.outside import insides, readable
from tests.torture.rest import at_rest, compare
from tests.torture.senders import Answers


def count_mails(
    found: Found, gateway: RunningGateway, acknowledged: Sequence[str], *, apart: Collection[int] = ()
) -> None:
    """Each mail that was answered 250 has become one ticket or comment, and is in the ledger by itself.

    Args:
        apart: ledger ids that are not looked at: damaged mails, of which two may bear one Message-ID.
    """
    rows = [row for row in gateway.settled() if row["id"] not in apart]
    made = Counter(
        row["message_id"] or _message_id(gateway, row["id"])
        for row in rows
        if row["outcome"] in {"ticket", "comment", "quarantined"}
    )
    found.count("acknowledged", len(acknowledged))
    found.count("rows", len(rows))
    found.count("tickets and comments", made.total())
    lost = [each for each in acknowledged if not made[each]]
    found.none("lost", len(lost), lost[:3])
    doubled = [each for each, count in made.items() if count > 1]
    found.none("doubled", len(doubled), doubled[:3])
    found.count("merged", sum(row["outcome"] == "duplicate" for row in rows))


def _message_id(gateway: RunningGateway, number: int) -> str:
    """Of a mail that was not read."""
    found = re.search(rb"(?i)\nMessage-ID: <([^>]*)>", gateway.gateway().ledger.raw(number))
    return found[1].decode("ascii", "replace") if found else ""


def count_notifications(found: Found, gateway: RunningGateway, sink: SmtpSink) -> None:
    """Each notification has arrived; what arrived more than once is the same mail."""
    owed = [row for row in gateway.notifications() if row["state"] == "sent"]
    arrived = Counter(each.message_id for each in sink.mails)
    contents: dict[str, set[bytes]] = {}
    for each in sink.mails:
        contents.setdefault(each.message_id, set()).add(each.content)
    found.count("owed", len(owed))
    found.none("unsent", sum(not arrived[row["message_id"]] for row in owed))
    found.count("sent again", sum(count > 1 for count in arrived.values()))
    differing = [sorted(each) for each in contents.values() if len(each) > 1]
    found.none("with other bytes", len(differing), "".join(_difference(*each[:2]) for each in differing[:2]))


def _difference(one: bytes, other: bytes) -> str:
    before, after = readable(one).splitlines(), readable(other).splitlines()
    return "\n".join(unified_diff(before, after, n=0, lineterm=""))


@contextmanager
def judged(
    found: Found, gateway: RunningGateway, answers: Answers, sink: SmtpSink | None = None
) -> Iterator[None]:
    """What is done to a running gateway within leaves it as it was: at rest, and the law kept.

    Args:
        sink: its relay, of whose mails none may tell of our insides.
    """
    before = at_rest(gateway, answers, "before")
    yield
    after = at_rest(gateway, answers, "after")
    judge(found, gateway, answers, sink)
    compare(found, before, after)


def judge(found: Found, gateway: RunningGateway, answers: Answers, sink: SmtpSink | None = None) -> None:
    """The ledger's law, no answer of class 5 for our own trouble, and nothing of our insides outside."""
    gateway.settled()
    broken = [*law.broken(gateway), *(f"{each.check}: {each.remark}" for each in gateway.breaches())]
    found.none("law broken", len(broken), "; ".join(broken))
    found.none("class 5", answers.class_5, dict(answers.words))
    found.count("codes", " ".join(str(code) for code in sorted(answers.codes)))
    mails = [readable(each.content) for each in sink.mails] if sink is not None else []
    seen = insides([*answers.words, *mails])
    found.none("insides seen", sum(map(len, seen)), seen[:3])
