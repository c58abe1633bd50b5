r"""D centres of P workers, each with its own model, between which only what is significant travels.

A clock of centre c: its workers compute at its model, the server applies their weighted sum and adds it to what is
withheld, $w\leftarrow w+u$, $a\leftarrow a+u$; where $|a_j|>v_t|w_j|$ the value is sent and $a_j\leftarrow0$. Others
add it when it arrives. Lists of what is under way make readers wait (selective barrier), and so does a centre that is
$\Delta_c$ clocks ahead of what it has received of another (mirror clock).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from experiments.common.arrays import frozen
from experiments.servers.speeds import numbers_of, parse_fleet
from experiments.systems.multi_centre.exchange import (
    BYTES,
    CHANGED,
    GRADIENT,
    LEAD,
    OTHER_LAG,
    OWN_LAG,
    RADIUS,
    SENT,
    SMALL,
    Rules,
    State,
)
from experiments.systems.multi_centre.kernel import DIVERGED, FULL, centres_kernel
from experiments.systems.multi_centre.setting import Centres
from experiments.systems.multi_centre.wide_area import WideArea
from experiments.systems.shared.split import Split
from experiments.workloads.matrix_factorization import Factorization
from theory.common.errors import InputError
from theory.common.types import Array, Ints, Matrix
from theory.staleness.count import whole_number

FAR = 1e15  # a coordinate beyond it has diverged; squares of gradients stay finite


@dataclass(frozen=True, eq=False)
class CentresRun:
    """A run at the recorded clocks: what every centre has when it begins them, or after the last has ended.

    Args:
        times: int64 (R,), clocks; points: (R, D, d), NaN from a divergence on; seconds: float64 (R, D), simulated.
        bytes: int64 (R, D), sent to other centres so far; of the coordinates so far int64 (R, D): changed, how many
            changes were not 0; small, how many of these alone were insignificant; sent, how many values were sent.
        diverged: whether a model left the range of numbers.
        gradient_norm, radius: the largest |g| of a gradient, and |w| of the start and of a model that was filtered.
        own_lag, other_lag: the most earlier clocks of its own centre, and of another, that a reader had not seen; lead:
            the most clocks of another, not earlier than its own, that one had.
        order: int64 (T D,), the centres in the order in which their clocks began.
        reads: (T, D P, d), the points at which gradients were computed, if they were asked for; known: int64 (T, D P,
            D), how many clocks of each centre were in them.
    """

    times: Ints
    points: Array
    seconds: Matrix
    bytes: Ints
    changed: Ints
    small: Ints
    sent: Ints
    diverged: bool
    gradient_norm: float
    radius: float
    own_lag: int
    other_lag: int
    lead: int
    order: Ints
    reads: Array
    known: Ints

    @property
    def mean(self) -> Array:
        """(R, d): the mean of the centres' models."""
        return np.asarray(self.points.mean(axis=1))

    @property
    def withheld_share(self) -> float:
        """The share of changed coordinates whose change was not sent at once, over the run and all centres."""
        return 1 - float(self.sent[-1].sum() / max(1, self.changed[-1].sum()))

    @property
    def small_share(self) -> float:
        """The share of changes that were insignificant by themselves, over the run and all centres."""
        return float(self.small[-1].sum() / max(1, self.changed[-1].sum()))


@dataclass(frozen=True, eq=False)
class Numbers:
    """What a run is asked for, checked: weights (T, D P) of the gradients, thresholds (T,), in the task's precision."""

    weights: Array
    thresholds: Array
    times: Ints


