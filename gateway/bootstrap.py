"""What the gateway is made of: the only file that names concrete adapters."""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import faults
from gateway.directory import Directory, Intake, SystemClock
from gateway.domain.desk import Desk
from gateway.errors import ConfigurationError, DnsUnavailable
from gateway.ports import Bell
from gateway.settings import Settings
from gateway.storage.alarms import AlarmBoard
from gateway.storage.database import Database
from gateway.storage.desk import DeskStore
from gateway.storage.inbound import Ledger
from gateway.storage.mailboxes import Mailboxes
from gateway.upkeep import Upkeep

if TYPE_CHECKING:
    # The receiver must stay small: whatever only workers and commands need is imported there.
    from gateway.authentication.judge import MailJudge
    from gateway.authentication.resolver import DnsResolver
    from gateway.broker.bells import PipeListener
    from gateway.broker.brokers import Broker
    from gateway.domain.policy import Policy
    from gateway.domain.reading.tables import ReadingTables
    from gateway.pipeline.act import Acting
    from gateway.pipeline.act_by_link import LinkActing
    from gateway.pipeline.alert import Alerter
    from gateway.pipeline.fall_due import Scheduler
    from gateway.pipeline.notify import Notifier
    from gateway.pipeline.process import Processor
    from gateway.pipeline.replay import Replayer
    from gateway.pipeline.show_links import LinkedRenderer
    from gateway.pipeline.tell_alerts import AlertTeller
    from gateway.rendering.pages import Pages
    from gateway.rendering.renderer import TemplateRenderer
    from gateway.storage.cases import CaseStore
    from gateway.storage.outbox import Outbox
    from gateway.storage.service_alerts import AlertStore
    from gateway.storage.tickets import TicketStore
    from gateway.storage.timers import TimerStore
    from gateway.storage.unit_of_work import SqlUnitOfWork

log = logging.getLogger(__name__)


