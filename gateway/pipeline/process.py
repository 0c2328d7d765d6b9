"""The way of a stored mail: steps 3 to 9, from bytes to ticket and outbox.

parse        bytes      -> Mail
classify     Mail       -> kind, zones, language
authenticate Mail       -> evidence
- - - - - - - - - - - - - one transaction from here
thread       Mail       -> ticket or none, with why
apply_rules  facts      -> Decision
change_ticket acts      -> events
fill_outbox  events     -> outbox rows
settle                    is the lease still ours? commit
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from gateway import faults
from gateway.domain.acts import OpenTicket, Said
from gateway.domain.classification import Classified
from gateway.domain.decision import Outcome
from gateway.domain.desk import Desk
from gateway.domain.events import Event
from gateway.domain.evidence import Judgement, Level
from gateway.domain.policy import Policy
from gateway.domain.reading.tables import ReadingTables
from gateway.domain.storm import Flood
from gateway.errors import GatewayError, LeaseLost, StorageUnavailable, UnreadableMail
from gateway.pipeline.apply_rules import Facts, apply_rules
from gateway.pipeline.authenticate import authenticate, read_tokens
from gateway.pipeline.change_ticket import change_ticket
from gateway.pipeline.classify import classify
from gateway.pipeline.explain import explain
from gateway.pipeline.facts import Examined, gather, wanted_by
from gateway.pipeline.fill_outbox import fill_outbox
from gateway.pipeline.parse import parse
from gateway.pipeline.storms import folded, weigh
from gateway.ports import Bell, Claim, Clock, Judge, LeasedMail, Renderer, Settlement, Signer, UnitOfWork

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
_BATCH = 32
# After the third comes its quarantine, at once; when even that fails, somebody has to mend something.
_PAUSES = (timedelta(seconds=2), timedelta(seconds=20), timedelta(), timedelta(minutes=1))


class InboundStore(Protocol):
    """The ledger as its workers see it."""

    def has_due(self, now: datetime) -> bool:
        """Whether a mail waits."""

    def lease(self, *, limit: int, owner: str, now: datetime) -> list[LeasedMail]:
        """Take the oldest that are due."""

    def postpone(self, mail: LeasedMail, *, until: datetime, error: str) -> None:
        """Give a mail back, to be tried again alone; raises LeaseLost."""


class Tools(Protocol):
    """What steps 6 to 9 go by."""

    @property
    def policy(self) -> Policy:
        """What the rules say."""

    @property
    def tables(self) -> ReadingTables:
        """The words by which mail is read."""

    @property
    def renderer(self) -> Renderer:
        """The templates."""

    @property
    def staff_token_suffices(self) -> bool:
        """`trust.staff` is `token`."""


@dataclass(frozen=True, slots=True)
class Processor:
    """What the steps need of the outside, for one worker.

    Attributes:
        current: the desk and the signer as they are now.
        owner: the worker's name on its leases.
        staff_token_suffices: `trust.staff` is `token`.
    """

    inbound: InboundStore
    open_uow: Callable[[Desk], AbstractContextManager[UnitOfWork]]
    current: Callable[[], tuple[Desk, Signer]]
    policy: Policy
    tables: ReadingTables
    renderer: Renderer
    judge: Judge
    clock: Clock
    bell: Bell
    owner: str
    staff_token_suffices: bool

    def process_batch(self) -> bool:
        """Lease and settle one batch; whether there was one."""
        now = self.clock.now()
        if not self.inbound.has_due(now):
            return False
        leased = self.inbound.lease(limit=_BATCH, owner=self.owner, now=now)
        if leased:
            self._settle(leased)
        return bool(leased)

    def _settle(self, leased: Sequence[LeasedMail]) -> None:
        """Settle all in one transaction; when that fails, each alone."""
        examined = [mail for inbound in leased if (mail := self._examine(inbound)) is not None]
        if not examined:
            return
        try:
            self._settle_examined(self._judged(examined))
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  (a bug in one mail must not hold up the others)
            if len(examined) > 1:
                for mail in examined:
                    self._settle([mail.inbound])
                return
            self._failed(examined[0].inbound, error)
        else:
            self.bell.ring("outbox")

    def _settle_examined(self, examined: Sequence[Examined]) -> None:
        desk, signer = self.current()
        now = self.clock.now()
        with self.open_uow(desk) as uow:
            policy = self.policy
            uow.prefetch(wanted_by(examined, desk, signer, policy.storms, policy.suggestions))
            settled = [settle(mail, uow, self, signer, now=now) for mail in examined]
            faults.reached("mail.settled")
        faults.reached("unit.committed")
        for mail, settlement in zip(examined, settled, strict=True):
            _log(mail, settlement)

    def _judged(self, examined: Sequence[Examined]) -> list[Examined]:
        """Step 5's other half, for the whole batch: what the domains in From have to do with the mails."""
        claims = {
            mail.inbound.id: Claim(mail.classified.mail, mail.inbound.envelope, mail.inbound.raw)
            for mail in examined
            if mail.classified is not None and mail.evidence.level is Level.E1
        }
        judgements = dict(zip(claims, self.judge.judge(list(claims.values())), strict=True))
        return [
            replace(
                mail,
                evidence=authenticate(mail.classified.mail, mail.tokens, judgements[mail.inbound.id]),
            )
            if mail.classified is not None and mail.inbound.id in judgements
            else mail
            for mail in examined
        ]

    def _examine(self, inbound: LeasedMail) -> Examined | None:
        """Steps 3 to 5, outside any transaction; None when they failed and the mail was given back."""
        if inbound.attempts > MAX_ATTEMPTS:
            return Examined.unreadable(
                inbound, f"given up after {MAX_ATTEMPTS} attempts", Outcome.QUARANTINED
            )
        desk, signer = self.current()
        try:
            mail = parse(inbound.raw)
            classified = classify(mail, self.tables, null_sender=inbound.envelope.reverse_path == "")
            tokens = read_tokens(mail, inbound.envelope, desk, signer)
            faults.reached("mail.examined")
            return Examined(inbound, classified, tokens, authenticate(mail, tokens, Judgement()))
        except UnreadableMail as error:
            return Examined.unreadable(inbound, str(error), Outcome.TICKET)
        except Exception as error:  # noqa: BLE001  (told by _failed, with its traceback)
            self._failed(inbound, error)
            return None

    def _failed(self, inbound: LeasedMail, error: Exception) -> None:
        """Give a mail back after a failure; what is not a GatewayError is a bug, told with its traceback."""
        if isinstance(error, LeaseLost):
            log.warning("mail.lease-lost", extra={"inbound_id": inbound.id})
            return
        log.error(
            "mail.failed",
            extra={"inbound_id": inbound.id, "attempt": inbound.attempts, "error": type(error).__name__},
            exc_info=None if isinstance(error, GatewayError) else error,
        )
        faults.reached("mail.failed")
        until = self.clock.now() + _PAUSES[min(inbound.attempts, len(_PAUSES)) - 1]
        self.inbound.postpone(inbound, until=until, error=f"{type(error).__name__}: {error}"[:500])