def checked(
    task: Split, setting: Centres, network: WideArea, step_sizes: ArrayLike, limits: ArrayLike, every: int
) -> Numbers:
    """Refuse what does not fit together.

    Raises:
        InputError: see `run_centres`.
    """
    if task.workers != setting.everyone:
        raise InputError(
            f"The task is spread over {task.workers} workers, and {setting.centres} centres of {setting.workers} are "
            f"to train it. Spread it over {setting.everyone}."
        )
    if network.centres != setting.centres:
        raise InputError(f"The network is that of {network.centres} centres. Give one of {setting.centres}.")
    sizes, filters = np.asarray(step_sizes, np.float64), np.asarray(limits, np.float64)
    if sizes.shape[1:] not in ((), (setting.everyone,)) or sizes.ndim < 1 or not sizes.size:
        raise InputError(
            f"Step sizes are (T,), one a clock, or (T, {setting.everyone}), one a gradient. Got shape {sizes.shape}."
        )
    if filters.shape != sizes.shape[:1]:
        raise InputError(f"There are {len(sizes)} clocks. Give a threshold for each; got shape {filters.shape}.")
    for what, given in (("step size", sizes), ("threshold", filters)):
        bad = given[~(np.isfinite(given) & (given >= 0))]
        if bad.size:
            raise InputError(f"Every {what} must be a finite number of at least 0. Got {bad[0]:g}.")
    steps, between = len(sizes), whole_number(every, 1, "The number of clocks between records", InputError)
    weights = np.broadcast_to(sizes.reshape(steps, -1) / setting.everyone, (steps, setting.everyone))
    precision = task.whole.precision
    times = frozen(np.append(np.arange(0, steps, between), steps))
    return Numbers(frozen(weights.astype(precision)), frozen(filters.astype(precision)), times)


def run_centres(
    task: Split,
    setting: Centres,
    network: WideArea,
    step_sizes: ArrayLike,
    limits: ArrayLike,
    *,
    seed: int = 0,
    batch: int = 1,
    momentum: float = 0.0,
    every: int = 1,
    keep_reads: bool = False,
) -> CentresRun:
    r"""Train a model in several centres.

    Args:
        task: spread over D P workers; worker p of centre c has part c P + p.
        setting: the centres and who waits for whom; network: what messages and gradients take.
        step_sizes: float64 (T,), of the mean over all workers: centre c applies $\frac{\eta_t}{DP}\sum_pg_p$; or
            (T, D P), of every gradient by itself, divided by D P as well.
        limits: float64 (T,), the thresholds v_t (`thresholds` has the rules).
        seed: of minibatches, noise and durations; batch: rows of a gradient.
        momentum: of the servers, $m\leftarrow\beta m+\frac{\eta_t}{DP}\sum_pg_p$, as in the released code.
        every: clocks between records; keep_reads: whether to keep all points at which gradients were computed.

    Returns:
        The run.

    Raises:
        InputError: a task, a network, step sizes or thresholds that do not fit, negative ones, a momentum outside
            0..1, or a task without a compiled gradient.

    Example:
        >>> from experiments.systems.multi_centre.setting import gaia
        >>> from experiments.systems.multi_centre.wide_area import wide_area
        >>> from experiments.systems.shared.split import split
        >>> task = split("problem:quadratic:d=1,noise=0,start=1,condition=1", 1)
        >>> run_centres(task, gaia(1, 1), wide_area(1, "constant", 1e9), [0.5, 0.5], [0.01, 0.01]).points[:, 0, 0]
        array([1.  , 0.5 , 0.25])
    """
    numbers = checked(task, setting, network, step_sizes, limits, every)
    if not 0 <= momentum < 1:
        raise InputError(f"The momentum must lie in 0..1, below 1. Got {momentum:g}.")
    kernel = task.kernel(batch)
    rules, state = _rules(task, setting, network, numbers, momentum, every), _start(task, setting, numbers, seed)
    if keep_reads:
        state = state._replace(
            reads=np.full((*numbers.weights.shape, state.points.shape[1]), np.nan),
            known=np.zeros((*numbers.weights.shape, setting.centres), np.int64),
        )
    kind: Any = type(kernel.data)
    advance, scratch, read = centres_kernel(kind), kernel.scratch(), np.zeros(state.points.shape[1], np.bool_)
    index, value = np.empty(0, np.int64), np.empty(0, state.points.dtype)
    while (outcome := advance(kernel.data, scratch, rules, state, index, value, read, seed)) == FULL:
        index, value = _more_room(state, index, value)
    return _run(numbers, state, outcome == DIVERGED)


