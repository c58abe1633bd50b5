"""What methods cost in the limit, computed anew: `python benchmarks/limits.py` writes docs/methods.md, in minutes.

A test computes some of its rows again and compares.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from theory.bounds.counter_momentum import COUNTER_MOMENTUM, noise_left, run_of_method
from theory.cost.own_steps import ahead_of_waiting
from theory.methods.registry import parse_method
from theory.staleness.count import Staleness
from theory.staleness.stability import fixed_delay_limit
from theory.worst_case.asking import ask
from theory.worst_case.certificate.certify import certify
from theory.worst_case.certificate.verify import verify
from theory.worst_case.limit.constant import limit_of
from theory.worst_case.limit.of_method import BETTER, SHOWN, better, method_limit, published
from theory.worst_case.limit.periodic import best_periodic
from theory.worst_case.limit.program import step_limit
from theory.worst_case.solve import worst_case
from theory.worst_case.witness.find import witness

PAGE = Path(__file__).resolve().parent.parent / "docs" / "methods.md"
#: The delays of the two tables.
EXACT, PUBLISHED = range(17), (0, 1, 2, 4, 8)
REPEATED = ((0, 1), (0, 0, 1), (0, 1, 1), (0, 2), (0, 1, 2), (0, 1, 2, 2), (0, 1, 2, 3))
#: The delays of the table about waiting.
AHEAD = range(1, 9)
_EXACT = ("delayed", "wait", "batch-wait", "counter-momentum")

_HEAD = """\
# What methods cost under a fixed delay

Made by `python benchmarks/limits.py`; a test compares. min |grad F(x_k)|^2 over T gradients that arrive is C L Delta / T for the worst L-smooth F, as T grows, without noise. C is the value of a linear program over the lags between points, certified from above (a symbol is positive on the whole circle, in exact and ball arithmetic) and met from below by a function of rotating gradients; `theory/worst_case/limit/constant.py` proves both. Every method is at its best step, counter-momentum at its own. `gradlag limit --staleness S --method M` computes each, and any other method of that kind.

"""  # noqa: E501
_BETWEEN = """
Published with momentum 0.9, each at its own best step, beside counter-momentum. Nesterov's points are those at which gradients are read; spike compensation and weight prediction are filters (`published` in `theory/worst_case/limit/of_method.py`). What the start of these may add is not proved, and their last digits are from above, as far lags are left out.

"""  # noqa: E501
_REPEATED = """
Delays that repeat, with plain steps at the best constant step: the same proof with a matrix symbol (`theory/worst_case/limit/periodic.py`), certified from above and met from below; the start adds nothing, which is proved (`theory/worst_case/limit/start.py`). All points count, also those between which one gradient is applied again. From the last column on, in 1/L, a quadratic does not settle. `gradlag limit --delays 0,1,2,2`.

"""  # noqa: E501
_BETTER = """
From D = 5 on, and without delay, counter-momentum is not the best (`theory/worst_case/limit/best/optimality.py`). Filters that are better, each a file in `theory/worst_case/limit/filters/`, certified at the step 1/L: `gradlag limit --staleness 6 --step 1 --method filter:theory/worst_case/limit/filters/delay_5.json`. They are the best that were found, not the best there are. Proved of them is C, for runs that begin where the gradient is small, as after sqrt(T) updates of waiting, and not a bound at every T.

"""  # noqa: E501
_WAITING = """
The bound of counter-momentum against that of waiting at its best step, 2/sqrt(3)/L, after the ceil(T/(D+1)) steps that waiting makes: below it at every T from the one named. At that T, the exact worst cases: that of counter-momentum certified from above, that of waiting from below by a function that is replayed.

