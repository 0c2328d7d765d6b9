"""`gateway tickets …`: look at tickets, and act on them in somebody's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.context import CONTEXT, text_or_stdin
from gateway.cli.escalations import escalation_object
from gateway.cli.output import instant, print_json, print_table
from gateway.domain.acts import Act
from gateway.domain.desk import Contact
from gateway.domain.flex import say_minutes
from gateway.domain.sla import Clock
from gateway.domain.ticket import Comment, TimelineEntry

if TYPE_CHECKING:
    from gateway.pipeline.orders import Orders
    from gateway.storage.tickets import TicketView

app = typer.Typer(no_args_is_help=True, help="Tickets: look at them, and act on them in somebody's name.")

Number = Annotated[int, typer.Argument(help="The ticket's number.", min=1)]
As = Annotated[str, typer.Option("--as", help="Who acts: an address on the roster, or a contact's.")]
Text = Annotated[str, typer.Option("--text", help="What is said; standard input when it is left out.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.command("list")
def list_(
    state: Annotated[str, typer.Option(help="Only tickets in this state.")] = "",
    organisation: Annotated[str, typer.Option(help="Only this organisation's.")] = "",
    *,
    as_json: Json = False,
) -> None:
    """List tickets in queue order: by priority, then first come, first served."""
    views = CONTEXT.gateway.tickets.queue(state=state, organisation=organisation)
    if as_json:
        for view in views:
            print_json(_summary(view))
        return
    rows = (
        (t.number, t.priority, t.state, _person(t.requester)["address"], instant(t.created_at), t.subject)
        for t in (view.ticket for view in views)
    )
    print_table(
        ("#", "priority", "state", "requester", "created", "subject"), rows, empty="There are no tickets."
    )


@app.command()
def show(number: Number, *, as_json: Json = False) -> None:
    """Show one ticket with its comments and timeline."""
    view = CONTEXT.gateway.tickets.ticket(number)
    if as_json:
        print_json(ticket_object(view))
        return
    _print_page(view)


@app.command()
def comment(number: Number, actor: As, text: Text = "") -> None:
    """Add a public comment; it reaches the other side by mail."""
    _act(number, actor, text_or_stdin(text), lambda orders: orders.comment())


@app.command()
def note(number: Number, actor: As, text: Text = "") -> None:
    """Add an internal note, which no customer sees."""
    _act(number, actor, text_or_stdin(text), lambda orders: orders.note())


@app.command()
def transition(
    number: Number,
    state: Annotated[str, typer.Argument(help="The state to move to, by its name or its French label.")],
    actor: As,
    text: Text = "",
    resolution: Annotated[str, typer.Option(help="For closed: how it ended.")] = "",
    at: Annotated[str, typer.Option(help="For scheduled: when.")] = "",
    who: Annotated[str, typer.Option(help="For scheduled: who is responsible.")] = "",
    third_party: Annotated[str, typer.Option(help="For waiting_third_party: for whom.")] = "",
    time: Annotated[str, typer.Option(help="For closed, under a Flex contract: the time spent (1h30).")] = "",
) -> None:
    """Move a ticket to another state."""
    details = {"resolution": resolution, "at": at, "who": who, "third_party": third_party, "time": time}
    _act(number, actor, text_or_stdin(text), lambda orders: orders.transition(state, details))


@app.command()
def priority(number: Number, priority: Annotated[str, typer.Argument()], actor: As, text: Text = "") -> None:
    """Change the priority; --text gives the reason."""
    reason = text_or_stdin(text)
    _act(number, actor, "", lambda orders: orders.priority(priority, reason))


@app.command()
def assign(
    number: Number, who: Annotated[str, typer.Argument(help="An agent's address.")], actor: As
) -> None:
    """Give a ticket to an agent."""
    _act(number, actor, "", lambda orders: orders.assign(who))


@app.command("type")
def type_(number: Number, type_: Annotated[str, typer.Argument(metavar="TYPE")], actor: As) -> None:
    """Change the type."""
    _act(number, actor, "", lambda orders: orders.change_type(type_))


@app.command()
def charge(
    number: Number, time: Annotated[str, typer.Argument(help="The time spent, such as 1h30.")], actor: As
) -> None:
    """Charge a closed change request to its Flex contract, where its customer has closed it."""
    _act(number, actor, "", lambda orders: orders.charge(time))


@app.command()
def nudge(number: Number, actor: As, text: Text = "") -> None:
    """Ask for news in a customer's name."""
    _act(number, actor, text_or_stdin(text), lambda orders: orders.nudge())


@app.command()
def escalate(number: Number, actor: As, text: Text = "") -> None:
    """Ask for an escalation; --text says why it is urgent and whom it touches."""
    reason = text_or_stdin(text)
    _act(number, actor, reason, lambda orders: orders.escalate(reason))


@app.command()
def undo(number: Number, actor: As) -> None:
    """Take your own last change of a ticket back: state, priority, assignee, type, or a decision.

    Only within the time that the rules give (undo_minutes in rules/escalation/process.yaml), and only
    while nothing newer has happened. The timeline keeps both, and whoever was told is told.
    """
    from gateway.pipeline.taking_back import undo_last

    _act(number, actor, "", undo_last)
    taken = next(each for each in reversed(CONTEXT.gateway.tickets.ticket(number).timeline) if each.undoes)
    print(f"Undone: {taken.kind} {taken.from_value or '-'} -> {taken.to_value or '-'}")


