"""`gateway mail …` and `gateway outbox …`: every mail received and every notification, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from gateway.cli.context import CONTEXT
from gateway.cli.output import instant, print_json, print_table
from gateway.domain.address import author_key
from gateway.domain.desk import Contact
from gateway.domain.held import MailDropped, MailReleased
from gateway.errors import ActRefused
from gateway.ports import LedgerEntry, OutboxEntry

mail = typer.Typer(
    no_args_is_help=True, help="The ledger of every mail received: what became of it, and why."
)
outbox = typer.Typer(no_args_is_help=True, help="Notifications: written, sent, put off or failed.")

Id = Annotated[int, typer.Argument(help="The id in the list.", min=1)]
Ids = Annotated[list[int] | None, typer.Argument(help="The ids in the list.", min=1)]
OfTicket = Annotated[int | None, typer.Option("--ticket", help="All that are held on this ticket.")]
Actor = Annotated[str, typer.Option("--as", help="Who decides: an address on the roster.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]

_ALL = 1 << 40
_HELD = ("held", "quarantined")


@mail.command("list")
def list_mail(
    *,
    held: Annotated[bool, typer.Option("--held", help="Those alone that wait for the desk.")] = False,
    ticket: Annotated[
        int | None, typer.Option(help="Those alone that belong, or claim to belong, to it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List every mail received, oldest first."""
    entries = _entries(held=held, ticket=ticket)
    if as_json:
        for entry in entries:
            print_json(mail_object(entry))
        return
    rows = (
        (e.id, instant(e.envelope.received_at), e.outcome, e.ticket, e.evidence, e.author, e.subject)
        for e in entries
    )
    print_table(("id", "received", "outcome", "ticket", "", "from", "subject"), rows, empty="No mail yet.")


@mail.command("show")
def show_mail(number: Id) -> None:
    """Show one mail's row in the ledger."""
    entry = CONTEXT.gateway.ledger.entry(number)
    facts = mail_object(entry) | {"attempts": entry.attempts, "last_error": entry.last_error}
    for name, value in facts.items():
        print(f"{name:<14}{'' if value is None else value}")


@mail.command("raw")
def raw_mail(number: Id) -> None:
    """Print a mail's bytes as they were received."""
    sys.stdout.buffer.write(CONTEXT.gateway.ledger.raw(number))


@mail.command("explain")
def explain_mail(number: Id, *, as_json: Json = False) -> None:
    """Say, step by step, why a mail became what it became."""
    entry = CONTEXT.gateway.ledger.entry(number)
    explanation = CONTEXT.gateway.ledger.explanation(number)
    if as_json:
        print_json(mail_object(entry) | {"explanation": explanation})
        return
    where = f" on #{entry.ticket}" if entry.ticket else ""
    print(f"mail {entry.id}: {entry.outcome}{where}: {entry.reason or 'not read yet'}")
    for line in _lines(explanation, ""):
        print(line)


@mail.command()
def requeue(number: Id) -> None:
    """Read a mail again, with the rules of today, unless it has become a ticket or a comment."""
    entry = CONTEXT.gateway.ledger.entry(number)
    if entry.outcome in {"ticket", "comment"}:
        raise ActRefused(
            f"mail {number} has become a {entry.outcome} on #{entry.ticket}; it would be there twice"
        )
    CONTEXT.gateway.ledger.requeue(number, now=CONTEXT.gateway.clock.now())
    CONTEXT.gateway.bell.ring("inbound")


@mail.command()
def release(numbers: Ids = None, ticket: OfTicket = None, actor: Actor = "") -> None:
    """Let held mail in."""
    who = _who(actor)
    chosen = _held(numbers, ticket)
    CONTEXT.gateway.acting().by_itself([MailReleased(entry.ticket, entry.id, who) for entry in chosen])
    CONTEXT.gateway.bell.ring("inbound")


@mail.command()
def drop(
    numbers: Ids = None,
    ticket: OfTicket = None,
    actor: Actor = "",
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")] = "dropped by the desk",
) -> None:
    """Settle held mail as dropped; its bytes are kept."""
    who = _who(actor)
    chosen = _held(numbers, ticket)
    CONTEXT.gateway.acting().by_itself([MailDropped(entry.ticket, entry.id, who, reason) for entry in chosen])