"""  # noqa: E501
_TAIL = """
- A filter of your own is a text file with the lines `gradients 1 0.5` and `moves -0.48`, or JSON, `{{"gradients": [1, 0.5], "moves": [-0.48]}}`: x_{{k+1}} = x_k - eta_k (c_0 g_k + c_1 g_{{k-1}} + ...) + m_1 (x_k - x_{{k-1}}) + ..., with g_k the gradient that arrives at update k. What is left out is `gradients 1` and no moves. `--method filter:FILE` takes it in `run`, `check`, `compare`, `worst-case` and `limit`.
- Under a delay the momentum that costs least is negative: `gradlag limit --staleness 2 --method momentum:beta=-0.48`.
- An L that is too small is dangerous to counter-momentum: at D = 1 steps 1.1 times too long give {long:.2f} in place of {own:.2f}, and at D = 4 some function never settles, as from {largest:.4f}/L on, where its own step is {step:.4f}/L.
- Steps may end before a quadratic becomes unstable: with momentum -1/2 at D = 1 a function of negative curvature keeps two points in turn from L eta = 1 on, where quadratics are stable up to {quadratic:.2f} (`step_limit` in `theory/worst_case/limit/program.py`).
- All of this is without noise. With it the order changes: counter-momentum at its own angle leaves {left:.2f} sigma^2 for ever at D = 1 and {left_late:.2f} at D = 4, on a quadratic as in its bound, and has no shorter steps that leave less; delayed steps do, and so does counter-momentum that is made for its noise ([with noise](noise.md)). `gradlag worst-case --variance V --method M` has the certified worst cases of short runs.
"""  # noqa: E501


def constant(name: str, delay: int) -> float:
    """The best constant of a method of the table, certified; that of a better filter at its own step."""
    method = better(delay) if name == "better" else published(name, delay)
    found = method_limit(method, Staleness(delay + 1), 1.0 if name == "better" else None)
    if not found.found.certified:
        raise ValueError(f"{name} at the delay {delay} is not certified")
    return found.constant


def row(names: Sequence[str], delay: int) -> str:
    """A line of a table, rounded to six decimals."""
    return f"| {delay} | {' | '.join(f'{constant(name, delay):.6f}' for name in names)} |"


def against_waiting(delay: int) -> str:
    """A line of the table about waiting."""
    updates = ahead_of_waiting(delay)
    steps = {"counter-momentum": "1/L", "wait": "2/(sqrt(3)*L)"}
    own, other = (
        worst_case(ask(each, staleness=delay + 1, steps=updates, method=name).question) for name, each in steps.items()
    )
    upper, needed = verify(certify(own).text).upper, witness(other)
    bound = COUNTER_MOMENTUM.evaluate(
        run_of_method(updates, Staleness(delay + 1), {"L": 1.0, "Delta": 1.0, "sigma": 0.0})
    )
    if needed is None:
        raise ValueError(f"no function was found for waiting at the delay {delay}")
    numbers = (f"{value:.5f}" for value in (float(upper), bound, needed.lower))
    return f"| {delay} | {updates} | {' | '.join(numbers)} |"


def table(names: Sequence[str], delays: Sequence[int]) -> Iterator[str]:
    """A table: a column for each method, a line for each delay."""
    yield f"| D | {' | '.join(SHOWN.get(name, 'a filter') for name in names)} |"
    yield "|---" * (len(names) + 1) + "|"
    for delay in delays:
        print(f"D = {delay}: {', '.join(names)}", flush=True)
        yield row(names, delay)


def repeated(delays: Sequence[int]) -> str:
    """A line of the table of delays that repeat, rounded to four decimals."""
    found = best_periodic(delays)
    if not found.certified or found.start != 1:
        raise ValueError(f"The delays {delays} are not certified.")
    numbers = (found.constant, found.lower, found.step, found.largest_step)
    return f"| {', '.join(map(str, delays))} | {' | '.join(f'{number:.4f}' for number in numbers)} |"


def repeating() -> Iterator[str]:
    """The table of delays that repeat."""
    yield "| delays | C, from above | from below | best step | last step |"
    yield "|---|---|---|---|---|"
    yield from map(repeated, REPEATED)


def columns() -> tuple[Sequence[str], Sequence[str]]:
    """The methods of the two tables."""
    return _EXACT, ("counter-momentum", *(name for name in SHOWN if name not in _EXACT))


def remarks() -> str:
    """What stands below the tables."""
    ball, four = (parse_method("counter-momentum").recursion(delay) for delay in (1, 4))
    return _TAIL.format(
        long=limit_of(ball, 1.1 * (ball.step or 0.0)).value,
        own=limit_of(ball, ball.step or 0.0).value,
        largest=step_limit(four)[0],
        step=four.step,
        quadratic=fixed_delay_limit(1, -0.5),
        left=noise_left(Staleness(2)),
        left_late=noise_left(Staleness(5)),
    )


def main() -> None:
    """Write the page."""
    exact, corrected = columns()
    lines = [*table(exact, EXACT), _BETTER, *table(("counter-momentum", "better"), BETTER)]
    lines += [_WAITING, "| D | from T on | worst case, at most | bound | waiting, at least |"]
    lines += ["|---|---|---|---|---|", *map(against_waiting, AHEAD)]
    lines += [_BETWEEN, *table(corrected, PUBLISHED), _REPEATED, *repeating(), remarks()]
    PAGE.write_text(_HEAD + "\n".join(lines).replace("\n\n\n", "\n\n"), encoding="utf-8")


if __name__ == "__main__":
    main()
