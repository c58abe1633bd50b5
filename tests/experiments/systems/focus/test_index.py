"""The index and its queries: what the plain loops say, what is certain of recall, and what is refused."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.systems.focus.clustering import Clusters, cluster
from experiments.systems.focus.detections import OTHER, Cheap, Detections, covering, known_labels, most_frequent, ranked
from experiments.systems.focus.index import build_index, exact_index, query
from experiments.systems.focus.naive import naive_query
from experiments.systems.focus.recall import LEAST, MOST, PREDICTED, recall_parts
from experiments.systems.focus.synthetic import SyntheticVideo
from experiments.systems.focus.tracks import Lengths
from theory.common.errors import InputError

KINDS = 4


@st.composite
def indexed(draw):
    """Random detections, clusters and cheap answers: nothing that a video would have is assumed."""
    count = draw(st.integers(1, 25))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    classes = rng.integers(0, KINDS, count)
    specialised = np.sort(rng.choice(KINDS, draw(st.integers(1, KINDS)), replace=False))
    names = np.append(specialised, OTHER) if specialised.size < KINDS else specialised
    cheap = Cheap(*ranked(rng.gamma(0.3, size=(count, names.size)), names, names.size), specialised, 0.1)
    clusters = cluster(rng.normal(size=(count, 1)), draw(st.sampled_from([0.0, 0.5, 2.0])), draw(st.integers(1, 5)))
    detections = Detections(classes, np.arange(count), np.arange(count), KINDS)
    return detections, cheap, clusters, draw(st.integers(1, names.size))


@given(indexed(), st.sampled_from([0.0, 0.4, 0.9, 1.0]))
def test_a_query_is_the_plain_loop(made, skip):
    detections, cheap, clusters, most = made
    index = build_index(cheap, clusters, most, KINDS)
    for wanted in range(KINDS):
        answer = query(index, wanted, detections.classes.__getitem__, skip)
        plain = naive_query(cheap, clusters, detections.classes.tolist(), most, wanted, skip)
        assert (np.flatnonzero(answer.taken[clusters.of]).tolist(), answer.exact.tolist()) == plain


@given(indexed(), st.sampled_from([0.0, 0.4, 0.9]))
def test_what_the_lemma_says_of_recall_holds_for_whatever_was_indexed(made, skip):
    detections, cheap, clusters, most = made
    index, exact, queried = build_index(cheap, clusters, most, KINDS), detections.classes.__getitem__, range(KINDS)
    parts = recall_parts(index, detections, queried)
    recalls = []
    for wanted in queried:
        there = detections.classes == wanted
        asked, sure = (query(index, wanted, exact, each).taken[clusters.of] for each in (1.0, skip))
        recalls.append(asked[there].mean() if there.any() else 1.0)
        assert (asked <= sure).all()
    np.testing.assert_array_equal(parts.both, recalls)
    slack = 1e-12
    assert (parts.value(LEAST) <= parts.both + slack).all() and (parts.both <= parts.value(MOST) + slack).all()
    deviation = np.sqrt(parts.covered * (1 - parts.covered) * parts.pure * (1 - parts.pure))
    assert (np.abs(parts.both - parts.value(PREDICTED)) <= deviation + slack).all()


@given(indexed(), st.sampled_from([0.0, 0.4, 0.9, 1.0]))
def test_what_is_found_grows_with_k(made, skip):
    detections, cheap, clusters, most = made
    for wanted in range(KINDS):
        found = [
            query(build_index(cheap, clusters, k, KINDS), wanted, detections.classes.__getitem__, skip).taken
            for k in range(1, most + 1)
        ]
        assert all((fewer <= more).all() for fewer, more in pairwise(found))


def parts(covered, pure):
    """Four clusters of two, the second of class 0 always and the first where it is pure; which are covered is given."""
    clusters = Clusters(np.repeat(np.arange(4), 2), np.arange(0, 8, 2))
    classes = np.where(np.arange(8) % 2, 0, np.repeat(1 - np.array(pure), 2))
    labels = np.where(np.repeat(covered, 2), np.repeat(classes[::2], 2), 2)[:, None]
    index = build_index(Cheap(labels, np.ones((8, 1)), np.arange(3), 0.1), clusters, 1, 3)
    return recall_parts(index, Detections(classes, np.arange(8), np.arange(8), 3), [0])


def test_the_product_and_both_ends_of_the_lemma_are_reached():
    crossed, same, apart = (
        parts([1, 0, 1, 0], [1, 1, 0, 0]),
        parts([1, 1, 0, 0], [1, 1, 0, 0]),
        parts([1, 1, 0, 0], [0, 0, 1, 1]),
    )
    np.testing.assert_allclose([crossed.both, crossed.covered, crossed.pure], [[1 / 3], [1 / 2], [2 / 3]])
    np.testing.assert_allclose(crossed.both, crossed.value(PREDICTED))
    np.testing.assert_array_equal(same.both, same.value(MOST))
    assert apart.both == apart.value(LEAST) == 0 < apart.value(PREDICTED)


def test_an_exact_index_asks_nothing_and_finds_what_its_clusters_hold():
    classes = np.array([0, 1, 0, 2])
    clusters = Clusters(np.array([0, 1, 0, 0]), np.array([0, 1]))
    index = exact_index(clusters, classes.__getitem__, 3)
    answer = query(index, 0, classes.__getitem__, 0.0)
    assert np.flatnonzero(answer.taken[clusters.of]).tolist() == [0, 2, 3] and not answer.exact.size


def test_a_class_that_is_not_specialised_is_found_under_other_and_never_taken_unasked():
    classes = np.array([3, 0, 3])
    cheap = Cheap(np.array([[OTHER, 0], [OTHER, 0], [0, OTHER]]), np.array([[0.99, 0.01]] * 3), np.array([0]), 0.1)
    clusters = Clusters(np.arange(3), np.arange(3))
    one, both = (query(build_index(cheap, clusters, k, KINDS), 3, classes.__getitem__, 0.5) for k in (1, 2))
    assert one.taken.tolist() == [True, False, False] and one.exact.tolist() == [0, 1]
    assert both.taken.tolist() == [True, False, True] and both.exact.tolist() == [0, 1, 2]
    # Of a class that it knows the cheap classifier is believed where it is sure, right or wrong.
    sure = query(build_index(cheap, clusters, 1, KINDS), 0, classes.__getitem__, 0.5)
    assert sure.taken.tolist() == [False, False, True] and not sure.exact.size


def test_frequent_classes_are_counted_and_ranks_break_ties_by_order():
    classes = np.array([2, 2, 2, 5, 5, 1, 1, 7])
    assert most_frequent(classes, 2).tolist() == [1, 2] and most_frequent(classes, 9).tolist() == [1, 2, 5, 7]
    assert covering(classes, 0.3).tolist() == [2] and covering(classes, 1.0).tolist() == [1, 2, 5, 7]
    assert known_labels(classes, np.array([1, 2])).tolist() == [2, 2, 2, OTHER, OTHER, 1, 1, OTHER]
    labels, confidence = ranked(np.array([[0.2, 0.4, 0.4]]), np.array([3, 1, OTHER]), 3)
    assert labels.tolist() == [[1, OTHER, 3]]
    np.testing.assert_allclose(confidence, [[0.4, 0.4, 0.2]])


def made():
    video = SyntheticVideo(Lengths(60))
    return video.cheap(0, np.array([0, 1, 2])), cluster(video.features(0), 0.4), video.detections


@pytest.mark.parametrize(("most", "told"), [(0, "from 1 to 4"), (5, "from 1 to 4"), (-1, "K"), (1.5, "K")])
def test_a_k_outside_the_labels_is_refused_by_name(most, told):
    cheap, clusters, seen = made()
    with pytest.raises(InputError, match="K") as refused:
        build_index(cheap, clusters, most, seen.kinds)
    assert told in str(refused.value)


def test_an_index_without_a_cluster_is_refused_by_name():
    cheap, _, seen = made()
    with pytest.raises(InputError, match="The index has no cluster"):
        build_index(cheap, cluster(np.empty((0, 16)), 0.4), 1, seen.kinds)


@pytest.mark.parametrize("wanted", [-1, 80])
def test_an_unknown_class_is_refused_by_name(wanted):
    cheap, clusters, seen = made()
    with pytest.raises(InputError, match=f"There is no class {wanted}. The classes of this video are 0 to 79."):
        query(build_index(cheap, clusters, 1, seen.kinds), wanted, seen.classes.__getitem__)


@pytest.mark.parametrize("skip", [-0.1, 1.1, float("nan")])
def test_a_confidence_outside_its_range_is_refused_by_name(skip):
    cheap, clusters, seen = made()
    with pytest.raises(InputError, match="Skip_th"):
        query(build_index(cheap, clusters, 1, seen.kinds), 0, seen.classes.__getitem__, skip)


def test_a_sample_without_labels_has_no_frequent_classes():
    with pytest.raises(InputError, match="no labelled sample"):
        covering(np.empty(0, np.int64), 0.95)


def test_outside_its_side_condition_the_lemma_says_too_little():
    """A wrong cheap answer, if sure, takes a cluster that an exact one refuses: recall is above both p and q."""
    classes = np.array([1, 0, 0])
    clusters = Clusters(np.zeros(3, np.int64), np.array([0]))
    cheap = Cheap(np.array([[0, 1, 2]] * 3), np.array([[0.9, 0.1, 0.0]] * 3), np.arange(3), 0.1)
    index = build_index(cheap, clusters, 1, 3)
    most = recall_parts(index, Detections(classes, np.arange(3), np.arange(3), 3), [0]).value(MOST)
    asked, sure = (query(index, 0, classes.__getitem__, skip).taken[clusters.of][1:].mean() for skip in (1.0, 0.5))
    assert asked == most == 0 and sure == 1
