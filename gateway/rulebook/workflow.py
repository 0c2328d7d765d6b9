"""The workflow's file: its states compared with one another."""

from __future__ import annotations

from datetime import timedelta

from gateway.domain.sla import Effect
from gateway.domain.workflow import CUSTOMER, MOVERS, TIMER, State, Workflow
from gateway.rulebook.policy_files import StateEntry, WorkflowFile
from gateway.rulebook.source import Place, Source, known, typed
from gateway.rulebook.terms import check_languages, read_terms

FIELDS = ("at", "who", "third_party", "resolution")


def read_workflow(source: Source) -> Workflow:
    """The workflow of a file; every state can be reached and left, and has its labels.

    Raises:
        ConfigurationError: with file, line and reason.
    """
    read = typed(source, WorkflowFile)
    entries: dict[str, StateEntry] = {}
    for number, state in enumerate(read.states):
        if entries.setdefault(state.id, state) is not state:
            raise source.refuse(("states", number, "id"), f"the state {state.id!r} is there twice")
    known(source, ("initial",), read.initial, list(entries), "state")
    if not entries[read.initial].open:
        raise source.refuse(("initial",), f"a new ticket cannot be {read.initial}, which is not open")
    initial = entries[read.initial]
    for name, effect in initial.clocks:
        if effect is not Effect.RUN:
            place = ("states", read.states.index(initial), "clocks", name)
            raise source.refuse(place, f"the {name} clock of a new ticket must run")
    for number, state in enumerate(read.states):
        _check_state(source, ("states", number), state, entries)
    reachable = _reachable(read.initial, entries)
    for number, state in enumerate(read.states):
        if state.id not in reachable:
            raise source.refuse(("states", number), f"nothing ever becomes {state.id!r}")
    _check_timer(source, read, entries)
    return Workflow(
        initial=read.initial,
        states={state.id: _state(state) for state in read.states},
        transitions={
            state.id: {to: frozenset(by) for to, by in state.becomes.items()} for state in read.states
        },
        reopen_window=timedelta(days=read.reopen_window_days),
        resolutions=read_terms(source, "resolutions", read.resolutions),
    )


def _check_state(source: Source, place: Place, state: StateEntry, entries: dict[str, StateEntry]) -> None:
    check_languages(source, (*place, "label"), state.label)
    _check_becomes(source, (*place, "becomes"), state, list(entries))
    for position, name in enumerate(state.needs):
        known(source, (*place, "needs", position), name, list(FIELDS), "field")
    _check_reply(source, place, state, entries)
    for name, effect in state.clocks:
        stops = effect in {Effect.STOP, Effect.END}
        if not state.open and not stops:
            raise source.refuse((*place, "clocks", name), f"a ticket that is {state.id} has no running clock")
        if state.open and stops and name == "resolution":
            raise source.refuse((*place, "clocks", name), f"a ticket that is {state.id} is not resolved yet")


def _check_becomes(source: Source, place: Place, state: StateEntry, states: list[str]) -> None:
    if not state.becomes:
        raise source.refuse(place, f"nobody could ever leave {state.id!r}")
    for target, by in state.becomes.items():
        known(source, (*place, target), target, states, "state")
        if target == state.id:
            raise source.refuse((*place, target), f"a ticket that is {target} need not become it")
        if not by:
            raise source.refuse((*place, target), "nobody may do so: name who, or leave it out")
        for position, mover in enumerate(by):
            known(source, (*place, target, position), mover, list(MOVERS), "mover")


def _check_reply(source: Source, place: Place, state: StateEntry, entries: dict[str, StateEntry]) -> None:
    if state.customer_reply:
        known(source, (*place, "customer_reply"), state.customer_reply, list(entries), "state")
        if not entries[state.customer_reply].open:
            raise source.refuse((*place, "customer_reply"), "a customer's reply cannot end a ticket")
        if CUSTOMER not in state.becomes.get(state.customer_reply, ()):
            raise source.refuse(
                (*place, "customer_reply"),
                f"`becomes` does not let a customer bring {state.id!r} to {state.customer_reply!r}",
            )
    if state.reopens and (state.open or not state.customer_reply):
        raise source.refuse(
            (*place, "reopens"), "only a state that is not open, and has a customer_reply, can be reopened"
        )
    if state.follow_up and state.open:
        raise source.refuse((*place, "follow_up"), "only a state that is not open is followed up")


def _check_timer(source: Source, read: WorkflowFile, entries: dict[str, StateEntry]) -> None:
    """What waits for its customer is closed by rules/reminders.yaml, so the table must let the timer do it."""
    waiting = entries.get("waiting_customer")
    if waiting is not None and TIMER not in waiting.becomes.get("closed", ()):
        place = ("states", read.states.index(waiting), "becomes", "closed")
        raise source.refuse(place, "rules/reminders.yaml closes what waits: name `timer` here too")


def _reachable(initial: str, entries: dict[str, StateEntry]) -> set[str]:
    found: set[str] = set()
    waiting = [initial]
    while waiting:
        state = waiting.pop()
        if state not in found:
            found.add(state)
            waiting += entries[state].becomes
    return found


def _state(entry: StateEntry) -> State:
    return State(
        id=entry.id,
        labels=entry.label,
        on_customer_reply=entry.customer_reply,
        reopens=entry.reopens,
        follows_up=entry.follow_up,
        comment_required=entry.comment,
        fields=tuple(entry.needs),
        is_open=entry.open,
        clocks={"response": entry.clocks.response, "resolution": entry.clocks.resolution},
    )
