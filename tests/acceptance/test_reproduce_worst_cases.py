"""`gradlag reproduce` for the solved studies: by name, resumed as it is, redone where damaged, on several processes."""

import pytest

from experiments.studies.worst_cases.limit import LimitCell


@pytest.fixture
def place(tmp_path, monkeypatch, shrink_studies, leave_pictures_out):
    shrink_studies(monkeypatch)
    leave_pictures_out(monkeypatch)
    return tmp_path


def stored(place):
    return {path.name: path.read_bytes() for path in (place / "out/worst-case").glob("*.json")}


def test_named_figures_are_made_and_a_second_call_computes_nothing(gradlag, place):
    line = ("reproduce", "limit", "worst-function", "--out", "out", "--json")
    first = gradlag(*line, folder=place)
    assert first.status == 0
    assert "3 worst cases at the scale quick" in first.err and "Computed now: limit" in first.err
    text, before = (place / first.json["report"]).read_text(), stored(place)
    assert '<figure id="limit"' in text and '<figure id="worst-function"' in text and '<figure id="designs"' not in text

    again = gradlag(*line, folder=place)
    assert again.status == 0 and "Computed now" not in again.err
    assert stored(place) == before and (place / again.json["report"]).read_text() == text

    rebuilt = gradlag("report", "--out", "out", "--json", folder=place)
    assert (place / rebuilt.json["report"]).read_text() == text


def test_a_corrupt_file_is_redone_with_a_sentence(gradlag, place):
    line = ("reproduce", "limit", "--out", "out", "--json")
    gradlag(*line, folder=place)
    victim = sorted((place / "out/worst-case").glob("*.json"))[0]
    victim.write_bytes(victim.read_bytes()[:200])
    told = gradlag(*line, folder=place)
    assert told.status == 0
    assert victim.name in told.err.replace("\n", "") and "computed again" in " ".join(told.err.split())


def fails_at_delay_0(cell, compute=LimitCell.compute):
    if cell.delay == 0:
        raise OSError("No space left on device")
    return compute(cell)


def test_one_failure_leaves_the_others_and_the_next_call_mends_it(gradlag, place, monkeypatch):
    line = ("reproduce", "limit", "designs", "--out", "out", "--json")
    with monkeypatch.context() as patched:
        patched.setattr("experiments.studies.worst_cases.limit.LimitCell.compute", fails_at_delay_0)
        failed = gradlag(*line, folder=place)
    assert failed.status == 4 and "1 of 5 failed" in failed.json["error"]
    assert "limit-D0-n4: OSError: No space left" in failed.json["error"]
    assert gradlag(*line, folder=place).status == 0
    assert '<figure id="limit"' in (place / "out/report.html").read_text()
