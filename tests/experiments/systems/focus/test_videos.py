"""Videos: who is seen when, what is documented of the made one, and images that are held out."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from experiments.systems.focus.clustering import cluster
from experiments.systems.focus.detections import OTHER
from experiments.systems.focus.images import EXACT_MULTIPLICATIONS, FIRST, SECOND, TRAINING, ImageVideo
from experiments.systems.focus.synthetic import SPECIAL_COST, SyntheticVideo
from experiments.systems.focus.tracks import Lengths, draw_tracks, few_frequent
from theory.common.errors import InputError

EVERY = np.empty(0, np.int64)
MADE = SyntheticVideo(Lengths(4000), seed=1)
FILMED = ImageVideo(Lengths(1200), seed=1, data="digits")


def test_tracks_have_one_class_and_frames_in_a_row():
    seen = draw_tracks(Lengths(3000, life=8.0, busy=2.0), np.array([0.5, 0.3, 0.2]), seed=4)
    assert (np.diff(seen.frames) >= 0).all() and seen.classes.size == 3000
    lengths = np.bincount(seen.tracks)
    assert lengths.mean() == pytest.approx(8, rel=0.2)
    for track in range(50):
        mine = seen.tracks == track
        assert np.unique(seen.classes[mine]).size == 1 and (np.diff(seen.frames[mine]) == 1).all()
    middle = seen.frames[seen.frames.size // 4 : -seen.frames.size // 4]
    assert middle.size / (middle[-1] - middle[0]) == pytest.approx(2, rel=0.2)


def test_few_classes_have_nearly_all_objects():
    frequencies = few_frequent(80, 5, 0.95)
    assert frequencies.sum() == pytest.approx(1) and frequencies[:5].sum() == pytest.approx(0.95)
    assert (np.diff(frequencies[:5]) < 0).all() and frequencies[4] > 5 * frequencies[5]


def test_nearest_neighbours_mostly_share_the_class():
    for video, least in ((MADE, 0.99), (FILMED, 0.98)):
        features, classes = video.features(2)[:800], video.detections.classes[:800]
        distances = cdist(features, features)
        np.fill_diagonal(distances, np.inf)
        assert (classes[distances.argmin(axis=1)] == classes).mean() >= least


@pytest.mark.parametrize("video", [MADE, FILMED], ids=["made", "filmed"])
def test_a_dearer_model_is_better_and_k_covers_more(video):
    covered = []
    for model in range(3):
        labels = video.cheap(model, EVERY).labels
        right = labels == video.detections.classes[:, None]
        covered.append([right[:, :k].any(axis=1).mean() for k in (1, 2, 4)])
    assert (np.diff(covered, axis=1) > 0).all() and (np.diff(covered, axis=0)[:, 0] > 0).all()
    assert (np.diff([each.cost for each in video.models]) > 0).all()


@pytest.mark.parametrize("video", [MADE, FILMED], ids=["made", "filmed"])
def test_a_specialised_model_says_other_of_what_it_does_not_know_and_costs_less(video):
    known = np.array([0, 1])
    cheap, whole = video.cheap(1, known), video.cheap(1, EVERY)
    assert set(np.unique(cheap.labels)) == {0, 1, OTHER} and cheap.cost < whole.cost
    np.testing.assert_allclose(cheap.confidence.sum(axis=1), 1)
    unknown = ~np.isin(video.detections.classes, known)
    assert (cheap.labels[unknown, 0] == OTHER).mean() > 0.7
    assert whole.specialised.size == video.detections.kinds and OTHER not in whole.labels
    assert (np.diff(cheap.confidence, axis=1) <= 0).all() and (np.diff(whole.confidence, axis=1) <= 0).all()


def test_costs_are_those_that_are_documented():
    assert MADE.cheap(0, np.array([3])).cost == SPECIAL_COST * MADE.models[0].cost
    assert FILMED.cheap(1, np.array([3])).cost == pytest.approx(17 * 2 / EXACT_MULTIPLICATIONS)
    assert EXACT_MULTIPLICATIONS == 24**2 * 6 * 25 + 8**2 * 16 * 6 * 25 + 256 * 120 + 120 * 84 + 84 * 10


def test_logits_and_features_are_independent_given_the_class():
    """So are, by construction, the two events of the lemma where the centre's class is given."""
    features, logits = MADE.features(0), MADE.logits(0)
    mine = np.flatnonzero(MADE.detections.classes == 0)
    mine = mine[np.unique(MADE.detections.tracks[mine], return_index=True)[1]]  # one of each track
    joint = np.corrcoef(features[mine].T, logits[mine][:, :10].T)[:16, 16:]
    assert np.abs(joint).max() < 5 / np.sqrt(mine.size)


def test_images_of_training_sample_and_held_out_time_are_apart():
    thirds = [set(np.concatenate(rows).tolist()) for rows in FILMED._thirds]
    assert len(set.union(*thirds)) == sum(map(len, thirds)) == 1797
    assert {len(thirds[part]) for part in (TRAINING, FIRST, SECOND)} <= set(range(590, 610))


def test_frames_of_one_track_look_alike():
    for video in (MADE, FILMED):
        clusters, seen = cluster(video.features(2), 0.35), video.detections
        together = seen.tracks[clusters.centres[clusters.of]] == seen.tracks
        assert together.mean() > 0.5


def test_a_video_is_that_of_its_seed():
    again = ImageVideo(Lengths(1200), seed=1, data="digits")
    np.testing.assert_array_equal(again.pictures()[0], FILMED.pictures()[0])
    assert (ImageVideo(Lengths(1200), seed=2, data="digits").features(0) != FILMED.features(0)).any()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: draw_tracks(Lengths(0), np.array([1.0])), "number of detections"),
        (lambda: draw_tracks(Lengths(5, life=0.5), np.array([1.0])), "at least one frame"),
        (lambda: draw_tracks(Lengths(5, busy=0.0), np.array([1.0])), "positive number"),
        (lambda: few_frequent(5, 5, 0.9), "not all"),
        (lambda: few_frequent(5, 2, 1.0), "between 0 and 1"),
        (lambda: ImageVideo(Lengths(5), data="breast_cancer").features(0), "square images"),
    ],
)
def test_a_video_that_cannot_be_made_is_refused_by_name(make, told):
    with pytest.raises(InputError) as refused:
        make()
    assert told in str(refused.value)
