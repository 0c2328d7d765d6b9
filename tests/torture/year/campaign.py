"""The year itself: acts, restarts, crashes, outages, and after each step the comparison."""

from __future__ import annotations

import heapq
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from tests.torture.year.acts import Act
from tests.torture.year.clock import VirtualClock
from tests.torture.year.compare import Comparison, Divergence
from tests.torture.year.fall_due import Brake, FallDue
from tests.torture.year.mails import message_id, returned, wire
from tests.torture.year.people import EVERYBODY
from tests.torture.year.reckon import Reckoning
from tests.torture.year.relay import Received, Relay
from tests.torture.year.rules import read_rules
from tests.torture.year.script import Script
from tests.torture.year.world import World

_Done = TypeVar("_Done")
START = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
_WHOLE_LOOK_EACH = 60


@dataclass(frozen=True, slots=True)
class Figures:
    """What a year came to."""

    seed: int
    tickets: int
    days: int
    steps: int
    acts: int
    mails: int
    restarts: int
    crashes: int
    transitions: int
    reminders: int
    closings: int
    warnings_and_breaches: int
    climbs: int
    looks_held_by_the_brake: int
    clock_comparisons: int
    counted_by_the_second: int
    notifications: int
    busy_relay: int
    divergences: int
    seconds: int

    def __str__(self) -> str:
        return "  ".join(f"{each.name.replace('_', ' ')} {getattr(self, each.name)}" for each in fields(self))


