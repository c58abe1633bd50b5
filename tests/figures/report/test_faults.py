"""The table of faults shows the counts that there are, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from figures.report.sections.faults import FILE, sections
from theory.common.errors import StoreError

ROW = {"fault": "kill -9 <all>", "injected": 20, "survived": 19, "lost": 1, "redone": 7, "skipped": ""}
SKIPPED = ROW | {"fault": "dead head", "skipped": "Ray is not installed"}


def stored(folder: Path, **changes: object) -> Path:
    content = {"schema": "gradlag-faults/1", "rows": [ROW, SKIPPED], "all": ROW | {"fault": "all"}} | changes
    (folder / FILE).write_text(json.dumps(content))
    return folder


def test_a_loss_is_shown_as_it_was_counted(tmp_path):
    (section,) = sections(stored(tmp_path))
    table = section.opening
    assert "kill -9 &lt;all&gt;" in table
    assert '<td class="number">20</td><td class="number">19</td><td class="number">1</td>' in table
    assert "not tried: Ray is not installed" in table


def test_without_counts_there_is_no_section(tmp_path):
    assert not list(sections(tmp_path))


@pytest.mark.parametrize("changes", [{"schema": "other"}, {"rows": [{}]}, {"rows": 3}], ids=["schema", "row", "rows"])
def test_another_file_under_that_name_is_refused(tmp_path, changes):
    with pytest.raises(StoreError, match="no counts of faults"):
        list(sections(stored(tmp_path, **changes)))


def test_the_suite_writes_what_the_report_reads():
    source = (Path(__file__).parents[3] / "benchmarks" / "faulting" / "tally.py").read_text(encoding="utf-8")
    assert 'SCHEMA = "gradlag-faults/1"' in source
