"""Changed rules: seen once they have come to rest, and taken between two batches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gateway.workers.renewed import FolderWatch, Renewed


def test_a_change_counts_once_it_has_come_to_rest(tmp_path: Path) -> None:
    rule = tmp_path / "rules" / "escalation" / "process.yaml"
    rule.parent.mkdir(parents=True)
    rule.write_text("nudge_first: true\n")
    watch = FolderWatch([tmp_path / "rules", tmp_path / "templates"])
    assert not watch.changed()

    rule.write_text("nudge_first: false\n")
    assert not watch.changed()
    (tmp_path / "rules" / "types.yaml").write_text("default: assistance\n")
    assert not watch.changed()

    assert watch.changed()
    assert watch.changed(), "told of until it is taken"
    watch.take()
    assert not watch.changed()


def test_a_file_that_goes_is_a_change(tmp_path: Path) -> None:
    (tmp_path / "types.yaml").write_text("default: assistance\n")
    watch = FolderWatch([tmp_path])

    (tmp_path / "types.yaml").unlink()

    assert [watch.changed(), watch.changed()] == [False, True]


def test_a_step_is_made_anew_for_the_batch_after_the_change() -> None:
    version: list[int] = [1]
    done: list[int] = []

    def make() -> Callable[[], bool]:
        by = version[0]

        def step() -> bool:
            done.append(by)
            return True

        return step

    step = Renewed(make, lambda: version[0])
    step()
    version[0] = 2
    step()
    step()

    assert done == [1, 2, 2]
