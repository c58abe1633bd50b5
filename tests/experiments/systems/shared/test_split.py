"""An objective spread over workers: the mean over them is the whole, and how they differ is known."""

from itertools import pairwise

import numpy as np
import pytest

from experiments.systems.shared.split import split
from theory.common.errors import InputError

DATA = ["problem:logistic-cancer", "problem:softmax-digits", "problem:logistic-digits"]


@pytest.mark.parametrize("name", [*DATA, "problem:quadratic:d=5", "problem:nonconvex:d=5"])
@pytest.mark.parametrize("skew", [0, 2.0, 100])
def test_the_mean_of_the_workers_gradients_is_that_of_the_whole(name, skew):
    task = split(name, 4, skew)
    x = task.start(0) + 0.1 * np.random.default_rng(1).normal(size=task.whole.parameters)
    mean = task.full_gradients(x).mean(axis=0)
    np.testing.assert_allclose(mean, task.whole.problem.full_gradient(x), atol=1e-12)
    assert task.quality(x[None])[0] == pytest.approx(mean @ mean)


def test_tilts_have_the_heterogeneity_that_was_asked_for_at_every_point():
    task = split("problem:nonconvex:d=7", 6, 1.5)
    for x in np.random.default_rng(2).normal(size=(3, 7)):
        assert task.heterogeneity(x) == pytest.approx(1.5**2)
    assert task.constants(1)["zeta"].value == pytest.approx(1.5)
    np.testing.assert_allclose(task.tilts.sum(axis=0), 0, atol=1e-14)


def test_rows_by_label_differ_more_than_rows_at_random():
    at = split("problem:logistic-digits", 8, 0).start(0)
    alike, apart = (split("problem:logistic-digits", 8, skew).heterogeneity(at) for skew in (0, 100))
    # Rows at random differ by chance alone: at 0 by E|a|^2/4 over the number of rows of a worker.
    assert alike == pytest.approx(65 / 4 / 224, rel=0.3) and apart > 2 * alike


def test_every_worker_has_as_many_rows_and_none_has_those_of_another():
    task = split("problem:softmax-digits", 7, 60)
    sizes = {part.examples for part in task.parts}
    assert len(sizes) == 1 and task.whole.examples == 7 * sizes.pop()
    rows = np.concatenate([part.problem.matrix for part in task.parts])
    np.testing.assert_array_equal(rows, task.whole.problem.matrix)


def test_a_network_is_dealt_with_its_held_out_rows_for_all():
    task = split("dnn:width=8", 4, 100)
    assert [len(set(part.images.labels.tolist())) for part in task.parts] < [10] * 4
    assert task.quality(task.start(0)[None])[0] == pytest.approx(task.parts[2].evaluate(task.start(0))["loss"])
    with pytest.raises(InputError, match="constants"):
        task.constants(8)


@pytest.mark.parametrize("skew", [0, 100])
def test_ratings_are_dealt_whole_and_by_user(skew):
    task = split("matrix-factorization:rank=2,bits=64", 4, skew)
    x, n = task.start(1), task.whole.examples
    np.testing.assert_allclose(task.full_gradients(x).sum(axis=0), task.whole.gradient(x, 0, 0, 0, 0), atol=1e-9)
    assert n in (100_000, 100_004) and task.quality(x[None])[0] == task.whole.evaluate(x)["loss"]
    users = [len(set(task.whole.ratings.users[a:b])) for a, b in pairwise(task.starts)]
    assert max(users) < 400 if skew else min(users) > 600


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("problem:quadratic:d=3", 0), "number of workers"),
        (("problem:quadratic:d=3", 1, 1.0), "0 for one worker"),
        (("problem:quadratic:d=3", 4, -1.0), "size of tilts"),
        (("problem:quadratic:d=3", 4, np.nan), "size of tilts"),
        (("problem:logistic-cancer", 4, 101.0), "percentage"),
        (("problem:logistic-cancer", 1000), "only 569 rows"),
        (("lda", 4), "cannot be spread"),
        (("vae", 4), "cannot be spread"),
    ],
)
def test_what_cannot_be_spread_is_refused_by_name(asked, said):
    with pytest.raises(InputError, match=said):
        split(*asked)
