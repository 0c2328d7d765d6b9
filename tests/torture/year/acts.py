"""What somebody does, with all that is true of it: the world carries it out, the reckoning knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Act:
    """One act.

    Attributes:
        kind: open, reply, away, bounce, order (by the command line), release, drop or again.
        who: whose address acts; of a bounce, whose address it came back from.
        at: of a mail, when it is received.
        ticket: its number, 0 where there is none yet.
        wants: what the text asks for: none, nudge, escalation or claim.
        link: what ties a mail to its ticket: token, reference or number.
        signed: whether the domain in From stands behind the mail.
        command: what stands at a mail's top, such as `#close`.
        verb, given: of an order, or what a mail's command means.
        cc: others among a mail's recipients.
        day: until when somebody is away, ISO, or empty.
        notification: ledger number of what came back, and whether it is only late.
        mail: ledger number of the mail that is released, dropped, or delivered again.
    """

    kind: str
    who: str
    at: datetime
    ticket: int = 0
    wants: str = "none"
    link: str = ""
    signed: bool = False
    command: str = ""
    verb: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    cc: tuple[str, ...] = ()
    day: str = ""
    notification: int = 0
    late: bool = False
    mail: int = 0
    language: str = ""
    subject: str = ""
    to: str = ""

    @property
    def proof(self) -> str:
        """How well it is proven who acts."""
        if self.kind == "order":
            return "E4"
        return {(True, True): "E4", (True, False): "E2", (False, True): "E3"}.get(
            (self.link == "token", self.signed), "E1"
        )

    def __str__(self) -> str:
        words = [f"{self.at:%Y-%m-%d %H:%M:%S.%f}", self.kind, self.who]
        for name in ("verb", "command", "wants", "link", "cc", "day", "notification", "mail"):
            value = getattr(self, name)
            if value and value != "none":
                words.append(f"{name}={value}")
        words += [f"{name}={value}" for name, value in self.given.items()]
        words += ["signed"] if self.signed else []
        words += ["late"] if self.late else []
        return " ".join(words)
