"""A mail as a page on the terminal, its zones in colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

_STYLES = {"reply": "", "signature": "cyan", "quoted": "bright_black", "forward": "magenta"}
_KIND_STYLES = {"person": "bold green", "bounce": "bold red", "report": "bold red"}
_MAX_QUOTED_LINES = 12
_MAX_SET_ASIDE = 5
_HIT_STYLE = "bold magenta"


def print_page(console: Console, mail: dict[str, Any]) -> None:
    """Print one mail, as `as_object` gives it. Its text is never taken for markup."""
    console.print(Rule(Text(mail["path"], style="bold"), align="left", style="bright_black"))
    _field(console, "From", _shown(mail["from"]))
    _field(console, "To", ", ".join(_shown(one) for one in mail["to"][:5]))
    _field(console, "Date", mail["date"] or "none that can be read")
    _field(console, "Subject", mail["subject"], style="bold")
    kind = mail["kind"].replace("_", " ")
    because = "; ".join(mail["kind_evidence"][:4])
    line = Text(f"{'Kind':>9}  ", style="bright_black")
    line.append(kind, style=_KIND_STYLES.get(mail["kind"], "bold yellow"))
    if because:
        line.append(f"  because of {because}", style="bright_black")
    console.print(line)
    _field(console, "Language", mail["language"] or "too little text to tell")
    if mail["auto_reply"]:
        until = f", back on {mail['auto_reply']['until']}" if mail["auto_reply"]["until"] else ""
        _field(console, "Automatic", mail["auto_reply"]["type"].replace("_", " ") + until)
    _requests(console, mail)
    for recipient in (mail["bounce"] or {"recipients": []})["recipients"]:
        lasting = "for good" if recipient["permanent"] else "for now"
        told = f"{recipient['address']}  {recipient['status']} {recipient['reason']} {lasting}: {recipient['diagnostic']}"
        _field(console, "Returned", told[:300], style="red")
    for file in mail["attachments"]:
        _field(
            console,
            "File",
            f"{file['filename'] or 'without a name'}  {file['content_type']}  {file['size']:,} bytes",
        )
    for defect in mail["defects"]:
        _field(console, "Defect", defect, style="yellow")
    console.print()
    _zone(
        console,
        "reply",
        mail["reply"],
        hits=[hit for hit in mail["intent_evidence"] if hit["zone"] == "reply"],
    )
    _zone(console, "signature", mail["signature"])
    if mail["forward"]:
        forward = mail["forward"]
        heading = f"passed on, from {_shown(forward['from'])}: {forward['subject']}"
        _zone(console, "forward", f"{heading}\n\n{forward['body']}")
    else:
        _zone(console, "quoted", mail["quoted"], most=_MAX_QUOTED_LINES)
    console.print()


def _requests(console: Console, mail: dict[str, Any]) -> None:
    """What the new text asks for, and the words that were set aside."""
    if mail["intent"] != "none":
        _field(console, "Asks for", mail["intent"], style=_HIT_STYLE)
    if mail["claimed_priority"]:
        _field(console, "Claims", f"{mail['claimed_priority']} priority", style=_HIT_STYLE)
    _field(console, "Grounds", ", ".join(mail["grounds"]), style=_HIT_STYLE)
    _field(console, "Against", ", ".join(mail["refusals"]))
    for command in mail["commands"]:
        _field(console, "Command", f"#{command['name']} {command['argument']}".rstrip())
    for name, key in (("Suggests", "intent_suggested"), ("In shadow", "intent_shadowed")):
        for hit in mail[key][:_MAX_SET_ASIDE]:
            _field(console, name, f"{hit['rule']} by {hit['text']!r} in the {hit['zone']}")
    for hit in mail["intent_set_aside"][:_MAX_SET_ASIDE]:
        _field(
            console, "Set aside", f"{hit['text']!r} in the {hit['zone']}: {hit['operator'].replace('_', ' ')}"
        )


def _shown(mailbox: dict[str, str] | None) -> str:
    if not mailbox:
        return "nobody"
    if mailbox["name"] and mailbox["address"]:
        return f"{mailbox['name']} <{mailbox['address']}>"
    return mailbox["address"] or mailbox["name"] or "nobody"


def _field(console: Console, name: str, value: str, *, style: str = "") -> None:
    if value:
        line = Text(f"{name:>9}  ", style="bright_black")
        line.append(value, style=style)
        console.print(line)


def _zone(
    console: Console, name: str, text: str, *, most: int | None = None, hits: Sequence[dict[str, Any]] = ()
) -> None:
    if not text:
        return
    coloured = Text(text, style=_STYLES[name])
    for hit in hits:
        coloured.stylize(_HIT_STYLE, hit["start"], hit["end"])
    lines = coloured.split("\n", allow_blank=True)
    shown = lines if most is None else lines[:most]
    for at, one in enumerate(shown):
        line = Text(f"{name if at == 0 else '':>9} ", style="bright_black")
        line.append("│ ", style=_STYLES[name] or "green")
        line.append_text(one)
        console.print(line, soft_wrap=True)
    if len(shown) < len(lines):
        console.print(Text(f"{'':>9} │ and {len(lines) - len(shown)} more lines", style="bright_black"))
