"""Commands in a mail: each name's order, with what stands behind it as the argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from gateway.domain.acts import Act
from gateway.errors import ActRefused
from gateway.pipeline.alert_orders import follow, unfollow
from gateway.pipeline.orders import Orders, details_of, without_details
from gateway.pipeline.taking_back import mark_wrong, undo_last


def by_command(orders: Orders, name: str, argument: str) -> list[Act]:
    """The acts of one command in a mail.

    Raises:
        ActRefused: there is no such command, or it cannot be done; a sentence for whoever wrote it.
    """
    how = _COMMANDS.get(name)
    if how is None:
        shown = ", ".join(f"#{each}" for each in _COMMANDS)
        raise ActRefused(
            f"there is no command #{name}; there are {shown}",
            f"il n'y a pas de commande #{name} ; il y a {shown}",
        )
    return how(orders, argument)


def _saying(orders: Orders, argument: str) -> Orders:
    """With what stands behind the command's name as the first line of what is said."""
    text = f"{argument}\n{orders.said.text}".strip()
    return replace(orders, said=replace(orders.said, text=f"{text}\n" if text else ""))


def _status(orders: Orders, argument: str) -> list[Act]:
    details = details_of(argument)
    word = without_details(argument)
    if word.casefold() in {"waiting_third_party", "en attente d'un tiers"} and "who" in details:
        details["third_party"] = details.pop("who")
    return orders.transition(word, details)


def _priority(orders: Orders, argument: str) -> list[Act]:
    word, _, reason = argument.strip().partition(" ")
    return orders.priority(word, reason)


_COMMANDS: Mapping[str, Callable[[Orders, str], list[Act]]] = MappingProxyType(
    {
        "note": lambda orders, argument: _saying(orders, argument).note(),
        "status": _status,
        "priority": _priority,
        "assign": lambda orders, argument: orders.assign(argument),
        "type": lambda orders, argument: orders.change_type(argument),
        "nudge": lambda orders, argument: _saying(orders, argument).nudge(),
        "escalate": lambda orders, argument: orders.escalate(argument),
        "approve": lambda orders, argument: orders.approve(argument, orders.said.text),
        "refuse": lambda orders, argument: orders.refuse(f"{argument}\n{orders.said.text}"),
        "close": lambda orders, argument: orders.close(argument),
        "reopen": lambda orders, argument: _saying(orders, argument).reopen(),
        "charge": lambda orders, argument: orders.charge(argument),
        "undo": lambda orders, _: undo_last(orders),
        "wrong": mark_wrong,
        "follow": follow,
        "unfollow": unfollow,
        "help": lambda _orders, _: [],
    }
)
