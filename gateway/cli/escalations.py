"""`gateway escalations …`: what waits for a lead's decision, and the decision."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gateway.cli.context import CONTEXT
from gateway.cli.output import instant, print_json, print_table
from gateway.domain.escalation import Escalation

app = typer.Typer(
    no_args_is_help=True, help="Escalations: what waits for a lead's decision, and the decision."
)

Number = Annotated[int, typer.Argument(help="The ticket's number.", min=1)]
As = Annotated[str, typer.Option("--as", help="The support lead who decides: an address on the roster.")]


@app.command("list")
def list_(
    *,
    all_: Annotated[bool, typer.Option("--all", help="Decided ones too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the requests that wait for a decision, the oldest first."""
    found = [each for each in CONTEXT.gateway.tickets.escalations() if all_ or each.is_open]
    if as_json:
        for each in found:
            print_json({"number": each.ticket} | escalation_object(each))
        return
    rows = (
        (
            each.ticket,
            each.state,
            _who(each),
            instant(each.requested_at),
            ", ".join(each.grounds),
            each.reason,
        )
        for each in found
    )
    print_table(("#", "state", "asked by", "since", "grounds", "reason"), rows, empty="No escalation waits.")


@app.command()
def approve(
    number: Number,
    actor: As,
    estimate: Annotated[str, typer.Option(help="When it will be resolved, in words.")],
    text: Annotated[str, typer.Option("--text", help="What else the customer is told.")] = "",
) -> None:
    """Approve a request, with an estimate."""
    CONTEXT.gateway.acting().act(number, actor, "", lambda orders: orders.approve(estimate, text))


@app.command()
def refuse(
    number: Number, actor: As, reason: Annotated[str, typer.Option(help="What the customer is told.")]
) -> None:
    """Refuse a request, with a reason."""
    CONTEXT.gateway.acting().act(number, actor, "", lambda orders: orders.refuse(reason))


@app.command()
def undo(number: Number, actor: As) -> None:
    """Take your last act on the ticket back: your decision, so that the request waits again."""
    from gateway.pipeline.taking_back import undo_last

    CONTEXT.gateway.acting().act(number, actor, "", undo_last)


def escalation_object(escalation: Escalation | None) -> dict[str, Any]:
    """The `escalation` of `tickets show --json`."""
    if escalation is None:
        nothing = dict.fromkeys(("by", "reason", "decided_by", "decision_reason", "estimate"))
        return {"state": "none", "grounds": [], "refusals": [], "missing": [], **nothing}
    return {
        "state": str(escalation.state),
        "by": _who(escalation),
        "reason": escalation.reason or None,
        "grounds": list(escalation.grounds),
        "refusals": list(escalation.refusals),
        "missing": list(escalation.missing),
        "decided_by": escalation.decided_by.address if escalation.decided_by else None,
        "decision_reason": escalation.decision_reason or None,
        "estimate": escalation.estimate or None,
        "asked": escalation.asked,
        "level": escalation.level,
        "requested_at": instant(escalation.requested_at),
        "decided_at": instant(escalation.decided_at),
        "evidence": escalation.evidence,
    }


def _who(escalation: Escalation) -> str | None:
    return escalation.requested_by.address if escalation.requested_by else None