def _act(number: int, actor: str, text: str, order: Callable[[Orders], list[Act]]) -> None:
    CONTEXT.gateway.acting().act(number, actor, text, order)


def _person(contact: Contact | None) -> dict[str, str]:
    return {"name": contact.name if contact else "", "address": contact.address if contact else ""}


def _clock(clock: Clock) -> dict[str, Any]:
    return {
        "due_at": instant(clock.due_at),
        "stopped_at": instant(clock.stopped_at),
        "paused": clock.paused,
        "breached": clock.breached_at is not None,
    }


def _summary(view: TicketView) -> dict[str, Any]:
    ticket = view.ticket
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "state": ticket.state,
        "resolution": ticket.resolution or None,
        "priority": ticket.priority,
        "claimed_priority": ticket.claimed_priority or None,
        "type": ticket.type,
        "language": ticket.language,
        "organisation": view.organisation or None,
        "requester": _person(ticket.requester),
        "team": ticket.team or None,
        "assignee": ticket.assignee.address if ticket.assignee else None,
        "created_at": instant(ticket.created_at),
        "updated_at": instant(ticket.updated_at),
        "nudges": ticket.nudges,
        "flex_minutes": ticket.flex_minutes,
    }


def ticket_object(view: TicketView) -> dict[str, Any]:
    """What `tickets show N --json` prints."""
    return _summary(view) | {
        "participants": [each.address for each in view.participants],
        "response": _clock(view.ticket.response),
        "resolution_clock": _clock(view.ticket.resolution_clock),
        "escalation": escalation_object(view.escalation),
        "comments": [_comment(each) for each in view.comments],
        "timeline": [_entry(each) for each in view.timeline],
        "links": [{"kind": kind, "number": other} for kind, other in view.links],
        "alerts": [
            {"number": alert.number, "link": str(link), "state": alert.state, "title": dict(alert.titles)}
            for link, alert in view.alerts
        ],
    }


def _comment(comment: Comment) -> dict[str, Any]:
    return {
        "at": instant(comment.at),
        "author": comment.author.address if comment.author else comment.author_shown,
        "visibility": comment.visibility,
        "text": comment.text,
        "source": comment.source,
        "evidence": comment.evidence,
        "verified": comment.verified,
        "attachments": [asdict(each) for each in comment.attachments],
        "mail": comment.inbound_id,
        "suggested": [asdict(each) for each in comment.suggested],
    }


def _entry(entry: TimelineEntry) -> dict[str, Any]:
    return {
        "at": instant(entry.at),
        "actor": entry.actor,
        "kind": entry.kind,
        "from": entry.from_value,
        "to": entry.to_value,
        "reason": entry.reason,
        "evidence": entry.evidence,
        "id": entry.id,
        "mail": entry.inbound_id,
        "undoes": entry.undoes,
    }


def _clock_words(clock: Clock) -> str:
    words = "breached, " if clock.breached_at else ""
    if clock.stopped_at:
        return f"{words}stopped {instant(clock.stopped_at)}"
    return words + ("paused" if clock.paused else f"due {instant(clock.due_at)}" if clock.due_at else "-")


def _print_page(view: TicketView) -> None:
    from rich.console import Console
    from rich.text import Text

    ticket = view.ticket
    console = Console(highlight=False)
    console.print(Text(f"#{ticket.number}  {ticket.subject}", style="bold"))
    who = _person(ticket.requester)
    facts = [
        ("flex", say_minutes(ticket.flex_minutes) if ticket.flex_minutes else ""),
        ("state", " ".join(filter(None, (ticket.state, ticket.resolution)))),
        ("priority", ticket.priority),
        ("type", ticket.type),
        ("requester", f"{who['name']} <{who['address']}>"),
        ("organisation", view.organisation),
        ("team", ticket.team),
        ("assignee", ticket.assignee.address if ticket.assignee else ""),
        ("follows", ", ".join(each.address for each in view.participants)),
        ("response", _clock_words(ticket.response)),
        ("resolution", _clock_words(ticket.resolution_clock)),
        ("escalation", str(view.escalation.state) if view.escalation else ""),
        ("links", ", ".join(f"{kind} #{other}" for kind, other in view.links)),
        *(
            ("alert", f"{alert.number} {alert.title('en')} ({alert.state}, {link})")
            for link, alert in view.alerts
        ),
    ]
    for name, value in facts:
        if value.strip(" <>"):
            console.print(Text(f"  {name:<14}{value}"))
    for comment in view.comments:
        mark = "" if comment.verified else ", unverified"
        mark += f", mail {comment.inbound_id}" if comment.inbound_id else ""
        head = (
            f"{instant(comment.at)}  {comment.author_shown}  ({comment.visibility}, {comment.evidence}{mark})"
        )
        console.print(Text("\n" + head, style="cyan" if comment.visibility == "public" else "yellow"))
        console.print(Text(comment.text.rstrip()))
        for read in comment.suggested:
            console.print(Text(f"  [suggested: {read.means}, by {read.words!r}]", style="magenta"))
        for each in comment.attachments:
            refused = f", refused: {each.refused}" if each.refused else ""
            console.print(
                Text(
                    f"  [attached: {each.filename or each.content_type}, {each.size} bytes{refused}]",
                    style="dim",
                )
            )
    console.print()
    for entry in view.timeline:
        change = f"{entry.from_value} -> {entry.to_value}" if entry.from_value else entry.to_value
        words = "  ".join(
            filter(None, (str(instant(entry.at)), entry.kind, change, entry.actor, entry.reason))
        )
        console.print(Text(words, style="dim"))
