"""A step of the fused engine: the gradients that arrive are averaged, and what a method weighs is taken off.

Terms are what steps weigh: of A gradients, then of M moves, that of step k is in slot (k - 1) mod A or mod M.
"""

from experiments.simulate.gradients import Objective, Scratch, add_four, compiled, gradient_at, pasted
from experiments.simulate.trajectories import Iteration
from theory.common.types import Ints, Matrix, Vector


@compiled
def add(out: Vector, other: Vector) -> None:
    """Add a vector to `out`."""
    for j in range(out.shape[0]):
        out[j] += other[j]


@compiled
def divide(out: Vector, count: int) -> None:
    """Divide `out` by a number."""
    for j in range(out.shape[0]):
        out[j] /= count


@compiled
def plain_step(x: Vector, gradient: Vector, step_size: float, out: Vector) -> float:
    """Write x - step_size * gradient to `out`; return its squared norm."""
    total: float = 0.0
    for j in range(x.shape[0]):
        point = x[j] - step_size * gradient[j]
        out[j] = point
        total += point * point
    return total


@compiled
def _share(weights: Vector, newest: int, shares: Vector) -> None:
    """Set the shares of a ring of terms: the newest has the first weight, the one before it the second, ..."""
    at = newest
    for i in range(weights.shape[0]):
        shares[at] = weights[i]
        at = at - 1 if at > 0 else weights.shape[0] - 1


@compiled
def _step_of_terms(x: Vector, terms: Matrix, shares: Vector, direction: Vector, out: Vector) -> float:
    """Write x less its terms, each times its share, to `out`; return its squared norm. Four terms are taken at once."""
    last = terms.shape[0] - 4
    if last > 0:
        for j in range(x.shape[0]):
            direction[j] = 0.0
    for i in range(0, last, 4):
        four = shares[i], shares[i + 1], shares[i + 2], shares[i + 3]
        if four != (0.0, 0.0, 0.0, 0.0):
            add_four(terms[i], terms[i + 1], terms[i + 2], terms[i + 3], four, direction)
    a, b, c, e = terms[last], terms[last + 1], terms[last + 2], terms[last + 3]
    p0, p1, p2, p3 = shares[last], shares[last + 1], shares[last + 2], shares[last + 3]
    total: float = 0.0
    if last > 0:
        for j in range(x.shape[0]):
            point = x[j] - (direction[j] + ((p0 * a[j] + p1 * b[j]) + (p2 * c[j] + p3 * e[j])))
            out[j] = point
            total += point * point
    else:
        for j in range(x.shape[0]):
            point = x[j] - ((p0 * a[j] + p1 * b[j]) + (p2 * c[j] + p3 * e[j]))
            out[j] = point
            total += point * point
    return total


@compiled
def _subtract(a: Vector, b: Vector, out: Vector) -> None:
    """Write a - b to `out`."""
    for j in range(out.shape[0]):
        out[j] = a[j] - b[j]


@compiled
def put_together(points: Matrix, newest: int, delays: Ints, starts: Ints, out: Vector) -> None:
    """Write a point to `out` whose blocks of coordinates are from before the newest point, each by its own delay."""
    for block in range(delays.shape[0]):
        slot = newest - delays[block]
        point = points[slot if slot >= 0 else slot + points.shape[0]]
        for j in range(starts[block], starts[block + 1]):
            out[j] = point[j]


@pasted
def arrive(
    objective: Objective, scratch: Scratch, run: Iteration, points: Matrix, seed: int, k: int, out: Vector
) -> None:
    """Write the gradient of step k, or the mean of its gradients, to `out`."""
    slots, count, sample = points.shape[0], run.delays.shape[1], scratch.direction
    if run.inconsistent:
        put_together(points, (k - 1) % slots, run.delays[k - 1], scratch.starts, sample)
        gradient_at(objective, scratch, seed, k, sample, out)
    else:
        gradient_at(objective, scratch, seed, (k - 1) * count + 1, points[(k - 1 - run.delays[k - 1, 0]) % slots], out)
        for b in range(1, count):
            read = points[(k - 1 - run.delays[k - 1, b]) % slots]
            gradient_at(objective, scratch, seed, (k - 1) * count + b + 1, read, sample)
            add(out, sample)
        if count > 1:
            divide(out, count)


@pasted
def move(run: Iteration, scratch: Scratch, terms: Matrix, k: int, last: Vector, x: Vector) -> float:
    """Write x_k to `x`, the step of a method from the point `last`, and keep the move; return its squared norm."""
    kept, repeated = run.weights.shape[1], run.moves.shape[0]
    _share(run.weights[k - 1], (k - 1) % kept, scratch.shares)
    if repeated > 0:
        _share(run.moves, (k - 2) % repeated, scratch.shares[kept:])
    square = _step_of_terms(last, terms, scratch.shares, scratch.direction, x)
    if repeated > 0:
        # Moves are kept turned round, so that all terms are taken off.
        _subtract(last, x, terms[kept + (k - 1) % repeated])
    return float(square)


def slots_of_terms(run: Iteration) -> int:
    """Gradients and moves kept per seed, a multiple of the 4 that are weighed at once where there are several."""
    terms = run.weights.shape[1] + run.moves.size
    return 1 if terms == 1 else (terms + 3) // 4 * 4
