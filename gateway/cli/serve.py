"""`gateway serve`: the supervisor, and the processes that it starts by calling this again with a role."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from gateway import faults
from gateway.bootstrap import Gateway
from gateway.cli.banner import Banner
from gateway.cli.messenger import tell_troubles
from gateway.errors import ConfigurationError, GatewayError
from gateway.logs import configure, wants_json
from gateway.settings import Settings, load_settings
from gateway.workers.heart import beating
from gateway.workers.lifeline import Lifeline

log = logging.getLogger(__name__)

ROLES = ("smtp", "lmtp", "imap", "worker", "timers", "web")
PROGRAM: Sequence[str] = (sys.executable, "-m", "gateway")
"""How the supervisor starts its processes."""


def chosen_roles(only: str) -> tuple[str, ...]:
    """The roles of `--only`, or all.

    Raises:
        ConfigurationError: a word that is no role.
    """
    words = [word.strip() for word in only.split(",") if word.strip()]
    for word in words:
        if word not in ROLES:
            raise ConfigurationError(
                f"there is no role {word!r}; there are {', '.join(ROLES)}", file="--only"
            )
    return tuple(words) or ROLES


def run_process(arguments: list[str]) -> int:
    """One process of the supervisor's, without the command line's library: it has to stay small."""
    parser = argparse.ArgumentParser(prog="gateway serve", add_help=False)
    parser.add_argument("--config", type=Path)
    parser.add_argument("serve")
    parser.add_argument("--role", choices=("prepare", "receiver", "imap", "worker", "web", "messenger"))
    parser.add_argument("--only", default="")
    parser.add_argument("--slot", type=int, default=0)
    parser.add_argument("--lifeline", type=int)
    parser.add_argument("--troubles", default="{}")
    options = parser.parse_args(arguments)
    configure("INFO", as_json=wants_json(os.environ))
    try:
        gateway = Gateway(load_settings(options.config, os.environ))
        if options.role == "prepare":
            prepare(gateway)
        elif options.role == "messenger":
            return tell_troubles(gateway, options.troubles)
        else:
            _run_role(gateway, options)
    except ConfigurationError as error:
        log.error("configuration.wrong", extra={"reason": str(error)})  # noqa: TRY400  (told in words)
        return os.EX_CONFIG
    except GatewayError as error:
        log.error("process.failed", extra={"reason": str(error)})  # noqa: TRY400  (told in words)
        return os.EX_TEMPFAIL
    return 0


def _run_role(gateway: Gateway, options: argparse.Namespace) -> None:
    """One that lives until SIGTERM, and shows that it does."""
    silence_s = gateway.settings.alarms.process_s
    lifeline = Lifeline(options.lifeline, every_s=silence_s / 4)
    name = f"worker-{options.slot}" if options.role == "worker" else options.role
    upkeep = gateway.upkeep
    with beating(
        upkeep.heartbeats,
        upkeep.host,
        name,
        clock=gateway.clock,
        every_s=silence_s / 4,
        complain=lifeline.complain,
    ):
        if options.role == "receiver":
            run_receiver_process(gateway, chosen_roles(options.only), lifeline)
        elif options.role == "imap":
            run_imap_process(gateway, lifeline)
        elif options.role == "web":
            run_web_process(gateway, lifeline)
        else:
            run_worker_process(gateway, options.slot, chosen_roles(options.only), lifeline)


# --- the processes ---------------------------------------------------------------------------


def prepare(gateway: Gateway) -> None:
    """Everything that may be refused at start, and everything that the others rely on.

    Raises:
        ConfigurationError: with file, line and reason.
    """
    from gateway.rulebook.desk_file import load_desk_file
    from gateway.storage.upgrade import upgrade

    calendars = gateway.policy.service_levels.calendars
    desk = load_desk_file(gateway.settings.desk.file, calendars=calendars)
    gateway.check_rules()
    gateway.processor("prepare")
    _, close = gateway.notifier("prepare")
    close()
    before, after = upgrade(gateway.database)
    if before != after:
        log.info("database.upgraded", extra={"before": before or "empty", "after": after})
    gateway.check_tickets()
    gateway.alarms.end("rules")
    now = gateway.clock.now()
    if gateway.desk.load(desk, now=now):
        log.info("desk.loaded", extra={"people": len(desk.people), "organisations": len(desk.organisations)})
    gateway.desk.keys(now=now)
    for family in ("process", "silent"):
        gateway.alarms.end_others(f"{family} {gateway.upkeep.host} ", [])
    gateway.alarms.end_others("mailbox ", [f"mailbox {each.name} " for each in gateway.settings.imap])


def run_receiver_process(gateway: Gateway, listeners: Sequence[str], lifeline: Lifeline) -> None:
    """Take mail until SIGTERM."""
    from gateway.endpoints.receiver import Receiver, ReceiverOptions
    from gateway.endpoints.running import run_receiver

    intake = gateway.intake()
    intake.start()
    settings = gateway.settings
    smtp = settings.smtp
    run = settings.gateway.data_dir / "run"
    options = ReceiverOptions(
        smtp=smtp.listen if "smtp" in listeners else "",
        smtp_tls=smtp.listen_tls if "smtp" in listeners else "",
        lmtp=settings.lmtp.listen if "lmtp" in listeners else "",
        pipe=str(run / "deliver.sock"),
        hostname=smtp.hostname,
        certificate=smtp.certificate,
        key=smtp.key,
        max_message_bytes=smtp.max_message_bytes,
        max_connections=smtp.max_connections,
        max_connections_per_peer=smtp.max_connections_per_peer,
        spool=settings.gateway.data_dir / "spool",
    )
    try:
        run_receiver(Receiver(options, intake, gateway.clock), ready=lifeline.ready, pulse=lifeline.touch)
    finally:
        intake.stop()


def run_imap_process(gateway: Gateway, lifeline: Lifeline) -> None:
    """Fetch from the mailboxes until SIGTERM."""
    from gateway.endpoints.imap import run_mailboxes
    from gateway.endpoints.imap_sync import Fetching

    settings = gateway.settings
    fetching = Fetching(
        mailboxes=gateway.mailboxes,
        ledger=gateway.ledger,
        alarms=gateway.alarms,
        bell=gateway.bell,
        clock=gateway.clock,
        current=gateway.directory.current,
        max_message_bytes=settings.smtp.max_message_bytes,
    )
    names = ", ".join(each.name for each in settings.imap)
    run_mailboxes(settings.imap, fetching, ready=lambda: lifeline.ready(imap=names))


def run_worker_process(gateway: Gateway, slot: int, roles: Sequence[str], lifeline: Lifeline) -> None:
    """Drain until SIGTERM: as `worker` mail and notifications, as `timers` what falls due."""
    from gateway.workers.drain import Drain
    from gateway.workers.leftovers import give_back
    from gateway.workers.renewed import FolderWatch, Renewed
    from gateway.workers.worker import run_worker, watched

    owner = gateway.owner(slot)
    faults.reached("worker.starting")
    # Whoever had this place before is dead, and what it held need not wait for its lease to end.
    released = gateway.ledger.release_of(owner) + gateway.outbox.release_of(owner)
    if released:
        log.info("leases.released", extra={"rows": released})
    notifier, close = gateway.notifier(owner)
    scheduler = gateway.scheduler()
    watch = FolderWatch(gateway.rules_and_templates())

    def receiving() -> Callable[[], bool]:
        return gateway.processor(owner).process_batch

    def sending() -> Callable[[], bool]:
        return replace(notifier, renderer=gateway.linked_renderer).send_batch

    def falling_due() -> Callable[[], bool]:
        # The same scheduler: it remembers why closings are held.
        scheduler.policy, scheduler.renderer = gateway.policy, gateway.renderer
        return scheduler.run_due

    def renew() -> bool:
        if watch.changed():
            gateway.renew_rules()
            watch.take()
        return False

    def by_rules(make: Callable[[], Callable[[], bool]]) -> Renewed:
        return Renewed(make, lambda: gateway.rules_taken)

    drains = []
    if "worker" in roles:
        drains += [
            Drain("inbound", watched(by_rules(receiving)), partial(gateway.ledger.release_of, owner)),
            Drain("outbox", by_rules(sending), partial(gateway.outbox.release_of, owner)),
        ]
    alerter, close_alerter = gateway.alerter()
    swept = [
        Drain("silence", gateway.upkeep.watch.look_sometimes),
        Drain("alarms", alerter.send_due),
        Drain("rules", renew),
        Drain("memory", give_back),
    ]
    if "timers" in roles:
        swept.append(Drain("timers", by_rules(falling_due)))
        swept.append(Drain("alerts", by_rules(lambda: gateway.alert_teller().tell_batch)))
    try:
        run_worker(gateway.broker, drains, swept, listener=gateway.bell_listener(), lifeline=lifeline)
    finally:
        close()
        close_alerter()


def run_web_process(gateway: Gateway, lifeline: Lifeline) -> None:
    """Serve pages until SIGTERM."""
    from gateway.rendering.metrics import CONTENT_TYPE
    from gateway.storage.actions import ActionStore
    from gateway.web.app import Portal, Served
    from gateway.web.server import run_web
    from gateway.workers.drain import Drain
    from gateway.workers.renewed import FolderWatch
    from gateway.workers.sweeper import Sweeper

    watch = FolderWatch(gateway.rules_and_templates())

    def renew() -> bool:
        if watch.changed():
            gateway.renew_rules()
            watch.take()
        return False

    gateway.directory.current()
    settings = gateway.settings
    machines = {"/metrics": Served(gateway.upkeep.metrics, CONTENT_TYPE)}
    portal = Portal(gateway.link_acting, lambda: gateway.pages, settings.links_to, machines)
    links = ActionStore(gateway.database)
    sweeper = Sweeper([Drain("rules", renew), Drain("links", lambda: links.forget(gateway.clock.now()))])
    sweeper.start()
    try:
        run_web(portal.app(), settings.web.listen, ready=lifeline.ready)
    finally:
        sweeper.stop()


# --- the supervisor --------------------------------------------------------------------------


def supervise(settings: Settings, config: Path | None, roles: Sequence[str]) -> int:
    """Start the processes of `roles` and keep them running; the exit code."""
    import subprocess

    from gateway.workers.messenger import Messenger
    from gateway.workers.supervisor import Child, Supervisor

    if tuple(roles) == ("imap",) and not settings.imap:
        raise ConfigurationError("the role imap needs a mailbox: [[imap]]", file=settings.file or "--only")
    if tuple(roles) == ("web",) and not settings.web.listen:
        raise ConfigurationError("the role web needs an address: web.listen", file=settings.file or "--only")
    run = settings.gateway.data_dir / "run"
    run.mkdir(parents=True, exist_ok=True)
    command = [*PROGRAM, *(["--config", str(config)] if config else []), "serve"]
    with alone(run, roles):
        prepared = subprocess.run([*command, "--role", "prepare"], stdin=subprocess.DEVNULL, check=False)
        if prepared.returncode:
            return prepared.returncode
        children = []
        listeners = [role for role in roles if role in {"smtp", "lmtp"}]
        if listeners:
            children.append(
                Child("receiver", [*command, "--role", "receiver", "--only", ",".join(listeners)])
            )
        if "imap" in roles and settings.imap:
            children.append(Child("imap", [*command, "--role", "imap"]))
        if "web" in roles and settings.web.listen:
            children.append(Child("web", [*command, "--role", "web"]))
        children += [
            Child(f"worker-{slot}", [*command, "--role", "worker", "--slot", str(slot), "--only", own])
            for slot, own in enumerate(_worker_roles(roles, settings.gateway.workers))
        ]
        banner = Banner(settings, waiting={child.name for child in children})
        messenger = Messenger([*command, "--role", "messenger", "--troubles"])
        try:
            return Supervisor(
                children,
                on_ready=banner.heard,
                on_troubles=messenger.look_after,
                silence_s=settings.alarms.process_s,
            ).run()
        finally:
            messenger.end()


def _worker_roles(roles: Sequence[str], workers: int) -> list[str]:
    """What each worker process does; one of them looks after the timers too."""
    own = ["worker"] * workers if "worker" in roles else []
    if "timers" in roles:
        own = [f"{own[0]},timers", *own[1:]] if own else ["timers"]
    return own


@contextmanager
def alone(run: Path, roles: Sequence[str]) -> Iterator[None]:
    """Hold the locks of `roles`: two gateways over one folder would take each other's mail for lost."""
    locks = []
    try:
        for role in roles:
            lock = (run / f"{role}.lock").open("a")
            locks.append(lock)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ConfigurationError(
                    f"another `gateway serve` runs the role {role} over this folder", file=run.parent
                ) from error
        yield
    finally:
        for lock in locks:
            lock.close()
