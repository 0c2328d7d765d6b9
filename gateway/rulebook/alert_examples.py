"""The examples of `rules/alerts.yaml`, run: which requests an alert's words meet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from gateway.domain.alert_words import matched_alerts
from gateway.domain.service_alert import AlertUpdate, ServiceAlert
from gateway.rulebook.alerts import NAME, load_alert_tables, read_alert_examples
from gateway.rulebook.reading_examples import ReadingExample

_AT = datetime(2026, 1, 1, tzinfo=UTC)


def run_alert_examples(folder: Path, preset: str = "") -> Iterator[ReadingExample]:
    """Run all of them.

    Args:
        folder: of the rules.
        preset: whose own file alone is run; empty for the rules as they are.

    Raises:
        ConfigurationError: a rule is wrong.
    """
    if preset and not (folder / "presets" / preset / NAME).is_file():
        return
    tables = load_alert_tables(folder, preset)
    for each in read_alert_examples(folder, preset):
        alert = ServiceAlert(
            number=1,
            state="open",
            titles={},
            words={"": tuple(each.words)},
            offers=(),
            organisations=(),
            opened_at=_AT,
            opened_by="",
            resolved_at=None,
            newest=AlertUpdate(0, 1, "opened", _AT, "", {}),
        )
        found = matched_alerts([each.text], [alert], tables)
        shown = f"{', '.join(each.words)}: {each.text}"
        yield ReadingExample(NAME, shown, _said(met=each.met), _said(met=bool(found)))


def _said(*, met: bool) -> str:
    return "met" if met else "not met"
