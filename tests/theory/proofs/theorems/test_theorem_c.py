"""The proof of Theorem C: it replays, its steps are true in numbers, wrong ones and misused axioms are refused."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from tests.support.replays import last_refusal, refusal, replayed, without
from theory.formulas.formula import Number, total, window
from theory.proofs.kernel import (
    DELAY,
    FIXED,
    LAST,
    NOISELESS,
    ZERO,
    Context,
    ProofError,
    cases,
    constant,
    expression,
    induct,
    instantiate,
    le,
    lt,
    restate,
    scalar,
    tau,
    var,
    weaken,
)
from theory.proofs.nodes import G, first, following, inner, read, square
from theory.proofs.proof import RULES, Claim
from theory.proofs.terms import bound_variables
from theory.proofs.theorems.theorem_c import BETA, INTERPOLATED, PROOF, SUMMED, A, H, L
from theory.proofs.theorems.theorem_c_sum_over_run import INSIDE, LATE, NEXT, OWN, READS, S_, Y
from theory.proofs.theorems.theorem_c_wirtinger import INNER, LONG, SHORT, U_LONG, U_SHORT, R
from theory.proofs.theorems.wirtinger import CASSINI, PATH, STANDING, TURN, Along, OverSine, Sine, _energy

AXIOM = SimpleNamespace(**RULES)

K, T_, J, N, P, Q = map(var, "ktjnpq")
HERE = Context(frozenset({lt(ZERO, LAST), le(ZERO, K), lt(K, LAST)}), frozenset({FIXED, NOISELESS}))
ANYWHERE = Context(HERE.constraints)


def test_it_replays_for_every_delay_and_every_number_of_steps():
    report = replayed(PROOF)
    assert report.proved, [line.refusal for line in report.lines if not line.ok]
    assert {axiom for axiom in report.axioms if axiom.startswith("assumed: ")} == {
        "assumed: all step sizes are equal",
        "assumed: S > 0",
    }


def test_it_is_about_one_delay_and_no_noise_and_needs_what_it_assumes():
    for law in PROOF.laws:
        assert last_refusal(PROOF, laws=PROOF.laws - {law})
    for assumed in PROOF.assumed:
        assert without(PROOF, assumed)


# ---------------------------------------------------------------------------------------------- wrong steps are refused

PAIR = square(G) + square(read(G))
NEXT_PAIR = square(following(G)) + square(read(G))
WRONG = {
    "cassini: 1 is 2": ("cassini", Claim(CASSINI.left, CASSINI.right + 1, N)),
    "cassini: a neighbour": ("cassini", Claim(CASSINI.left, Sine(N + 1, Q) * Sine(N - 2, Q) + 1, N)),
    "grown: more than 1": ("grown", Claim(Sine(P, Q), Number(2), P)),
    "path: 4 r^2 is 5 r^2": ("path", Claim(Along(TURN, Q, P) - 5 * R**2 * Along(square(G), Q + 1, P), PATH.right, P)),
    "path: the first point is inside": (
        "path",
        Claim(Along(TURN, Q, P) - 4 * R**2 * Along(square(G), Q, P), PATH.right, P),
    ),
    "path: one step less": (
        "path",
        Claim(Along(TURN, Q, P - 1) - 4 * R**2 * Along(square(G), Q + 1, P), PATH.right, P),
    ),
    "path: a larger energy": ("path", Claim(PATH.left, PATH.right + OverSine(Number(1), Sine(P, Q)) * square(G), P)),
    "path: the wrong sine": ("path", Claim(PATH.left, _energy(P, Q, P + 1, Q), P)),
    "standing: one point more": (
        "standing",
        Claim(_energy(Q, ZERO, P, ZERO) - 4 * R**2 * Along(square(first(G)), P, N + 1), STANDING.right, N),
    ),
    "short: too much on the ends": ("short", Claim(SHORT.left, (A + 5 * R**2 * U_SHORT) * PAIR)),
    "short: the longer sine": (
        "short",
        Claim(2 * inner(G, read(G)) + U_LONG * (window(TURN) - 4 * R**2 * INNER), SHORT.right),
    ),
    "short: no waiting": (
        "short",
        Claim(
            2 * inner(G, read(G)) + U_SHORT * (window(TURN) - 4 * R**2 * (window(square(G)) - square(read(G)))),
            (A + 5 * R**2 * U_SHORT) * PAIR,
        ),
    ),
    "long: the shorter sine": (
        "long",
        Claim(2 * inner(following(G), read(G)) + U_SHORT * (LONG.left.terms[1].factors[1]), LONG.right),
    ),
    "long: twice A": ("long", Claim(LONG.left, 2 * A * NEXT_PAIR)),
    "interpolated: half becomes one": (
        "interpolated",
        Claim(INTERPOLATED.left, H * inner(G + following(G), read(G)) + INTERPOLATED.right.terms[1]),
    ),
    "interpolated: a sign": (
        "interpolated",
        Claim(INTERPOLATED.left, INTERPOLATED.right.terms[0] + BETA / 4 * (TURN + H**2 * square(read(G)))),
    ),
    "summed: a smaller start": ("summed", Claim(L / 2 * SUMMED.left, SUMMED.right)),
    "own: x_0 too": ("own", Claim(total(Y), LATE + first(Y) + first(Y))),
    "next: from x_0 on": ("next", Claim(total(Y), LATE)),
    "inside: one reader more": ("inside", Claim(INSIDE.left, (S_ - 1) * LATE)),
    "inside: without x_0": ("inside", Claim(total(window(Y) - read(Y)), INSIDE.right)),
    "reads: twice": ("reads", Claim(READS.left, READS.right + LATE, equality=True)),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_step_is_refused(name):
    step, claim = WRONG[name]
    assert refusal(PROOF, step, claim=claim)


def test_another_theorem_is_not_what_is_proved():
    left, right = PROOF.conclusion.left, PROOF.conclusion.right
    for claim in (Claim(left, 2 * right), Claim(left / 2, right), Claim(left, right + square(G))):
        assert last_refusal(PROOF, conclusion=claim)


# ------------------------------------------------------------------------------------------ what is claimed, in numbers


class RandomVectors:
    """Random vectors g_0, g_1, .. with one delay, an angle, and what the symbols of the kernel are there."""

    def __init__(self, delay, steps, angle, seed):
        rng = np.random.default_rng(seed)
        self.delay, self.steps, self.angle = delay, steps, angle
        self.g = rng.normal(size=(steps + delay + 3, 2)) + rng.normal() * rng.integers(0, 2)
        self.m = float((self.g[: steps + 1] ** 2).sum(axis=1).min())

    def sine(self, m):
        return np.sin(m * self.angle) / np.sin(self.angle) if self.angle else float(m)

    def index(self, index, names):
        match index.core:
            case ("v", name):
                return names[name] + index.offset
            case ("b", _):
                return names[index.core] + index.offset
            case ("tau", core, offset):
                return max(0, self.index(type(index)(core, offset), names) - self.delay) + index.offset
            case ("update", core, offset):
                return self.index(type(index)(core, offset), names) + index.offset
        return {"0": 0, "T": self.steps, "D": self.delay}[index.core[0]] + index.offset

    def scalar(self, name, places):
        if name in ("U", "1/U"):
            m = self.sine(places[0] - places[1])
            return m if name == "U" else (1 / m if m >= 1 - 1e-12 else 0.0)
        return {"sine": np.sin(self.angle / 2), "s": self.delay + 1, "m": self.m, "T": self.steps}[name]

    def holds(self, constraints, names):
        ends = ((type(ZERO)(c.left), type(ZERO)(c.right, c.gap)) for c in constraints)
        return all(self.index(left, names) <= self.index(right, names) for left, right in ends)

    def value(self, body, **names):
        """The value of an expression of the kernel, every sum written out."""
        whole = 0.0
        for term, coefficient in body.terms:
            for chosen in product(range(-1, self.steps + self.delay + 3), repeat=term.size):
                there = names | {inside.core: n for inside, n in zip(bound_variables(term), chosen, strict=True)}
                if self.holds(term.constraints, there):
                    whole += float(coefficient) * self.one(term, there)
        return whole

    def one(self, term, names):
        result = 1.0
        for (name, *places), power in term.monomial:
            result *= self.scalar(name, [self.index(place, names) for place in places]) ** power
        if term.payload is not None:
            one, other = (self.g[self.index(place, names)] for _, place in term.payload[1:])
            result *= float(one @ other)
        return result


RUNS = [
    RandomVectors(delay, steps, share * np.pi / (2 * delay + 1), seed)
    for seed, (delay, steps, share) in enumerate(product((0, 1, 2, 3), (1, 2, 4, 6), (0.0, 0.5, 1.0)))
]


@pytest.mark.parametrize("claim", [SHORT, LONG], ids=["short", "long"])
def test_the_lemma_on_the_windows_holds_in_numbers(claim):
    slack = [run.value(claim.expression(), k=k) for run in RUNS for k in range(run.steps)]
    assert min(slack) >= -1e-9 and max(slack) > 0.1


def test_the_lemma_along_a_path_holds_in_numbers_and_is_attained_by_two_points():
    slack = [
        run.value(PATH.expression(), k=k, q=q, p=p)
        for run in RUNS
        for k in range(run.steps)
        for q in range(max(0, k - run.delay), k + 1)
        for p in range(q + 1, k + 2)
    ]
    assert min(slack) >= -1e-9 and min(map(abs, slack)) < 1e-9 and max(slack) > 0.1


def test_the_lemma_where_the_path_stands_still_holds_in_numbers():
    slack = [
        run.value(STANDING.expression(), q=q, p=p, n=n)
        for run in RUNS
        for n in range(1, run.delay + 2)
        for p in range(1, n + 1)
        for q in range(3)
    ]
    assert min(slack) >= -1e-9 and max(slack) > 0.1


@pytest.mark.parametrize("claim", [OWN, NEXT, INSIDE], ids=["own", "next", "inside"])
def test_the_counts_of_points_hold_in_numbers(claim):
    assert min(run.value(claim.expression()) for run in RUNS) >= -1e-9


def test_the_reads_are_counted_exactly():
    assert max(abs(run.value(READS.expression())) for run in RUNS) < 1e-9


STATED = {
    "delay_size": (lambda c: AXIOM.delay_size(c), ()),
    "window_full": (lambda c: AXIOM.window_full(c, K), (le(DELAY, K),)),
    "served_once": (lambda c: AXIOM.served_once(c, T_), (lt(ZERO, T_),)),
    "strictly_inside": (lambda c: AXIOM.strictly_inside(c, K), (lt(ZERO, tau(K)),)),
    "sine_full, D": (lambda c: AXIOM.sine_full(c, K, 0), (le(DELAY, K),)),
    "sine_full, s": (lambda c: AXIOM.sine_full(c, K, 1), (le(DELAY, K),)),
    "sine_increases in a window": (lambda c: AXIOM.sine_increases(c, P, Q, K), (le(tau(K), Q), le(Q, P), le(P, K))),
    "sine_increases from 0": (lambda c: AXIOM.sine_increases(c, P, ZERO), (le(ZERO, P), le(P, DELAY))),
}


@pytest.mark.parametrize("name", STATED)
def test_the_axioms_of_one_delay_are_true_and_ask_for_what_they_need(name):
    make, needs = STATED[name]
    fact = make(HERE.having(*needs))
    checked = 0
    for run in RUNS:
        for k, p, q, t in product(range(run.steps), range(run.delay + 2), range(4), range(run.steps + 1)):
            names = {"k": k, "p": p, "q": q, "t": t}
            if run.holds(fact.context.constraints, names):
                value = run.value(fact.expression, **names)
                assert abs(value) < 1e-9 if fact.equality else value >= -1e-9
                checked += 1
    assert checked > 20
    with pytest.raises(ProofError):
        make(ANYWHERE.having(*needs))
    for missing in needs:
        with pytest.raises(ProofError):
            make(HERE.having(*(c for c in needs if c != missing)))


def test_the_axioms_of_sines_are_true_and_refuse_what_they_do_not_say():
    for run in RUNS:
        for m in range(-3, 6):
            assert run.value(AXIOM.sine_recurrence(HERE, N, Q).expression, n=2 + m, q=2) == pytest.approx(0, abs=1e-9)
    assert RUNS[5].value(AXIOM.sine_start(HERE, K + 1, K, 1).expression, k=3) == pytest.approx(0, abs=1e-12)
    for refused in (
        lambda: AXIOM.sine_start(HERE, K + 2, K, 2),
        lambda: AXIOM.sine_start(HERE, K, K, 1),
        lambda: AXIOM.sine_start(HERE, N, Q, 0),
        lambda: AXIOM.sine_increases(HERE, DELAY + 1, ZERO),
        lambda: AXIOM.sine_increases(HERE, K + 1, tau(K), K),
        lambda: AXIOM.sine_inverse(HERE, N, Q, constant(HERE, 1)),
        lambda: AXIOM.sine_inverse(HERE, ZERO, ZERO, AXIOM.sine_start(HERE, ZERO + 1, ZERO, 1)),
        lambda: AXIOM.sign(HERE, "U", N, Q),
        lambda: AXIOM.sign(HERE, "1/U", N, Q, power=-1),
        lambda: AXIOM.strictly_inside(HERE.having(lt(ZERO, K)), K),
        lambda: AXIOM.served_once(HERE, ZERO),
    ):
        with pytest.raises(ProofError):
            refused()


def test_the_law_of_one_delay_says_when_a_step_reads_the_start_itself_or_an_older_point():
    some = HERE.having(lt(ZERO, DELAY))
    assert HERE.having(le(K, DELAY)).entails(le(tau(K), ZERO))
    assert HERE.having(le(DELAY, ZERO)).entails(le(K, tau(K)))
    assert some.having(lt(ZERO, K)).entails(lt(tau(K), K))
    assert not HERE.having(le(K, DELAY + 1)).entails(le(tau(K), ZERO))
    assert not HERE.having(lt(ZERO, K)).entails(lt(tau(K), K))
    assert not some.entails(lt(tau(K), K))
    assert not HERE.having(le(DELAY, ZERO + 1)).entails(le(K, tau(K)))
    assert not ANYWHERE.having(le(K, DELAY)).entails(le(tau(K), ZERO))


def test_cases_must_cover_everything_and_say_the_same():
    low, high = HERE.having(le(K, DELAY)), HERE.having(lt(DELAY, K))
    one = expression(1)
    assert cases(HERE, K, DELAY, constant(low, 1), constant(high, 1), one).expression == one
    for bad in (
        (constant(low, 1), constant(low, 1), one),
        (constant(low, 1), constant(HERE.having(lt(DELAY + 1, K)), 1), one),
        (constant(low, 1), constant(high, 2), one),
        (constant(low, 1), constant(high, 1), expression(2)),
    ):
        with pytest.raises(ProofError):
            cases(HERE, K, DELAY, *bad)


def test_a_sum_that_one_index_is_left_of_keeps_what_it_asks_of_the_free_ones():
    # Sum of 1 over b <= i <= b, i <= a is 1 if b <= a and 0 else, and never just 1.
    a, b, i = var("a"), var("b"), var("i")
    one = expression(1).total(("i",), le(b, i), le(i, b), le(i, a))
    with pytest.raises(ProofError):
        restate(constant(Context(), 0), one - 1)
    assert restate(constant(Context(frozenset({le(b, a)})), 0), one - 1)
    assert not weaken(constant(Context(), 0), Context()).axioms
    assert instantiate(constant(Context(), 0), Context(), a=b).equality is False


def test_an_induction_up_to_an_end_may_not_be_used_beyond_it():
    base = AXIOM.sine_start(HERE, ZERO + 1, ZERO, 1)
    inside = HERE.having(le(ZERO + 1, N), le(N, DELAY))
    grow = AXIOM.sine_increases(inside, N, ZERO)
    body = scalar("U", N, ZERO) - 1
    fact = induct(base, grow, body, "n", ZERO + 1, until=DELAY + 1)
    with pytest.raises(ProofError):
        instantiate(fact, HERE, n=DELAY + 2)
    with pytest.raises(ProofError):
        induct(base, grow, body, "n", ZERO + 1)
