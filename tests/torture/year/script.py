"""What people do: acts chosen at random, from a seed, that make sense where their tickets are."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.torture.year.acts import Act
from tests.torture.year.people import CUSTOMERS, EVERYBODY, STAFF, STRANGERS, TEAMS, organisation_of
from tests.torture.year.reckon import Reckoning
from tests.torture.year.slow_ticket import SlowTicket
from tests.torture.year.words import SUBJECTS

AGENTS = tuple(each.address for each in STAFF if "agent" in each.roles)
LEADS = tuple(each.address for each in STAFF if "support_lead" in each.roles)
_MANAGERS = tuple(each.address for each in STAFF if "account_manager" in each.roles)
_CHANGES = {
    "fr": "Nous avons besoin de la version que vous utilisez.",
    "en": "We need to know the version that you use.",
}
_Idea = Callable[["Script", SlowTicket, datetime], Act | None]


class Script:
    """Acts at random.

    Args:
        has_mail: whether somebody has got a notification of a ticket, and so has its reply address.
        returnable: a notification of the ticket that may come back: number, template, to, written.
        mails: ledger numbers of the ticket's mails that could be delivered twice.
    """

    def __init__(
        self,
        chance: random.Random,
        reckoning: Reckoning,
        has_mail: Callable[[str, int], bool],
        returnable: Callable[[int], tuple[int, str, str, datetime] | None],
        mails: Callable[[int], list[int]],
    ) -> None:
        self.chance = chance
        self.reckoning = reckoning
        self.has_mail = has_mail
        self.returnable = returnable
        self.mails = mails

    def opening(self, at: datetime) -> Act:
        """A customer's first mail."""
        person = self.chance.choice(CUSTOMERS)
        return Act(
            "open",
            person.address,
            at,
            wants=self.chance.choices(("open", "claim", "escalation"), (80, 14, 6))[0],
            signed=self.chance.random() < 0.3,
            language=person.language,
            subject=self.chance.choice(SUBJECTS[person.language]),
            to=self.chance.choices(TEAMS, (3, 1))[0].desk_address,
        )

    def next(self, ticket: SlowTicket, at: datetime) -> Act | None:
        """Something that somebody does on a ticket."""
        for _ in range(20):
            ideas = [each for each in _IDEAS if each[1](ticket)]
            (idea, _, _), *_ = self.chance.choices(ideas, [each[2] for each in ideas])
            act = idea(self, ticket, at)
            if act is not None:
                return act
        return None

    def lag(self, ticket: SlowTicket) -> timedelta:
        """How long until somebody does something on the ticket again."""
        hours = self.chance.choices((0.2, 2, 20, 80, 250), (20, 30, 30, 15, 8))[0]
        if ticket.state in {"waiting_customer", "closed"} and self.chance.random() < 0.45:
            hours = self.chance.choice((200, 400, 900))
        return timedelta(
            hours=hours * self.chance.uniform(0.2, 1.6), microseconds=self.chance.randrange(10**6)
        )

    # --- mails -------------------------------------------------------------------------------

    def _mail(self, ticket: SlowTicket, who: str, at: datetime, **more: object) -> Act:
        person = EVERYBODY[who]
        given: dict[str, object] = {
            "language": person.language or "en",
            "subject": ticket.subject,
            "to": ticket.desk_address,
        }
        return Act("reply", who, at, ticket.number, **(given | more))  # type: ignore[arg-type]

    def customer(self, ticket: SlowTicket) -> str:
        """The requester, or somebody who follows the request."""
        return self.chance.choice([ticket.requester] * 4 + ticket.participants)

    def proof(self, ticket: SlowTicket, who: str) -> dict[str, object]:
        """What ties a mail to the ticket, and whether it is signed."""
        link = self.chance.choices(("token", "reference", "number"), (70, 22, 8))[0]
        if link == "token" and not self.has_mail(who, ticket.number):
            link = "reference"
        return {"link": link, "signed": self.chance.random() < 0.3}

    def reply(self, ticket: SlowTicket, at: datetime) -> Act:
        who = self.customer(ticket)
        cc: tuple[str, ...] = ()
        if self.chance.random() < 0.12:
            others = [each.address for each in CUSTOMERS if each.address != who]
            cc = tuple(self.chance.sample(others, self.chance.choice((1, 1, 2))))
        return self._mail(ticket, who, at, cc=cc, **self.proof(ticket, who))

    def asking(self, ticket: SlowTicket, at: datetime) -> Act:
        who = self.customer(ticket)
        wants = self.chance.choices(("nudge", "escalation", "claim"), (5, 3, 3))[0]
        return self._mail(ticket, who, at, wants=wants, **self.proof(ticket, who))

    def commanding(self, ticket: SlowTicket, at: datetime) -> Act:
        who = self.customer(ticket)
        verb = self.chance.choice(("close", "reopen", "nudge", "escalate"))
        french = EVERYBODY[who].language == "fr"
        command = {
            "close": "#fermer" if french else "#close",
            "reopen": "#rouvrir" if french else "#reopen",
            "nudge": "#relance" if french else "#nudge",
            "escalate": "#escalade La paie part demain" if french else "#escalate Payday is tomorrow",
        }[verb]
        proof = self.proof(ticket, who)
        if proof["link"] == "number":
            proof["signed"] = True
        return self._mail(ticket, who, at, verb=verb, command=command, **proof)

    def colleague(self, ticket: SlowTicket, at: datetime) -> Act | None:
        company = organisation_of(ticket.requester)
        found = [
            each.address
            for each in CUSTOMERS
            if company and each.organisation == company.name and each.address != ticket.requester
        ]
        if not found:
            return None
        wants = self.chance.choice(("none", "none", "nudge", "escalation"))
        who = self.chance.choice(found)
        signed = self.chance.random() < 0.5
        return self._mail(ticket, who, at, wants=wants, link="reference", signed=signed)

    def stranger(self, ticket: SlowTicket, at: datetime) -> Act:
        who = self.chance.choice(STRANGERS).address
        return self._mail(ticket, who, at, link="reference", signed=self.chance.random() < 0.3)

    def manager(self, ticket: SlowTicket, at: datetime) -> Act | None:
        company = organisation_of(ticket.requester)
        who = self.chance.choice(company.managers if company and company.managers else _MANAGERS)
        link = "token" if self.has_mail(who, ticket.number) else "reference"
        more: dict[str, object] = {"link": link, "signed": self.chance.random() < 0.7}
        if self.chance.random() < 0.6:
            french = EVERYBODY[who].language == "fr"
            words = (
                "#escalade Le client perd des commandes" if french else "#escalate The customer loses orders"
            )
            more |= {"verb": "escalate", "command": words}
        return self._mail(ticket, who, at, **more)

    def agent_mail(self, ticket: SlowTicket, at: datetime) -> Act | None:
        who = ticket.assignee or self.chance.choice(AGENTS)
        team = next(each for each in TEAMS if each.name == ticket.team)
        in_team = EVERYBODY[who].team == ticket.team and bool(team.address)
        if self.has_mail(who, ticket.number) or (in_team and self.has_mail(team.address, ticket.number)):
            more: dict[str, object] = {"link": "token", "signed": True}
        else:
            more = {"link": "reference", "signed": self.chance.random() < 0.3}
        if self.chance.random() < 0.6:
            given = self._given(ticket)
            more |= {"command": _as_command(given), "given": given}
        return self._mail(ticket, who, at, **more)

    def away(self, ticket: SlowTicket, at: datetime) -> Act | None:
        if not self.has_mail(ticket.requester, ticket.number):
            return None
        day = (at + timedelta(days=self.chance.randrange(2, 30))).date().isoformat()
        return Act(
            "away",
            ticket.requester,
            at,
            ticket.number,
            link=self.chance.choice(("token", "reference")),
            day=self.chance.choice((day, day, "")),
            to=ticket.desk_address,
        )

    def bounce(self, ticket: SlowTicket, at: datetime) -> Act | None:
        found = self.returnable(ticket.number)
        if found is None:
            return None
        number, template, to, written = found
        return Act(
            "bounce",
            to,
            at,
            ticket.number,
            notification=number,
            late=self.chance.random() < 0.3,
            given={"template": template, "written": written.isoformat()},
        )

    def again(self, ticket: SlowTicket, at: datetime) -> Act | None:
        mails = self.mails(ticket.number)
        return (
            Act("again", ticket.requester, at, ticket.number, mail=self.chance.choice(mails))
            if mails
            else None
        )

    def let_in(self, ticket: SlowTicket, at: datetime) -> Act | None:
        if not ticket.held:
            return None
        mail = self.chance.choice(sorted(ticket.held))
        kind = self.chance.choice(("release", "drop"))
        return Act(kind, LEADS[0], at, ticket.number, mail=mail)

    # --- orders ------------------------------------------------------------------------------

    @staticmethod
    def _order(ticket: SlowTicket, who: str, at: datetime, verb: str, given: dict[str, str]) -> Act:
        return Act("order", who, at, ticket.number, verb=verb, given=given)

    def agent(self, ticket: SlowTicket) -> str:
        """Mostly whoever has the ticket."""
        return (
            ticket.assignee if ticket.assignee and self.chance.random() < 0.7 else self.chance.choice(AGENTS)
        )

    def _given(self, ticket: SlowTicket) -> dict[str, str]:
        """Where an agent brings a ticket, what comes with it, and now and then too little or nothing allowed."""
        to = self.chance.choices(
            (
                "in_progress",
                "waiting_customer",
                "waiting_third_party",
                "scheduled",
                "resolved",
                "closed",
                "submitted",
            ),
            (24, 34, 9, 8, 20, 9, 2),
        )[0]
        given = {"to": to}
        if to != "in_progress" or self.chance.random() < 0.2:
            given["text"] = _CHANGES[ticket.language]
        if to == "closed":
            given["resolution"] = self.chance.choice(("answered", "fixed", "consulting", "duplicate"))
        if to == "waiting_third_party":
            given["third_party"] = "Editor"
        if to == "scheduled":
            given |= {"at": "2026-12-01T20:00", "who": "Ana"}
        if self.chance.random() < 0.08:
            given.pop(self.chance.choice(sorted(given.keys() - {"to"} or {"none"})), None)
        return given

    def transition(self, ticket: SlowTicket, at: datetime) -> Act:
        return self._order(ticket, self.agent(ticket), at, "transition", self._given(ticket))

    def says(self, ticket: SlowTicket, at: datetime) -> Act:
        verb = self.chance.choice(("comment", "comment", "note"))
        return self._order(ticket, self.agent(ticket), at, verb, {"text": "We are looking into it."})

    def customer_says(self, ticket: SlowTicket, at: datetime) -> Act:
        verb = self.chance.choice(("comment", "nudge", "escalate"))
        return self._order(ticket, self.customer(ticket), at, verb, {"text": "Où en est-on ?"})

    def priority(self, ticket: SlowTicket, at: datetime) -> Act:
        to = self.chance.choice(self.reckoning.rules.priorities)
        return self._order(ticket, self.agent(ticket), at, "priority", {"to": to, "text": "after a call"})

    def assign(self, ticket: SlowTicket, at: datetime) -> Act:
        return self._order(ticket, self.agent(ticket), at, "assign", {"to": self.chance.choice(AGENTS)})

    def decide(self, ticket: SlowTicket, at: datetime) -> Act:
        who = self.chance.choice(LEADS if self.chance.random() < 0.9 else AGENTS)
        verb = self.chance.choice(("approve", "refuse"))
        return self._order(ticket, who, at, verb, {"text": "two days"})


