"""The command line: every command of `gateway` but `deliver`."""

from __future__ import annotations

import logging
import os
import platform
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import (
    articles,
    escalations,
    ledger,
    mailboxes,
    rules,
    service_alerts,
    tickets,
    timers,
)
from gateway.cli.context import CONTEXT
from gateway.errors import ConfigurationError, GatewayError
from gateway.logs import configure, wants_json

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    # A traceback with local variables would print passwords.
    pretty_exceptions_enable=False,
    help="An email-first ticketing gateway: mail comes in, tickets and notifications come out.",
)
desk = typer.Typer(no_args_is_help=True, help="The desk: its people, organisations and keys.")
db = typer.Typer(no_args_is_help=True, help="The database.")
keys = typer.Typer(no_args_is_help=True, help="The keys that sign reply addresses.")
app.add_typer(tickets.app, name="tickets")
app.add_typer(escalations.app, name="escalations")
app.add_typer(service_alerts.app, name="alerts")
app.add_typer(timers.app, name="timers")
app.add_typer(articles.app, name="articles")
app.add_typer(ledger.mail, name="mail")
app.add_typer(ledger.outbox, name="outbox")
app.add_typer(mailboxes.app, name="mailboxes")
app.add_typer(desk, name="desk")
app.add_typer(db, name="db")
app.add_typer(keys, name="keys")
app.add_typer(rules.app, name="rules")

Json = Annotated[bool, typer.Option("--json", help="JSON instead of a page.")]


def _tell_version(wanted: bool) -> None:  # noqa: FBT001  (as the command line gives it)
    if wanted:
        from importlib.metadata import version

        print(f"gateway {version('ticket-gateway')}, Python {platform.python_version()}")
        raise typer.Exit


@app.callback()
def options(
    config: Annotated[
        Path | None, typer.Option(help="Settings; else gateway.toml here, then /etc/gateway/gateway.toml.")
    ] = None,
    *,
    told: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="The version, and no more."),
    ] = False,
) -> None:
    """Options that come before the command."""
    CONTEXT.config = config


@app.command()
def serve(
    only: Annotated[
        str,
        typer.Option(help="Only these roles: smtp, lmtp, imap, worker, timers, web, separated by commas."),
    ] = "",
) -> None:
    """Run the gateway, or some of its roles, until SIGTERM or Ctrl-C."""
    from gateway.cli import serve as serving

    roles = serving.chosen_roles(only)
    raise typer.Exit(serving.supervise(CONTEXT.settings, CONTEXT.config, roles))


@app.command()
def deliver() -> None:
    """Take one message on standard input, for an MTA's pipe: --recipient ADDR [--sender ADDR].

    Exit codes: 0 once stored, 75 try again, 67 unknown recipient, 65 refused content.
    """
    raise typer.Exit(os.EX_TEMPFAIL)  # `gateway.__main__` carries it out before this is imported


@app.command()
def inspect(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files, folders, mbox; - for standard input.")
    ],
    *,
    as_json: Json = False,
) -> None:
    """Read and classify mails with no database and no network."""
    from gateway.cli.inspect import run as inspect_paths

    raise typer.Exit(inspect_paths(paths, as_json=as_json))