@dataclass
class Gateway:
    """The adapters of one process, made when they are first asked for.

    Attributes:
        rules_taken: grows each time that changed rules or templates were taken.
    """

    settings: Settings
    rules_taken: int = 0

    @cached_property
    def clock(self) -> SystemClock:
        """The machine's."""
        return SystemClock()

    @cached_property
    def database(self) -> Database:
        """Of `gateway.database_url`."""
        return Database(self.settings.gateway.database_url)

    @cached_property
    def ledger(self) -> Ledger:
        """Every mail received."""
        return Ledger(self.database)

    @cached_property
    def desk(self) -> DeskStore:
        """People, organisations, addresses and keys."""
        return DeskStore(self.database)

    @cached_property
    def directory(self) -> Directory:
        """The desk as the pipeline sees it."""
        return Directory(self.desk, self.clock)

    @cached_property
    def outbox(self) -> Outbox:
        """Every notification."""
        from gateway.storage.outbox import Outbox

        return Outbox(self.database)

    @cached_property
    def mailboxes(self) -> Mailboxes:
        """The mailboxes that mail is fetched from."""
        return Mailboxes(self.database)

    @cached_property
    def alarms(self) -> AlarmBoard:
        """What is wrong now."""
        return AlarmBoard(self.database, self.clock)

    @cached_property
    def tickets(self) -> TicketStore:
        """Tickets as they are looked at."""
        from gateway.storage.tickets import TicketStore

        return TicketStore(self.database)

    @cached_property
    def policy(self) -> Policy:
        """What the rules say."""
        from gateway.pipeline.link_acts import LINK_ACTS
        from gateway.rendering.folder import template_names
        from gateway.rulebook.policy import load_policy

        rules, templates = self.rules_and_templates()
        names = template_names(templates)
        policy = load_policy(
            rules, self.settings.desk.preset, templates=names, acts=LINK_ACTS, countries=False
        )
        return policy if self.settings.web.listen else replace(policy, offers=())

    @cached_property
    def cases(self) -> CaseStore:
        """Mails that were read wrongly."""
        from gateway.storage.cases import CaseStore

        return CaseStore(self.database)

    def rehearsal(self, other: Gateway) -> Replayer:
        """The rules of another's settings on the mail that is stored here."""
        from gateway.pipeline.replay import Replayer
        from gateway.storage.rehearsal import StoredMails, open_rehearsal

        return Replayer(
            policy=other.policy,
            tables=other.tables,
            renderer=self.renderer,
            staff_token_suffices=self.settings.trust.staff == "token",
            current=self.directory.current,
            mails=StoredMails(self.database),
            open_rehearsal=partial(open_rehearsal, self.database),
        )

    @cached_property
    def service_alerts(self) -> AlertStore:
        """What is said of faults that many meet."""
        from gateway.storage.service_alerts import AlertStore

        return AlertStore(self.database)

    def alert_teller(self) -> AlertTeller:
        """Tells whoever follows an alert."""
        from gateway.pipeline.tell_alerts import AlertTeller

        return AlertTeller(self.service_alerts, self.acting())

    def check_tickets(self, tickets: TicketStore | None = None) -> None:
        """Return when the rules define whatever the tickets hold.

        Raises:
            ConfigurationError: with file, line and reason.
        """
        from gateway.rulebook.stored import check_stored

        words = (tickets or self.tickets).words()
        check_stored(words, self.policy, self.rules_and_templates()[0], self.settings.desk.preset)

    @cached_property
    def tables(self) -> ReadingTables:
        """How clients quote, sign and announce absence."""
        from gateway.rulebook.reading import load_reading_tables

        return load_reading_tables(self.rules_and_templates()[0], self.settings.desk.preset)

    def check_rules(self) -> None:
        """Read and try all of the rules and templates; raises ConfigurationError with file, line and reason."""
        from gateway.pipeline.link_acts import LINK_ACTS
        from gateway.rulebook.calendars import load_calendars

        load_calendars(self.rules_and_templates()[0], self.settings.desk.preset)
        _ = self.policy, self.tables
        self.renderer.check()
        self.pages.check(LINK_ACTS)

    def renew_rules(self) -> None:
        """Take the rules and templates as they are now; where they are wrong, those at work stay, with an alarm."""
        fresh = Gateway(self.settings)
        try:
            fresh.check_rules()
            fresh.check_tickets(self.tickets)
        except ConfigurationError as error:
            self.alarms.sound(
                "rules", f"the rules were changed and are wrong; those of before stay at work: {error}"
            )
            return
        faults.reached("rules.changed")
        self.policy, self.tables, self.renderer = fresh.policy, fresh.tables, fresh.renderer
        self.pages = fresh.pages
        self.rules_taken += 1
        self.alarms.end("rules")
        faults.reached("rules.renewed")
        log.info("rules.renewed", extra={"version": self.policy.version})

    def rules_and_templates(self) -> list[Path]:
        """The folders that they are read from."""
        from gateway.rendering.folder import templates_folder
        from gateway.rulebook.folder import rules_folder

        return [
            rules_folder(self.settings.desk.rules_dir),
            templates_folder(self.settings.desk.templates_dir),
        ]

    @property
    def bell_path(self) -> Path:
        """The named pipe of the embedded broker."""
        return self.settings.gateway.data_dir / "run" / "bell"

    @cached_property
    def broker(self) -> Broker:
        """Of `gateway.broker_url`."""
        from gateway.broker.brokers import open_broker

        return open_broker(self.settings.gateway.broker_url)

    @cached_property
    def bell(self) -> Bell:
        """Wakes the workers."""
        from gateway.broker.bells import BrokerBell, PipeBell

        if self.settings.gateway.broker_url:
            return BrokerBell(self.broker)
        return PipeBell(self.bell_path)

    def bell_listener(self) -> PipeListener | None:
        """The worker's end of the embedded broker's bell; None when the broker is on a server."""
        from gateway.broker.bells import PipeListener

        return None if self.settings.gateway.broker_url else PipeListener(self.bell_path)

    def intake(self) -> Intake:
        """What the ways in hand mail to."""
        return Intake(self.directory, self.ledger, self.bell)

    def owner(self, slot: int) -> str:
        """The name on a worker's leases: the same for whoever takes its place after a crash."""
        place = hashlib.sha256(os.fsencode(self.settings.gateway.data_dir.resolve())).hexdigest()[:8]
        return f"{socket.gethostname()}:{place}:{slot}"

    def open_uow(self, desk: Desk) -> AbstractContextManager[SqlUnitOfWork]:
        """One transaction over the desk's rows."""
        from gateway.storage.unit_of_work import open_unit_of_work

        return open_unit_of_work(self.database, desk, self.policy.rank)

    def processor(self, owner: str) -> Processor:
        """Steps 3 to 9, for one worker."""
        from gateway.pipeline.process import Processor

        return Processor(
            inbound=self.ledger,
            open_uow=self.open_uow,
            current=self.directory.current,
            policy=self.policy,
            tables=self.tables,
            renderer=self.linked_renderer,
            judge=self._judge(),
            clock=self.clock,
            bell=self.bell,
            owner=owner,
            staff_token_suffices=self.settings.trust.staff == "token",
        )

    def notifier(self, owner: str) -> tuple[Notifier, Callable[[], None]]:
        """Step 10 for one worker, and what lets its relay go."""
        from gateway.pipeline.notify import Notifier
        from gateway.transports.opening import open_transport

        transport = open_transport(self.settings.relay.url)
        return Notifier(self.outbox, self.linked_renderer, transport, self.clock, owner), transport.close

    @cached_property
    def timers(self) -> TimerStore:
        """What falls due on tickets."""
        from gateway.storage.timers import TimerStore

        return TimerStore(self.database)

    def scheduler(self) -> Scheduler:
        """Carries out what has fallen due."""
        from gateway.pipeline.fall_due import Scheduler

        return Scheduler(
            timers=self.timers,
            open_uow=self.open_uow,
            current=self.directory.current,
            policy=self.policy,
            renderer=self.renderer,
            clock=self.clock,
            bell=self.bell,
            monotonic=time.monotonic,
        )

    def resolver(self) -> DnsResolver:
        """The machine's DNS; raises DnsUnavailable when none is configured."""
        from gateway.authentication.resolver import DnsResolver

        return DnsResolver()

    def _judge(self) -> MailJudge:
        from gateway.authentication.judge import MailJudge

        trust = self.settings.trust
        resolver = None
        if trust.verify == "auto":
            try:
                resolver = self.resolver()
            except DnsUnavailable as error:
                log.warning("dns.unavailable", extra={"error": str(error)})
        return MailJudge(resolver, authserv_ids=trust.authserv_ids, relays=trust.relays)

    def alerter(self) -> tuple[Alerter, Callable[[], None]]:
        """What tells the operator of alarms, and what lets its relay go."""
        from gateway.pipeline.alert import Alerter
        from gateway.rendering.alarm_mail import alarm_mail
        from gateway.transports.opening import open_transport

        transport = open_transport(self.settings.relay.url)
        operator, current = self.settings.gateway.operator, self.directory.current
        return Alerter(self.alarms, transport, alarm_mail, current, self.clock, operator), transport.close

    @cached_property
    def upkeep(self) -> Upkeep:
        """Audits, the watch for silence, metrics."""
        return Upkeep(self.settings, self.database, self.alarms, self.clock)

    def acting(self) -> Acting:
        """Acts of the command line."""
        from gateway.pipeline.act import Acting

        return Acting(
            open_uow=self.open_uow,
            current=self.directory.current,
            policy=self.policy,
            renderer=self.renderer,
            clock=self.clock,
            bell=self.bell,
        )

    def link_acting(self) -> LinkActing:
        """Acts by the links of mails."""
        from gateway.pipeline.act_by_link import LinkActing
        from gateway.storage.unit_of_work import open_looking

        return LinkActing(
            open_uow=self.open_uow,
            open_looking=partial(open_looking, self.database),
            current=self.directory.current,
            policy=self.policy,
            tables=self.tables,
            ledger=self.ledger,
            renderer=self.renderer,
            clock=self.clock,
            bell=self.bell,
        )

    @cached_property
    def pages(self) -> Pages:
        """The web's pages."""
        from gateway.rendering.pages import Pages

        return Pages(self.rules_and_templates()[1])

    @property
    def linked_renderer(self) -> LinkedRenderer:
        """All mail templates, with the links of each mail."""
        from gateway.pipeline.show_links import LinkedRenderer

        return LinkedRenderer(self.renderer, self.directory.current, self.settings.links_to)

    @cached_property
    def renderer(self) -> TemplateRenderer:
        """All mail templates."""
        from gateway.rendering.renderer import TemplateRenderer

        return TemplateRenderer(self.rules_and_templates()[1])
