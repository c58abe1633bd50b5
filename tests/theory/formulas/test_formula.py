"""The algebra of formulas: its sums over delays against plain loops, and its LaTeX read back as arithmetic."""

import copy
import math
import pickle
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.amounts import many
from theory.formulas.formula import (
    FUNCTIONS,
    Defined,
    DelayMap,
    Environment,
    Formula,
    Name,
    Negative,
    Number,
    Power,
    Previous,
    Product,
    Quotient,
    Sum,
    WhereOvertaken,
    call,
    formula,
    readers,
    served,
    total,
    window,
)
from theory.formulas.parsing import parse

A, B, C = (Name(letter, letter, sequence=True) for letter in "abc")
K, L, SIGMA, D = Name("k", "k"), Name("L", "L"), Name("sigma", r"\sigma"), Name("d", "d", sequence=True)


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[int], list[float]]:
    """Delays 0 <= d_k <= k, k from 0, and whole numbers, so that sums are exact in any order."""
    size = draw(st.integers(1, 25))
    delays = [draw(st.integers(0, k)) for k in range(size)]
    values = draw(st.lists(st.integers(-99, 99).map(float), min_size=size, max_size=size))
    return delays, values


def environment(delays: list[int], values: list[float], **scalars: float) -> Environment:
    return Environment({"a": np.array(values), **scalars}, DelayMap(np.array(delays, dtype=np.int64)))


def windows(delays: list[int]) -> list[range]:
    return [range(k - delay, k) for k, delay in enumerate(delays)]


@settings(max_examples=many(150))
@given(runs())
def test_the_sums_over_delays_are_what_their_definitions_say(run):
    delays, a = run
    within, steps = windows(delays), range(len(a))
    point = environment(delays, a)
    assert window(A).evaluate(point).tolist() == [sum(a[j] for j in within[k]) for k in steps]
    assert readers(A).evaluate(point).tolist() == [sum(a[i] for i in steps if k in within[i]) for k in steps]
    assert served(A).evaluate(point).tolist() == [sum(a[k] for k in steps if k - delays[k] == t) for t in steps]
    assert total(A).evaluate(point) == sum(a)
    assert Previous(A).evaluate(point).tolist() == [0.0, *a[:-1]]


@settings(max_examples=many(60))
@given(runs())
def test_the_largest_entry_of_a_window_is_what_its_definition_says(run):
    delays, a = run
    found = DelayMap(np.array(delays, dtype=np.int64)).highest(np.array(a))
    assert found.tolist() == [max([a[k], *(a[j] for j in within)]) for k, within in enumerate(windows(delays))]


