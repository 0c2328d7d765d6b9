"""The other way in: what people of the desk and customers do by the command line.

Whoever may run the command is trusted to say for whom: its evidence is E4, its source `cli`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from gateway.domain.acts import Act, Said
from gateway.domain.address import author_key
from gateway.domain.desk import Contact, Desk
from gateway.domain.policy import Policy
from gateway.errors import ActRefused, NotFound
from gateway.pipeline.alert_orders import alerts_of
from gateway.pipeline.change_ticket import change_ticket
from gateway.pipeline.fill_outbox import fill_outbox
from gateway.pipeline.orders import Orders
from gateway.ports import Bell, Clock, Renderer, Signer, UnitOfWork

_EVIDENCE = "E4"


@dataclass(frozen=True, slots=True)
class Acting:
    """Acts on tickets, each one transaction; the outside as `Processor` has it."""

    open_uow: Callable[[Desk], AbstractContextManager[UnitOfWork]]
    current: Callable[[], tuple[Desk, Signer]]
    policy: Policy
    renderer: Renderer
    clock: Clock
    bell: Bell

    def act(
        self, number: int, actor_address: str, text: str, order: Callable[[Orders], Sequence[Act]]
    ) -> None:
        """Do what `order` asks for, in somebody's name.

        Args:
            text: what that person says with it, or empty.

        Raises:
            ActRefused: with a sentence that says why not.
            NotFound: there is no such ticket.
        """
        desk, signer = self.current()
        now = self.clock.now()
        with self.open_uow(desk) as uow:
            key = author_key(actor_address)
            actor = desk.staff.get(key) or uow.contact_at(key)
            if actor is None:
                raise ActRefused(f"{actor_address} is neither on the roster nor a contact")
            ticket = uow.ticket(number)
            if ticket is None:
                raise NotFound(f"there is no ticket {number}")
            acts = order(
                Orders(
                    ticket,
                    actor,
                    said_directly(actor, text, "cli"),
                    desk,
                    self.policy,
                    now,
                    recent=uow.recent_entries(number),
                    alerts=alerts_of(ticket, uow),
                )
            )
            events = change_ticket(acts, uow, self.policy, now=now)
            fill_outbox(events, uow, self.policy, self.renderer, signer, now=now)
        self.bell.ring("outbox")

    def by_itself(self, acts: Sequence[Act]) -> None:
        """Do what is nobody's act."""
        desk, signer = self.current()
        now = self.clock.now()
        with self.open_uow(desk) as uow:
            events = change_ticket(acts, uow, self.policy, now=now)
            fill_outbox(events, uow, self.policy, self.renderer, signer, now=now)
        self.bell.ring("outbox")


def said_directly(actor: Contact, text: str, source: str) -> Said:
    """What somebody says by one of the gateway's own ways in, which prove who it is."""
    return Said(
        author=actor,
        author_shown=f"{actor.name} <{actor.address}>" if actor.name else actor.address,
        text=text.strip() + "\n",
        attachments=(),
        source=source,
        evidence=_EVIDENCE,
        verified=True,
        inbound_id=None,
        message_id="",
    )
