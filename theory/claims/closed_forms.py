r"""Bounds of the library in closed form for every T: at their own steps, and at any steps a k^{-p}, 0 <= p <= 1.

The steps are eta_k = a k^{-p}, k = 1..T, where a may contain T and the constants. They do not increase; put D = s - 1,
h = L a, o = 1 if reads may overtake one another and there is noise, else 0. In sum over k,
  S1 = (T^{1-p} - 1)/(1-p) + (1 + T^{-p})/2 <= sum k^{-p}    (log T + (1 + 1/T)/2 for p = 1): the trapezoids of a convex
                                                             function lie above its integral from 1 to T;
  S2 = 1 + (T^{1-2p} - 1)/(1-2p) >= sum k^{-2p}              (1 + log T for p = 1/2): each k >= 2 is below the integral
                                                             from k - 1 to k.
A step k is in the windows of at most D later steps i, each with eta_i <= eta_k, H_i <= D a, H_i^+ <= s a; a point t is
read by at most s steps, each with eta_k <= eta_t <= a. Hence

Theorem A. c_k <= L eta_k kappa, kappa = 1 + D^2 h (1 + 2 o D h), and the noise sum is at most nu a^2 S2,
  nu = 1 + D h (1 + 3 o D h). If h kappa <= 1 + 1/s, no weight v_t >= eta_t (1 - s max{0, h kappa - 1}) is negative, and
  the bound is at most (Delta + L sigma^2 nu a^2 S2/2) / (a S1 - L kappa a^2 S2/2 + 1/(2L)).
Theorem B, without noise. L b_k <= L eta_k m, m = max{1, h (2D^2 + 2D + 1)}. If h m <= 2 + 1/s, no weight
  v_t >= eta_t (1 - s max{0, h m - 2}) is negative, and the bound is at most Delta / (a S1 - L m a^2 S2/4 + 1/(2L)).
Theorem 1's tight sum, with coherence mu. w_t >= eta_t (mu - s h/2), which is not negative if s h <= 2 mu; the bound is
  at most (Delta + L sigma^2 a^2 S2/2) / (mu a S1 - L a^2 S2/2).
Where the denominators are positive. At the ends of the run the windows are smaller than D, which only helps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from theory.bounds import Bound, get
from theory.claims.claim import Values, as_ratio, ratio_at
from theory.claims.positivity import LOG
from theory.claims.posynomial import Posynomial, Ratio, Uncovered, number, symbol
from theory.formulas.formula import Formula
from theory.proofs import PROOFS


@dataclass(frozen=True)
class Steps:
    """Step sizes a k^{-p}, 0 <= p <= 1."""

    a: Ratio
    p: Fraction

    def at(self, values: Values) -> Steps:
        """The same at values of the constants."""
        return Steps(ratio_at(self.a, values), self.p)

    def same_as(self, other: Steps) -> bool:
        """Whether both are the same at every k."""
        return self.p == other.p and self.a.same_as(other.a)


@dataclass(frozen=True)
class Known:
    """What is known of the runs that a claim is about.

    Args:
        noisy: whether there may be noise; in_order: whether no read overtakes another.
        coherent: whether gradient coherence mu may be assumed.
    """

    noisy: bool
    in_order: bool
    coherent: bool


@dataclass(frozen=True)
class ClosedForm:
    """A bound of the library at the steps of a claim, for every T from `since` on.

    Args:
        name: the bound; match: why the steps are covered, in words.
        values: it is at most the largest of these.
        asked: what must be at least 0 for it, with the words for it.
        since: the least T it is about; coherent: whether it assumes coherence.
        replayed: whether the kernel replays all of it: it is the bound itself, at its own steps. The others were
            derived from a replayed bound by hand, as above, and no kernel has seen that part.
    """

    name: str
    match: str
    values: tuple[Ratio, ...]
    asked: tuple[tuple[str, Ratio], ...] = ()
    since: int = 1
    coherent: bool = False
    replayed: bool = False

    def at(self, values: Values) -> ClosedForm:
        """The same at values of the constants."""
        below = tuple(ratio_at(value, values) for value in self.values)
        asked = tuple((text, ratio_at(ratio, values)) for text, ratio in self.asked)
        return ClosedForm(self.name, self.match, below, asked, self.since, self.coherent, self.replayed)


def power_steps(schedule: Formula) -> Steps:
    """A schedule as a k^{-p}.

    Raises:
        Uncovered: it is of another form.

    >>> from theory.formulas.parsing import parse
    >>> steps = power_steps(parse("mu/(s*L*sqrt(k))"))
    >>> str(steps.p), str(steps.a)
    ('1/2', '(L^-1 mu s^-1) / (1)')
    """
    ratio = as_ratio(schedule)
    over, below = ratio.over.without("k"), ratio.below.without("k")
    if len(over) != 1 or len(below) != 1:
        raise Uncovered("step sizes that are not a power of k times a number")
    ((up, above),), ((down, under),) = over.items(), below.items()
    if not 0 <= down - up <= 1:
        raise Uncovered("step sizes that increase, or fall faster than 1/k")
    own = frozenset(_without_k(part) for part in ratio.under)
    return Steps(Ratio(above, under, own), down - up)


def closed_forms(steps: Steps, known: Known, values: Values) -> Iterator[ClosedForm]:
    """The bounds that apply to steps a k^{-p} for every T, those in simplest form first, at values of the constants."""
    names = ["corollary-1"] if known.in_order or not known.noisy else []
    names += ["corollary-2"] + (["dai2019-strict", "dai2019"] if known.coherent else [])
    here = steps.at(values)
    found = [_own_steps(get(name)) for name in names if _is_own(get(name), here, values)]
    found += [] if known.noisy else [_theorem_b(here)]
    found += [_theorem_a(here, known)]
    found += [_tight_sum(here)] if known.coherent else []
    yield from (form.at(values) for form in found)


def _without_k(part: Posynomial) -> Posynomial:
    """A divisor without its powers of k, which are positive."""
    if "k" not in part.symbols:
        return part
    parts = part.without("k")
    if len(parts) != 1:
        raise Uncovered("step sizes that divide by a sum in k")
    return next(iter(parts.values()))


def _is_own(bound: Bound, here: Steps, values: Values) -> bool:
    return bound.schedule is not None and power_steps(bound.schedule.formula).at(values).same_as(here)


def _own_steps(bound: Bound) -> ClosedForm:
    text = bound.schedule.text if bound.schedule else ""
    match = f"the steps are those of {bound.name}, {text}"
    since = PROOFS[bound.name].least_steps
    return ClosedForm(bound.name, match, (as_ratio(bound.value),), (), since, bound.needs_coherence, replayed=True)


def _whole(value: int | Fraction) -> Ratio:
    return Ratio(number(value))


_T, _L, _S, _MU = (Ratio(symbol(name)) for name in ("T", "L", "s", "mu"))
_GAP, _VARIANCE = Ratio(symbol("Delta")), Ratio(symbol("sigma").power(Fraction(2)))
_HALF, _ONE = _whole(Fraction(1, 2)), _whole(1)
_D = _S - _ONE


def _power_of_t(power: Fraction) -> Ratio:
    return Ratio(symbol("T").power(power)) if power else _ONE


def _integral(p: Fraction) -> Ratio:
    """The integral of x^{-p} from 1 to T."""
    return Ratio(symbol(LOG)) if p == 1 else (_power_of_t(1 - p) - _ONE) * _whole(1 / (1 - p))


def sum_at_least(p: Fraction) -> Ratio:
    """S1, at most sum k^{-p}."""
    return _integral(p) + (_ONE + _power_of_t(-p)) * _HALF


def sum_at_most(p: Fraction) -> Ratio:
    """S2 for p = 2 p', at least sum k^{-p}."""
    return _ONE + _integral(p)


