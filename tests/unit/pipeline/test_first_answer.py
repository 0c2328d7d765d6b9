"""What a confirmation asks for, beside what the acknowledgement of an escalation in the same mail asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from gateway.domain.escalation import Escalation, EscalationState
from gateway.domain.events import EscalationRequested, TicketOpened
from gateway.domain.first_answer import FirstAnswer
from gateway.domain.ticket import Comment, Ticket
from gateway.pipeline.context import first_answer_in
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.policy import load_policy

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
POLICY = load_policy(rules_folder(""), countries=False)
NOBODY, NOTHING = cast("Ticket", None), cast("Comment", None)


def asked_for(missing: tuple[str, ...]) -> EscalationRequested:
    return EscalationRequested(
        NOBODY,
        None,
        Escalation(
            0, 1, EscalationState.REQUESTED, NOW, None, "", "E2", 1, (), (), missing, 1, None, None, "", ""
        ),
        None,
    )


def test_what_the_escalation_asks_for_is_not_asked_twice() -> None:
    everything = FirstAnswer(missing=("error", "steps", "since", "who", "tried"))
    opened = TicketOpened(NOBODY, None, NOTHING, confirm=True, first_answer=everything)

    alone = first_answer_in(opened, opened, "fr", POLICY)
    beside = first_answer_in(opened, asked_for(("reason", "since", "how_many")), "fr", POLICY)

    assert alone is not None
    assert beside is not None
    ask = {each: POLICY.checklist.ask(each, "fr") for each in everything.missing}
    assert alone["missing"] == list(ask.values())
    assert beside["missing"] == [ask["error"], ask["steps"], ask["tried"]]