def test_sums_over_windows_of_half_a_run_need_no_list_of_the_pairs_and_lose_no_digits():
    # There are some 10^10 pairs. The values fall by 10^12, so that a difference of running sums would have no digit.
    size = 200_000
    values = 10.0 ** -(12 * np.arange(size) / size)
    reads = DelayMap(np.minimum(np.arange(size), size // 2))
    last = math.fsum(values[size // 2 - 1 : size - 1])
    assert reads.window(values)[-1] == pytest.approx(last, rel=1e-14)
    assert reads.readers(values)[size // 2] == pytest.approx(math.fsum(values[size // 2 + 1 :]), rel=1e-14)
    assert reads.highest(values)[-1] == values[size // 2 - 1] and not reads.overtaken.any()


@settings(max_examples=many(150))
@given(runs())
def test_the_two_exchanges_of_sums_hold(run):
    delays, a = run
    point = environment(delays, a)
    # sum_k a_k sum_{j in W_k} a_j = sum_j a_j sum_{i: j in W_i} a_i, and each gradient is applied once.
    assert total(A * window(A)).evaluate(point) == total(A * readers(A)).evaluate(point)
    assert total(served(A)).evaluate(point) == total(A).evaluate(point)


@settings(max_examples=many(100))
@given(runs(), st.sampled_from([0.0, 1.0]))
def test_a_window_is_overtaken_where_it_holds_a_younger_gradient_and_there_is_noise(run, sigma):
    delays, a = run
    read = [k - delay for k, delay in enumerate(delays)]
    younger = [any(read[j] > read[k] for j in within) for k, within in enumerate(windows(delays))]
    found = WhereOvertaken(formula(2), formula(1)).evaluate(environment(delays, a, sigma=sigma))
    assert found.tolist() == [2.0 if late and sigma else 1.0 for late in younger]


def test_constants_count_once_for_every_step_in_a_sum():
    point = environment([0, 1, 1, 3], [1, 2, 3, 4])
    assert total(2).evaluate(point) == 8
    assert window(1).evaluate(point).tolist() == [0, 1, 1, 3]
    assert Previous(formula(5)).evaluate(point).tolist() == [0, 5, 5, 5]


def test_a_total_is_correctly_rounded():
    point = Environment({"a": np.array([1e16, 1.0, -1e16, 1e-3])}, DelayMap(np.zeros(4, dtype=np.int64)))
    assert total(A).evaluate(point) == 1.001
    infinite = Environment({"a": np.array([np.inf, 1.0])}, DelayMap(np.zeros(2, dtype=np.int64)))
    assert total(A).evaluate(infinite) == np.inf


def test_windowed_sums_need_delays():
    with pytest.raises(ValueError, match="holds none"):
        window(A).evaluate(Environment({"a": np.ones(2)}))


def test_one_environment_serves_many_short_lived_formulas():
    point = Environment({"a": 3.0})
    assert [(A + number).evaluate(point) for number in range(200)] == [3.0 + number for number in range(200)]


def test_names_and_definitions_are_found_at_any_depth():
    inner = Defined("H", window(A))
    outer = Defined("c", L * inner + SIGMA)
    assert (outer * B).names() == {"a", "b", "L", "sigma"}
    assert [item.symbol for item in (outer + inner).definitions()] == ["H", "c"]
    assert outer.definition() == r"c_{k} = L \, H_{k} + \sigma"


@pytest.mark.parametrize(
    ("node", "latex"),
    [
        (A - (B - C), r"a_{k} - \left(b_{k} - c_{k}\right)"),
        (A - (-B), r"a_{k} - \left(-b_{k}\right)"),
        (A + -B, "a_{k} - b_{k}"),
        (A + -1, "a_{k} - 1"),
        (A * -1, r"a_{k} \, \left(-1\right)"),
        (A * Number(-1.0), r"a_{k} \, \left(-1\right)"),
        (A + Number(-1.0), r"a_{k} + \left(-1\right)"),
        (formula(-2) ** 2, r"\left(-2\right)^{2}"),
        (-(formula(2) ** 2), "-2^{2}"),
        ((A**2) ** 3, r"{\left(a_{k}^{2}\right)}^{3}"),
        (A ** (B**2), "a_{k}^{b_{k}^{2}}"),
        (Number(1e-9) ** 2, r"{\left(1 \cdot 10^{-9}\right)}^{2}"),
        (Number(1e-3, "1E+03") * A, r"1 \cdot 10^{3} \, a_{k}"),
        (A * 2 * Number(0.5, ".5"), r"a_{k} \cdot 2 \cdot .5"),
        (formula(2) * (formula(1) / 2), r"2 \cdot \frac{1}{2}"),
        (A / B / C, r"\frac{\frac{a_{k}}{b_{k}}}{c_{k}}"),
        ((A + B) * C, r"\left(a_{k} + b_{k}\right) \, c_{k}"),
        ((A / B) ** 2, r"\left(\frac{a_{k}}{b_{k}}\right)^{2}"),
        (C * total(A + B), r"c_{k} \, \sum_{k} \left(a_{k} + b_{k}\right)"),
        (total(A) * C, r"\left(\sum_{k} a_{k}\right) \, c_{k}"),
        (window(window(A)), r"\sum_{j \in W_{k}} \sum_{i \in W_{j}} a_{i}"),
        (readers(A * window(B)), r"\sum_{i:\, k \in W_{i}} a_{i} \, \sum_{l \in W_{i}} b_{l}"),
        (Previous(A) * C, r"a_{k-1} \, c_{k}"),
        (Previous(A + B) * C, r"\left(a_{k-1} + b_{k-1} \text{ if } k > 0, \text{ else } 0\right) \, c_{k}"),
        (Previous(window(A)), r"\sum_{j \in W_{k-1}} a_{j} \text{ if } k > 0, \text{ else } 0"),
        (call("max", A, 1) ** 2, r"\max\left(a_{k}, 1\right)^{2}"),
        (call("abs", A - B), r"\left|a_{k} - b_{k}\right|"),
    ],
)
def test_latex_says_what_is_computed(node, latex):
    assert node.latex() == latex


def test_a_sum_over_the_readers_of_a_point_names_the_point():
    assert served(A).latex("t") == r"\sum_{k:\, \tau_{k} = t} a_{k}"


def combined(parts: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    pairs = st.tuples(parts, parts)
    return st.one_of(
        pairs.map(lambda pair: pair[0] + pair[1]),
        pairs.map(lambda pair: pair[0] - pair[1]),
        pairs.map(lambda pair: pair[0] * pair[1]),
        pairs.map(lambda pair: pair[0] / pair[1]),
        pairs.map(lambda pair: pair[0] ** pair[1]),
        parts.map(lambda part: -part),
        parts.map(lambda part: call("sqrt", part)),
        parts.map(lambda part: call("abs", part)),
        pairs.map(lambda pair: call("max", *pair)),
    )


TREES = st.recursive(
    st.one_of(st.sampled_from([K, L, SIGMA, D]), st.sampled_from([2.0, 0.5, 3.25, -1.5, 10.0]).map(formula)),
    combined,
    max_leaves=12,
)


def close(text: str, start: int) -> int:
    """The position of the brace that closes the one at `start`."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return at
    raise ValueError(text)


def read_back(latex: str) -> str:
    """Arithmetic from LaTeX, by substitution; it knows nothing of the printer's rules."""
    while (at := latex.find(r"\frac{")) >= 0:
        over = close(latex, at + 5)
        under = close(latex, over + 1)
        fraction = f"(({latex[at + 6 : over]})/({latex[over + 2 : under]}))"
        latex = latex[:at] + fraction + latex[under + 1 :]
    latex = latex.replace(r"\left|", "abs(").replace(r"\right|", ")").replace("_{k}", "")
    latex = re.sub(r"\\left|\\right", "", latex)
    latex = re.sub(r"\\cdot|\\,", "*", latex)
    return latex.replace("{", "(").replace("}", ")").replace("\\", "")


@settings(max_examples=many(300))
@given(TREES)
def test_what_the_latex_says_evaluates_to_the_same_number(tree):
    point = {"k": np.arange(1.0, 5.0), "d": np.array([0.0, 1.0, 0.0, 2.0]), "L": 1.5, "sigma": 0.7}
    with np.errstate(all="ignore"):
        printed = parse(read_back(tree.latex())).evaluate(Environment(point))
        computed = tree.evaluate(Environment(point))
    np.testing.assert_array_equal(*np.broadcast_arrays(printed, computed))


def test_reading_back_tells_a_wrong_grouping_from_a_right_one():
    assert parse(read_back(r"\left(1 + 2\right) \, 3^{2}")).evaluate(Environment({})) == 27
    assert parse(read_back(r"1 + 2 \, 3^{2}")).evaluate(Environment({})) == 19


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_prints_and_travels(name):
    fewest, _ = FUNCTIONS[name].arity
    node = call(name, *([0.5] * fewest))
    assert node.latex()
    assert np.isfinite(node.evaluate(Environment({})))
    again = pickle.loads(pickle.dumps(node))
    assert again.latex() == copy.deepcopy(node).latex() == node.latex()
    assert again.evaluate(Environment({})) == node.evaluate(Environment({}))


def test_plain_numbers_join_a_formula_from_either_side():
    point = Environment({"a": 4.0})
    sides = [2 + A, 2 - A, 2 * A, 2 / A, A + 2, A - 2, A * 2, A / 2, A**2, -A]
    assert [float(node.evaluate(point)) for node in sides] == [6, -2, 8, 0.5, 6, 2, 8, 2, 16, -4]
    kinds = [type(node) for node in (2 + A, 2 - A, 2 * A, 2 / A, A**2, -A)]
    assert kinds == [Sum, Sum, Product, Quotient, Power, Negative]