def _match(steps: Steps) -> str:
    return "the step is constant" if not steps.p else f"the steps are a multiple of k^-{steps.p}"


def _theorem_a(steps: Steps, known: Known) -> ClosedForm:
    a, h = steps.a, _L * steps.a
    wait = _D * h
    late = _whole(int(known.noisy and not known.in_order))
    kappa = _ONE + _D * wait * (_ONE + _whole(2) * late * wait)
    nu = _ONE + wait * (_ONE + _whole(3) * late * wait)
    squares = a * a * sum_at_most(2 * steps.p) * _L * _HALF
    below = a * sum_at_least(steps.p) - kappa * squares + _HALF / _L
    above = _GAP + (_VARIANCE * nu * squares if known.noisy else _whole(0))
    room = _ONE + _ONE / _S - h * kappa
    return ClosedForm("theorem-a", _match(steps), (above / below,), (("every weight v_t is at least 0", room),))


def _theorem_b(steps: Steps) -> ClosedForm:
    a, h = steps.a, _L * steps.a
    squares = a * a * sum_at_most(2 * steps.p) * _L * _whole(Fraction(1, 4))
    many = h * (_whole(2) * _D * _D + _whole(2) * _D + _ONE)
    values, asked = [], []
    for m in (_ONE, many):
        values.append(_GAP / (a * sum_at_least(steps.p) - m * squares + _HALF / _L))
        asked.append(("every weight v_t is at least 0", _whole(2) + _ONE / _S - h * m))
    return ClosedForm("theorem-b", _match(steps), tuple(values), tuple(asked))


def _tight_sum(steps: Steps) -> ClosedForm:
    a = steps.a
    squares = a * a * sum_at_most(2 * steps.p) * _L * _HALF
    value = (_GAP + _VARIANCE * squares) / (_MU * a * sum_at_least(steps.p) - squares)
    room = _whole(2) * _MU - _S * _L * a
    asked = (("every weight w_t is at least 0", room),)
    return ClosedForm("dai2019-tight", _match(steps), (value,), asked, coherent=True)


__all__ = ["ClosedForm", "Known", "Steps", "closed_forms", "power_steps", "sum_at_least", "sum_at_most"]