def _rules(task: Split, setting: Centres, network: WideArea, numbers: Numbers, momentum: float, every: int) -> Rules:
    one = task.whole.precision.type
    return Rules(
        setting.staleness,
        -1 if setting.clock is None else setting.clock,
        setting.barrier,
        setting.at_once,
        isinstance(task.whole, Factorization),  # its minibatches read the rows of their ratings alone
        one(1),
        one(setting.soft),
        one(momentum),
        numbers.weights,
        numbers.thresholds,
        network.bandwidth,
        network.latency,
        *numbers_of(parse_fleet(network.speed) * setting.everyone),
        every,
        one(FAR),
    )


def _start(task: Split, setting: Centres, numbers: Numbers, seed: int) -> State:
    start, (steps, _), centres = task.start(seed), numbers.weights.shape, setting.centres
    d, records, pairs, views = start.size, numbers.times.size, (centres, centres), setting.staleness + 1
    zeros = np.zeros((centres, d), start.dtype)
    return State(
        points=np.tile(start, (centres, 1)),
        held=zeros,
        memory=zeros.copy(),
        views=np.zeros((views, centres, d), start.dtype),
        seen=np.zeros((views, *pairs), np.int64),
        opened=np.zeros((views, centres)),
        begun=np.zeros(centres, np.int64),
        ready=np.zeros(centres),
        finish=np.zeros((centres, setting.workers)),
        free=np.zeros(pairs),
        applied=np.zeros(pairs, np.int64),
        arrival=np.zeros((steps, *pairs)),
        listed=np.full((steps, *pairs), np.inf),
        place=np.zeros((steps, centres, 2), np.int64),
        tally=np.zeros((centres, 4), np.int64),
        tail=np.zeros(1, np.int64),
        extremes=np.array([0.0, float(np.linalg.norm(start)), 0.0, 0.0, 0.0]),
        events=np.zeros(1, np.int64),
        order=np.zeros(steps * centres, np.int64),
        records=np.full((records, centres, d), np.nan, start.dtype),
        seconds=np.full((records, centres), np.nan),
        tallies=np.zeros((records, centres, 4), np.int64),
        reads=np.zeros((0, 0, 0)),
        known=np.zeros((0, 0, 0), np.int64),
        change=np.zeros(d, start.dtype),
        move=np.zeros(d, start.dtype),
    )


def _more_room(state: State, index: Ints, value: Array) -> tuple[Ints, Array]:
    """Forget the entries that have reached all, and make room for as many as there are, and four models at least."""
    centres, tail = state.begun.size, int(state.tail[0])
    waiting = [
        int(state.place[state.applied[other, c], c, 0])
        for c in range(centres)
        for other in range(centres)
        if other != c and state.applied[other, c] < min(state.begun[c], len(state.place))
    ]
    first = min(waiting, default=tail)
    alive = tail - first
    state.place[...] -= first
    state.tail[0] = alive
    room = alive + max(alive, 4 * state.points.shape[1])
    wider, longer = np.empty(max(room, index.size), np.int64), np.empty(max(room, index.size), value.dtype)
    wider[:alive], longer[:alive] = index[first:tail], value[first:tail]
    return wider, longer


def _run(numbers: Numbers, state: State, diverged: bool) -> CentresRun:
    counts = state.tallies
    return CentresRun(
        times=numbers.times,
        points=state.records,
        seconds=state.seconds,
        bytes=counts[:, :, BYTES],
        changed=counts[:, :, CHANGED],
        small=counts[:, :, SMALL],
        sent=counts[:, :, SENT],
        diverged=diverged,
        gradient_norm=float(state.extremes[GRADIENT]),
        radius=float(state.extremes[RADIUS]),
        own_lag=int(state.extremes[OWN_LAG]),
        other_lag=int(state.extremes[OTHER_LAG]),
        lead=int(state.extremes[LEAD]),
        order=state.order,
        reads=state.reads,
        known=state.known,
    )
