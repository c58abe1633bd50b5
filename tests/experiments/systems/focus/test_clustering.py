"""Online clustering: the compiled pass is the plain loop bit for bit, and every member is near its centre."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from experiments.systems.focus.clustering import cluster, spread
from experiments.systems.focus.naive import naive_cluster
from experiments.systems.focus.synthetic import SyntheticVideo
from experiments.systems.focus.tracks import Lengths
from theory.common.errors import InputError

#: Whole numbers: many distances are equal, and many are the radius itself.
TIES = npst.arrays(np.float64, st.tuples(st.integers(0, 25), st.integers(1, 3)), elements=st.integers(-2, 2))
FREE = npst.arrays(np.float64, (20, 2), elements=st.floats(-3, 3))


@given(st.one_of(TIES, FREE), st.sampled_from([0.0, 0.5, 1.0, 2.0, 9.0]), st.integers(1, 4))
def test_the_compiled_pass_is_the_plain_loop(features, radius, active):
    found = cluster(features, radius, active)
    assert (found.of.tolist(), found.centres.tolist()) == naive_cluster(features, radius, active)


@pytest.mark.parametrize("radius", [0.0, 0.3, 0.5, 0.6])
def test_it_is_the_plain_loop_on_a_video_with_more_clusters_than_places(radius):
    features = SyntheticVideo(Lengths(1500), seed=3).features(0)
    found = cluster(features, radius, 20)
    assert found.centres.size > 20
    assert (found.of.tolist(), found.centres.tolist()) == naive_cluster(features, radius, 20)


@given(FREE, st.floats(0, 3), st.integers(1, 30))
def test_every_member_is_within_the_radius_of_the_object_that_opened_its_cluster(features, radius, active):
    found = cluster(features, radius, active)
    distances = np.linalg.norm(features - features[found.centres[found.of]], axis=1)
    assert (distances <= radius * (1 + 1e-12) + 1e-15).all()  # the square is rounded a few times
    assert (found.of[found.centres] == np.arange(found.centres.size)).all() and (np.diff(found.centres) > 0).all()


def test_a_wider_radius_opens_one_cluster_and_none_opens_as_many_as_there_are_looks():
    looks = np.array([[0.0], [1.0], [0.0], [2.0], [1.0]])
    assert cluster(looks, 0.0).centres.tolist() == [0, 1, 3]
    assert cluster(looks, 2.0).centres.tolist() == [0]


def test_a_sealed_cluster_grows_no_more():
    # With two places the pair at 0 stays, and the single one at 5 is sealed when 10 comes.
    assert cluster(np.array([[0.0], [0.0], [5.0], [10.0], [5.0]]), 1.0, 2).of.tolist() == [0, 0, 1, 2, 3]


def test_nothing_gives_no_cluster():
    assert cluster(np.empty((0, 4)), 1.0).centres.size == 0


def test_the_spread_is_the_root_mean_squared_distance_of_two_rows():
    rows = np.random.default_rng(0).normal(size=(40, 3))
    squares = ((rows[:, None] - rows) ** 2).sum(axis=2)
    assert spread(rows) == pytest.approx(np.sqrt(squares.mean()), rel=1e-12)


@pytest.mark.parametrize(
    ("features", "radius", "active", "told"),
    [
        (np.zeros((2, 1)), -0.1, 5, "at least 0. Got -0.1"),
        (np.zeros((2, 1)), np.nan, 5, "at least 0. Got nan"),
        (np.zeros((2, 1)), 1.0, 0, "active clusters"),
        (np.zeros(3), 1.0, 5, "shape (3,)"),
        (np.array([[np.nan]]), 1.0, 5, "not finite"),
    ],
)
def test_what_cannot_be_clustered_is_refused_by_name(features, radius, active, told):
    with pytest.raises(InputError) as refused:
        cluster(features, radius, active)
    assert told in str(refused.value)