class Year:
    """One simulated year.

    Args:
        tickets: how many are opened by customers; follow-ups come on top.
        days: within which they are opened.
        folder: empty, for everything that is kept.
    """

    def __init__(self, folder: Path, *, tickets: int, days: int, seed: int, database_url: str = "") -> None:
        self.seed, self.wanted, self.days = seed, tickets, days
        self.chance = random.Random(seed)
        self.clock = VirtualClock(START)
        self.relay = Relay(random.Random(seed + 1))
        self.world = World(folder, self.clock, self.relay, database_url)
        self.reckoning = Reckoning(read_rules(self.world.rules_dir))
        self.falling = FallDue(self.reckoning)
        self.comparison = Comparison(self.world.gateway.database, self.reckoning)
        self.script = Script(self.chance, self.reckoning, self._has_mail, self._returnable, self._mails_of)
        self.steps = self.acts = 0
        self._agenda: list[tuple[datetime, int]] = []
        self._lives: dict[int, int] = {}
        self._newest: dict[tuple[str, int], int] = {}
        self._outbox: dict[int, list[tuple[int, str, str, datetime]]] = {}
        self._raws: dict[int, tuple[bytes, str, str]] = {}
        self._roots: dict[int, str] = {}
        self._of_ticket: dict[int, list[int]] = {}
        self._acts_of_mail: dict[int, Act] = {}
        self._in_hand: tuple[Act, ...] = ()
        self._written = 0
        self._clearing = False

    # --- what the script asks ----------------------------------------------------------------

    def _received(self, who: str, ticket: int) -> Received | None:
        number = self._newest.get((who, ticket))
        return self.relay.by_number.get(number) if number is not None else None

    def _has_mail(self, who: str, ticket: int) -> bool:
        return self._received(who, ticket) is not None

    def _returnable(self, ticket: int) -> tuple[int, str, str, datetime] | None:
        rows = self._outbox.get(ticket, [])
        found = [each for each in rows if each[0] in self.relay.by_number and each[2] in EVERYBODY]
        found = [each for each in found if not EVERYBODY[each[2]].roles]
        last = [each for each in found if each[1] == "reminder"][-2:]
        return self.chance.choice(last if last and self.chance.random() < 0.6 else found) if found else None

    def _mails_of(self, ticket: int) -> list[int]:
        return self._of_ticket.get(ticket, [])

    # --- the loop ----------------------------------------------------------------------------

    def run(self) -> Figures:
        """Live it; raises Divergence."""
        began = time.monotonic()
        for _ in range(self.wanted):
            at = START + timedelta(seconds=self.chance.uniform(0, self.days * 86400))
            heapq.heappush(self._agenda, (at, 0))
        try:
            while self._agenda or self.falling.next_at() is not None:
                self._step()
                if not self._agenda:
                    self._clear_up()
            self._end()
        except Divergence as found:
            raise Divergence(
                f"seed {self.seed}, step {self.steps}, {self.clock.now().isoformat()}: {found}"
            ) from found
        finally:
            self.world.close()
        return self._figures(round(time.monotonic() - began))

    def _step(self) -> None:
        self.steps += 1
        before = self.clock.now()
        self.clock.move_to(self._next_instant())
        self._misfortune()
        now = self.clock.now()
        mails: list[Act] = []
        while self._agenda and self._agenda[0][0] <= now:
            _, number = heapq.heappop(self._agenda)
            at = before + (now - before) * self.chance.random()
            act = self.script.opening(at) if number == 0 else self._life(number, at)
            if act is not None:
                self.acts += 1
                self._do(act, mails, now)
        self._deliver(sorted(mails, key=lambda act: act.at), now)
        self._fall_due(now)
        self._send()
        self._compare(now)

    def _clear_up(self) -> None:
        """When nobody has anything more to do, the desk decides on what is still held."""
        self._clearing = True
        for ticket in self.reckoning.tickets.values():
            if ticket.held:
                self._lives[ticket.number] = len(ticket.held)
                lag = timedelta(hours=self.chance.uniform(0, 60))
                heapq.heappush(self._agenda, (self.clock.now() + lag, ticket.number))

    def _next_instant(self) -> datetime:
        due = [
            each for each in (self.falling.next_at(), self._agenda[0][0] if self._agenda else None) if each
        ]
        at = max(min(due), self.clock.now() + timedelta(microseconds=1))
        late = self.chance.choices((0.0, 0.5, 90.0, 3 * 1440.0), (20, 20, 60, 0.4))[0]
        return at + timedelta(minutes=late * self.chance.random())

    def _misfortune(self) -> None:
        if self.chance.random() < 1 / 80:
            self._restart()
        if self.chance.random() < 1 / 40:
            self.world.die(self.chance.choice(("before", "after")))

    def _restart(self) -> None:
        self.world.restart()
        self._anew()

    def _anew(self) -> None:
        """A new life of the gateway remembers nothing of its looks at the clock."""
        self.falling.brake = Brake()
        self.comparison.database = self.world.gateway.database

    def _life(self, number: int, at: datetime) -> Act | None:
        ticket = self.reckoning.tickets[number]
        if any(act.ticket == number for act in self._in_hand):
            at = max(act.at for act in self._in_hand if act.ticket == number)
        act = self.script.let_in(ticket, at) if self._clearing else self.script.next(ticket, at)
        self._lives[number] -= 1
        if self._lives[number] > 0:
            heapq.heappush(self._agenda, (self.clock.now() + self.script.lag(ticket), number))
        return act

    # --- acts --------------------------------------------------------------------------------

    def _do(self, act: Act, mails: list[Act], now: datetime) -> None:
        if act.kind == "order":
            obeyed = self._as_process(lambda: self.world.order(act))
            if obeyed != self.reckoning.order(act, now=now):
                raise self.comparison.difference(act.ticket, "obeyed", not obeyed, obeyed)
            return
        if act.kind == "drop":
            self._as_process(lambda: self.world.drop(act.mail, act.ticket))
            self.reckoning.drop(act)
            return
        mails.append(act)
        self._in_hand = tuple(mails)

    def _as_process(self, does: Callable[[], _Done]) -> _Done:
        crashes = self.world.crashes
        done = does()
        if self.world.crashes != crashes:
            self._anew()
        return done

    def _deliver(self, mails: list[Act], now: datetime) -> None:
        """Every mail of the step, in the order of its receipt, and what each comes to."""
        self._in_hand = ()
        fresh = [act for act in mails if act.kind != "release"]
        wires = [self._wire(act) for act in fresh]
        numbers = dict(zip(map(id, fresh), self.world.take(wires), strict=True))
        for act, (raw, recipient, reverse_path, _) in zip(fresh, wires, strict=True):
            self._raws[numbers[id(act)]] = (raw, recipient, reverse_path)
        # What is due in one instant is read in the ledger's order.
        released = sorted((act for act in mails if act.kind == "release"), key=lambda act: act.mail)
        for act in released:
            self.world.release(act.mail)
        self._as_process(self.world.work)
        # What is released is due when it is released, which is now.
        ordered = [*fresh, *released]
        settled = self.comparison.settled([numbers.get(id(act), act.mail) for act in ordered])
        for act in ordered:
            mail = numbers.get(id(act), act.mail)
            outcome, number = settled[mail]
            self._reckon(act, mail, number, now)
            expected = self.reckoning.outcomes[mail]
            if (outcome, number) != expected:
                raise self.comparison.difference(
                    act.ticket, f"mail {mail} ({act})", expected, (outcome, number)
                )
            if outcome == "ticket" and number is not None:
                self._begin(number, mail)
                self._lives[number] *= not self._clearing

    def _reckon(self, act: Act, mail: int, number: int | None, now: datetime) -> None:
        if act.kind == "release":
            first = self._acts_of_mail[mail]
            act = replace(first, kind="release")
        else:
            self._acts_of_mail[mail] = act
        self.reckoning.mail(act, mail, number, now=now)
        if act.kind in {"reply", "open"}:
            self._of_ticket.setdefault(act.ticket or number or 0, []).append(mail)

    def _begin(self, number: int, mail: int) -> None:
        self._roots[number] = message_id(self._acts_of_mail[mail], mail_number(self._raws[mail][0])).strip(
            "<>"
        )
        self._lives[number] = self.chance.choice((3, 5, 8, 12))
        lag = timedelta(minutes=self.chance.uniform(1, 300))
        heapq.heappush(self._agenda, (self.clock.now() + lag, number))

    def _wire(self, act: Act) -> tuple[bytes, str, str, datetime]:
        self._written += 1
        if act.kind == "again":
            return (*self._raws[act.mail], act.at)
        if act.kind == "bounce":
            return (*returned(act, self._written, self.relay.by_number[act.notification]), "", act.at)
        answered = self._received(act.who, act.ticket)
        if answered is None and EVERYBODY[act.who].roles:
            answered = self._received(self._team_address(act.ticket), act.ticket)
        raw, recipient = wire(act, self._written, answered, self._roots.get(act.ticket, ""))
        return raw, recipient, act.who, act.at

    def _team_address(self, ticket: int) -> str:
        return "team@example.test"

    # --- what falls due, what goes out, and the comparison -----------------------------------

    def _fall_due(self, now: datetime) -> None:
        twice = self.chance.random() < 0.12
        if self.chance.random() < 1 / 400:
            self._jump()
            return
        crashes = self.world.crashes
        self.world.look(twice=twice)
        if self.world.crashes != crashes:
            self._anew()
        held = self.falling.held_looks
        self.falling.look(now, self.clock.monotonic())
        if self.falling.held_looks != held and self.chance.random() < 0.3:
            self._human()

    def _jump(self) -> None:
        """Somebody sets the clock wrong; closings wait until a human has looked, and starts anew."""
        self.world.look(twice=False)
        self._anew() if self.world.gateway.dies == "" else None
        self.falling.look(self.clock.now(), self.clock.monotonic())
        self.clock.jump(timedelta(hours=self.chance.uniform(1.1, 30)))
        self.world.look(twice=False)
        self.falling.look(self.clock.now(), self.clock.monotonic())
        self._human()
        self._restart()

    def _human(self) -> None:
        self.world.gateway.dies = ""
        self.world.carry_out()
        self.falling.carry_out(self.clock.now())

    def _send(self) -> None:
        self.world.send()

    def _compare(self, now: datetime) -> None:
        owed, touched = self.reckoning.take()
        rows = self.comparison.new_rows()
        self.comparison.notified(rows, owed)
        for row in rows:
            self._newest[row.recipient, row.ticket] = row.id
            self._outbox.setdefault(row.ticket, []).append(
                (row.id, row.template, row.recipient, row.created_at)
            )
        whole = self.steps % _WHOLE_LOOK_EACH == 0
        self.comparison.look_at(self.reckoning.tickets if whole else touched, self.clock.now())
        self.falling.touch(touched)

    def _end(self) -> None:
        """What was put off is sent; then all has arrived, once."""
        self.relay.busy = 0.0
        for _ in range(3):
            self.clock.move_to(self.clock.now() + timedelta(hours=2))
            self._send()
        self.comparison.look_at(self.reckoning.tickets, self.clock.now())
        states = self.world.gateway.outbox.counts()
        if set(states) - {"sent"}:
            raise Divergence(f"the outbox still holds {states}")
        often = Counter(len(each) for each in self.relay.taken.values())
        if often.keys() != {1} or often[1] != self.comparison.notifications:
            raise Divergence(f"owed {self.comparison.notifications}; arrived, by how often: {dict(often)}")

    def _figures(self, seconds: int) -> Figures:
        done, tickets = self.falling.done, self.reckoning.tickets.values()
        clocks = ("response_warning", "response_breach", "resolution_warning", "resolution_breach")
        return Figures(
            seed=self.seed,
            tickets=len(tickets),
            days=(self.clock.now() - START).days,
            steps=self.steps,
            acts=self.acts,
            mails=len(self.reckoning.outcomes),
            restarts=self.world.restarts,
            crashes=self.world.crashes,
            transitions=sum(len(each.moves) for each in tickets),
            reminders=done.get("reminder", 0),
            closings=done.get("auto_close", 0),
            warnings_and_breaches=sum(done.get(each, 0) for each in clocks),
            climbs=done.get("escalation_silence", 0),
            looks_held_by_the_brake=self.falling.held_looks,
            clock_comparisons=self.comparison.clocks,
            counted_by_the_second=self.comparison.sampled,
            notifications=self.comparison.notifications,
            busy_relay=self.relay.refusals,
            divergences=0,
            seconds=seconds,
        )


def mail_number(raw: bytes) -> int:
    """The number in a Message-ID of ours."""
    return int(raw.partition(b"Message-ID: <")[2].partition(b".")[0])