@mail.command()
def wrong(
    number: Id,
    rule: Annotated[str, typer.Option(help="The rule whose hit is wrong, as explain shows it.")] = "",
    should: Annotated[
        list[str] | None,
        typer.Option(help="What it should be read as: escalation, nudge, none, or a ground that was missed."),
    ] = None,
    actor: Annotated[str, typer.Option("--as", help="Who says so: an address on the roster.")] = "",
) -> None:
    """Say that a mail was read wrongly: its new text is kept as a case, see `rules cases`.

    With one hit alone, nothing more need be said. A rule whose hit was set aside is meant to count.
    """
    from gateway.cli.cases import mark

    mark(number, rule, should or [], actor)


def _entries(*, held: bool, ticket: int | None) -> Iterator[LedgerEntry]:
    for entry in CONTEXT.gateway.ledger.entries(limit=_ALL):
        if (not held or entry.outcome in _HELD) and (ticket is None or entry.ticket == ticket):
            yield entry


def _held(numbers: list[int] | None, ticket: int | None) -> list[LedgerEntry]:
    """The held mails that a command is for: these, or all of a ticket; raises ActRefused."""
    if bool(numbers) == (ticket is not None):
        raise ActRefused("name the mails, or their ticket by --ticket")
    if ticket is not None:
        chosen = list(_entries(held=True, ticket=ticket))
        if not chosen:
            raise ActRefused(f"no mail is held on #{ticket}")
        return chosen
    chosen = [CONTEXT.gateway.ledger.entry(number) for number in numbers or ()]
    for entry in chosen:
        if entry.outcome not in _HELD:
            raise ActRefused(f"mail {entry.id} is not held, it is {entry.outcome}")
    return chosen


def _who(address: str) -> Contact | None:
    """Somebody of the desk, or nobody where no address is given; raises ActRefused."""
    if not address:
        return None
    desk, _ = CONTEXT.gateway.directory.current()
    who = desk.staff.get(author_key(address))
    if who is None:
        raise ActRefused(f"{address} is not on the roster")
    return who


@outbox.command("list")
def list_outbox(*, as_json: Json = False) -> None:
    """List every notification, oldest first."""
    entries = CONTEXT.gateway.outbox.entries(limit=_ALL)
    if as_json:
        for entry in entries:
            print_json(notification_object(entry))
        return
    rows = ((e.id, instant(e.at), e.state, e.template, e.to, e.subject, e.reply) for e in entries)
    print_table(
        ("id", "written", "state", "template", "to", "subject", "reply"), rows, empty="No notification yet."
    )


@outbox.command("raw")
def raw_outbox(number: Id) -> None:
    """Print a notification's bytes as they are sent."""
    notification = CONTEXT.gateway.outbox.notification(number)
    sys.stdout.buffer.write(CONTEXT.gateway.linked_renderer.render(notification))


@outbox.command("retry")
def retry_outbox(number: Id) -> None:
    """Send a notification that failed or was put off now."""
    CONTEXT.gateway.outbox.retry(number, now=CONTEXT.gateway.clock.now())
    CONTEXT.gateway.bell.ring("outbox")


def mail_object(entry: LedgerEntry) -> dict[str, Any]:
    """A line of `mail list --json`."""
    return {
        "id": entry.id,
        "received_at": instant(entry.envelope.received_at),
        "channel": entry.envelope.channel,
        "reverse_path": entry.envelope.reverse_path,
        "recipients": list(entry.envelope.recipients),
        "message_id": entry.message_id or None,
        "from": entry.author or None,
        "subject": entry.subject,
        "size": entry.size,
        "sha256": entry.sha256,
        "outcome": entry.outcome,
        "ticket": entry.ticket,
        "evidence": entry.evidence or None,
        "reason": entry.reason,
    }


def notification_object(entry: OutboxEntry) -> dict[str, Any]:
    """A line of `outbox list --json`."""
    return {
        "id": entry.id,
        "at": instant(entry.at),
        "template": entry.template,
        "language": entry.language,
        "to": entry.to,
        "subject": entry.subject,
        "ticket": entry.ticket,
        "state": entry.state,
        "attempts": entry.attempts,
        "message_id": entry.message_id,
        "reply": entry.reply,
        "due_at": instant(entry.due_at) if entry.state == "pending" else None,
    }


def _lines(value: object, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, dict | list) and inner:
                yield f"{indent}{name}:"
                yield from _lines(inner, indent + "  ")
            else:
                yield f"{indent}{name}: {'-' if inner in (None, [], {}, '') else inner}"
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict):
                yield indent + "- " + ", ".join(f"{name}: {word}" for name, word in inner.items())
            else:
                yield f"{indent}- {inner}"
