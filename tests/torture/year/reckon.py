"""The reckoning: what each act must come to, written from the desk's rules and not from the gateway."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.torture.year.acts import Act
from tests.torture.year.hours import Hours
from tests.torture.year.owed import Happened, Owed, owed
from tests.torture.year.people import (
    CUSTOMERS,
    DEFAULT_CALENDAR,
    EVERYBODY,
    TEAMS,
    is_staff,
    organisation_of,
)
from tests.torture.year.rules import Rules
from tests.torture.year.slow_clock import SlowClock, second
from tests.torture.year.slow_ticket import CLOCKS, Request, SlowTicket

HOUR = timedelta(hours=1)
PROVEN = {"E2", "E3", "E4"}
# Who writes on a ticket, and what becomes of a mail on which proof.
_LET_IN = {
    "requester": {"E1": "in", "E2": "in", "E3": "in", "E4": "in"},
    "colleague": {"E1": "held", "E2": "held", "E3": "in", "E4": "in"},
    "stranger": {"E1": "held", "E2": "held", "E3": "held", "E4": "held"},
    "account_manager": {"E1": "refused", "E2": "in", "E3": "in", "E4": "in"},
    "agent": {"E1": "refused", "E2": "held", "E3": "held", "E4": "in"},
}
# Who may ask for news or an escalation, close and reopen.
_MAY_ASK = {
    "requester": {"E1": "confirm", "E2": "yes", "E3": "yes", "E4": "yes"},
    "colleague": {"E3": "confirm", "E4": "yes"},
    "account_manager": {"E2": "confirm", "E3": "confirm", "E4": "yes"},
    "agent": {"E4": "yes"},
}


class Reckoning:
    """Every ticket as it must be.

    Attributes:
        owed: the notifications owed since the last `take`.
        outcomes: of every mail, by ledger number: outcome and ticket.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.tickets: dict[int, SlowTicket] = {}
        self.owed: list[Owed] = []
        self.outcomes: dict[int, tuple[str, int | None]] = {}
        self.touched: set[int] = set()
        self._hours = {name: Hours(entry) for name, entry in rules.calendars.items()}
        self._told: dict[str, datetime] = {}
        self._acknowledged: dict[str, datetime] = {}
        self._languages = {each.address: each.language for each in CUSTOMERS if each.listed}

    # --- mail --------------------------------------------------------------------------------

    def mail(self, act: Act, mail: int, number: int | None, *, now: datetime) -> None:
        """What one mail comes to.

        Args:
            mail: its number in the ledger.
            number: the ticket that the ledger names for it; believed only of a new one.
        """
        match act.kind:
            case "open":
                self._open(act, mail, number, now=now)
            case "away":
                self._away(act)
                self.outcomes[mail] = ("auto_reply", act.ticket)
            case "bounce":
                self._bounce(act)
                self.outcomes[mail] = ("bounce", act.ticket)
            case "again":
                self.outcomes[mail] = ("duplicate", self.outcomes[act.mail][1])
            case _:
                self._reply(act, mail, number, now=now, released=act.kind == "release")

    def _open(self, act: Act, mail: int, number: int | None, *, now: datetime, follows: int = 0) -> None:
        self.outcomes[mail] = ("ticket", number)
        if number is None:
            return
        team = next(each for each in TEAMS if each.desk_address == act.to)
        self._languages.setdefault(act.who, act.language)
        priority, state = self.rules.priorities[-1], self.rules.states[self.rules.initial]
        targets = self.rules.targets[priority]
        organisation = organisation_of(act.who)
        hours = self._hours[organisation.calendar if organisation else DEFAULT_CALENDAR]
        ticket = self.tickets[number] = SlowTicket(
            rules=self.rules,
            number=number,
            subject=act.subject,
            language=act.language,
            requester=act.who,
            team=team.name,
            desk_address=team.desk_address,
            state=self.rules.initial,
            priority=priority,
            languages=self._languages,
            clocks={
                name: SlowClock(
                    name,
                    hours,
                    state.clocks[name],
                    second(act.at),
                    targets[name],
                    targets[name] * self.rules.warn_share,
                )
                for name in CLOCKS
            },
            public=1,
            follows=follows,
        )
        happened = self._confirmed(act, now)
        if not follows:
            happened += self._asks(act, ticket, "requester", now=now)
        self._settle(ticket, happened, [])
        ticket.past.append(str(act))

    def _confirmed(self, act: Act, now: datetime) -> list[Happened]:
        """Whoever is proven is told; of all others whom the desk knows once a day, and a stranger of nothing but that."""
        if act.proof in PROVEN:
            return [Happened("ticket_opened", act.who)]
        last = self._acknowledged.get(act.who)
        known = organisation_of(act.who) is not None or is_staff(act.who)
        told = last is None or now - last >= self.rules.acknowledged_each
        if told:
            self._acknowledged[act.who] = now
        opened = Happened("ticket_opened", act.who, confirm=told and known)
        return [opened, Happened("acknowledged", about=act.who)] if told and not known else [opened]

    def _reply(
        self, act: Act, mail: int, number: int | None, *, now: datetime, released: bool = False
    ) -> None:
        ticket = self.tickets[act.ticket]
        ticket.past.append(f"{act}  [mail {mail}]")
        role = self.role(ticket, act.who)
        becomes = _LET_IN[role][act.proof]
        if role == "requester" and act.link == "number" and act.proof == "E1":
            becomes = "held"
        if released:
            becomes = "in"
            ticket.held.pop(mail, None)
            self.touched.add(ticket.number)
        if becomes == "held":
            self.outcomes[mail] = ("held", ticket.number)
            ticket.held[mail] = now
            self._settle(ticket, [Happened("mail_held")], [])
        elif becomes == "refused":
            self.outcomes[mail] = ("refused", ticket.number)
            self._settle(ticket, self._tell(act.who, "mail_refused", now=now), [])
        elif role == "agent":
            self.outcomes[mail] = ("comment", ticket.number)
            self._of_desk(act, ticket, now=now)
        elif self._too_late(ticket, now):
            self._open_after(act, mail, number, ticket, now=now)
        else:
            self.outcomes[mail] = ("comment", ticket.number)
            self._of_customer(act, ticket, role, now=now)

    def _open_after(
        self, act: Act, mail: int, number: int | None, ticket: SlowTicket, *, now: datetime
    ) -> None:
        if number in self.tickets:
            # It should have opened another; the comparison says so.
            number = None
        self._open(act, mail, number, now=now, follows=ticket.number)

    def _of_customer(self, act: Act, ticket: SlowTicket, role: str, *, now: datetime) -> None:
        at = act.at
        if act.command:
            happened, marks = self._commanded(act, ticket, role, now=now)
            self._settle(ticket, happened, marks)
            return
        nudges = act.wants == "nudge" and self._may_ask(act, role) == "yes"
        happened, marks = self._speaks(act, ticket, at=at, now=now, nudges=nudges)
        if act.proof in PROVEN:
            for address in act.cc:
                if address not in ticket.participants and address != ticket.requester:
                    self._languages.setdefault(address, ticket.language)
                    ticket.participants.append(address)
        happened += self._asks(act, ticket, role, now=now)
        self._settle(ticket, happened, marks)

    def _speaks(
        self, act: Act, ticket: SlowTicket, *, at: datetime, now: datetime, nudges: bool = False
    ) -> tuple[list[Happened], list[Happened]]:
        """The customer's side says something, which may bring the ticket back."""
        self._languages.setdefault(act.who, ticket.language)
        ticket.public += 1
        if nudges:
            happened = self._nudge(act, ticket, now=now)
        else:
            happened = [Happened("commented_by_customer", act.who)]
        ticket.spoken(now)
        to, marks = self.rules.states[ticket.state].on_reply, []
        if to and to != ticket.state:
            reopens = self.rules.states[ticket.state].reopens
            marks = ticket.move(to, at, now)
            happened.append(Happened("ticket_reopened" if reopens else f"state:{to}", act.who))
        return happened, marks

    def _nudge(self, act: Act, ticket: SlowTicket, *, now: datetime) -> list[Happened]:
        told = ticket.nudged_at is not None and now - ticket.nudged_at < HOUR
        ticket.nudges += 1
        if told:
            return []
        ticket.nudged_at = now
        return [Happened("nudged", act.who)]

    def _asks(self, act: Act, ticket: SlowTicket, role: str, *, now: datetime) -> list[Happened]:
        """What a mail's words ask for beside being read."""
        may = self._may_ask(act, role)
        if act.wants == "claim" and not is_staff(act.who):
            return self._claim(act.who, ticket)
        if act.wants not in {"nudge", "escalation"} or (act.kind == "open" and act.wants == "nudge"):
            return []
        if may == "confirm" and act.kind == "open":
            # Whoever is only claimed to have opened it hears by the acknowledgement, or not at all.
            return []
        if may == "confirm":
            return self._tell(
                ticket.requester if role == "colleague" else act.who, "confirmation_asked", now=now
            )
        return self._request(act.who, ticket, now=now) if may == "yes" and act.wants == "escalation" else []

    @staticmethod
    def _may_ask(act: Act, role: str) -> str:
        """Whether a mail may ask for something: yes, confirm, or not at all."""
        return _MAY_ASK.get(role, {}).get(_proof(act), "")

    def _claim(self, who: str, ticket: SlowTicket) -> list[Happened]:
        rank = self.rules.priorities.index
        if rank("urgent") >= rank(ticket.claimed or ticket.priority):
            return []
        ticket.claimed = "urgent"
        return [Happened("priority_claimed", who, about=who)]

    def _request(self, who: str, ticket: SlowTicket, *, now: datetime) -> list[Happened]:
        if ticket.request is not None:
            return []
        ticket.request, ticket.escalation = Request(now, who), "requested"
        return [Happened("escalation_requested", who, about=who)]

    def _tell(self, who: str, name: str, *, now: datetime) -> list[Happened]:
        """At most once an hour, whoever writes in somebody's name."""
        last = self._told.get(who)
        if last is not None and now - last < HOUR:
            return []
        self._told[who] = now
        return [Happened(name, about=who)]

    def _commanded(
        self, act: Act, ticket: SlowTicket, role: str, *, now: datetime
    ) -> tuple[list[Happened], list[Happened]]:
        may = self._may_ask(act, role)
        answer = Happened("commands_answered", about=act.who)
        if may != "yes":
            asked = self._tell(act.who, "confirmation_asked", now=now) if may == "confirm" else []
            answered = self._tell(act.who, answer.name, now=now) if _proof(act) == "E1" else [answer]
            return [*asked, *answered], []
        happened, marks = self.asked_by_customer(act, ticket, now=now) or ([], [])
        return [*happened, answer], marks

    def asked_by_customer(
        self, act: Act, ticket: SlowTicket, *, now: datetime
    ) -> tuple[list[Happened], list[Happened]] | None:
        """Close, reopen, nudge or escalate by a word of command; None when it is refused."""
        at = now if act.kind == "order" else act.at
        match act.verb:
            case "close" if "closed" in ticket.table("customer"):
                marks = ticket.move("closed", at, now, resolution="answered")
                return [Happened("state:closed", act.who), Happened("closed_by_customer", act.who)], marks
            case "reopen" if not self.rules.states[ticket.state].is_open and not self._too_late(ticket, now):
                marks = ticket.move("in_progress", at, now)
                return [Happened("ticket_reopened", act.who)], marks
            case "nudge" if not self._too_late(ticket, now):
                return self._speaks(act, ticket, at=at, now=now, nudges=True)
            case "escalate" if _by_desk(act, ticket):
                ticket.internal += 1
                return self._request(act.who, ticket, now=now), []
            case "escalate" if not self._too_late(ticket, now):
                happened, marks = self._speaks(act, ticket, at=at, now=now)
                return [*happened, *self._request(act.who, ticket, now=now)], marks
        return None

    def _of_desk(self, act: Act, ticket: SlowTicket, *, now: datetime) -> None:
        if not act.command:
            self._settle(ticket, self._desk_says(act.who, ticket, now), [])
            return
        done = self.transition(act, ticket, now=now)
        if done is None:
            # The words below a command that was refused are said all the same.
            done = self._desk_says(act.who, ticket, now) if act.given.get("text") else [], []
        self._settle(ticket, [*done[0], Happened("commands_answered", about=act.who)], done[1])

    def _away(self, act: Act) -> None:
        ticket = self.tickets[act.ticket]
        ticket.past.append(str(act))
        self.touched.add(ticket.number)
        if ticket.waiting is not None and act.day:
            ticket.waiting.away_until = datetime.fromisoformat(act.day).replace(tzinfo=UTC)

    def _bounce(self, act: Act) -> None:
        ticket = self.tickets[act.ticket]
        ticket.past.append(str(act))
        self.touched.add(ticket.number)
        if act.late:
            return
        if ticket.waiting and act.given["template"] == "reminder" and act.who == ticket.requester:
            written = datetime.fromisoformat(act.given["written"])
            ticket.waiting.reminders = [
                (at, returned or at == written) for at, returned in ticket.waiting.reminders
            ]
        self._settle(ticket, [Happened("notification_returned")], [])

    # --- orders ------------------------------------------------------------------------------

    def order(self, act: Act, *, now: datetime) -> bool:
        """What an order by the command line comes to; whether it is obeyed."""
        ticket = self.tickets[act.ticket]
        ticket.past.append(str(act))
        done = self._ordered(act, ticket, now=now)
        if done is None:
            return False
        self._settle(ticket, *done)
        return True

    def _ordered(
        self, act: Act, ticket: SlowTicket, *, now: datetime
    ) -> tuple[list[Happened], list[Happened]] | None:
        match act.verb:
            case "transition":
                return self.transition(act, ticket, now=now)
            case "comment" if _by_desk(act, ticket):
                return self._desk_says(act.who, ticket, now), []
            case "comment" if not self._too_late(ticket, now):
                return self._speaks(act, ticket, at=now, now=now)
            case "note":
                ticket.internal += 1
                return [], []
            case "priority" if act.given["to"] != ticket.priority:
                rank = self.rules.priorities.index
                lowered = rank(act.given["to"]) > rank(ticket.priority)
                marks = ticket.reprioritise(act.given["to"], now)
                told = "priority_lowered" if lowered else "claim_answered" if ticket.claimed else ""
                return ([Happened(told, act.who)] if told else []), marks
            case "assign":
                ticket.assignee = act.given["to"]
                ticket.team = EVERYBODY[ticket.assignee].team
                return [], []
            case "approve" | "refuse" if ticket.request and "support_lead" in EVERYBODY[act.who].roles:
                return self._decide(act, ticket, now=now), []
            case "nudge" | "escalate":
                return self.asked_by_customer(act, ticket, now=now)
        return None

    def transition(
        self, act: Act, ticket: SlowTicket, *, now: datetime
    ) -> tuple[list[Happened], list[Happened]] | None:
        """An agent's change of state; None when the table does not have it, or something is missing."""
        to, given = act.given["to"], act.given
        state = self.rules.states.get(to)
        if state is None or to not in ticket.table("desk"):
            return None
        if (state.needs_comment and not given.get("text")) or any(
            not given.get(each) for each in state.needs
        ):
            return None
        if given.get("resolution") and given["resolution"] not in self.rules.resolutions:
            return None
        said = self._desk_says(act.who, ticket, now) if given.get("text") else []
        at = now if act.kind == "order" else act.at
        marks = ticket.move(to, at, now, resolution=given.get("resolution", ""))
        return [*said, Happened(f"state:{to}", act.who)], marks

    def _desk_says(self, who: str, ticket: SlowTicket, now: datetime) -> list[Happened]:
        ticket.public += 1
        if ticket.promised_since is not None:
            ticket.promised_since, ticket.update_told = now, False
        ticket.spoken(now)
        return [Happened("commented_by_desk", who)]

    def _decide(self, act: Act, ticket: SlowTicket, *, now: datetime) -> list[Happened]:
        asker = ticket.request.by if ticket.request else ""
        ticket.request = None
        if act.verb == "refuse":
            ticket.escalation, ticket.promised_since = "refused", None
            return [Happened("escalation_refused", act.who, about=asker)]
        # Whoever has been answered waits for no news.
        is_open = self.rules.states[ticket.state].is_open
        ticket.escalation, ticket.update_told = "approved", False
        ticket.promised_since = now if is_open else None
        return [Happened("escalation_approved", act.who, about=asker)]

    def drop(self, act: Act) -> None:
        """A held mail is dropped."""
        ticket = self.tickets[act.ticket]
        ticket.past.append(str(act))
        ticket.held.pop(act.mail, None)
        self.outcomes[act.mail] = ("dropped", ticket.number)
        self.touched.add(ticket.number)

    # --- all ---------------------------------------------------------------------------------

    def role(self, ticket: SlowTicket, who: str) -> str:
        """What somebody is to a ticket."""
        if who == ticket.requester or who in ticket.participants:
            return "requester"
        company = organisation_of(ticket.requester)
        roles = EVERYBODY[who].roles if who in EVERYBODY else ()
        if {"agent", "support_lead", "offer_owner"} & set(roles):
            return "agent"
        if "account_manager" in roles:
            return "account_manager" if company and who in company.managers else "stranger"
        return "colleague" if company and organisation_of(who) == company else "stranger"

    def _too_late(self, ticket: SlowTicket, now: datetime) -> bool:
        """Whether a reply comes too late to reopen it."""
        past = ticket.closed_at is not None and now - ticket.closed_at > self.rules.reopen_window
        return self.rules.states[ticket.state].follows_up and past

    def _settle(self, ticket: SlowTicket, happened: list[Happened], marks: list[Happened]) -> None:
        self.owed += owed(ticket, [*happened, *marks])
        self.touched.add(ticket.number)

    def take(self) -> tuple[list[Owed], set[int]]:
        """What is owed and which tickets were touched since the last time."""
        taken = self.owed, self.touched
        self.owed, self.touched = [], set()
        return taken


def _by_desk(act: Act, ticket: SlowTicket) -> bool:
    """Whether somebody of the desk speaks for it; on a request of their own they are its customer."""
    return is_staff(act.who) and act.who != ticket.requester


def _proof(act: Act) -> str:
    """What its orders stand on; what the desk let in is proven."""
    return "E4" if act.kind == "release" else act.proof
