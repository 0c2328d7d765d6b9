"""`gateway timers …`: what falls due on tickets, and carrying it out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from gateway.cli.context import CONTEXT
from gateway.cli.output import instant, print_json, print_table
from gateway.errors import ActRefused

app = typer.Typer(no_args_is_help=True, help="Timers: reminders, closings, SLA warnings, promised news.")

_AHEAD = timedelta(days=30)


@app.command("list")
def list_(
    until: Annotated[
        str, typer.Option(help="An instant, such as 2026-12-01T09:00:00Z; else 30 days ahead.")
    ] = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List what falls due until then, the earliest first."""
    at = _instant(until) if until else CONTEXT.gateway.clock.now() + _AHEAD
    found = CONTEXT.gateway.timers.until(at)
    if as_json:
        for ticket, timer in found:
            print_json(
                {
                    "ticket": ticket,
                    "timer": str(timer.kind),
                    "number": timer.number,
                    "due_at": instant(timer.due_at),
                    "since": instant(timer.since),
                }
            )
        return
    rows = ((instant(each.due_at), each.kind, each.number or "", f"#{ticket}") for ticket, each in found)
    print_table(("due", "timer", "number", "ticket"), rows, empty="Nothing falls due.")


@app.command()
def run(
    now: Annotated[str, typer.Option(help="An instant to take for the present one.")] = "",
) -> None:
    """Carry out what is due, closings that were held included."""
    at = _instant(now) if now else CONTEXT.gateway.clock.now()
    done = CONTEXT.gateway.scheduler().carry_out(at, closings=True)
    print(f"{done} timers carried out")


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ActRefused(f"{text!r} is no instant; expected such as 2026-12-01T09:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
