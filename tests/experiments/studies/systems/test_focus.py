"""Focus' claims, decided on invented results of which the truth is known, and its cells, on small videos."""

from copy import deepcopy

import numpy as np
import pytest

from experiments.studies.claim import judge
from experiments.studies.systems.focus.cells import DECIDING, GRID, MADE, FocusCell, focus_cells
from experiments.studies.systems.focus.effects import chosen, cost, videos
from experiments.studies.systems.focus.system import CLAIMS, FOCUS
from experiments.studies.systems.store import SYSTEM_RESULTS, SystemResult
from experiments.sweep.executor import run_cells

NAMES = {claim.name.removeprefix("focus-"): claim for claim in CLAIMS}


def tuned(ingest=0.01, query=0.01, recall=0.96, precision=0.97):
    told = {"recall": recall, "precision": precision, "ingest": ingest, "query": query, "clusters": 0.1}
    return {"setting": [0, 0, 0.5, 2, 1.0], "sample": told, "later": dict(told)}


def recalled(found, predicted):
    return {"found": found, "both": found, "predicted": predicted, "least": predicted - 0.05}


VALUES = {
    "queried": [0, 1],
    "later": 10_000,
    "front": [tuned(0.006, 0.02), tuned(), tuned(0.02, 0.006)],
    "chosen": [1, 0, 2],
    "recalled": [[recalled(0.97, 0.96), recalled(0.96, 0.96)]] * 3,
    "roomy": tuned(recall=0.955),
    "cloud": [[0.01, 0.01]],
    "alone": tuned(query=0.1),
    "exact": tuned(0.1, 0.0),
    "cascade": tuned(0.01, 0.1),
    "lazy": tuned(0.02, 0.03),
    "most": [1, 2, 4],
    "by_most": [[recalled(0.8, 0.801), recalled(0.9, 0.9), recalled(0.95, 0.949)]] * 3,
    "rare": {"known": 0.96, "known_query": 0.01, "other": 0.95, "other_query": 0.1},
}


def invented(change=lambda values, kind: None, scale="lesson"):
    """Results of a whole scale; recalls differ by a little from seed to seed."""
    results = []
    for cell in focus_cells(scale):
        values = deepcopy(VALUES)
        change(values, "made" if cell.data == MADE else "images")
        for each in (*values["front"], values["roomy"]):
            if each:
                each["later"]["recall"] += 1e-4 * cell.seed
        results.append(SystemResult(cell, values, {}, 0.0, ""))
    return results


def verdict(name, change=lambda values, kind: None):
    return judge(NAMES[name], invented(change)).verdict


def test_what_holds_on_every_video_is_reproduced():
    assert {name: verdict(name) for name in NAMES} == dict.fromkeys(NAMES, "reproduced")


def put(name, part, value, kinds=("made", "images")):
    """A number of the second half changed, of a setting or of one that is chosen."""

    def change(values, kind):
        if kind in kinds:
            each = values["front"][name] if isinstance(name, int) else values[name]
            each["later"][part] = value

    return change


@pytest.mark.parametrize(
    ("claim", "change"),
    [
        ("clusters-save", put("alone", "query", 0.015)),
        ("clusters-save", put("alone", "query", 0.015, ("images",))),
        ("keeps-targets", put(1, "recall", 0.93)),
        ("keeps-targets", put(1, "precision", 0.93, ("made",))),
        ("keeps-targets-with-room", put("roomy", "precision", 0.9)),
        ("not-beaten", put(0, "query", 0.009)),
        ("near-both-ends", put(0, "ingest", 0.004)),
        ("near-both-ends", put(2, "query", 0.001)),
        ("near-least-sum", put(1, "query", 0.02)),
        ("cheaper-ingest-made", put("exact", "ingest", 0.015)),
        ("cheaper-ingest-images", put("exact", "ingest", 0.015)),
        ("faster-query-made", put("cascade", "query", 0.005)),
        ("faster-query-images", put("cascade", "query", 0.005)),
        ("faster-than-lazy", put("lazy", "query", 0.0)),
    ],
)
def test_what_one_number_breaks_is_not_reproduced(claim, change):
    def near(values, kind):
        change(values, kind)

    assert verdict(claim, near) != "reproduced"


