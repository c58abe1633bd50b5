"""SGD with delayed gradients on one sequence of points: step k takes x_{k-1} to x_{k-1} - eta_k g(x_{k-1-d_k}).

The gradient may be the mean of several, read at several points, or that of a point whose blocks of coordinates were
read at several; and steps may be those of any method that is linear in the gradients.

Three engines give the same numbers: a fused kernel for the built-in objectives, a black box for a user's gradient,
and a naive one that keeps every point and is the oracle of the other two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from experiments.common.memory import check_memory
from experiments.problems.problem import Problem
from experiments.simulate.black_box import run_black_box
from experiments.simulate.fused import run_fused
from experiments.simulate.memory import predicted_memory
from experiments.simulate.naive import run_naive
from experiments.simulate.trajectories import Iteration, Trajectories
from theory.common.errors import DelayError, InputError, ProblemError, ScheduleError
from theory.common.types import Ints, Progress, Vector
from theory.methods.rule import LinearRule
from theory.staleness.count import Staleness, whole_number
from theory.staleness.traces import validate_delays

Engine = Literal["auto", "fused", "black-box", "naive"]
_Run = Callable[[Problem, Iteration, Progress], Trajectories]


def simulate(
    problem: Problem,
    step_sizes: ArrayLike | LinearRule,
    delays: ArrayLike,
    *,
    seeds: Sequence[int],
    batch: int,
    window: int,
    record_every: int = 1,
    coherence: bool = True,
    inconsistent: bool = False,
    engine: Engine = "auto",
    progress: Progress | None = None,
    memory_limit: int | None = None,
    threads: int | None = None,
) -> Trajectories:
    r"""Simulate delayed SGD, $x_k = x_{k-1} - \eta_k\, g(x_{k-1-d_k};\ \text{noise of step } k)$ for k = 1..T.

    A seed's numbers are the same, bit for bit, whatever other seeds run with it and on however many threads.

    Args:
        problem: the objective; its `kernel(batch)` decides the engine "auto" takes.
        step_sizes: float64 (T,), eta_k >= 0 at position k - 1; or the linear rule of a method, which has its own.
        delays: int64 (T,), d_k at position k - 1, 0 <= d_k <= min(window - 1, k - 1); or (T, B), where step k applies
            the mean of B gradients, each with noise of its own.
        seeds: distinct whole numbers below 2^63; each has its own noise and minibatches.
        batch: examples per minibatch, drawn with replacement; 0 means all of them.
        window: the staleness s, over which coherence is measured.
        record_every: distance between two recorded points; x_0 and x_T are always recorded.
        coherence: whether to measure coherence. At record_every = 1 it costs `window` products per step; with a
            stride it costs up to `window` full gradients per recorded point.
        inconsistent: whether the B delays of a step are those of B consecutive blocks of coordinates, of sizes as equal
            as can be: one gradient is read, at a point put together from them.
        engine: "auto", "fused", "black-box" or "naive".
        progress: called now and then with (steps done, all steps), counted over all seeds.
        memory_limit: bytes that may be used; by default what is available.
        threads: threads of the fused engine; by default all processors, or NUMBA_NUM_THREADS of the environment.

    Returns:
        What was measured, for each seed at each recorded point. A seed that diverges ends there and raises nothing.

    Raises:
        ScheduleError, DelayError, StalenessError, InputError: an argument out of its range.
        ProblemError: no fused kernel although it was asked for, or whatever a user's gradient raises.
        TooLargeError: more memory than there is, found before anything is allocated.

    Source: Dai et al., Toward Understanding the Impact of Staleness in Distributed Machine Learning, ICLR 2019,
        the iteration of Theorem 1.

    Example:
        >>> from experiments.problems import get_problem
        >>> parabola = get_problem("quadratic:d=1,condition=1,noise=0,start=1")
        >>> run = simulate(parabola, [0.5, 0.5], [0, 1], seeds=[0], batch=1, window=2)
        >>> run.gradient_norm_squared, run.coherence
        (array([[1.  , 0.25, 0.  ]]), array([[ 1.,  1., nan]]))
    """
    rule = step_sizes if isinstance(step_sizes, LinearRule) else LinearRule(_checked_sizes(step_sizes)[:, None], [])
    staleness = Staleness(window)
    checked = validate_delays(np.asarray(delays), staleness)
    if len(checked) != rule.updates:
        raise DelayError(f"There must be one delay for each of the {rule.updates} steps. Got {len(checked)} delays.")
    iteration = Iteration.of(
        rule.gradient_weights,
        checked,
        _checked_seeds(seeds),
        staleness.window,
        whole_number(batch, 0, "The batch", InputError),
        rule.move_weights,
        record_every=whole_number(record_every, 1, "The distance between recorded points", InputError),
        coherence=bool(coherence),
        inconsistent=bool(inconsistent),
    )
    return iterate(problem, iteration, engine=engine, progress=progress, memory_limit=memory_limit, threads=threads)


def iterate(
    problem: Problem,
    iteration: Iteration,
    *,
    engine: Engine = "auto",
    progress: Progress | None = None,
    memory_limit: int | None = None,
    threads: int | None = None,
) -> Trajectories:
    """The same for steps, delays and seeds that were checked before; see `simulate`."""
    blocks = iteration.delays.shape[1]
    if iteration.inconsistent and blocks > problem.dimension:
        raise DelayError(
            f"The delays are those of {blocks} blocks of coordinates, and {problem.name} has {problem.dimension} "
            "coordinates. Give at most as many delays a step."
        )
    name, run = _engine(problem, iteration, engine, threads)
    needed = predicted_memory(
        problem.dimension,
        iteration.steps,
        iteration.seeds.size,
        window=iteration.window,
        record_every=iteration.record_every,
        coherence=iteration.coherence,
        engine=name,
        kept_terms=iteration.weights.shape[1] + iteration.moves.size,
    )
    check_memory(needed, memory_limit)
    return run(problem, iteration, progress or (lambda done, total: None))


def _engine(problem: Problem, iteration: Iteration, engine: str, threads: int | None) -> tuple[str, _Run]:
    """The engine by name, and what runs it."""
    kernel = problem.kernel(iteration.batch)
    engines: dict[str, _Run] = {"black-box": run_black_box, "naive": run_naive}
    if kernel is not None:
        count = None if threads is None else whole_number(threads, 1, "The number of threads", InputError)
        engines["fused"] = lambda problem, steps, tell: run_fused(kernel, problem.initial_point, steps, tell, count)
    name = ("black-box" if kernel is None else "fused") if engine == "auto" else engine
    if name == "fused" and kernel is None:
        raise ProblemError(f"The problem {problem.name} has its own gradient code. Use the engine black-box.")
    if name not in engines:
        raise InputError(f"The engine must be auto, fused, black-box or naive. Got {engine!r}.")
    return name, engines[name]


def _checked_sizes(step_sizes: ArrayLike) -> Vector:
    sizes = np.ascontiguousarray(step_sizes, dtype=np.float64)
    if sizes.ndim != 1 or sizes.size == 0:
        raise ScheduleError(
            f"The step sizes must be a list of at least one number. Got an array of shape {sizes.shape}."
        )
    bad = np.flatnonzero(~(np.isfinite(sizes) & (sizes >= 0)))
    if bad.size:
        k = int(bad[0])
        raise ScheduleError(f"Every step size must be a finite number of at least 0. Got {sizes[k]} at step {k + 1}.")
    return sizes


def _checked_seeds(seeds: Sequence[int]) -> Ints:
    numbers = [whole_number(seed, 0, "A seed", InputError, most=2**63 - 1) for seed in seeds]
    if not numbers or len(set(numbers)) < len(numbers):
        raise InputError(f"The seeds must be at least one and all different. Got {len(numbers)} with repetitions.")
    return np.array(numbers, dtype=np.int64)
