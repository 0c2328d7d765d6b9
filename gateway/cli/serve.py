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
from pathlib import Path

from gateway import faults
from gateway.bootstrap import Gateway
from gateway.errors import ConfigurationError, GatewayError
from gateway.logs import configure, wants_json
from gateway.settings import Settings, load_settings
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
    parser.add_argument("--role", choices=("prepare", "receiver", "imap", "worker", "web"))
    parser.add_argument("--only", default="")
    parser.add_argument("--slot", type=int, default=0)
    parser.add_argument("--lifeline", type=int)
    options = parser.parse_args(arguments)
    configure("INFO", as_json=wants_json(os.environ))
    try:
        gateway = Gateway(load_settings(options.config, os.environ))
        if options.role == "prepare":
            prepare(gateway)
        elif options.role == "receiver":
            run_receiver_process(gateway, chosen_roles(options.only), Lifeline(options.lifeline))
        elif options.role == "imap":
            run_imap_process(gateway, Lifeline(options.lifeline))
        elif options.role == "web":
            run_web_process(gateway, Lifeline(options.lifeline))
        else:
            run_worker_process(gateway, options.slot, chosen_roles(options.only), Lifeline(options.lifeline))
    except ConfigurationError as error:
        log.error("configuration.wrong", extra={"reason": str(error)})  # noqa: TRY400  (told in words)
        return os.EX_CONFIG
    except GatewayError as error:
        log.error("process.failed", extra={"reason": str(error)})  # noqa: TRY400  (told in words)
        return os.EX_TEMPFAIL
    return 0


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
        run_receiver(Receiver(options, intake, gateway.clock), ready=lifeline.ready)
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
            Drain("inbound", watched(by_rules(receiving)), lambda: gateway.ledger.release_of(owner)),
            Drain("outbox", by_rules(sending), lambda: gateway.outbox.release_of(owner)),
        ]
    alerter, close_alerter = gateway.alerter()
    swept = [Drain("alarms", alerter.send_due), Drain("rules", renew)]
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
    from gateway.web.app import Portal
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
    portal = Portal(gateway.link_acting, lambda: gateway.pages, settings.links_to)
    sweeper = Sweeper([Drain("rules", renew)])
    sweeper.start()
    try:
        run_web(portal.app(), settings.web.listen, ready=lifeline.ready)
    finally:
        sweeper.stop()


# --- the supervisor --------------------------------------------------------------------------


def supervise(settings: Settings, config: Path | None, roles: Sequence[str]) -> int:
    """Start the processes of `roles` and keep them running; the exit code."""
    import subprocess

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
        banner = _Banner(settings, waiting={child.name for child in children})
        return Supervisor(children, on_ready=banner.heard).run()


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


class _Banner:
    """Says, once everything runs, where it listens and what to try."""

    def __init__(self, settings: Settings, *, waiting: set[str]) -> None:
        self._settings = settings
        self._waiting = waiting
        self._addresses: dict[str, str] = {}

    def heard(self, name: str, facts: dict[str, object]) -> None:
        """A process is ready; `facts` are the addresses that it listens on."""
        self._addresses.update({key: str(value) for key, value in facts.items()})
        log.info("process.ready", extra={"child": name})
        if name in self._waiting:
            self._waiting.discard(name)
            if not self._waiting:
                self._say()

    def _say(self) -> None:
        from gateway.rulebook.desk_file import load_desk_file

        desk = load_desk_file(self._settings.desk.file)
        address = desk.addresses[0].address
        contact = next((each.address for _, each in desk.contacts), "you@customer.example")
        smtp = self._addresses.get("smtp", "")
        lines = ["", "The gateway is running."]
        lines += [f"  {name:<8} {where}" for name, where in sorted(self._addresses.items())]
        relay = self._settings.relay.url
        if relay.startswith("file:"):
            lines.append(f"  outgoing mail is written to {relay.removeprefix('file:')}")
        if smtp:
            host, _, port = smtp.rpartition(":")
            lines += [
                "",
                "Send a request:",
                _try_it(host, port, contact, address),
                "Look:",
                "  .venv/bin/gateway tickets list      .venv/bin/gateway tickets show 1",
                "  .venv/bin/gateway mail explain 1    .venv/bin/gateway outbox raw 1",
                "Ctrl-C ends it.",
            ]
        print("\n".join([*lines, ""]), file=sys.stderr, flush=True)


def _try_it(host: str, port: str, author: str, desk: str) -> str:
    """A command that sends a request, for whoever has Python and nothing else."""
    mail = (
        f"From: {author}\\r\\nTo: {desk}\\r\\nSubject: Module Paie bloque\\r\\n\\r\\n"
        "Bonjour, le module Paie ne demarre plus depuis ce matin. Merci de votre aide."
    )
    send = f"smtplib.SMTP('{host}', {port}).sendmail('{author}', ['{desk}'], '{mail}')"
    return f'  python3 -c "import smtplib; {send}"'