def test_a_claim_on_one_video_does_not_hear_of_the_other():
    for video, other in (("made", "images"), ("images", "made")):
        assert verdict(f"cheaper-ingest-{video}", put("exact", "ingest", 0.001, (other,))) == "reproduced"
        assert verdict(f"faster-query-{video}", put("cascade", "query", 0.0, (other,))) == "reproduced"


def test_recall_that_falls_once_is_no_growth():
    def dips(values, kind):
        values["by_most"] = [[recalled(each, each) for each in (0.8, 0.79, 0.95)]]

    assert verdict("grows-with-k", dips) == "not reproduced"
    assert judge(NAMES["grows-with-k"], invented(dips)).estimate == pytest.approx(-0.01)


@pytest.mark.parametrize("off", [0.05, -0.05])
def test_predictions_may_be_off_to_either_side(off):
    def apart(values, kind):
        values["by_most"] = [[recalled(0.9, 0.9 - off)]]
        values["recalled"] = [[recalled(0.9, 0.9), recalled(0.9 + off, 0.9)]]
        values["rare"]["other"] = values["rare"]["known"] + 2 * off

    assert {verdict(name, apart) for name in ("product", "predicted", "rare-as-well")} == {"not reproduced"}


def test_where_nothing_was_tuned_the_exact_classifier_on_everything_is_the_baseline():
    def nothing(values, kind):
        values["alone"] = values["cascade"] = None

    result = invented(nothing)
    assert judge(NAMES["clusters-save"], result).estimate == pytest.approx(np.log2(1 / 0.01))
    assert judge(NAMES["faster-query-made"], result).estimate == pytest.approx(np.log2(1 / 0.01))


def test_a_search_that_finds_nothing_with_room_decides_nothing():
    def nothing(values, kind):
        values["roomy"] = values["rare"] = None

    for name in ("keeps-targets-with-room", "rare-as-well"):
        assert verdict(name, nothing) == "inconclusive"


def test_a_query_that_asks_nothing_counts_as_one_classification():
    values = deepcopy(VALUES)
    assert cost(values, tuned(query=0.0), "query") == pytest.approx(-np.log2(10_000))
    assert cost(values, None, "query") == 0 and chosen(values) is values["front"][1]


def test_one_video_alone_decides_nothing():
    made = [each for each in invented() if each.cell.data == MADE]
    assert judge(NAMES["grows-with-k"], made).evidence == "Not all videos are there."
    assert judge(NAMES["cheaper-ingest-made"], made).verdict == "reproduced"


def test_a_quick_figure_decides_nothing_and_says_so():
    for found in FOCUS.judged(invented(scale="quick")):
        assert found.verdict == "inconclusive" and "left open" in found.evidence and np.isfinite(found.estimate)


def test_seeds_are_paired_and_enough_where_claims_are_decided():
    for scale in ("lesson", "paper"):
        there = videos([SystemResult(cell, VALUES, {}, 0.0, "") for cell in focus_cells(scale)])
        assert {len(each) for each in there.values()} <= {DECIDING, 14} and set(there) == {"made", "images"}


@pytest.mark.parametrize("data", [MADE, "digits"])
def test_small_cells_become_files_that_read_themselves_back(data, tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.systems.focus.images.STEPS", 30)
    small = FocusCell(data, 600, 3, target=0.6)
    outcomes = run_cells(SYSTEM_RESULTS, (small,), tmp_path)
    assert not [each.error for each in outcomes if each.error]
    (stored,) = SYSTEM_RESULTS.load_all(tmp_path)
    values = stored.values
    assert stored.cell == small and len(values["by_most"]) == 3 and len(values["by_most"][0]) == len(GRID.most)
    sums = [sum(each["sample"][part] for part in ("ingest", "query")) for each in values["front"]]
    assert sums[values["chosen"][0]] == min(sums) and values["chosen"][1:] == [0, len(sums) - 1]
    assert all(min(each["sample"]["recall"], each["sample"]["precision"]) >= 0.6 for each in values["front"])
    assert values["alone"] is None or values["alone"]["setting"][2] == 0
    assert values["lazy"]["sample"]["query"] + values["lazy"]["sample"]["ingest"] == pytest.approx(min(sums))
    assert all(0 <= each["least"] <= each["both"] + 1e-6 for row in values["by_most"] for each in row)
