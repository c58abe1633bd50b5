"""What is assumed of the objective, the iteration, the noise and the delays, and what is known of a few symbols.

An axiom is data: what must follow from the context, what may then be concluded, and the sentence that a proof prints.
The checker, `docs/kernel.md` and the tests read the same table, AXIOMS. The few functions at the end are axioms whose
premise is a fact or a case that no table of constraints can state.

Meaning of the symbols. F is L-smooth; x_0..x_T are the points of the run; g_k is the gradient of F at x_k; e_k the
noise of the gradient that step k applies; x_{k+1} = x_k - eta_k (g_{tau_k} + e_k), or x_k - eta_k (a_k + e_k) where
delays are drawn at random (law RANDOM). Where an update applies several gradients (law SEVERAL), e_a, eta_a and tau_a
are those of gradient a, x_{k+1} is x_k less eta_a (g_{tau_a} + e_a) for each a with update(a) = k, and these are B in
number for 0 <= k < T. Where blocks of coordinates are read apart (law MIXED), it is a_a in place of g_{tau_a}, the
gradient at a point each of whose blocks is that of one of x_{tau_a}..x_{update(a)}; M_a and N_a are what this point
lacks of the gradients and of the noises in W_a: it is x_{update(a)} + M_a + N_a. Where N workers read beside x_k (law
WORKERS), F is the mean of their f_i, step k applies a_k, the mean of their gradients, with that of their noises, e_k,
and h_k, M_k, b_k and z_k have an entry for each worker. Steps and delays do not depend on the noise: expectations are
over the noise (and over the delays where these are drawn). eta_k >= 0, and 0 outside 0 <= update(k) < T. f_k =
E F(x_k) - inf F. U(a, b) stands for U_m = sin(m theta)/sin(theta) with m = a - b (m where theta = 0), `sine` for
sin(theta/2), 1/U for the inverse where U_m >= 1, else 0. number_k is k, root_k its square root, log_k its logarithm,
for k >= 1 (below, 1, 1 and 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from theory.common.table import Table
from theory.proofs.kernel import (
    DELAY,
    FIXED,
    IN_ORDER_IF_NOISY,
    KINDS,
    LAST,
    MIXED,
    NOISELESS,
    POSITIVE,
    RANDOM,
    SEVERAL,
    WORKERS,
    ZERO,
    Context,
    Cut,
    Expression,
    Fact,
    Index,
    Law,
    Le,
    ProofError,
    Term,
    _fact,
    _split,
    _term,
    _used,
    checked,
    expression,
    gap_at,
    le,
    lt,
    must_be,
    no_cut,
    require,
    restate,
    scalar,
    tau,
    update,
    var,
    vector,
    weaken,
)
from theory.proofs.kernel import _follows as follows
from theory.proofs.kernel import latest as not_overtaken

#: Symbols that are not negative by their meaning.
NONNEGATIVE = POSITIVE | {"eta", "sigma", "Delta", "log", "o", "m", "1/U", "p", "Ed", "Ed2", "noisy"}

# ----------------------------------------------------------------------------------------------- what an axiom is

SMOOTH, BELOW, GAP = "F is L-smooth", "F is bounded below", "Delta >= F(x_0) - inf F"
INDEPENDENT = "steps and delays are independent of the noise"
MEAN_ZERO = "e_k has mean zero given x_0..x_k and e_0..e_{k-1}"
MEAN_ZERO_DRAWN = "e_k has mean zero given x_0..x_k, e_0..e_{k-1} and d_0..d_k"
NO_NOISE = "where there is no noise, e_k is 0"
APART = "the noises of one update have mean zero and are independent given what was before"
BLOCKS = "every update applies B gradients"
BLOCKWISE = "every block of the point that gradient k is of was read at one of x_{tau_k}..x_{u_k}"
VARIANCE = "the variance is at most sigma^2"
MOMENT = "the mean square of a stochastic gradient is at most G^2"
WORKERS_MOMENT = "the mean square of the workers' stochastic gradients is at most G^2"
OF_WORKERS = "given what was before, the noises of the workers have mean zero and are independent"
KEPT = (
    "M_{k+1} is what C leaves of M_k + eta_k h_k, at most 1 - delta of its square; the workers read x_k + mean of M_k"
)
OWN_POINTS = "x_k is the mean of the workers' points x_k + M_k"
ROUNDS = "two rounds of group means in a row are the mean of all"
MIXING = "a round of means leaves at most 1 - delta of the squared distance from the mean, on average"
ONE_START = "M_0 is 0"
EACH_SMOOTH = "each f_i is L-smooth"
ALIKE = "the gradients of f_i differ from that of F by at most zeta, in mean square"
WITHIN = "delays are at most s - 1"
ONE_DELAY = "every delay is s - 1, cut at the start"
DRAWN = "p(k, r) is the probability that step k reads x_r; its delay is independent of what was before"
ONE_LAW = "all delays have one law, of mean Ed, mean square Ed2"
SINES, ANGLE = "U_m is sin(m theta)/sin(theta)", "0 <= theta <= pi/(2s - 1)"
TURNING, STEPS = "eta_j r_j is g_{j+1} - g_j", "there are T steps"
NUMBER, ROOT_OF_NUMBER = "number_k is k", "root_k is the square root of k"
LOGARITHM, INVERSE = "log_k is the natural logarithm of k", "1/U_m is 0 where U_m is not at least 1"
LARGEST = "a maximum is at least what it is the maximum of"
ROOT = "sqrt(a) is not negative, its square is a"
OVERTAKEN = "o_k is 1 if there is noise and step k is overtaken, else 0"
NOISY = "noisy is 1 if there is noise, else 0"
MINIMUM, MINIMUM_BEFORE_LAST = "m is the minimum over x_0..x_T", "m is the minimum over x_0..x_{T-1}"
MINIMUM_OF_READS = "m is a minimum over the points that are read as well"


class Axiom(NamedTuple):
    """What may be concluded where the premises follow from the context.

    Args:
        name: of the rule. sentences: what a proof prints.
        letters: the free indices of premises and conclusion, in the order in which indices are given for them.
        premises: what must follow from the context, of these indices; law: what the context must say, if anything.
        conclusion: not negative, or 0 if `equality`; the vector v in it stands for any random vector, given last.
        drawn: the conclusion where the gradient that is applied is a_k; without it the axiom is not about runs whose
            delays are drawn, and says nothing of the gradients where blocks are read apart.
        several: whether it is also about runs whose updates apply several gradients, or whose blocks are read apart.
    """

    name: str
    sentences: tuple[str, ...]
    letters: tuple[str, ...]
    premises: tuple[Le, ...]
    conclusion: Expression
    drawn: Expression | None = None
    equality: bool = False
    law: Law | None = None
    several: bool = False

    def __call__(self, context: Context, *given: Index | Expression) -> Fact:
        """The fact that the axiom gives for some indices (and a vector)."""
        if AXIOMS.get(self.name) is not self:
            raise ProofError(f"{self.name} is no axiom of the table.")
        kind = must_be(context, Context).laws & KINDS
        applies_a = bool(kind & {RANDOM, WORKERS}) or (MIXED in kind and self.drawn is not None)
        speaks = self.drawn if applies_a else self.conclusion
        if speaks is None or self.law not in {None, *context.laws} or (kind & {SEVERAL, MIXED} and not self.several):
            raise ProofError(f"The axiom {self.name} is not about the runs of this context.")
        if len(given) != len(self.letters) + self.of_a_vector:
            raise ProofError(f"The axiom {self.name} takes {', '.join(self.letters)}{' and v' * self.of_a_vector}.")
        names = dict(zip(self.letters, given, strict=False))
        require(context, *(premise.at(**names) for premise in self.premises))  # type: ignore[arg-type]
        body = speaks.at(**names)  # type: ignore[arg-type]
        body = _with_vector(body, given[-1]) if self.of_a_vector else body  # type: ignore[arg-type]
        return _fact(context, body, self.sentences, self.equality)

    @property
    def of_a_vector(self) -> bool:
        """Whether it speaks of any vector v."""
        return any(name == "v" for term, _ in self.conclusion.terms for name, _ in _vectors(term))


def _vectors(term: Term) -> tuple[tuple[str, Index], ...]:
    return term.payload[1:] if term.payload is not None and term.payload[0] != "f" else ()


def _with_vector(body: Expression, value: Expression) -> Expression:
    """The expression with a vector in place of v."""
    if type(value) is not Expression or any(term.payload is None for term, _ in value.terms):
        raise ProofError("This is about a vector.")
    result = Expression()
    for term, coefficient in body.terms:
        others = [v for v in _vectors(term) if v[0] != "v"]
        places = len(_vectors(term)) - len(others)
        kept = term.payload if not places else ("vec", others[0]) if others else None
        rest = Expression(((_term(term.size, term.constraints, term.monomial, kept), coefficient),))
        result = result + (rest.dot(value) if others and places else rest * value.square() if places else rest)
    return result


A, B, I, J, K, R = map(var, "abijkr")  # noqa: E741
_V, _HALF, _COUNT = vector("v", ZERO), Fraction(1, 2), expression(1)


def _g(index: Index) -> Expression:
    return vector("g", index)


def _steps(index: Index) -> tuple[Le, Le]:
    return le(ZERO, index), lt(index, LAST)


def _points(*indices: Index) -> tuple[Le, ...]:
    return tuple(end for index in indices for end in (le(ZERO, index), le(index, LAST)))


# --------------------------------------------------------------------------------------- the iteration, the objective

# x_b - x_a for a <= b, and nothing for b < a.
_WAY = {
    drawn: -(scalar("eta", J) * ((vector("a", J) if drawn else _g(tau(J))) + vector("e", J))).total(
        ("j",), le(A, update(J)), lt(update(J), B)
    )
    for drawn in (False, True)
}


def displacement(start: Index, stop: Index, drawn: bool = False) -> Expression:
    """x_stop - x_start for start <= stop. The iteration: x_{k+1} = x_k - eta_k (g_{tau_k} + e_k).

    Where delays are drawn at random, the gradient that step k applies is a_k.
    """
    return _WAY[drawn].at(a=start, b=stop)


def _smooth(drawn: bool) -> Expression:
    """With y = x_a + v and w = y - x_b: f_a + <g_a, v> + L/2 |v|^2 >= f(y) >= f_b + <g_b, w> - L/2 |w|^2."""
    w = _V - displacement(A, B, drawn) + displacement(B, A, drawn)
    return _above(A, _V) - (gap_at(B) + _g(B).dot(w) - scalar("L") * _HALF * w.square())


def _above(point: Index, v: Expression) -> Expression:
    return gap_at(point) + _g(point).dot(v) + scalar("L") * _HALF * v.square()


def _same(body: Expression, several: bool = True) -> dict[str, Any]:
    """A conclusion for fixed delays and drawn ones alike, and for several gradients."""
    return {"conclusion": body, "drawn": body, "several": several}


_OBJECTIVE = (
    Axiom("smooth", (SMOOTH,), ("a", "b"), _points(A, B), _smooth(False), _smooth(True), several=True),
    Axiom("bounded_below", (SMOOTH, BELOW), ("a",), _points(A), **_same(_above(A, _V))),
    Axiom("gap", (BELOW, GAP), (), (), **_same(scalar("Delta") - gap_at(ZERO))),
    Axiom("least", (MINIMUM,), ("k",), _points(K), **_same(_g(K).square() - scalar("m"))),
    Axiom("least_before_last", (MINIMUM_BEFORE_LAST,), ("k",), _steps(K), **_same(_g(K).square() - scalar("m"))),
    # Where two indices are equal, so are the gradients.
    Axiom("same_point", (), ("a", "b"), (le(A, B), le(B, A)), **_same((_g(A) - _g(B)).dot(_V)), equality=True),
    # r_j is (g_{j+1} - g_j)/eta_j, and 0 where eta_j = 0, as then x_{j+1} = x_j.
    Axiom(
        "turning", (TURNING,), ("a", "b"), (le(ZERO, A), le(A, B), le(B, LAST)),
        **_same((_g(B) - _g(A) - (scalar("eta", J) * vector("r", J)).total(("j",), le(A, J), lt(J, B))).dot(_V), False),
        equality=True,
    ),
)  # fmt: skip

# ---------------------------------------------------------------------------------------------- the noise, the delays

_READS_IT = (*_steps(I), le(tau(I), K), le(K, tau(I)))


def _window(step: Index) -> Expression:
    return _COUNT.total(("j",), le(tau(step), J), lt(J, update(step)))


def _in_window(each: Expression) -> Expression:
    return (scalar("eta", J) * each).total(("j",), le(tau(K), update(J)), lt(update(J), update(K)))


def _flying(each: Expression) -> Expression:
    where = lt(K, update(I)), lt(update(I), LAST), le(ZERO, R), le(R, K)
    return (scalar("p", I, R) * each).total(("i", "r"), *where)


#: The gradients that update k applies, by number.
_AT_ONCE = _COUNT.total(("j",), le(update(J), K), le(K, update(J)))
#: Those applied from x_r to x_{u_i}.
_SINCE = _COUNT.total(("j",), le(R, update(J)), lt(update(J), update(I)))

_DELAYS = (
    Axiom(
        "bounded_variance", (VARIANCE,), ("k",), _steps(update(K)),
        **_same(scalar("sigma", power=2) - vector("e", K).square()),
    ),
    Axiom(
        "bounded_gradient", (MOMENT,), ("k",), _steps(update(K)),
        scalar("G", power=2) - (_g(tau(K)) + vector("e", K)).square(),
        scalar("G", power=2) - (vector("a", K) + vector("e", K)).square(), several=True,
    ),
    # W_k holds at most s - 1 steps: k - tau_k <= s - 1.
    Axiom("window_count", (WITHIN,), ("k",), _steps(update(K)), scalar("s") - 1 - _window(K), several=True),
    # At most s - 1 windows hold a given k: k in W_i means tau_i <= k < i, so k < i <= k + s - 1.
    Axiom(
        "readers_count", (WITHIN,), ("k",), (),
        scalar("s") - 1 - _COUNT.total(("i",), *_steps(I), le(tau(I), K), lt(K, I)),
    ),
    # Each of these s - 1 updates has B gradients.
    Axiom(
        "block_readers_count", (WITHIN, BLOCKS), ("k",), (),
        scalar("B") * (scalar("s") - 1)
        - _COUNT.total(("i",), *_steps(update(I)), le(tau(I), K), lt(K, update(I))),
        law=SEVERAL, several=True,
    ),
    Axiom(
        "block_count", (BLOCKS,), ("k",), _steps(K),
        **_same(scalar("B") - _AT_ONCE), equality=True, law=SEVERAL,
    ),
    # Blocks of coordinates are ranges of orthogonal projections that add up to the identity. In each block the point
    # lacks what some of the gradients in W_k did. |g_{u_k} - a_k| <= L |M_k + N_k| is smoothness; in each block
    # |sum eta_j v_j|^2 <= (sum eta_j) sum eta_j |v_j|^2, and the noises are orthogonal there too; more of W_k is more.
    Axiom(
        "read_apart", (SMOOTH, BLOCKWISE), ("k",), _steps(update(K)),
        scalar("L", power=2) * (vector("M", K) + vector("N", K)).square()
        - (_g(update(K)) - vector("a", K)).square(),
        law=MIXED, several=True,
    ),
    Axiom(
        "least_read", (MINIMUM_OF_READS,), ("k",), _steps(update(K)), vector("a", K).square() - scalar("m"), law=MIXED,
        several=True,
    ),
    Axiom(
        "missing_gradients", (BLOCKWISE,), ("k",), _steps(update(K)),
        _in_window(_COUNT) * _in_window(vector("a", J).square()) - vector("M", K).square(),
        law=MIXED, several=True,
    ),
    Axiom(
        "missing_noises", (BLOCKWISE, INDEPENDENT, APART), ("k",), _steps(update(K)),
        _in_window(scalar("eta", J) * vector("e", J).square()) - vector("N", K).square(),
        law=MIXED, several=True,
    ),
    # At most s steps read a given k: tau_i = k means k <= i <= k + s - 1.
    Axiom("served_count", (WITHIN,), ("k",), (), scalar("s") - _COUNT.total(("i",), *_READS_IT)),
    Axiom(
        "steps_count", (STEPS,), (), (),
        **_same(scalar("T") - _COUNT.total(("k",), *_steps(K))), equality=True,
    ),
    # The probabilities p(k, r) of 0 <= r <= k add up to 1.
    Axiom(
        "certain", (DRAWN,), ("k",), _steps(update(K)),
        **_same(scalar("p", K, R).total(("r",), le(ZERO, R), le(R, update(K))) - 1), equality=True, law=RANDOM,
    ),
    # tau_i = max(0, i - d_i). So tau_i <= k < i says that d_i >= m = i - k >= 1, and i - tau_i <= d_i; and the sum over
    # m >= 1 of E[d^c 1{d >= m}] is E d^{c+1}: here for c = 0, and for c = 1. Of several gradients an update, as many of
    # each as of update k, Ed and Ed2 are the means over them.
    Axiom(
        "in_flight", (ONE_LAW,), ("k",), (le(ZERO, K),),
        **_same(scalar("Ed") * _AT_ONCE - _flying(_COUNT)), law=RANDOM,
    ),
    Axiom(
        "in_flight_long", (ONE_LAW,), ("k",), (le(ZERO, K),),
        **_same(scalar("Ed2") * _AT_ONCE * _AT_ONCE - _flying(_SINCE)), law=RANDOM,
    ),
    Axiom("indicator", (OVERTAKEN,), ("k",), (), 1 - scalar("o", K)),
    Axiom(
        "not_overtaken", (OVERTAKEN,), ("k",), _steps(K), scalar("o", K),
        equality=True, law=IN_ORDER_IF_NOISY,
    ),
    # Where the law FIXED holds: D = s - 1 is the number of whole n with 0 <= n < D.
    Axiom(
        "delay_size", (ONE_DELAY,), (), (),
        scalar("s") - 1 - _COUNT.total(("i",), le(ZERO, I), lt(I, DELAY)), equality=True, law=FIXED,
    ),
    Axiom(
        "window_full", (ONE_DELAY,), ("k",), (le(DELAY, K),), scalar("s") - 1 - _window(K), equality=True, law=FIXED,
    ),
    # One step at most reads x_k for k >= 1: the step k + D.
    Axiom("served_once", (ONE_DELAY,), ("k",), (lt(ZERO, K),), 1 - _COUNT.total(("i",), *_READS_IT), law=FIXED),
    # At least s - 2 steps i have tau_i < tau_k < i, if step k reads a point tau_k >= 1: all i with tau_k < i < k.
    Axiom(
        "strictly_inside", (ONE_DELAY,), ("k",), (lt(ZERO, tau(K)), *_steps(K)),
        _COUNT.total(("i",), *_steps(I), lt(tau(I), tau(K)), lt(tau(K), I)) - scalar("s") + 2, law=FIXED,
    ),
)  # fmt: skip

# -------------------------------------------------------------------------------------------------------- the workers

# Each worker has its entry of a vector here.
_E, _H, _M, _OWN, _ALIKE = (vector(name, K) for name in ("e", "h", "M", "b", "z"))
_L2, _VARIANCE = scalar("L", power=2), scalar("sigma", power=2)
_BESIDE = _L2 * _M.square() - (_g(K) - vector("a", K)).square()


def _of_workers(name: str, sentences: tuple[str, ...], body: Expression) -> Axiom:
    return Axiom(name, sentences, ("k",), _steps(K), **_same(body), law=WORKERS)


_OF_WORKERS = (
    # e_k is the mean of N noises, orthogonal given what was before.
    _of_workers("mean_noise", (VARIANCE, OF_WORKERS), _VARIANCE - scalar("workers") * _E.square()),
    _of_workers("one_start", (ONE_START,), vector("M", ZERO).square())._replace(letters=(), premises=(), equality=True),
    # h_k are the workers' stochastic gradients, M_k their memories. All of them read x_k + the mean of M_k, and the
    # square of a mean is at most the mean of the squares.
    _of_workers(
        "memory",
        (KEPT,),
        (1 - scalar("delta")) * (_M + scalar("eta", K) * _H).square() - vector("M", K + 1).square(),
    ),
    _of_workers("read_with_memory", (SMOOTH, KEPT), _BESIDE),
    _of_workers("workers_gradient", (WORKERS_MOMENT,), scalar("G", power=2) - _H.square()),
    # M_k is what the workers' points lack of x_k, b_k their gradients less grad F(x_k). W_k - J is a projection of rank
    # N/m - 1; it takes x_k and M_k to 0, as M_k is in the range of W_{k-1} - J and W_k W_{k-1} = J. So M_{k+1} is
    # -eta_k (W_k - J)(b_k + noises): orthogonal parts, and of independent noises at most (1/m - 1/N) sigma^2 is kept.
    _of_workers(
        "round",
        (OWN_POINTS, ROUNDS, VARIANCE, OF_WORKERS),
        scalar("eta", K, power=2)
        * ((scalar("group", power=-1) - scalar("workers", power=-1)) * _VARIANCE + _OWN.square())
        - vector("M", K + 1).square(),
    ),
    # M_{k+1} = (W_k - J)(M_k - eta_k (b_k + noises)), of which I - J takes off the mean, and 1/N of the noises.
    _of_workers(
        "random_round",
        (OWN_POINTS, MIXING, VARIANCE, OF_WORKERS),
        (1 - scalar("delta"))
        * (
            (_M - scalar("eta", K) * _OWN).square()
            + scalar("eta", K, power=2) * (1 - scalar("workers", power=-1)) * _VARIANCE
        )
        - vector("M", K + 1).square(),
    ),
    _of_workers("read_apart_by_workers", (EACH_SMOOTH, OWN_POINTS), _BESIDE),
    # z_k is grad f_i - grad F at x_k.
    _of_workers("own_gradients", (EACH_SMOOTH, OWN_POINTS), _L2 * _M.square() - (_OWN - _ALIKE).square()),
    _of_workers("alike", (ALIKE,), scalar("zeta", power=2) - _ALIKE.square()),
)

# -------------------------------------------------------------------------------------------------------- the symbols

_FROM_1 = (lt(ZERO, K),)


def _sine(high: Index, low: Index) -> Expression:
    return scalar("U", high, low)


_COSINE = 2 - 4 * scalar("sine", power=2)  # 2 cos(theta), as cos(theta) = 1 - 2 sin(theta/2)^2
_INCREASES = _sine(A + 1, B) - _sine(A, B)

_SYMBOLS = (
    Axiom(
        "root", (ROOT_OF_NUMBER,), ("k",), _FROM_1,
        **_same(scalar("root", K, power=2) - scalar("number", K)), equality=True,
    ),
    Axiom(
        "number", (NUMBER,), ("k",), _FROM_1,
        **_same(scalar("number", K + 1) - scalar("number", K) - 1), equality=True,
    ),
    Axiom("number_one", (NUMBER,), (), (), **_same(scalar("number", ZERO + 1) - 1), equality=True),
    # ln(k+1) - ln k >= 1/(k+1), as ln x <= x - 1 at x = k/(k+1).
    Axiom(
        "logarithm", (LOGARITHM,), ("k",), _FROM_1,
        **_same(scalar("log", K + 1) - scalar("log", K) - scalar("number", K + 1, power=-1)),
    ),
    Axiom("logarithm_of_one", (LOGARITHM,), (), (), **_same(scalar("log", ZERO + 1)), equality=True),
    Axiom("sine_zero", (SINES,), ("a", "b"), (le(A, B), le(B, A)), _sine(A, B), equality=True),
    Axiom("sine_one", (SINES,), ("a", "b"), (le(A, B + 1), le(B + 1, A)), _sine(A, B) - 1, equality=True),
    Axiom(
        "sine_recurrence", (SINES,), ("a", "b"), (),
        _sine(A + 1, B) + _sine(A - 1, B) - _COSINE * _sine(A, B), equality=True,
    ),
    # U_{m+1} - U_m = cos((m + 1/2) theta)/cos(theta/2) >= 0 for 0 <= m <= D, as (D + 1/2) theta <= pi/2.
    Axiom("sine_increases", (SINES, ANGLE), ("a", "b"), (le(B, A), le(ZERO, B), le(A, DELAY)), _INCREASES, law=FIXED),
    # The same seen from a window: tau_k <= b <= a <= k gives a - b <= D.
    Axiom(
        "sine_increases_inside", (SINES, ANGLE), ("a", "b", "k"), (le(B, A), le(tau(K), B), le(A, K), le(ZERO, K)),
        _INCREASES, law=FIXED,
    ),
    # U_m for m = k - tau_k is U_D where k >= D, as tau_k = k - D; and the same with m + 1.
    Axiom(
        "sine_full", (ONE_DELAY, SINES), ("k",), (le(DELAY, K),), _sine(K, tau(K)) - _sine(DELAY, ZERO),
        equality=True, law=FIXED,
    ),
    Axiom(
        "sine_full_next", (ONE_DELAY, SINES), ("k",), (le(DELAY, K),), _sine(K + 1, tau(K)) - _sine(DELAY + 1, ZERO),
        equality=True, law=FIXED,
    ),
)  # fmt: skip

AXIOMS: Mapping[str, Axiom] = Table({axiom.name: axiom for axiom in (*_OBJECTIVE, *_DELAYS, *_OF_WORKERS, *_SYMBOLS)})


# -------------------------------------------------------------------------------------- axioms that no table can state


def sign(context: Context, name: str, *indices: Index, power: int = 1) -> Fact:
    """A power of a symbol is not negative; negative powers only of positive symbols."""
    if type(name) is not str or name not in NONNEGATIVE:
        raise ProofError(f"Nothing is known of the sign of {name}.")
    return _fact(context, scalar(name, *indices, power=power))


def orthogonal(context: Context, body: Expression, choose: Cut = no_cut) -> Fact:
    """Body = body without every E<e_i, v> that is zero as v is known when e_i is drawn, after cuts: a fact about 0."""
    kept = [
        (term, coefficient)
        for term, coefficient in _split(body, context, choose).normal(context).items()
        if not _vanishes(context, term)
    ]
    sentences = (MEAN_ZERO_DRAWN,) if RANDOM in context.laws else (INDEPENDENT, MEAN_ZERO)
    sentences = (INDEPENDENT, OF_WORKERS) if WORKERS in context.laws else sentences
    sentences = (sentences[0], APART) if SEVERAL in context.laws else sentences
    used = (NO_NOISE,) if NOISELESS in context.laws else sentences
    return _fact(context, body - Expression(tuple(kept)), used, equality=True)


def _vanishes(context: Context, term: Term) -> bool:
    """Whether a term is E<e_i, v> for a v that is known when e_i is drawn; without noise there is nothing to know.

    g_j is known if j <= update(i), a_j, the gradient j that is applied wherever it was read, if update(j) <= update(i),
    e_j if j < i; of other vectors nothing is said. Of two noises of one update neither is before the other: they are
    independent given what was before, and so orthogonal whichever has the smaller number.
    """
    for (name, step), (other, index) in (_vectors(term), _vectors(term)[::-1]) if len(_vectors(term)) == 2 else ():
        if name == "e":
            last = {"g": index, "a": update(index)}.get(other)
            order = lt(index, step) if last is None else le(last, update(step))
            if NOISELESS in context.laws or (other in ("g", "a", "e") and follows(context, term.constraints, order)):
                return True
    return False


def drawn(context: Context, step: Index, name: str, index: Index) -> Fact:
    """E<v, a_step> = sum of p(step, r) E<v, g_r> over 0 <= r <= step, for a vector v known before the delay is drawn.

    p(k, r) is the probability that step k applies the gradient of x_r. Its delay is independent of x_0..x_k, of
    e_0..e_{k-1} and of the earlier delays: v may be a gradient up to g_k, or an e_j or a_j with j < k; or a_k itself,
    as |a_k|^2 is |g_r|^2 with probability p(k, r). Of several gradients an update, update(k) is in place of k there:
    the delays of one update are independent of what was before it.
    """
    require(context, *_steps(update(step)))
    itself = (name, index) == ("a", step)
    before = le(index, update(step)) if name == "g" else lt(update(index), update(step))
    known = name in ("g", "a", "e") and context.entails(before)
    if RANDOM not in context.laws or not (known or itself):
        raise ProofError(f"{name}_{index} may depend on the delay of step {step}, or the delays are not random.")
    fresh = {"k": step, "i": index}
    each = scalar("p", K, R) * _g(R).dot(_g(R) if itself else vector(name, I))
    mixed = each.total(("r",), le(ZERO, R), le(R, update(K)))
    return _fact(context, vector("a", step).dot(vector(name, index)) - mixed.at(**fresh), [DRAWN], equality=True)


def noise_cases(noiseless: Fact, always: Fact, body: Expression) -> Fact:
    """The symbol noisy is 1 where sigma > 0, else 0, and then there is no noise: both cases give one fact about it."""
    return _by_cases(body, ("noisy",), NOISY, always, (noiseless, NOISELESS))


def overtaking_cases(unovertaken: Fact, noiseless: Fact, always: Fact, step: Index, body: Expression) -> Fact:
    """o_k is 1 where sigma > 0 and W_k holds a younger gradient, else 0: all cases give one fact about o_k."""
    zero = (unovertaken, not_overtaken(step)), (noiseless, NOISELESS)
    return _by_cases(body, ("o", step), OVERTAKEN, always, *zero)


def _by_cases(
    body: Expression, indicator: tuple[str | Index, ...], sentence: str, always: Fact, *zero: tuple[Fact, Law]
) -> Fact:
    """A fact about an indicator that is 0 where one of some laws holds, else 1: from facts for 1, and for 0 by law."""
    checked(always, *(fact for fact, _ in zero))
    if any(fact.context != always.context.under(law) for fact, law in zero):
        raise ProofError("The cases must be what is known anyway, with no more than one law each, in one context.")
    for fact, seen in ((always, 1), *((fact, 0) for fact, _ in zero)):
        restate(fact, _with_indicator(body, indicator, seen))
    return _fact(always.context, body, _used(always, *(fact for fact, _ in zero)) | {sentence})


def _with_indicator(body: Expression, indicator: tuple[str | Index, ...], seen: int) -> Expression:
    """The expression with a symbol replaced by 0 or 1; bound indices are numbers, so that o_k is no o under a sum."""
    kept = []
    for term, coefficient in must_be(body, Expression).terms:
        rest = tuple((atom, power) for atom, power in term.monomial if atom != indicator)
        if seen or len(rest) == len(term.monomial):
            kept.append((_term(term.size, term.constraints, rest, term.payload), coefficient))
    return Expression(tuple(kept))


def sine_inverse(context: Context, high: Index, low: Index, at_least_one: Fact) -> Fact:
    """(1/U_m) U_m = 1 where U_m >= 1: `at_least_one` is that fact."""
    restate(weaken(at_least_one, context), scalar("U", high, low) - 1)
    body = scalar("1/U", high, low) * scalar("U", high, low) - 1
    return _fact(context, body, at_least_one.used | {INVERSE}, equality=True)
