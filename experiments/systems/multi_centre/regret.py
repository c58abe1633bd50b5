r"""What the proof of the regret bound speaks of, from a run that kept its reads: order, delays, what is withheld.

Steps are numbered in the order in which they read. Step k reads z_k, and a_k is its gradient; x_k has every update
before it. Of each centre o the point z_k has u_o whole clocks: what else parts it from $x_0-\sum_o\sum_{t<u_o}\eta a$
is what the others withheld, h_k. The window of step k begins where the first update starts that it may lack.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from experiments.kernels.keys import worker_minibatch
from experiments.problems.logistic import Logistic
from experiments.problems.noise import GaussianNoiseProblem
from experiments.systems.multi_centre.centres import CentresRun
from experiments.systems.shared.split import Split
from experiments.workloads.problem import ProblemWorkload
from theory.common.errors import InputError
from theory.common.types import Floats, Ints, Matrix, Vector


@dataclass(frozen=True, eq=False)
class Read:
    """The steps of a run in the order in which they read, K = T D P of them.

    Args:
        points, gradients, virtual: float64 (K, d), z_k, a_k and x_k; withheld: (K, d), h_k.
        step_sizes: float64 (K,), eta_k; clocks: int64 (K,), of their centres; delays: int64 (K,), d_k, so that step k
            knows of all that it could before step k - d_k.
        losses: float64 (K,), f_k(z_k) - f_k(x*).
        reference: x*.
    """

    points: Matrix
    gradients: Matrix
    virtual: Matrix
    withheld: Matrix
    step_sizes: Floats
    clocks: Ints
    delays: Ints
    losses: Floats
    reference: Vector

    @property
    def regret(self) -> float:
        """The mean of f_k(z_k) - f_k(x*)."""
        return float(self.losses.mean())

    @property
    def gradient_norm(self) -> float:
        """G, the largest |a_k|."""
        return float(np.linalg.norm(self.gradients, axis=1).max())

    @property
    def distance(self) -> float:
        """R, the largest |x_k - x*|."""
        return float(np.linalg.norm(self.virtual - self.reference, axis=1).max())

    @property
    def lost(self) -> Floats:
        """float64 (K,): <a_k, h_k>, what withholding costs step k."""
        return np.asarray((self.gradients * self.withheld).sum(axis=1))


def best_point(task: Split) -> Vector:
    """x*: where F is least, as far as L-BFGS finds it; any point may be compared with."""
    problem = _whole(task).problem
    found = minimize(
        problem.loss, task.start(0), jac=problem.full_gradient, method="L-BFGS-B", options={"maxiter": 500}
    )
    return np.asarray(found.x, np.float64)


def reads_of(task: Split, run: CentresRun, step_sizes: Floats, *, seed: int, batch: int, reference: Vector) -> Read:
    """What a run with `keep_reads` shows.

    Args:
        task, seed, batch: those of the run; step_sizes: float64 (T,), as they were given to it.
        reference: x*.

    Raises:
        InputError: a run that did not keep its reads, or one that diverged.
    """
    if not run.reads.size or run.diverged:
        raise InputError("The regret needs a run that kept the points at which gradients were computed, to its end.")
    steps, everyone, d = run.reads.shape
    centres = run.known.shape[2]
    each = everyone // centres
    gradients = np.stack(
        [[task.gradient(run.reads[t, i], seed, t, i, batch) for i in range(everyone)] for t in range(steps)]
    )
    sizes = step_sizes / everyone
    change = -sizes[:, None, None] * gradients.reshape(steps, centres, each, d).sum(axis=2)
    after = np.concatenate([np.zeros((1, centres, d)), change.cumsum(axis=0)])  # of each centre's first u clocks
    whole = task.start(seed) + sum(after[run.known[:, :, o], o] for o in range(centres))
    clocks, centre = _in_order(run)
    rows = np.repeat(clocks, each), (centre[:, None] * each + np.arange(each)).ravel()
    own = gradients[rows]
    moved = sizes[rows[0], None] * own
    return Read(
        points=run.reads[rows],
        gradients=own,
        virtual=task.start(seed) - np.concatenate([np.zeros((1, d)), moved[:-1].cumsum(axis=0)]),
        withheld=(run.reads - whole)[rows],
        step_sizes=sizes[rows[0]],
        clocks=rows[0],
        delays=_delays(run, rows, each),
        losses=_losses(task, run.reads[rows], own, rows, seed, batch, reference),
        reference=reference,
    )


def _whole(task: Split) -> ProblemWorkload:
    if not isinstance(task.whole, ProblemWorkload):
        raise InputError(f"The regret is told of convex objectives of gradlag's own. Got {task.whole.name}.")
    return task.whole


def _in_order(run: CentresRun) -> tuple[Ints, Ints]:
    """The clock and the centre of each event."""
    clocks, begun = np.empty_like(run.order), np.zeros(run.known.shape[2], np.int64)
    for place, c in enumerate(run.order):
        clocks[place] = begun[c]
        begun[c] += 1
    return clocks, run.order


def _delays(run: CentresRun, rows: tuple[Ints, Ints], each: int) -> Ints:
    """How many steps the window of each step has."""
    clocks, centre = _in_order(run)
    event = np.full((run.known.shape[0] + 1, run.known.shape[2]), run.order.size)  # a clock that never begins is last
    event[clocks, centre] = np.arange(run.order.size)
    missing = event[run.known[rows], np.arange(event.shape[1])].min(axis=1)  # the first event that is not known whole
    k = np.arange(rows[0].size)
    return np.asarray(k - each * np.minimum(missing, k // each))


def _losses(
    task: Split, points: Matrix, gradients: Matrix, rows: tuple[Ints, Ints], seed: int, batch: int, reference: Vector
) -> Floats:
    """f_k(z_k) - f_k(x*): of the minibatch's rows, or of F with the noise of the step as a linear term."""
    problem = _whole(task).problem
    if isinstance(problem, GaussianNoiseProblem):
        noise = gradients - problem.full_gradients(points)
        least = problem.loss(reference)
        above = np.array([problem.loss(z) - least for z in points])
        return np.asarray(above + (noise * (points - reference)).sum(axis=1))
    if not isinstance(problem, Logistic) or problem.nonconvexity:
        raise InputError(f"The losses of single steps of {problem.name} are not known, or not convex.")
    found = np.empty(len(points))
    for k, (t, i) in enumerate(zip(*rows, strict=True)):
        part = task.parts[i]
        assert isinstance(part, ProblemWorkload) and isinstance(part.problem, Logistic)
        own = part.problem.matrix
        chosen = own[worker_minibatch(seed, t, i, batch, len(own))] if batch else own
        found[k] = np.logaddexp(0, -chosen @ points[k]).mean() - np.logaddexp(0, -chosen @ reference).mean()
    regular = problem.l2 / 2 * ((points**2).sum(axis=1) - reference @ reference)
    return np.asarray(found + regular)