def settle(mail: Examined, uow: UnitOfWork, tools: Tools, signer: Signer, *, now: datetime) -> Settlement:
    """Steps 6 to 9 for one mail: which ticket, what to do, what has happened, who is told."""
    if mail.classified is None:
        return _settle_unreadable(mail, uow, tools, signer, now=now)
    classified, facts = gather(mail, uow, signer, tools.renderer, tools.tables, now=now)
    flood = _weigh(mail, facts, uow, tools, now=now)
    if flood is not None and flood.until is not None:
        return _put_off(mail, classified, facts, uow, flood.until)
    decision = (
        folded(flood, classified, facts, uow.storms)
        if flood is not None
        else apply_rules(
            classified, facts, tools.policy, staff_token_suffices=tools.staff_token_suffices, now=now
        )
    )
    envelope = mail.inbound.envelope
    events = change_ticket(
        decision.acts,
        uow,
        tools.policy,
        now=now,
        at=now if envelope.historic else envelope.received_at,
        historic=envelope.historic,
        mail=mail.inbound.id,
    )
    told = _tell(mail, events, uow, tools, signer, now=now)
    read = classified.mail
    settlement = Settlement(
        outcome=decision.outcome,
        ticket=events[0].ticket.number if events else decision.ticket,
        evidence=facts.evidence.level.name,
        reason=decision.reason,
        message_id=read.message_id,
        author=read.author.address,
        subject=read.subject,
        explanation=explain(classified, facts, decision, told, policy_version=tools.policy.version),
    )
    uow.settle(mail.inbound, settlement, now=now)
    return settlement


