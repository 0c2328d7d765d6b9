"""`gateway rules …`: whether the rules are right, and whether they do what their examples say."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import cases
from gateway.cli.context import CONTEXT
from gateway.cli.output import print_json

if TYPE_CHECKING:
    from gateway.rulebook.reading_examples import ReadingExample

app = typer.Typer(no_args_is_help=True, help="The desk's policy.")
app.add_typer(cases.app, name="cases")


@app.command("check")
def check_rules() -> None:
    """Refuse a wrong rule with file, line and reason."""
    from gateway.rulebook.folder import rules_folder

    desk = CONTEXT.settings.desk
    check(rules_folder(desk.rules_dir), desk.templates_dir)


@app.command("test")
def run_examples(
    *,
    with_cases: Annotated[
        bool, typer.Option("--cases", help="And the cases kept of this desk's own mail, from its database.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Run the examples that stand in the rules; non-zero when one fails."""
    from gateway.rulebook.folder import rules_folder

    more = cases.run_cases() if with_cases else ()
    folder = rules_folder(CONTEXT.settings.desk.rules_dir)
    raise typer.Exit(try_examples(folder, as_json=as_json, more=more))


def check(folder: Path, templates_dir: str) -> None:
    """Say that the rules are right.

    Args:
        templates_dir: the configured folder of templates, empty for the shipped ones.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    from gateway.pipeline.link_acts import LINK_ACTS
    from gateway.rendering.folder import templates_folder
    from gateway.rendering.pages import Pages
    from gateway.rendering.renderer import TemplateRenderer
    from gateway.rulebook.policy import load_policy
    from gateway.rulebook.preset import check_files, preset_names
    from gateway.rulebook.reading import load_reading_tables

    renderer = TemplateRenderer(templates_folder(templates_dir))
    renderer.check()
    Pages(templates_folder(templates_dir)).check(LINK_ACTS)
    templates = renderer.samples
    policy = load_policy(folder, templates=templates, acts=LINK_ACTS)
    load_reading_tables(folder)
    presets = preset_names(folder)
    for preset in presets:
        check_files(folder, preset)
        load_policy(folder, preset, templates=templates, acts=LINK_ACTS)
        load_reading_tables(folder, preset)
    shown = f", with the presets {', '.join(presets)}" if presets else ""
    print(f"The rules in {folder} are right (version {policy.version}){shown}.")


def try_examples(folder: Path, *, as_json: bool, more: Iterable[ReadingExample] = ()) -> int:
    """Run all examples and print those that fail, as JSON all of them; 0 when none fails, else 1.

    Raises:
        ConfigurationError: the rules are wrong, or an example names what does not exist.
    """
    from gateway.rulebook.alert_examples import run_alert_examples
    from gateway.rulebook.attachments import run_attachment_examples
    from gateway.rulebook.clock_examples import run_clock_examples
    from gateway.rulebook.diagnostics_examples import run_diagnostics_examples
    from gateway.rulebook.intent_examples import run_intent_examples
    from gateway.rulebook.policy_examples import run_policy_examples
    from gateway.rulebook.preset import preset_names
    from gateway.rulebook.reading_examples import run_reading_examples
    from gateway.rulebook.storms import run_storm_examples
    from gateway.rulebook.suggestions import run_suggestion_examples

    failed = passed = 0
    by_preset = chain.from_iterable(
        chain(
            run_policy_examples(folder, preset),
            run_clock_examples(folder, preset),
            run_storm_examples(folder, preset),
            run_intent_examples(folder, preset),
            run_diagnostics_examples(folder, preset),
            run_alert_examples(folder, preset),
            run_suggestion_examples(folder, preset),
            run_attachment_examples(folder, preset),
        )
        for preset in ("", *preset_names(folder))
    )
    for example in chain(
        by_preset,
        run_reading_examples(folder),
        more,
    ):
        passed += example.passes
        failed += not example.passes
        if as_json:
            print_json(
                {
                    "file": example.file,
                    "example": example.example,
                    "expected": example.expected,
                    "found": example.found,
                    "ok": example.passes,
                }
            )
        elif not example.passes:
            print(f"{example.file}: {example.example}: {example.found}, and should be {example.expected}")
    if not as_json:
        print(f"{passed} examples hold, {failed} do not.")
    return 1 if failed else 0
