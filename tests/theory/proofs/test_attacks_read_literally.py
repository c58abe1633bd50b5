"""A third referee read every bound literally: what is printed, what is meant and what is computed are one thing.

Each attack was accepted once; with what mends it, where something does, the same is accepted still.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from tests.support.made_bounds import (
    DELTA,
    ETA,
    EXACT,
    NOISY,
    RUN,
    STEP,
    TRUE,
    D,
    K,
    L,
    S,
    T,
    condition,
    made,
    refusal,
    true,
    value_of,
)
from theory.bounds import REGISTRY, Setting
from theory.bounds.parts.assumptions import COHERENCE, NO_NOISE
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.printed import BEFORE, GRADIENT_NUMBERING, READS, STEP_NUMBERING
from theory.bounds.parts.weighing import Weighing
from theory.bounds.theorem_c import BEST_ANGLE, First, SineRatio
from theory.bounds.theorem_c_noise import WithAngle
from theory.formulas.formula import (
    FUNCTIONS,
    Call,
    Defined,
    Formula,
    Name,
    Number,
    Peak,
    Previous,
    Product,
    StepNumber,
    Sum,
    Total,
    Window,
    call,
    formula,
    readers,
    served,
    total,
    window,
)
from theory.formulas.notation import GLOSSARY, name_node
from theory.formulas.plain import plain
from theory.proofs import PROOFS
from theory.proofs.kernel import (
    LAST,
    NOISELESS,
    ZERO,
    Context,
    ProofError,
    add,
    constant,
    hypothesis,
    instantiate,
    le,
    multiply,
    restate,
    scalar,
    tau,
    var,
    vector,
)
from theory.proofs.nodes import HERE, At, Meant, Moved, UpTo
from theory.proofs.printing.printed import described, latex, replay, text
from theory.proofs.proof import Claim, Step, rules
from theory.proofs.statement import largest, maximum, meaning, root_sign, root_squared
from theory.proofs.theorem import compare
from theory.staleness.count import Staleness
from theory.worst_case.question import Question
from theory.worst_case.solve import worst_case

# -------------------------------------------------------------------------- nodes that say themselves what they are


class More(Meant):
    """Means three times the symbol of the node that it stands in."""

    children = ()
    node: Formula

    def latex(self, index="k"):
        return "q"

    def mean(self, index):
        return 3 * meaning(self.node) + 5


class Moody(Meant):
    """Means another number each time."""

    children = ()
    asked = 0

    def latex(self, index="k"):
        return "q"

    def mean(self, index):
        self.asked += 1
        return scalar("L") * 0 + 7 * self.asked


class Turning(Meant):
    """Means L when it is asked first, and the number k from then on."""

    children = ()

    def latex(self, index="k"):
        return "q"

    def mean(self, index):
        self.asked = getattr(self, "asked", -1) + 1
        return scalar("number", index) if self.asked >= self.after else scalar("L")


@pytest.mark.parametrize("after", range(6))
def test_a_a_root_of_what_turns_into_a_number_is_no_root_of_constants(after):
    """The square of root_k is k, and not what was under it before: root_k^2 = L would follow, and so L = 1."""
    for rule in (root_sign, root_squared):
        own = Turning()
        own.after = after
        with pytest.raises(ProofError):
            rule(Context(), call("sqrt", own))


def _within(made_of):
    own = More()
    own.node = made_of(own)
    return own.node


@pytest.mark.parametrize(
    "inside", [lambda q: q, lambda q: 2 * q + L, lambda q: Defined("q", q, False), lambda q: total(q), lambda q: q / S]
)
def test_a_what_has_a_symbol_of_its_own_is_of_the_library_all_the_way_down(inside):
    most = _within(lambda q: Call(FUNCTIONS["min"], (formula(2), Call(FUNCTIONS["max"], (inside(q), formula(0))))))
    biggest = _within(lambda q: Peak(inside(q) * ETA))
    for node in (most, most.arguments[1], biggest):
        with pytest.raises(ProofError, match="This is no"):
            meaning(node)
    with pytest.raises(ProofError, match="This is no"):
        maximum(RUN, most.arguments[1], 0)
    with pytest.raises(ProofError, match="This is no"):
        largest(RUN, biggest, ZERO)


def test_a_a_root_of_what_changes_its_meaning_is_none():
    for rule in (root_sign, root_squared):
        with pytest.raises(ProofError, match="This is no"):
            rule(RUN, Call(FUNCTIONS["sqrt"], (Moody() / 9,)))


def test_a_what_is_abbreviated_is_asked_for_its_meaning_once():
    own = Moody()
    assert meaning(Defined("q", own, False)).normal(RUN) == (scalar("L") * 0 + 7).normal(RUN) and own.asked == 1


@pytest.mark.parametrize("place", ["value", "weights", "whole", "left", "right", "when", "deep"])
def test_b_a_formula_of_a_class_of_its_own_stands_nowhere_in_a_bound(place):
    """Its walk, its names and its parts are never asked for."""

    class Sly(Meant):
        children = ()

        def walk(self):
            return iter(())

        def names(self):
            return frozenset()

        def latex(self, index="k"):
            return "0"

        def mean(self, index):
            return 2 * scalar("L") * scalar("Delta")

        def compute(self, environment):
            return -1.0

    sly = Sly()
    bound = {
        "value": made(sly),
        "weights": made(TRUE / total(ETA), weights=sly, covers_last=False),
        "whole": made(TRUE, weighing=Weighing(ETA, sly)),
        "left": made(TRUE, condition(sly, ">=", 0)),
        "right": made(TRUE, condition(0, "<=", sly)),
        "when": made(TRUE, condition(L, ">=", 0, when=condition(sly, ">", 1))),
        "deep": made(TRUE + 0 * call("max", 1, window(sly))),
    }[place]
    assert "This is no" in refusal(bound, true())


@pytest.mark.parametrize(
    "node",
    [Defined("q", 3 * L, None), Defined("q", 3 * L, ""), Defined("q", 3 * ETA, 2), Name("L", "L", 0), Number(True),
     Number(2.0, 2), SineRatio(1.0, Name("theta", r"\theta")), Sum([L, L]), Product((L, "S"))],
)  # fmt: skip
def test_b_the_fields_of_a_node_are_of_the_types_of_its_class(node):
    assert "This is no" in refusal(made(TRUE + 0 * node), true())


def test_b_tables_show_no_dictionary_and_the_angle_of_theorem_c_keeps_what_it_takes_from_the_run():
    class Thief:
        got = None
        __hash__ = None

        def __eq__(self, other):
            self.got = other
            return False

    thief = Thief()
    assert thief != GLOSSARY and thief.got is not None and type(thief.got) is not dict
    for table in (GLOSSARY, BEST_ANGLE.fixed):
        with pytest.raises(TypeError):
            table["s"] = Number(9.0)
    s = name_node("s")
    asked = made(TRUE * (T - 2), condition(s, ">=", 3))
    assert "does not follow" in refusal(asked, true(Context(frozenset({le(ZERO + 3, LAST)}))))


# -------------------------------------------------------------------------------------------- what is printed is meant


@pytest.mark.parametrize("index", ["0", "T", "T-1", "j", "", "K"])
@pytest.mark.parametrize("name", ["bottou2018", "wu2022", "theorem-b"])
def test_b_a_condition_of_every_step_has_the_index_of_a_step(index, name):
    bound = REGISTRY[name]
    conditions = tuple(replace(c, index=index) if c.index else c for c in bound.conditions)
    report = PROOFS[name].against(replace(bound, conditions=conditions))
    assert not report.proved and "where it is printed" in report.lines[-1].refusal


@pytest.mark.parametrize("index", ["k", "t"])
def test_b_a_condition_has_an_index_where_it_is_about_a_step(index):
    """L >= 5 for k = 1..T-1 was never checked; eta_k <= 1/L without an index is printed of one step."""
    assert "where it is printed" in refusal(made(TRUE, condition(L, ">=", 5, index=index)), true())
    assert "where it is printed" in refusal(made(TRUE, condition(total(ETA), ">=", S, index=index, since=1)), true())
    for node in (ETA, D, window(ETA), Previous(L), served(1), 2 * readers(ETA) * L):
        assert "where it is printed" in refusal(made(TRUE, condition(L, ">=", node)), true())
        compare(made(TRUE, condition(L, ">=", node, index=index)), true())
    for node in (Peak(D), total(D), First(ETA)):
        compare(made(TRUE, condition(L, ">=", node)), true())


def test_b_the_value_is_one_number():
    for value in (TRUE + ETA, TRUE + served(1), TRUE + Previous(ETA)):
        assert "one number" in refusal(made(value), true())
    assert "one number" in refusal(made(TRUE, weighing=Weighing(ETA, ETA)), true())


def test_b_weights_are_printed_with_their_abbreviations_and_in_brackets():
    bound = REGISTRY["ghadimi2013"]
    named = replace(bound, weights=Defined("w", bound.weights))
    assert PROOFS["ghadimi2013"].against(named).proved
    assert r"$w_{t} = 2 \, \eta_{t} - L \, \eta_{t}^{2}$" in named.statement
    assert rf"\left({(ETA * total(ETA)).latex('t')}\right)" in replace(bound, weights=ETA * total(ETA)).quantity
    other = replace(bound, weights=Defined(r"\eta", bound.weights, True))
    assert "two things" in PROOFS["ghadimi2013"].against(other).lines[-1].refusal


@pytest.mark.parametrize("letter", ["k", "j", "i", "t", "T", "x", "l", "s", "L", "e", "g", "m", "W", "E", "F", "f"])
def test_b_no_abbreviation_has_a_letter_that_a_sum_or_a_point_goes_by(letter):
    asked = condition(total(Product((Defined(letter, formula(3), False), L, ETA))), "<=", 1)
    assert "abbreviation" in refusal(made(TRUE, asked), true())


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (Product((Product((S, total(L * ETA))), T)), r"\left(s \, \sum_{k} L \, \eta_{k}\right) \, T"),
        (
            Product((Product((S, Product((T, window(ETA))))), ETA)),
            r"\left(s \, T \, \sum_{j \in W_{k}} \eta_{j}\right) \, \eta_{k}",
        ),
        (Product((First(Product((L, window(D)))), S)), r"\left(L \, \sum_{j \in W_{0}} d_{j}\right) \, s"),
        (
            Product((Moved(Product((L, served(D))), "next"), S)),
            r"\left(L \, \sum_{j:\, \tau_{j} = k+1} d_{j}\right) \, s",
        ),
        (L - First(ETA - D), r"L - \left(\eta_{0} - d_{0}\right)"),
        (Product((First(ETA + L), S)), r"\left(\eta_{0} + L\right) \, s"),
        (First(ETA - L) ** 2, r"\left(\eta_{0} - L\right)^{2}"),
        (First(window(D)), r"\sum_{j \in W_{0}} d_{j}"),
        (Moved(readers(ETA), "read"), r"\sum_{i:\, \tau_{k} \in W_{i}} \eta_{i}"),
        (Window(Moved(UpTo(ETA), "next")), r"\sum_{j \in W_{k}} \sum_{i=1}^{j+1} \eta_{i}"),
    ],
)  # fmt: skip
def test_b_brackets_show_what_belongs_together(node, text):
    assert node.latex() == text


@pytest.mark.parametrize(
    ("exponent", "shown"),
    [("6/2", "x^(6/2)"), ("3.0", "x^(3.0)"), ("3", "x³"), ("12", "x¹²"), ("0.3e1", "x^(0.3 · 10¹)")],
)
def test_b_a_terminal_shows_whole_exponents_alone_as_superscripts(exponent, shown):
    assert plain((Name("x", "x") ** Number(3.0, exponent)).latex()) == shown


@pytest.mark.parametrize("noise", [EXACT, None])
def test_b_drawn_delays_are_an_expectation_without_noise_too(noise):
    bound = REGISTRY["theorem-r"]
    quiet = replace(bound, assumptions=(*bound.assumptions, NO_NOISE), conditions=(*bound.conditions, EXACT))
    assert r"\mathbb{E}" in bound.quantity and r"\mathbb{E}" in quiet.quantity
    assert r"\mathbb{E}" not in REGISTRY["theorem-b"].quantity


def test_b_letters_mean_the_same_in_the_steps_and_in_the_theorem():
    """A step that calls 0 by the letter c of the bound."""
    proof = PROOFS["theorem-a"]
    for letter, sequence in (("H", True), ("c", True), ("v", False)):
        lie = Claim(Defined(letter, formula(0), sequence), formula(0))
        bare = replace(proof, steps=(Step("lie", "The letter", "", lie, rules.constant(RUN, 0)), *proof.steps[-1:]))
        report = bare.against(REGISTRY["theorem-a"], dict(PROOFS["theorem-a"].verify().facts))
        assert "two things" in report.lines[-1].refusal


def test_b_coherence_is_granted_only_of_points_in_the_window():
    mu = Name("mu", r"\mu")
    asked = (condition(mu, ">", 0), condition(mu, "<=", 1), EXACT)
    quiet, body = RUN.under(NOISELESS), vector("g", K).dot(vector("g", tau(K))) - scalar("mu") * vector("g", K).square()
    kept = instantiate(hypothesis(STEP.under(NOISELESS), body, "coherence"), quiet, k=ZERO)
    nothing = multiply(kept, constant(quiet, 0))
    fact = restate(add(true(quiet), nothing), 2 * scalar("L") * scalar("Delta") - scalar("m"))
    assumptions = (*NOISY[:2], COHERENCE, *NOISY[2:], NO_NOISE)
    open_bound = made(TRUE, *asked, assumptions=assumptions)
    assert "does not ask for" in refusal(open_bound, fact)
    compare(replace(open_bound, conditions=(*open_bound.conditions, condition(D, "<=", S - 1, index="k"))), fact)


@pytest.mark.parametrize("node", [1 / At(HERE, ZERO, "0"), Moved(1 + HERE, "first"), At(HERE, ZERO - 1, "0-1")])
def test_b_no_number_below_1_is_printed(node):
    """number_0 is 1 in the kernel, so that 1/number_0 >= 0: as 1/0 >= 0 it says nothing."""
    with pytest.raises(ProofError, match=r"begin at 1|printed as"):
        meaning(node)
    assert meaning(At(HERE, ZERO + 3, "0+3")) == meaning(At(StepNumber(), ZERO + 2, "0+2"))


def test_b_the_number_of_the_first_step_is_printed_as_one_and_no_index_of_ones_own_is_called_T():
    assert (
        Moved(StepNumber(), "first").latex() == "0 + 1"
        and First(2 * StepNumber()).latex() == r"2 \, \left(0 + 1\right)"
    )
    for name in ("T", "D"):
        with pytest.raises(ProofError, match="no index"):
            var(name)


# ------------------------------------------------------------------------------- what is computed is what was proved


def test_c_what_cancels_between_two_sides_or_inside_of_a_call_is_refused():
    for part in (T**9, S**3 * total(ETA), 700 * S):
        asked = condition(L * ETA + part, ">=", part + 1, index="k")
        assert "cancel" in refusal(made(TRUE, asked), true())
        node = call("max", 0, L + part - part)
        assert "cancel" in refusal(made(TRUE + 0 * node), true())
        assert "cancel" in refusal(made(TRUE, condition(L * ETA * T, "<=", T * L * ETA + 3, index="t")), true())
        assert "cancel" in refusal(made(TRUE, condition(Peak(ETA * (L + part - part)), ">=", 1)), true())
    big = Number(1e20, "1e20")
    assert "too large" in refusal(made(call("max", 0, TRUE + big)), true())


def test_c_a_value_whose_digits_cancel_is_beyond_floats():
    """2 L Delta + T^8 sum_k 1 - T^9 is 2 L Delta, and 0 in floats."""
    steps, ratio = 1000, SineRatio(0, Name("theta", r"\theta"))
    lost = (
        TRUE + T**8 * total(1) - T**9,
        call("max", 0, TRUE + T**7 * total(1) - T**8),
        T**9 * ratio + TRUE - T**9 * ratio,
    )
    for value in lost:
        bound = made(value)
        assert value_of(bound, [0.0] * steps, [0] * steps, 1, theta=0.0) is None
        run = Bound.assess(bound, _setting(steps))
        assert [failure.condition for failure in run[1]] == ["the value can be computed"]
        assert value_of(made(TRUE / (1 + 0 * value)), [0.0], [0], 1, theta=0.0) is not None
    assert value_of(made(1 / (1 + T**8 * total(1) - T**9)), [0.0] * steps, [0] * steps, 1) is None
    assert value_of(made(TRUE + T - S), [0.0] * steps, [0] * steps, 1) == pytest.approx(2 + 999)


def _setting(steps):
    return Setting([0.0] * steps, [0] * steps, Staleness(1), {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "theta": 0.0})


def test_c_products_of_too_many_factors_are_beyond_floats():
    """L^12 Delta^12 underflows on its way to 1; Delta/L^20 is Delta/inf = 0."""
    tiny = made(2 * L * DELTA * L**12 * DELTA**12)
    assert value_of(tiny, [0.0], [0], 1, L=1e-29, Delta=1e29) is None
    assert value_of(made(TRUE, condition(ETA, ">=", DELTA / L**20, index="k")), [0.0], [0], 1, L=1e30) is None
    assert value_of(made(Product((*[L] * 11, TRUE))), [0.0], [0], 1, L=1e-29) is None
    assert value_of(made(Product((*[L] * 11, TRUE))), [0.0], [0], 1, L=1e-20) == pytest.approx(2e-240, rel=1e-12, abs=0)
    assert value_of(made(L**5 * DELTA**5), [0.0], [0], 1, L=1e-20, Delta=1e20) == pytest.approx(1)


def test_c_the_numbers_left_free_are_those_of_the_class():
    with pytest.raises(TypeError):
        made(TRUE, kind=WithAngle, free=("L", "Delta"))
    assert WithAngle.free == ("theta", "share", "young")


# ------------------------------------------------------------------------------------------ the bounds of the library


def test_d_theorem_ar_is_true_as_it_is_printed_at_the_first_step():
    """v_0 has no term of rho_{-1}: with 1/(4L) more, as 1/rho_{-1} = 0 would have it, the bound would be too small."""
    *_, weight = REGISTRY["theorem-ar"].latex_definitions()
    assert weight.startswith("v_{t} = ") and r"{4 \, L} \text{ if } t > 0, \text{ else } 0\right)" in weight
    eta, rho = np.array([2.3461, 0.3597, 0.5913, 0.6207]), np.array([0.65564, 1.56165, 2.44727, 2.63691])
    z = (1 + rho) / 2
    u = eta / 2 * z * (1 - eta)
    v = z * eta / 2 - (rho - 1) / 4 + u + np.concatenate(([0.0], (1 - 1 / rho[:-1]) / 4))
    assert v[0] < 0 <= v[0] + 1 / 4
    too_small = 1 / (np.sum(z * eta / 2 + u - (rho + 1 / rho - 2) / 4) + 0.5)
    assert too_small < worst_case(Question(eta, [0] * 4), dense=True).value


@pytest.mark.parametrize("name", REGISTRY)
def test_d_a_statement_has_one_numbering(name):
    """Steps 0..T-1 and points 0..T-1 in conditions and definitions, in LaTeX, in a terminal and in JSON."""
    bound, told = REGISTRY[name], REGISTRY[name].to_dict()
    counted = GRADIENT_NUMBERING if bound.takes_several else STEP_NUMBERING
    assert bound.latex_definitions()[0].startswith(counted) and r"k = 0, \dots, T-1" in STEP_NUMBERING
    for asked, shown, c in zip(told["conditions"], bound.latex_conditions(), bound.conditions, strict=True):
        assert asked == shown and shown in told["statement"]
        of_gradients = bound.takes_several and c.index == "k"
        ranges = re.findall(r"\((k|t) = (\d), \\dots, (.*?)\)", shown)
        assert ranges == ([(c.index, str(c.since), "T-1")] if c.index and not of_gradients else [])
        assert (r"\text{every gradient } k" in shown) == of_gradients
    assert bound.latex_definitions()[0] in told["statement"] and list(bound.latex_definitions()) == told["definitions"]


@pytest.mark.parametrize("name", ["dai2019", "dai2019-strict"])
def test_d_the_step_of_a_schedule_is_printed_as_it_is_counted_in_the_theorem(name):
    shown = next(line for line in REGISTRY[name].latex_conditions() if line.startswith(r"\eta"))
    assert r"\sqrt{k + 1}" in shown and "(k = 0" in shown
    account = replay(PROOFS[name])
    for printed in (text(account), latex(account), str(described(account))):
        assert r"\log_" not in plain(printed) and "k + 1" in printed


@pytest.mark.parametrize("name", ["theorem-r", "corollary-1", "wu2022", "dai2019-tight"])
def test_d_a_proof_prints_all_that_its_theorem_assumes_and_asks_for(name):
    bound, account = REGISTRY[name], replay(PROOFS[name])
    assert len(account.assumptions) == len(bound.assumptions) and len(account.assumed) == len(bound.conditions)
    assert len(set(account.assumed)) == len(account.assumed)
    for line in bound.latex_conditions():
        assert sum(sentence.endswith(f"${line}$") for sentence in account.assumed) == 1
    assert all(f"${line}$" in account.conclusion for line in bound.latex_definitions())
    assert described(account)["assumptions"] and "Assumptions (" in text(account) and "Assumptions (" in latex(account)


def test_d_only_a_bound_of_the_library_says_that_it_is_proved():
    assert all(bound.verified == "proved" for bound in REGISTRY.values())
    assert made(TRUE).verified == "not checked"
    for bound in (replace(REGISTRY["theorem-a"], value=L / 9), replace(REGISTRY["theorem-r"])):
        assert bound.verified == "not checked" and "kernel" not in bound.to_dict()["checked_by"]


def test_d_both_sides_and_whens_are_looked_at_for_what_they_need_explained():
    for sides in ((ETA, Previous(D)), (Previous(D), ETA)):
        assert BEFORE in made(TRUE, condition(sides[0], "<=", sides[1], index="k")).latex_definitions()
    assert READS in made(TRUE, condition(L, ">=", window(ETA), index="k")).statement
    assert READS in made(TRUE, condition(L, ">=", 1, when=condition(S, ">", Total(window(D))))).statement
