"""Networks and autoencoders: gradients against differences and against the compiled kernels, starts and data."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from experiments.kernels import counters, dense, elementary, keys
from experiments.simulate import gradients
from experiments.workers.engines import ring
from experiments.workloads import WORKLOADS, get_workload, networks
from experiments.workloads.images import images
from experiments.workloads.networks import outputs
from theory.common.compiling import kept, number_of_sources
from theory.common.errors import DataError, InputError

EXACT = ("mlr:bits=64", "dnn:width=7,bits=64", "dnn:depth=6,width=5,bits=64", "vae:depth=3,width=6,latent=3,bits=64")
SHORT = ("mlr", "dnn:depth=3,width=16", "vae:depth=2,width=16")


@cache
def caller(kind):
    """The compiled gradient for one class of data, kept on the disk while the sources that it is made from stay."""
    sources = number_of_sources(__file__, ring, counters, dense, elementary, gradients, keys, networks, kind)

    @kept(error_model="numpy")
    def call(data, scratch, seed, t, worker, x, out):
        ring.gradient_into(data, scratch, seed, t, worker, x, out)
        return sources

    return call


def compiled_gradient(work, x, seed, t, worker, batch):
    """What the fused engine computes at x."""
    kernel, out = work.kernel(batch), np.zeros_like(x)
    caller(type(kernel.data))(kernel.data, kernel.scratch(), seed, t, worker, x, out)
    return out


@pytest.mark.parametrize("name", EXACT)
def test_the_gradient_is_the_derivative_of_the_measured_loss(name):
    # Held-out rows take the place of the sample: the same formula, its derivative by central differences.
    work = get_workload(name)
    data = work.images
    work = replace(work, images=replace(data, held_out=data.features[:40], held_out_labels=data.labels[:40]))
    rng = np.random.default_rng(0)
    # Away from the start, whose zero biases put a unit behind a silent layer on the very kink of ReLU.
    x = work.initial(1)
    x += 0.1 * rng.standard_normal(x.size)
    gradient = work.sample_gradient(x, 40)
    for _ in range(5):
        direction = rng.standard_normal(x.size)
        h = 1e-6
        slope = (work.evaluate(x + h * direction)["loss"] - work.evaluate(x - h * direction)["loss"]) / (2 * h)
        assert gradient @ direction == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("name", EXACT)
def test_the_compiled_gradient_is_that_of_numpy(name):
    work = get_workload(name)
    x = work.initial(4)
    for seed, t, worker, batch in ((0, 0, 0, 5), (3, 9, 2, 32), (2**62, 1, 1, 1), (1, 0, 0, 0)):
        expected = work.gradient(x, seed, t, worker, batch)
        np.testing.assert_allclose(compiled_gradient(work, x, seed, t, worker, batch), expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("name", SHORT)
def test_32_bits_follow_64_bits(name):
    single, double = get_workload(name), get_workload(name + (",bits=64" if ":" in name else ":bits=64"))
    x = single.initial(2)
    assert x.dtype == np.float32 and single.gradient(x, 0, 0, 0, 8).dtype == np.float32
    expected = double.gradient(x.astype(np.float64), 0, 0, 0, 8)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(single.gradient(x, 0, 0, 0, 8), expected, atol=1e-5 * scale)
    np.testing.assert_allclose(compiled_gradient(single, x, 0, 0, 0, 8), expected, atol=1e-5 * scale)


@pytest.mark.parametrize("name", SHORT)
def test_gradients_differ_by_seed_iteration_and_worker_alone(name):
    work = get_workload(name)
    x = work.initial(0)
    points = [(s, t, p) for s in range(2) for t in range(2) for p in range(2)]
    seen = {point: work.gradient(x, *point, 4).tobytes() for point in points}
    assert len(set(seen.values())) == 8
    assert all(work.gradient(x, *point, 4).tobytes() == seen[point] for point in points)


def test_the_start_is_hes():
    # Each standard deviation is estimated from at least 64 * 256 numbers: 3 per cent is more than five deviations.
    work = get_workload("dnn:depth=2,width=256,bits=64")
    x, first = work.initial(0), 64 * 256
    assert x[:first].std() == pytest.approx(np.sqrt(2 / 64), rel=0.03)
    assert (x[first : first + 256] == 0).all()
    second = x[first + 256 : first + 256 + 256 * 256]
    assert second.std() == pytest.approx(np.sqrt(2 / 256), rel=0.03)
    assert not np.array_equal(x, work.initial(1)) and np.array_equal(x, work.initial(0))


def test_relu_units_are_never_negative_and_scores_may_be():
    work = get_workload("dnn:depth=2,width=16")
    values = outputs(work.widths, work.initial(0), work.features[1])
    assert (values[1] >= 0).all() and (values[2] >= 0).all() and (values[3] < 0).any()


@pytest.mark.parametrize(("name", "rows", "held"), [("digits", 1438, 359), ("mnist-5k", 4000, 1000)])
def test_a_fifth_of_the_rows_is_held_out_and_all_rows_are_used(name, rows, held):
    data = images(name)
    assert (len(data.features), len(data.held_out)) == (rows, held)
    assert data.features.min() == 0 and data.features.max() == 1
    assert np.bincount(data.held_out_labels).min() > 0.06 * held
    every = np.concatenate([data.features, data.held_out])
    assert len(np.unique(every, axis=0)) == len(every)


@pytest.mark.parametrize("name", ["mlr", "dnn:depth=2,width=32,data=mnist-5k", "vae:depth=3,latent=4", "dnn"])
def test_a_name_rebuilds_the_workload(name):
    work = get_workload(name)
    again = get_workload(work.name)
    assert again.name == work.name == name
    assert again.parameters == work.parameters == work.initial(0).size
    assert set(work.evaluate(work.initial(0))) == set(work.metrics) and work.target.metric in work.metrics


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dn", "Did you mean dnn"),
        ("dnn:depth=7", "1 to 6 hidden layers. Got 7"),
        ("dnn:depth=0", "from 1 to"),
        ("vae:depth=4", "1 to 3 hidden layers"),
        ("dnn:bits=33", "32 or 64"),
        ("dnn:colour=red", "dnn takes depth, width, data, bits"),
        ("dnn:depth=1,depth=2", "given twice"),
        ("problem:nothing", "no problem 'nothing'"),
    ],
)
def test_a_wrong_name_is_refused(name, message):
    with pytest.raises(InputError, match=message):
        get_workload(name)


def test_unknown_data_are_refused():
    with pytest.raises(DataError, match="no data set 'faces'"):
        get_workload("mlr:data=faces")


def test_every_entry_can_be_built_by_default():
    for name in ("mlr", "dnn", "vae"):
        assert WORKLOADS[name].title and get_workload(name).name == name