def _as_command(given: dict[str, str]) -> str:
    """`#status …` as an agent writes it at a mail's top."""
    words = [f"{'who' if k == 'third_party' else k}={v}" for k, v in given.items() if k not in {"to", "text"}]
    return " ".join(["#status", given["to"], *words])


def _any(_ticket: SlowTicket) -> bool:
    return True


# What may be done, where it makes sense, and how often.
_IDEAS: tuple[tuple[_Idea, Callable[[SlowTicket], bool], int], ...] = (
    (Script.transition, _any, 40),
    (Script.reply, _any, 14),
    (Script.asking, _any, 10),
    (Script.commanding, _any, 5),
    (Script.colleague, _any, 4),
    (Script.stranger, _any, 3),
    (Script.manager, _any, 2),
    (Script.agent_mail, _any, 8),
    (Script.away, lambda ticket: ticket.waiting is not None, 8),
    (Script.away, _any, 1),
    (Script.bounce, _any, 2),
    (Script.bounce, lambda ticket: ticket.waiting is not None and bool(ticket.waiting.reminders), 12),
    (Script.again, _any, 2),
    (Script.let_in, lambda ticket: bool(ticket.held), 10),
    (Script.says, _any, 7),
    (Script.customer_says, _any, 3),
    (Script.priority, _any, 6),
    (Script.assign, _any, 5),
    (Script.decide, lambda ticket: ticket.request is not None, 25),
    (Script.decide, _any, 1),
)
