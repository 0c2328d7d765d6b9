"""The third way in: what falls due on tickets, carried out once whatever restarts.

A timer is carried out in one transaction that locks its ticket, asks once more whether it still
holds, does it, and marks it as done. Two schedulers wait for each other at the ticket.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from gateway import faults
from gateway.domain.acts import Act, ChangeState
from gateway.domain.brake import hold_closings
from gateway.domain.desk import Desk
from gateway.domain.held import RemindOfHeld
from gateway.domain.policy import Policy
from gateway.domain.ticket import Ticket
from gateway.domain.timer_acts import CheckClocks, ClimbMatrix, OweUpdate, RemindCustomer
from gateway.domain.timers import DueTimer, Timer
from gateway.domain.workflow import movers
from gateway.errors import StorageUnavailable
from gateway.pipeline.change_ticket import change_ticket
from gateway.pipeline.fill_outbox import fill_outbox
from gateway.pipeline.ticket_change import by_itself
from gateway.ports import Bell, Clock, Renderer, Signer, UnitOfWork

log = logging.getLogger(__name__)

_BATCH = 100


class TimerStore(Protocol):
    """The timers as their scheduler sees them."""

    def due(self, now: datetime, *, limit: int, after: int = 0) -> list[int]:
        """Tickets on which something has fallen due, by number from `after` on."""

    def closings(self, now: datetime, ended: list[str]) -> tuple[int, int]:
        """How many closings have fallen due, and how many tickets are open."""


@dataclass(slots=True)
class Scheduler:
    """Carries out what has fallen due.

    Attributes:
        monotonic: seconds that no change of the wall clock moves.
        held: why closings wait for a human, or empty.
    """

    timers: TimerStore
    open_uow: Callable[[Desk], AbstractContextManager[UnitOfWork]]
    current: Callable[[], tuple[Desk, Signer]]
    policy: Policy
    renderer: Renderer
    clock: Clock
    bell: Bell
    monotonic: Callable[[], float]
    held: str = ""
    _looked: tuple[datetime, float] | None = field(default=None, init=False)

    def run_due(self) -> bool:
        """Carry out all that is due now; whether there was anything."""
        now = self.clock.now()
        held = self._brake(now)
        if held and held != self.held:
            log.error("timers.closings-held", extra={"reason": held})
        # A jump holds until somebody has looked: `gateway timers run` carries on.
        self.held = held or (self.held if "jumped" in self.held else "")
        return self.carry_out(now, closings=not self.held) > 0

    def carry_out(self, now: datetime, *, closings: bool) -> int:
        """Carry out what is due at `now`; how many timers that were.

        Args:
            closings: whether tickets may be closed.
        """
        done, after = 0, 0
        while numbers := self.timers.due(now, limit=_BATCH, after=after):
            for number in numbers:
                done += self._ticket(number, now, closings=closings)
            after = numbers[-1]
        if done:
            faults.reached("timers.carried")
            self.bell.ring("outbox")
        return done

    def _brake(self, now: datetime) -> str:
        monotonic = self.monotonic()
        before, self._looked = self._looked, (now, monotonic)
        wall = now - before[0] if before else timedelta()
        passed = timedelta(seconds=monotonic - before[1]) if before else wall
        ended = [state.id for state in self.policy.workflow.states.values() if not state.is_open]
        closings, open_tickets = self.timers.closings(now, ended)
        return hold_closings(
            self.policy.timers.brake,
            wall=wall,
            monotonic=passed,
            closings=closings,
            open_tickets=open_tickets,
        )

    def _ticket(self, number: int, now: datetime, *, closings: bool) -> int:
        try:
            return self._carry_out(number, now, closings=closings)
        except StorageUnavailable:
            raise
        except Exception:
            # One ticket's trouble is not the others'; it is tried again at the next look.
            log.exception("timer.failed", extra={"ticket": number})
            return 0

    def _carry_out(self, number: int, now: datetime, *, closings: bool) -> int:
        desk, signer = self.current()
        done = 0
        with self.open_uow(desk) as uow:
            ticket = uow.ticket(number)
            if ticket is None:
                return 0
            for timer in uow.timers.undone(number, now):
                if timer.kind is Timer.AUTO_CLOSE and not closings:
                    continue
                faults.reached("timer.due")
                acts = _acts(timer, ticket, self.policy)
                uow.timers.done(number, timer, now=now)
                events = change_ticket(acts, uow, self.policy, now=now)
                # Whatever instant was taken for the present: mail leaves when it leaves.
                fill_outbox(events, uow, self.policy, self.renderer, signer, now=self.clock.now())
                faults.reached("timer.done")
                log.info("timer.done", extra={"ticket": number, "timer": str(timer.kind)})
                done += 1
                ticket = uow.ticket(number) or ticket
        return done


def _acts(timer: DueTimer, ticket: Ticket, policy: Policy) -> list[Act]:
    """What a timer that has fallen due does; nothing where it does not hold any more."""
    waits = ticket.waiting is not None and ticket.waiting.since == timer.since
    match timer.kind:
        case Timer.REMINDER if waits:
            words = policy.words("reminder", ticket.language)
            return [RemindCustomer(ticket.number, timer.number, words)]
        case Timer.AUTO_CLOSE if waits and not ticket.held:
            return [_closing(ticket, policy)]
        case Timer.HELD_MAIL if ticket.held:
            return [RemindOfHeld(ticket.number)]
        case Timer.ESCALATION_SILENCE:
            return [ClimbMatrix(ticket.number)]
        case Timer.PROMISED_UPDATE if ticket.promised_since == timer.since:
            return [OweUpdate(ticket.number)]
        case (
            Timer.RESPONSE_WARNING
            | Timer.RESPONSE_BREACH
            | Timer.RESOLUTION_WARNING
            | Timer.RESOLUTION_BREACH
        ):
            return [CheckClocks(ticket.number)]
        case _:
            return []


def _closing(ticket: Ticket, policy: Policy) -> ChangeState:
    return ChangeState(
        ticket=ticket.number,
        to="closed",
        actor=None,
        by=movers(None, for_customer=False),
        said=by_itself(policy.words("closing", ticket.language)),
        details=(("resolution", "no_answer"),),
        reopening=False,
        reason="no answer from the customer",
        evidence="",
    )
