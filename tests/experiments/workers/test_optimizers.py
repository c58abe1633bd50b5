"""The five optimisers: by hand, against optax step by step, and the compiled form against the numpy one."""

import numpy as np
import pytest

from experiments.workers.optimizers import OPTIMIZERS, get_optimizer, turn_into_update, update
from theory.common.errors import InputError

STEPS, SIZE, ETA = 30, 7, 0.05
BITS = (np.float32, np.float64)


def gradients(precision):
    return np.random.default_rng(0).standard_normal((STEPS, SIZE)).astype(precision)


def updates(name, sequence, eta=ETA):
    """The updates of one worker that sees these gradients."""
    optimizer = get_optimizer(name)
    data, state = optimizer.data(eta, len(sequence), sequence.dtype), optimizer.start(sequence[0])
    for t, gradient in enumerate(sequence):
        change, state = update(data, t, gradient, state)
        yield change


def hand(name, sequence, eta=ETA):
    """The update of the last gradient, from the definition."""
    return [float(u[0]) for u in updates(name, np.array(sequence, dtype=float)[:, None], eta)][-1]


def test_sgd_is_minus_the_step_size_times_the_gradient():
    assert hand("sgd", [3.0], eta=0.5) == -1.5


def test_momentum_sums_the_gradients_with_weights_that_fall_by_nine_tenths():
    assert hand("momentum", [1.0, 2.0, 4.0], eta=1.0) == pytest.approx(-(4 + 0.9 * 2 + 0.81 * 1), rel=1e-15)


@pytest.mark.parametrize("gradient", [1e-3, 1.0, 50.0])
def test_adam_takes_steps_of_the_step_size_whatever_the_size_of_a_constant_gradient(gradient):
    assert hand("adam", [gradient] * 5, eta=0.1) == pytest.approx(-0.1, rel=1e-4)


def test_adam_by_hand_on_two_gradients():
    m, v = 0.9 * 0.1 * 2.0 + 0.1 * (-1.0), 0.999 * 0.001 * 4.0 + 0.001 * 1.0
    by_hand = -0.1 * (m / (1 - 0.9**2)) / (np.sqrt(v / (1 - 0.999**2)) + 1e-8)
    assert hand("adam", [2.0, -1.0], eta=0.1) == pytest.approx(by_hand, rel=1e-12)


def test_adagrad_divides_by_the_root_of_all_squares():
    assert hand("adagrad", [3.0, 4.0], eta=1.0) == pytest.approx(-4 / np.sqrt(0.1 + 9 + 16 + 1e-7), rel=1e-14)


def test_rmsprop_divides_by_the_root_of_the_recent_squares():
    squares = 0.9 * (0.1 * 9) + 0.1 * 16
    assert hand("rmsprop", [3.0, 4.0], eta=1.0) == pytest.approx(-4 / np.sqrt(squares + 1e-8), rel=1e-14)


@pytest.mark.parametrize("precision", BITS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_compiled_form_agrees_bit_for_bit(name, precision):
    optimizer, sequence = get_optimizer(name), gradients(precision)
    data, state = optimizer.data(ETA, STEPS, precision), optimizer.start(sequence[0])
    for t, expected in enumerate(updates(name, sequence)):
        out = sequence[t].copy()
        turn_into_update(data, t, out, state)
        assert out.dtype == expected.dtype == precision
        np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("precision", BITS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_step_is_that_of_optax(name, precision):
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    makers = {
        "sgd": optax.sgd(ETA),
        "momentum": optax.sgd(ETA, momentum=0.9),
        "adam": optax.adam(ETA, b1=0.9, b2=0.999, eps=1e-8),
        "adagrad": optax.adagrad(ETA),
        "rmsprop": optax.rmsprop(ETA, decay=0.9),
    }
    # A few roundings of the precision; but Adam's 1 - 0.999^k is there computed in it, and loses three digits.
    tolerance = (1000 if name == "adam" else 40) * np.finfo(precision).eps
    with jax.enable_x64(precision is np.float64):
        sequence = gradients(precision)
        state = makers[name].init(jax.numpy.zeros(SIZE, precision))
        for gradient, ours in zip(sequence, updates(name, sequence), strict=True):
            theirs, state = makers[name].update(jax.numpy.asarray(gradient), state)
            np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=0)


def test_the_state_is_not_changed_in_place():
    optimizer = get_optimizer("adam")
    data, state = optimizer.data(ETA, 2, np.float64), optimizer.start(np.zeros(3))
    update(data, 0, np.ones(3), state)
    np.testing.assert_array_equal(state, 0)


def test_an_unknown_optimiser_is_refused_with_the_list():
    with pytest.raises(InputError, match=r"sgd, momentum, adam, adagrad, rmsprop.*Got 'lion'"):
        get_optimizer("lion")
