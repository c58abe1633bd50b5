"""The search: what it keeps, whom it chooses, and baselines that are tuned on the same grid."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.systems.focus.detections import covering
from experiments.systems.focus.search import choose, meeting, pareto
from experiments.systems.focus.synthetic import SyntheticVideo
from experiments.systems.focus.tracks import Lengths
from experiments.systems.focus.trials import Grid, Part, Setting, Trial, quality
from theory.common.errors import InputError

GRID = Grid(specialised=(0, 3), radii=(0.0, 0.5), most=(1, 4, 6), skips=(0.9, 1.0))
COSTS = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=12)


def part(first=0, last=1000):
    video = SyntheticVideo(Lengths(1000))
    rows = slice(first, last)
    return Part(video, rows, slice(0, 500), covering(video.detections.classes[:500], 0.95).tolist())


def trial(ingest, query, recall=1.0, precision=1.0):
    return Trial(Setting(0, 0, 0.0, 1, 1.0), recall, precision, ingest, query, 1.0)


@given(COSTS)
def test_the_front_is_what_no_other_beats(costs):
    trials = [trial(*each) for each in costs]
    front = {(each.ingest, each.query) for each in pareto(trials)}
    beaten = {(i, q) for i, q in costs if any(j <= i and r <= q and (j, r) != (i, q) for j, r in costs)}
    assert front == set(costs) - beaten


@given(COSTS)
def test_balance_has_the_least_sum_and_the_ends_the_least_of_each(costs):
    found = choose([trial(*each) for each in costs], 1.0, 1.0)
    assert found.balance.ingest + found.balance.query == min(map(sum, costs))
    assert found.opt_ingest.ingest == min(each[0] for each in costs)
    assert found.opt_query.query == min(each[1] for each in costs)


def test_what_misses_a_target_is_not_taken_however_cheap():
    trials = [trial(1, 1, recall=0.9), trial(2, 2, precision=0.9), trial(3, 3, 0.95, 0.95)]
    assert meeting(trials, 0.95, 0.95) == (trials[2],)
    with pytest.raises(InputError, match=r"recall of 0.99 .* The nearest has 0.95 and 0.95"):
        choose(trials, 0.99, 0.95)
    with pytest.raises(InputError, match="None was tried"):
        choose([], 0.5, 0.5)


@pytest.mark.parametrize("target", [0.0, -0.1, 1.01, float("nan")])
def test_a_target_outside_its_range_is_refused_by_name(target):
    with pytest.raises(InputError, match="target of recall"):
        choose([trial(1, 1)], target, 0.9)
    with pytest.raises(InputError, match="target of precision"):
        choose([trial(1, 1)], 0.9, target)


def test_a_video_without_a_labelled_sample_is_refused_by_name():
    with pytest.raises(InputError, match="There is no labelled sample"):
        replace(part(), sample=slice(0, 0))


def test_recall_and_precision_are_of_frames():
    frames = np.array([3, 3, 4, 5, 5])
    there, returned = np.array([1, 1, 1, 0, 0], bool), np.array([1, 0, 0, 1, 0], bool)
    assert quality(frames, there, returned) == (1 / 2, 1 / 2)
    nothing = np.zeros(5, bool)
    assert quality(frames, there, nothing) == (0.0, 1.0) and quality(frames, nothing, returned) == (1.0, 0.0)


def test_without_clusters_and_with_every_label_nothing_is_missed_and_costs_are_counted():
    sample = part(0, 500)
    classes, count = sample.detections.classes, 500
    found = sample.trial(Setting(2, 0, 0.0, 8, 1.0))
    labels = sample.cheap(2, 0).labels
    assert found.recall > 0.99 and found.precision == 1 and found.clusters == 1
    assert found.query == np.mean([(labels == wanted).any(axis=1).sum() for wanted in sample.queried]) / count
    assert found.ingest == sample.video.models[2].cost
    recall, parts = sample.recall(found.setting)
    np.testing.assert_array_equal(parts.pure, 1)
    covered = [(labels[classes == wanted] == wanted).any(axis=1).mean() for wanted in sample.queried]
    np.testing.assert_allclose(parts.covered, covered)
    assert recall == pytest.approx(np.mean(covered))


def test_the_ingest_heavy_baseline_pays_for_every_centre_and_nothing_at_a_query():
    sample = part(0, 500)
    plain, clustered = (sample.ingest_heavy(Setting(0, 3, radius, 1, 1.0)) for radius in (0.0, 0.5))
    assert (plain.recall, plain.precision, plain.ingest, plain.query) == (1, 1, 1, 0)
    assert clustered.query == 0 and clustered.ingest == clustered.clusters + sample.cheap(0, 3).cost < 0.5


def test_a_grid_asks_for_no_more_labels_than_there_are():
    settings = list(GRID.settings(3, 9))
    assert len(settings) == len(set(settings)) == 3 * 2 * 2 * (3 + 2)
    assert all(each.most <= 4 for each in settings if each.specialised)
    assert not [each for each in GRID.settings(3, 3) if each.specialised]  # they are all classes that there are


def test_both_parts_know_as_specialised_what_the_sample_has_most_of():
    sample, later = part(0, 500), part(500, 1000)
    np.testing.assert_array_equal(sample.cheap(0, 3).specialised, later.cheap(0, 3).specialised)
    assert later.trial(Setting(0, 3, 0.5, 2, 0.9)).setting == Setting(0, 3, 0.5, 2, 0.9)
