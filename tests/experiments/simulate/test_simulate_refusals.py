"""The simulator's contract: users' gradients, progress, memory known beforehand, and what it refuses."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from experiments.common import memory
from experiments.problems import KernelData, KernelKind, Problem
from experiments.problems.quadratic import from_curvatures, quadratic
from experiments.simulate import predicted_memory, simulate
from experiments.simulate.measured import MEASURES
from theory.common.compiling import kept
from theory.common.errors import DelayError, InputError, ProblemError, ScheduleError, StalenessError, TooLargeError

PARABOLA = from_curvatures([1.0], [1.0], noise=0)
NOISY = quadratic(7, 10, 1.0, 3.0)


def run(problem, steps=40, **options):
    delays = np.minimum(np.arange(steps) % 4, np.arange(steps))
    options = {"seeds": [3, 0, 5]} | options
    return simulate(problem, np.full(steps, 0.05), delays, batch=1, window=4, **options)


# A user's own gradient


@dataclass(frozen=True, eq=False)
class Own(Problem):
    """A parabola that only its own code can compute."""

    fails_at: int = -1
    writes: bool = False

    curvature = None
    digest = "own"

    def constants(self, batch):
        return {}

    def deterministic(self, batch):
        return True

    def loss(self, x):
        return float(x @ x) / 2

    def full_gradient(self, x):
        gradient = x.copy()
        if self.writes:
            x[:] = np.nan
        return gradient

    def stochastic_gradient(self, x, seed, step, batch):
        if step == self.fails_at:
            raise ProblemError("The gradient must be finite. Got nan.")
        return self.full_gradient(x)


def test_a_users_gradient_runs_in_the_black_box():
    own = Own("own", np.array([3.0, -1.0]))
    twin = from_curvatures([1.0, 1.0], own.initial_point, noise=0)
    for record_every in (1, 5):
        slow, fast = (run(problem, record_every=record_every) for problem in (own, twin))
        for name in (*MEASURES, "final_points"):
            np.testing.assert_allclose(getattr(slow, name), getattr(fast, name), rtol=1e-12, err_msg=name)


def test_a_gradient_that_writes_into_its_argument_does_no_harm():
    start = np.array([3.0, -1.0])
    careless, careful = run(Own("own", start, writes=True)), run(Own("own", start))
    for name in (*MEASURES, "final_points"):
        assert np.array_equal(getattr(careless, name), getattr(careful, name), equal_nan=True), name


def test_errors_of_a_users_gradient_pass_through():
    with pytest.raises(ProblemError, match="must be finite"):
        run(Own("own", np.ones(2), fails_at=7))


def test_a_users_gradient_has_no_fused_engine():
    with pytest.raises(ProblemError, match="Use the engine black-box"):
        run(Own("own", np.ones(2)), engine="fused")


# Progress


@pytest.mark.parametrize("engine", ["fused", "black-box", "naive"])
def test_progress_rises_to_the_end(engine):
    calls = []
    run(NOISY, engine=engine, progress=lambda done, total: calls.append((done, total)))
    done = [call[0] for call in calls]
    assert done == sorted(done) and calls[-1] == (120, 120) and {total for _, total in calls} == {120}


def test_an_interruption_during_progress_passes_through():
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(NOISY, progress=interrupt)


# Memory


def test_too_much_is_refused_with_what_it_would_need():
    with pytest.raises(TooLargeError, match=r"would need 5\.6 GB .* 1 GB are available.*--record-every.*fewer seeds"):
        run(NOISY, seeds=range(1000), steps=100_000, memory_limit=10**9)


def test_what_no_machine_holds_is_refused_before_it_is_allocated():
    with pytest.raises(TooLargeError):
        run(NOISY, seeds=range(10**5), steps=10**6)


@pytest.mark.parametrize("record_every", [1, 100])
def test_the_prediction_covers_what_is_returned(record_every):
    seen = run(NOISY, seeds=range(50), steps=400, record_every=record_every)
    returned = sum(getattr(seen, name).nbytes for name in (*MEASURES, "final_points"))
    needed = predicted_memory(7, 400, 50, window=4, record_every=record_every)
    assert returned <= needed <= returned + 8 * 50 * 7 * 20


def test_available_memory_is_a_sensible_number():
    assert 2**20 < memory.available_memory() < 2**60


# Refusals


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"step_sizes": [0.1, -0.1, 0.1]}, ScheduleError, "Got -0.1 at step 2"),
        ({"step_sizes": [0.1, 0.1, math.nan]}, ScheduleError, "Got nan at step 3"),
        ({"step_sizes": [math.inf, 0.1, 0.1]}, ScheduleError, "Got inf at step 1"),
        ({"step_sizes": []}, ScheduleError, "at least one number"),
        ({"step_sizes": [[0.1]]}, ScheduleError, "at least one number"),
        ({"delays": [0, 0]}, DelayError, "Got 2 delays"),
        ({"delays": [1, 0, 0]}, DelayError, "step 1"),
        ({"delays": [0, -1, 0]}, DelayError, "step 2"),
        ({"delays": [0, 1, 2]}, DelayError, "step 3"),
        ({"delays": [0, 0.5, 0]}, DelayError, "0.5"),
        ({"delays": [[0, 0], [0, 0], [0, 2]]}, DelayError, "step 3"),
        (
            {"delays": np.zeros((3, 2), int), "inconsistent": True},
            DelayError,
            "2 blocks of coordinates, .* has 1 coord",
        ),
        ({"window": 0}, StalenessError, "at least 1"),
        ({"seeds": []}, InputError, "at least one"),
        ({"seeds": [1, 1]}, InputError, "different"),
        ({"seeds": [-1]}, InputError, "at least 0"),
        ({"seeds": [2**63]}, InputError, "at most"),
        ({"batch": -1}, InputError, "at least 0"),
        ({"record_every": 0}, InputError, "at least 1"),
        ({"threads": 0}, InputError, "at least 1"),
        ({"engine": "quick"}, InputError, "auto, fused, black-box or naive"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(changed, error, words):
    usual = {"step_sizes": [0.1] * 3, "delays": [0, 0, 1], "seeds": [0], "batch": 1, "window": 2}
    with pytest.raises(error, match=words):
        simulate(PARABOLA, **(usual | changed))


@dataclass(frozen=True, eq=False)
class Broken(Own):
    data: KernelData | None = None

    def kernel(self, batch):
        return self.data


@pytest.mark.parametrize(
    "data",
    [
        KernelData(KernelKind.SOFTMAX, np.zeros(8), matrix=np.ones((2, 1)), labels=np.array([0, 2]), classes=2),
        KernelData(KernelKind.SOFTMAX, np.zeros(8), matrix=np.ones((2, 1)), labels=np.array([0]), classes=2),
        KernelData(KernelKind.SOFTMAX, np.zeros(8), matrix=np.ones((2, 2)), labels=np.array([0, 1]), classes=2),
        KernelData(KernelKind.LOGISTIC, np.zeros(8), matrix=np.ones((3, 1))),
        KernelData(KernelKind.LOGISTIC, np.zeros(8), matrix=np.ones((0, 2))),
        KernelData(KernelKind.QUADRATIC, np.zeros(8), vector=np.ones(3)),
        KernelData(KernelKind.NONCONVEX, np.zeros(2)),
    ],
)
def test_arrays_that_do_not_fit_never_reach_the_compiled_code(data):
    with pytest.raises(ProblemError, match="do not fit"):
        run(Broken("broken", np.ones(2), data=data))


# Compilation


def test_a_function_without_a_place_for_its_cache_is_compiled_all_the_same():
    nowhere: dict[str, Callable[[int], int]] = {}
    exec("def double(x):\n    return 2 * x", nowhere)
    assert kept()(nowhere["double"])(21) == 42
