"""The kernel against brute force: the order of indices, the normal form, and what the rules make of facts."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from theory.proofs import kernel
from theory.proofs.axioms import orthogonal
from theory.proofs.kernel import (
    IN_ORDER,
    LAST,
    NOISELESS,
    PROMPT,
    ZERO,
    Context,
    Expression,
    Fact,
    Index,
    Le,
    ProofError,
    Term,
    _closure,
    expression,
    gap_at,
    hypothesis,
    latest,
    le,
    lt,
    scalar,
    tau,
    var,
    vector,
)
from theory.proofs.proof import minimum
from theory.proofs.terms import bound_variables

K, J, T_ = var("k"), var("j"), var("t")
START = Context(frozenset({lt(ZERO, LAST)}))


def steps(index: Index) -> tuple[Le, Le]:
    return le(ZERO, index), lt(index, LAST)


STEP = START.having(*steps(K))

# --------------------------------------------------------------------------------------------------- order of indices

PLACES = (ZERO, LAST, K, J, tau(K), tau(J), tau(K - 1), tau(K + 1), tau(tau(K)))
LAWS = (
    frozenset(),
    frozenset({latest(K)}),
    frozenset({latest(J), latest(K)}),
    frozenset({latest(tau(K))}),
    frozenset({IN_ORDER}),
    frozenset({PROMPT}),
)


@pytest.fixture(scope="module")
def situations(world):
    """Every delay map of at most 4 steps with every k and j within and just beyond the run: the values of PLACES."""
    rows, allowed = [], {laws: [] for laws in LAWS}
    for reads in (reads for T in range(1, 5) for reads in world.delay_maps(T)):
        here = world.Abstract(reads, seed=0)
        for k, j in product(range(-2, len(reads) + 2), repeat=2):
            rows.append([here.place(place, {"k": k, "j": j}) for place in PLACES])
            for laws in LAWS:
                allowed[laws].append(all(here.obeys(law, {"k": k, "j": j}) for law in laws))
    return np.array(rows), {laws: np.array(which) for laws, which in allowed.items()}


def contexts(draw: random.Random):
    """Contexts of none to three constraints between places: all of one, and many of more."""
    pairs = [(a, b) for a, b in product(PLACES, repeat=2) if a != b]
    yield Context()
    yield from (Context(frozenset({le(a, b + gap)})) for a, b in pairs for gap in (-1, 0, 1))
    for _ in range(500):
        chosen = [le(a, b + draw.randint(-2, 1)) for a, b in draw.choices(pairs, k=draw.randint(2, 3))]
        yield Context(frozenset(chosen))


def test_what_follows_of_the_order_of_indices_holds_for_every_delay_map(situations):
    rows, allowed = situations
    draw = random.Random(1)
    column = {place.core: rows[:, position] - place.offset for position, place in enumerate(PLACES)}
    cores, decided = frozenset(column), 0
    for context in contexts(draw):
        for laws in LAWS if len(context.constraints) < 2 else draw.sample(LAWS, 2):
            here = allowed[laws].copy()
            for c in context.constraints:
                here &= column[c.left] <= column[c.right] + c.gap
            known = _closure(frozenset(cores), *Context(context.constraints, laws))
            assert known or not here.any(), (context, laws)
            for (left, right), gap in known.items():
                if left in column and right in column:
                    assert (column[left][here] <= column[right][here] + gap).all(), (context, laws, left, right, gap)
                    decided += left != right
    assert decided > 5_000


def test_what_follows_among_plain_indices_is_found():
    """Differences of whole numbers: what holds for all of them is found. Brute force over a box."""
    names, draw = ("k", "j", "t"), random.Random(2)
    box = np.array(list(product(range(-9, 10), repeat=3)))
    inner = np.abs(box).max(axis=1) <= 4
    for _ in range(300):
        pairs = [[*draw.sample(range(3), 2), draw.randint(-2, 2)] for _ in range(draw.randint(1, 4))]
        here = np.all([box[:, a] <= box[:, b] + gap for a, b, gap in pairs], axis=0)
        context = Context(frozenset(le(var(names[a]), var(names[b]) + gap) for a, b, gap in pairs))
        for a, b, gap in product(range(3), range(3), range(-3, 4)):
            follows = not here[inner].any() or (box[here][:, a] <= box[here][:, b] + gap).all()
            assert context.entails(le(var(names[a]), var(names[b]) + gap)) == follows


def test_a_read_outside_the_run_says_nothing():
    """Not that it is a point of the run, and not, by being spoken of, that there is such a step."""
    assert not Context().entails(le(tau(ZERO - 1), ZERO - 1))
    assert not STEP.entails(le(tau(K - 1), K - 1))
    assert not STEP.having(le(tau(K - 1), tau(K - 1))).entails(lt(ZERO, K))
    assert STEP.having(lt(ZERO, K)).entails(le(tau(K - 1), K - 1))
    with pytest.raises(ProofError):
        minimum(START, tau(ZERO - 1))
    with pytest.raises(ProofError):
        kernel.restate(kernel.constant(START, 1), expression(0), lambda term: (tau(ZERO - 1), ZERO))


# ------------------------------------------------------------------------------------------------------- normal forms


def random_index(draw: random.Random, names: tuple[str, ...]) -> Index:
    place = draw.choice([var(draw.choice(names)), var(draw.choice(names)), ZERO, LAST - 1])
    place = tau(place) if draw.random() < 0.35 else place
    return place + draw.choice([0, 0, 0, 1, -1])


def random_range(draw: random.Random, inside: Index, names: tuple[str, ...]) -> tuple[Le, ...]:
    """A set of steps: all, a window, the readers of a point, those that read a point, a single one; perhaps cut."""
    k = var(draw.choice(names))
    sets = (
        steps(inside),
        (le(tau(k), inside), lt(inside, k)),
        (*steps(inside), le(tau(inside), k), lt(k, inside)),
        (*steps(inside), le(tau(inside), k), le(k, tau(inside))),
        (le(inside, k + 1), le(k + 1, inside)),
        (le(ZERO, inside), le(inside, k)),
    )
    chosen = draw.choice(sets)
    if draw.random() < 0.5:
        chosen = (*chosen, le(random_index(draw, (*names, inside.core[1])), random_index(draw, names)))
    return chosen


def random_term(draw: random.Random, free: tuple[str, ...], noisy: bool = True) -> Expression:
    bound = draw.choice([(), ("a",), ("a",), ("a", "b")])
    names = (*free, *bound)
    body = expression(Fraction(draw.randint(-3, 3) or 1, draw.randint(1, 3)))
    for _ in range(draw.randint(0, 2)):
        body = body * scalar("eta", random_index(draw, names))
    if draw.random() < 0.3:
        body = body * scalar("L", power=draw.choice([-1, 1, 2]))
    kinds = draw.choice(["none", "f", "gg", *(["ge", "ee"] if noisy else [])])
    if kinds == "f":
        body = body * gap_at(random_index(draw, names))
    elif kinds != "none":
        body = (body * vector(kinds[0], random_index(draw, names))).dot(vector(kinds[1], random_index(draw, names)))
    for position, name in reversed(list(enumerate(bound))):
        body = body.total((name,), *random_range(draw, var(name), (*free, *bound[:position])))
    return body


CONTEXTS = (
    Context(),
    START,
    STEP,
    START.having(*steps(K), le(ZERO, T_), le(T_, LAST)),
    START.having(*steps(K), le(tau(K), T_), lt(T_, K)),
    STEP.under(latest(K)),
    STEP.under(NOISELESS),
    START.having(le(K, T_)),
)


def cases(world, seed: int, count: int):
    """A random expression, a context, and instances on which to evaluate: with one assignment of k and t each."""
    draw = random.Random(seed)
    for _ in range(count):
        body = sum((random_term(draw, ("k", "t")) for _ in range(draw.randint(1, 3))), Expression())
        context = draw.choice(CONTEXTS)
        spots = []
        for _ in range(8):
            reads = world.random_reads(draw, draw.randint(1, 4))
            here = world.Abstract(reads, seed=draw.randint(0, 10**6), noisy=NOISELESS not in context.laws)
            found = list(here.assignments(("k", "t"), context))
            spots += [(here, names) for names in draw.sample(found, min(3, len(found)))]
        yield draw, body, context, spots


def test_the_normal_form_has_the_value_of_the_expression(world):
    met = 0
    for _, body, context, spots in cases(world, seed=3, count=250):
        rewritten = Expression(tuple(body.normal(context).items()))
        for here, names in spots:
            assert here.value(body, names) == here.value(rewritten, names), (body, context, here.reads, names)
            met += 1
    assert met > 2000


def test_a_cut_keeps_the_value_of_the_expression(world):
    met = 0
    for draw, body, context, spots in cases(world, seed=4, count=150):
        ends = [tuple(random_index(draw, ("k", "t")) for _ in "ab") for _ in range(2)]

        def cut(term: Term, ends=ends) -> tuple[Index, Index] | None:
            """Once or twice, by the order of two free indices or of a bound and a free one."""
            known = {(c.left, c.right) for c in term.constraints}
            for a, b in [*ends, *((inside, end) for inside in bound_variables(term)[:1] for end in ends[0])]:
                if a.core != b.core and not {(a.core, b.core), (b.core, a.core)} & known:
                    return a, b
            return None

        try:
            pieces = kernel._split(body, context, cut)
        except ProofError:  # the order was known
            continue
        for here, names in spots:
            assert here.value(body, names) == here.value(pieces, names)
            met += 1
    assert met > 300


def rearranged(draw: random.Random, body: Expression) -> Expression:
    """The same sums with other names of bound indices, in another order, shifted, and with idle constraints."""
    pieces = []
    for term, coefficient in body.terms:
        order = draw.sample(range(term.size), term.size)
        met = {part for index in term.indices() for part in kernel.parts(index.core)}
        moves = {
            old.core: Index(("b", n)) + (draw.randint(-1, 1) if old.core in met else 0)
            for old, n in zip(bound_variables(term), order, strict=True)
        }
        moved = kernel._moved_term(term, moves, term.size)
        more = {le(Index(c.left), Index(c.right, c.gap + 1)) for c in moved.constraints if draw.random() < 0.5}
        payload = moved.payload
        if payload is not None and payload[0] == "ip":
            payload = ("ip", payload[2], payload[1])
        pieces.append((kernel._term(moved.size, moved.constraints | more, moved.monomial, payload), coefficient))
    draw.shuffle(pieces)
    return Expression(tuple(pieces))


def test_rearranged_sums_have_one_normal_form(world):
    made = cases(world, 5, 300)
    found = [body.normal(context) == rearranged(draw, body).normal(context) for draw, body, context, _ in made]
    # Sums that merely count have no form of their own under a shift, when their index is met nowhere but in the range.
    assert sum(found) >= 0.99 * len(found)


def test_expressions_that_are_equal_everywhere_have_one_normal_form(world):
    """Without noise, whose products vanish, the normal form tells apart what instances tell apart, and hardly more."""
    draw = random.Random(6)
    spots = []
    while len(spots) < 60:
        here = world.Abstract(world.random_reads(draw, draw.randint(2, 5)), seed=draw.randint(0, 10**6))
        spots += [(here, names) for names in draw.sample(list(here.assignments(("k", "t"), STEP)), 3)]
    agree, told_apart = 0, 0
    for _ in range(500):
        one = random_term(draw, ("k", "t"), noisy=False)
        other = draw.choice([rearranged(draw, one), random_term(draw, ("k", "t"), noisy=False), one * 2])
        equal = all(here.value(one, names) == here.value(other, names) for here, names in spots)
        same = one.normal(STEP) == other.normal(STEP)
        assert equal or not same
        agree += equal
        told_apart += equal and not same
    assert agree > 100
    assert told_apart <= 0.05 * agree


def test_to_exchange_sums_over_a_delay_map_is_no_step():
    """Sum over k of the window of k is the sum over j of the readers of j, for every delay map."""
    body = scalar("eta", K) * scalar("eta", J) * vector("g", tau(J)).square()
    windows = body.total(("j",), le(tau(K), J), lt(J, K)).total(("k",), *steps(K))
    readers = body.total(("k",), *steps(K), le(tau(K), J), lt(J, K)).total(("j",), *steps(J))
    assert windows.normal(START) == readers.normal(START)
    assert windows.normal(START) != readers.at(k=K).total((), lt(J, K)).normal(START)


def test_a_sum_says_what_it_asks_of_free_indices():
    """The sum over j = k with j <= t is [k <= t], which is 1 only where that is known."""
    bracket = expression(1).total(("j",), le(K, J), le(J, K), le(J, T_))
    assert bracket.normal(STEP) != expression(1).normal(STEP)
    assert bracket.normal(STEP.having(le(K, T_))) == expression(1).normal(STEP)
    assert bracket.normal(STEP.having(lt(T_, K))) == {}
    before = scalar("eta", J).total(("j",), le(ZERO, J), le(J, K - 1), le(K - 1, J))
    assert before.normal(STEP) != scalar("eta", K - 1).normal(STEP)


# -------------------------------------------------------------------------------------- the rules, on facts at large


def random_fact(draw: random.Random) -> Fact:
    """Anything, assumed: what rules make of it is compared with what it said."""
    context = draw.choice(CONTEXTS).having(*random_range(draw, J, ("k", "t")))
    body = sum((random_term(draw, ("k", "t", "j")) for _ in range(2)), Expression())
    return hypothesis(context, body, "anything")


def spots(world, draw: random.Random, fact: Fact, names: tuple[str, ...]):
    """Instances and assignments for which a fact speaks."""
    for _ in range(4):
        reads = world.random_reads(draw, draw.randint(1, 3))
        here = world.Abstract(reads, seed=draw.randint(0, 10**6), noisy=NOISELESS not in fact.context.laws)
        found = list(here.assignments(names, fact.context))
        yield from ((here, chosen) for chosen in draw.sample(found, min(3, len(found))))


def inside(here, names, constraints):
    """The values of j in a range."""
    for j in range(-3, here.steps + 4):
        if all(here.holds(c, {**names, "j": j}) for c in constraints):
            yield {**names, "j": j}


def test_a_total_sums_what_the_fact_says_and_nothing_else(world):
    draw, accepted = random.Random(7), 0
    for _ in range(250):
        fact = random_fact(draw)
        where = (*random_range(draw, J, ("k", "t")), *draw.choice([(), tuple(fact.context.constraints)]))
        try:
            summed = kernel.total(fact, ("j",), *where)
        except ProofError:
            continue
        for here, names in spots(world, draw, summed, ("k", "t")):
            places = list(inside(here, names, where))
            assert all(here.allows(fact.context, place) for place in places)
            assert here.value(summed.expression, names) == sum(here.value(fact.expression, place) for place in places)
            accepted += 1
    assert accepted > 200


def test_a_widened_sum_differs_by_what_the_fact_says(world):
    draw, accepted = random.Random(8), 0
    for _ in range(100):
        fact = random_fact(draw)
        more = tuple(fact.context.constraints)
        fewer = (*more, le(random_index(draw, ("k", "t", "j")), random_index(draw, ("k", "t", "j"))))
        try:
            wider = kernel.widen(fact, ("j",), more, fewer)
        except ProofError:
            continue
        for here, names in spots(world, draw, wider, ("k", "t")):
            large, small = list(inside(here, names, more)), list(inside(here, names, fewer))
            assert all(place in large for place in small)
            difference = sum(here.value(fact.expression, place) for place in large if place not in small)
            assert here.value(wider.expression, names) == difference
            accepted += 1
    assert accepted > 100


def test_an_instance_of_a_fact_is_what_the_fact_says_there(world):
    draw, accepted = random.Random(9), 0
    for _ in range(600):
        fact = random_fact(draw)
        there = draw.choice(CONTEXTS).having(*random_range(draw, K, ("t",)))
        names = {name: random_index(draw, ("k", "t")) for name in ("k", "j", "t")}
        try:
            special = kernel.instantiate(fact, there.under(*fact.context.laws), **names)
        except ProofError:
            continue
        for here, chosen in spots(world, draw, special, ("k", "t")):
            place = {name: here.place(index, chosen) for name, index in names.items()}
            assert here.allows(fact.context, place)
            assert here.value(special.expression, chosen) == here.value(fact.expression, place)
            accepted += 1
    assert accepted > 60


def test_noise_is_dropped_only_where_its_mean_is_zero(world):
    """Exact expectations over all signs of the noise, with gradients that are any function of the signs before."""
    draw, dropped = random.Random(10), 0
    for _ in range(300):
        context = draw.choice(CONTEXTS)
        one, other = (random_vector(draw, kinds) for kinds in ("e", "ge"))
        try:
            fact = orthogonal(context, one.dot(other), _noise_order)
        except ProofError:
            continue
        dropped += bool(fact.expression.normal(context))
        for here, names in spots(world, draw, fact, ("k", "t")):
            assert here.value(fact.expression, names) == 0
    assert dropped > 50


def random_vector(draw: random.Random, kinds: str) -> Expression:
    """A weighted sum of noises or gradients over a random range, or a single one."""
    body = scalar("eta", J) * vector(draw.choice(kinds), random_index(draw, ("j",)))
    if draw.random() < 0.3:
        return body.at(j=random_index(draw, ("k",)))
    return body.total(("j",), *random_range(draw, J, ("k", "t")))


def _noise_order(term: Term) -> tuple[Index, Index] | None:
    """Cut where the order of the two indices of an inner product is not known."""
    if term.payload is None or term.payload[0] != "ip":
        return None
    (_, a), (_, b) = term.payload[1:]
    known = {(c.left, c.right): c.gap for c in term.constraints}
    if a.core == b.core or (a.core, b.core) in known or (b.core, a.core) in known:
        return None
    return a, b