def _weigh(mail: Examined, facts: Facts, uow: UnitOfWork, tools: Tools, *, now: datetime) -> Flood | None:
    """Whether there is a storm; old mail, and what somebody has let in, is counted by none."""
    if mail.classified is None or mail.inbound.envelope.historic or mail.inbound.instruction:
        return None
    return weigh(
        mail.classified,
        facts,
        uow.storms,
        tools.policy.storms,
        staff_token_suffices=tools.staff_token_suffices,
        now=now,
    )


def _put_off(
    mail: Examined, classified: Classified, facts: Facts, uow: UnitOfWork, until: datetime
) -> Settlement:
    """A known customer's mail in a storm of their own is read when its turn has come."""
    read = classified.mail
    settlement = Settlement(
        outcome=Outcome.PENDING,
        ticket=None,
        evidence=facts.evidence.level.name,
        reason=f"slowed: read at {until:%Y-%m-%dT%H:%M:%SZ}, for much mail of the same customer came before",
        message_id=read.message_id,
        author=read.author.address,
        subject=read.subject,
        explanation={},
    )
    uow.put_off(mail.inbound, settlement, until=until)
    return settlement


def _settle_unreadable(
    mail: Examined, uow: UnitOfWork, tools: Tools, signer: Signer, *, now: datetime
) -> Settlement:
    """A ticket with the bytes attached, so that somebody looks and the desk's clock starts."""
    reverse_path = mail.inbound.envelope.reverse_path
    opening = OpenTicket(
        subject=f"Mail {mail.inbound.id} could not be read",
        language=tools.policy.default_language,
        desk_address=mail.desk_address(uow.desk),
        said=Said(
            author=None,
            author_shown=reverse_path,
            text=f"{mail.trouble}. The mail is attached as it was received.",
            attachments=(mail.as_attachment(),),
            source=mail.inbound.envelope.channel,
            evidence=mail.evidence.level.name,
            verified=False,
            inbound_id=mail.inbound.id,
            message_id="",
        ),
        follow_up_of=None,
        confirm=False,
    )
    events = change_ticket([opening], uow, tools.policy, now=now, mail=mail.inbound.id)
    told = _tell(mail, events, uow, tools, signer, now=now)
    faults.reached("mail.quarantined")
    settlement = Settlement(
        outcome=mail.trouble_outcome,
        ticket=events[0].ticket.number,
        evidence=mail.evidence.level.name,
        reason=mail.trouble,
        message_id="",
        author=reverse_path,
        subject="",
        explanation={"unreadable": mail.trouble, "notifications": list(told)},
    )
    uow.settle(mail.inbound, settlement, now=now)
    return settlement


def _tell(
    mail: Examined,
    events: Sequence[Event],
    uow: UnitOfWork,
    tools: Tools,
    signer: Signer,
    *,
    now: datetime,
) -> tuple[str, ...]:
    """Step 9; of a mail that was there before the gateway was, nobody is told."""
    if mail.inbound.envelope.historic:
        return ("nobody: the mail is older than the gateway",)
    return fill_outbox(events, uow, tools.policy, tools.renderer, signer, now=now)


def _log(mail: Examined, settlement: Settlement) -> None:
    log.info(
        "mail.processed",
        extra={
            "inbound_id": mail.inbound.id,
            "kind": str(mail.classified.kind) if mail.classified else "unreadable",
            "outcome": str(settlement.outcome),
            "ticket": settlement.ticket,
            "evidence": settlement.evidence,
            "attempt": mail.inbound.attempts,
        },
    )