@app.command()
def replay(
    rules: Annotated[str, typer.Option(help="The folder of rules to try; else that of the settings.")] = "",
    preset: Annotated[
        str | None, typer.Option(help="The preset to lay over them; else that of the settings, '' for none.")
    ] = None,
    since: Annotated[
        str, typer.Option(help="Mail received from then on, such as 2026-12-01T09:00:00Z.")
    ] = "",
    until: Annotated[str, typer.Option(help="And before then.")] = "",
    limit: Annotated[int | None, typer.Option(help="Only the newest so many mails.", min=1)] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show what other rules would have decided on the mail already received, against what was decided.

    Changes nothing and sends nothing: the database is read in transactions that cannot write. Each mail
    meets its ticket as it was when the mail was decided on (state, priority, assignee, nudges, escalation,
    followers, as the timeline tells), and its writer is as well proven as then. What later mails would have
    met had these rules run from the start is not played out, nor what clocks and timers would have done.
    """
    from gateway.cli.replay import run as run_replay

    run_replay(rules=rules, preset=preset, since=since, until=until, limit=limit, as_json=as_json)


@app.command()
def check(
    *,
    as_json: Json = False,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="Without what reads every byte: hashing each mail, the database's own check."
        ),
    ] = False,
) -> None:
    """Check the set-up, the alarms and the ledger's law; non-zero when something is wrong.

    The set-up: settings, rules, templates, desk, database, broker, relay, DNS, mailboxes. The law: mails
    received are the sum of their outcomes, each in exactly one; no row leads nowhere; every mail's bytes
    hash to what was received (at 64 MiB a second at most); the database's files are sound.
    """
    from gateway.cli.check import run as run_checks

    raise typer.Exit(run_checks(CONTEXT, as_json=as_json, quick=quick))


@app.command()
def metrics() -> None:
    """Print metrics as Prometheus reads them, for node_exporter's textfile collector; the web serves the same at /metrics."""
    print(CONTEXT.gateway.upkeep.metrics(), end="")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
) -> None:
    """Write all of a desk at one instant into one file, while the gateway runs.

    The ledger with every mail, tickets, notifications, the keys that sign reply addresses, the desk file,
    rules and templates in use. The file holds secrets and is made for its owner alone (mode 0600).
    """
    from gateway.cli.backup import run_backup

    run_backup(CONTEXT, file)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file written by `gateway backup`.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of a database that is not empty.")
    ] = False,
) -> None:
    """Put a backup into an empty database of the settings, SQLite or PostgreSQL, whichever it came from.

    Verified as a whole before anything is changed, brought to this version's schema, and checked by the
    ledger's law afterwards; non-zero when that does not hold. The gateway must not be running.
    """
    from gateway.cli.backup import run_restore

    raise typer.Exit(0 if run_restore(CONTEXT, file, replace_it=replace) else 1)


@app.command()
def settings(*, as_json: Json = False) -> None:
    """Print every setting with its value, origin and meaning; secrets as ***."""
    from gateway.cli.settings import show

    show(CONTEXT.settings, as_json=as_json, stream=sys.stdout)


@desk.command("load")
def load_desk(file: Annotated[Path, typer.Argument(help="A desk file.")]) -> None:
    """Put a desk file's people, organisations, teams and contracts into the database; idempotent."""
    from gateway.rulebook.desk_file import load_desk_file
    from gateway.storage.upgrade import upgrade

    gateway = CONTEXT.gateway
    read = load_desk_file(file, calendars=gateway.policy.service_levels.calendars)
    upgrade(gateway.database)
    changed = gateway.desk.load(read, now=gateway.clock.now())
    gateway.desk.keys(now=gateway.clock.now())
    people = len(read.people) + len(read.contacts)
    print(
        f"{'Loaded' if changed else 'Unchanged'}: {len(read.organisations)} organisations, {people} people."
    )


@db.command("upgrade")
def upgrade_database() -> None:
    """Bring the database to the schema of this version."""
    from gateway.storage.upgrade import upgrade

    before, after = upgrade(CONTEXT.gateway.database)
    print(
        f"The database is at {after}."
        if before == after
        else f"Upgraded from {before or 'empty'} to {after}."
    )


@keys.command("list")
def list_keys() -> None:
    """List the keys: the newest signs, the others are accepted until they are retired."""
    from gateway.cli.output import instant, print_table

    rows = [(kid, instant(made), instant(retired)) for kid, made, retired in CONTEXT.gateway.desk.key_dates()]
    print_table(("key", "made", "retired"), rows, empty="There are no keys yet.")


@keys.command("rotate")
def rotate_keys() -> None:
    """Sign with a new key from now on; addresses signed with older ones still work."""
    kid = CONTEXT.gateway.desk.rotate_keys(now=CONTEXT.gateway.clock.now())
    print(f"Key {kid} signs from now on.")


@keys.command("retire")
def retire_key(kid: Annotated[int, typer.Argument(help="The key's id.")]) -> None:
    """Accept no address signed with a key any more, when it may have leaked."""
    CONTEXT.gateway.desk.retire_key(kid, now=CONTEXT.gateway.clock.now())
    print(f"Key {kid} is not accepted any more.")


def run(arguments: list[str]) -> int:
    """Carry out a command line; the process's exit code."""
    # Logs are the servers' only: a command prints what it was asked for.
    serving = "serve" in arguments
    configure("INFO" if serving else "WARNING", as_json=wants_json(os.environ))
    try:
        app(arguments, standalone_mode=True, prog_name="gateway")
    except ConfigurationError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return os.EX_CONFIG
    except GatewayError as error:
        logging.getLogger(__name__).debug("command.refused", extra={"error": error.code})
        print(f"gateway: {error}", file=sys.stderr)
        return os.EX_TEMPFAIL if error.retryable else 1
    except BrokenPipeError:
        # `gateway mail list | head`: nobody reads on.
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  (for the rest of the process)
        return 0
    return 0
