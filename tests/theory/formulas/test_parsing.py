"""The parser: no text runs anything or gets past the language, and what is accepted means what Python says it means."""

import builtins
import contextlib
import inspect
import math
import re
import sys
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.amounts import many
from theory.common.errors import ScheduleError
from theory.formulas.formula import FUNCTIONS, Environment
from theory.formulas.notation import name_node
from theory.formulas.parsing import HIGHEST, LONGEST, MOST_NODES, SCHEDULE_NAMES, parse
from theory.schedules.catalogue import CATALOGUE
from theory.schedules.schedule import Schedule

CONSTANTS = {"s": 3, "L": 2.0, "mu": 0.5, "sigma": 1.5, "Delta": 4.0}
RUNNERS = ("eval", "exec", "compile", "__import__", "open", "input", "breakpoint")


def value(text: str) -> float:
    return float(parse(text).evaluate(Environment({"k": 2.0, "L": 3.0})))


def refusal(text: object) -> str:
    with pytest.raises(ScheduleError) as caught:
        parse(text)
    return str(caught.value)


@contextlib.contextmanager
def nothing_runs():
    """Within this, running or importing code, or opening a file, is an AssertionError."""
    with contextlib.ExitStack() as patches:
        for name in RUNNERS:
            ran = AssertionError(f"{name} was called")
            patches.enter_context(mock.patch.object(builtins, name, side_effect=ran))
        yield


def read(text: object) -> bool:
    """Whether `text` is a schedule; every error but a refusal, and all code that runs, fails the test."""
    sizes = None
    with nothing_runs():
        try:
            schedule = Schedule(text)
        except ScheduleError:
            return False
        latex = schedule.latex()
        with contextlib.suppress(ScheduleError):
            sizes = schedule.step_sizes(3, delays=[0, 1, 2], **CONSTANTS)
    assert isinstance(latex, str)
    assert sizes is None or (np.isfinite(sizes).all() and (sizes >= 0).all())
    return True


# The language's own words, near misses, other digits and operators, and pieces of code.
WORDS = r"""
0 1 2 3 4 5 6 7 8 9 .5 1e-3 1e400 99999999999999999999999999 + - * / ^ ( ) , ** sqrt( max(1, )) 1/ e eta lambda lambda:0
__import__ ('os') .system [0] ' " ; = : @ \ { }
"""
FOREIGN = [" ", "\n", "\x00", "\u00b2", "\u0663", "\u2212", "\uff0b", "\u03b7"]
TOKENS = st.sampled_from([*SCHEDULE_NAMES, *FUNCTIONS, *CATALOGUE, *WORDS.split(), *FOREIGN])
VALID = st.sampled_from([entry.expression for entry in CATALOGUE.values()])


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A schedule of the catalogue with some characters cut, doubled or replaced."""
    text = draw(VALID)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        stop = draw(st.integers(start, min(len(text), start + 4)))
        text = text[:start] + draw(st.one_of(TOKENS, st.text(max_size=2), st.just(text[start:stop] * 2))) + text[stop:]
    return text


@settings(max_examples=many(300))
@given(st.text())
def test_no_text_runs_anything_or_raises_anything_but_a_refusal(text):
    read(text)


@settings(max_examples=many(400))
@given(st.lists(TOKENS, max_size=30).map("".join))
def test_no_mix_of_words_runs_anything_or_raises_anything_but_a_refusal(text):
    read(text)


@settings(max_examples=many(300))
@given(mutated())
def test_no_damaged_schedule_runs_anything_or_raises_anything_but_a_refusal(text):
    read(text)


@settings(max_examples=many(100))
@given(st.one_of(st.binary(), st.none(), st.integers(), st.floats(), st.lists(st.text()), st.booleans()))
def test_only_a_text_is_read(thing):
    assert "is a text" in refusal(thing)
    assert not read(thing)


def test_the_guard_of_these_tests_sees_code_that_runs():
    for run in (lambda: eval("1"), lambda: exec("1"), lambda: compile("1", "", "eval"), lambda: __import__("os")):
        with nothing_runs(), pytest.raises(AssertionError, match="was called"):
            run()


# One text a column, two spaces between them.
CODE = """
__import__('os').system('true')  a.b  k.real  x[0]  k[0]  lambda: 0  'k'  "k"  k; k  k = 1  k := 1  k if else 1
[k for k in k]  f'{k}'  (k,)  k,  {k}  k == 1  not k  k @ L  ~k  k!  k and L  ...  None  True  1j  0x10
0b1  1_000  `k`  #k  k # c  *k  sqrt(*k)  sqrt(k=1)  sqrt.real  sqrt(sqrt)  eval(k)  inf  nan
"""


@pytest.mark.parametrize("text", [*re.split(r"  |\n", CODE.strip()), "k\x00", "\ufeffk", "k\u00a0+1"])
def test_code_is_refused_as_any_other_text(text):
    assert "cannot be read at character" in refusal(text)
    read(text)


@pytest.mark.parametrize("text", ["\u00b2", "k\u00b2", "\u0663", "1\u0660", "\uff11", "k\uff0b1", "k\u22121", "\u2460"])
def test_digits_and_signs_outside_ascii_are_refused(text):
    assert "has no meaning here" in refusal(text)


# The meaning of accepted texts, against Python's own evaluation of the same expression.


class Real:
    """Numpy's own operations behind Python's operators, so that Python's grammar decides the grouping."""

    def __init__(self, held):
        self.held = np.float64(held) if np.ndim(held) == 0 else held

    def __add__(self, other):
        return Real(self.held + other.held)

    def __sub__(self, other):
        return Real(self.held - other.held)

    def __mul__(self, other):
        return Real(self.held * other.held)

    def __truediv__(self, other):
        return Real(self.held / other.held)

    def __pow__(self, other):
        return Real(np.power(self.held, other.held))

    def __neg__(self):
        return Real(-self.held)

    def __pos__(self):
        return self


def smallest(*numbers):
    return Real(np.minimum.reduce(np.broadcast_arrays(*[number.held for number in numbers])))


def largest(*numbers):
    return Real(np.maximum.reduce(np.broadcast_arrays(*[number.held for number in numbers])))


VALUES = {
    "k": np.arange(1.0, 6.0),
    "d": np.array([0.0, 1.0, 0.0, 3.0, 2.0]),
    "T": 5.0,
    "B": 4.0,
    **{name: float(number) for name, number in CONSTANTS.items()},
}
NUMPY = {
    "sqrt": np.sqrt,
    "log": np.log,
    "ln": np.log,
    "exp": np.exp,
    "sin": np.sin,
    "cos": np.cos,
    "abs": np.absolute,
    "floor": np.floor,
    "ceil": np.ceil,
}
NAMESPACE = {
    "__builtins__": {},
    "Real": Real,
    **{name: Real(number) for name, number in VALUES.items()},
    "pi": Real(math.pi),
    **{name: (lambda number, compute=compute: Real(compute(number.held))) for name, compute in NUMPY.items()},
    "min": smallest,
    "max": largest,
}


def test_the_independent_evaluator_knows_the_whole_language():
    assert set(NAMESPACE) == {"__builtins__", "Real", *SCHEDULE_NAMES, *FUNCTIONS}


# Each strategy gives the same expression twice: as a user writes it, and as Python.
LEAVES = st.one_of(
    st.sampled_from(sorted(SCHEDULE_NAMES)).map(lambda name: (name, name)),
    st.sampled_from(["1", "2", "3", ".5", "0.25", "1e-3", "2.", "1E2", "0", "10"]).map(lambda n: (n, f"Real({n})")),
)
SIGNS = {"+": "+", "-": "-", "*": "*", "/": "/", "^": "**", "**": "**"}


def joined(parts: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    @st.composite
    def chain(draw: st.DrawFn) -> tuple[str, str]:
        """Operands in a row without parentheses: the rules of precedence are all that groups them."""
        ours, python = draw(parts)
        for _ in range(draw(st.integers(1, 4))):
            sign = draw(st.sampled_from(sorted(SIGNS)))
            unary = draw(st.sampled_from(["", "", "-", "+"]))
            right = draw(parts)
            ours, python = f"{ours} {sign}{unary}{right[0]}", f"{python}{SIGNS[sign]}{unary}{right[1]}"
        unary = draw(st.sampled_from(["", "-"]))
        return unary + ours, unary + python

    def called(name: str, arguments: list[tuple[str, str]]) -> tuple[str, str]:
        ours, python = (", ".join(side) for side in zip(*arguments, strict=True))
        return f"{name}({ours})", f"{name}({python})"

    return st.one_of(
        chain().map(lambda pair: (f"({pair[0]})", f"({pair[1]})")),
        chain(),
        st.builds(called, st.sampled_from(sorted(NUMPY)), st.lists(parts, min_size=1, max_size=1)),
        st.builds(called, st.sampled_from(["min", "max"]), st.lists(parts, min_size=2, max_size=4)),
    )


@settings(max_examples=many(400))
@given(st.recursive(LEAVES, joined, max_leaves=16))
def test_a_text_means_what_python_says_it_means(pair):
    ours, python = pair
    assume(len(ours) < LONGEST)
    with np.errstate(all="ignore"):
        expected = eval(python, dict(NAMESPACE)).held
        found = parse(ours).evaluate(Environment(VALUES))
    np.testing.assert_array_equal(*np.broadcast_arrays(found, expected))


# k = 2 and L = 3; one case a column, two spaces between them.
SMALL = """
-2^2 = -4  2^-1 = .5  2^3^2 = 512  (2^3)^2 = 64  -2^-2 = -.25  2**3 = 8  8/4/2 = 1  2-3-4 = -5  2-(3-4) = 3  --2 = 2
2*3+4*5 = 26  -2*3 = -6  2*-3 = -6  6/-3*2 = -4  2+-3^2 = -7  2^-1^2 = .5  .5 = .5  1. = 1  1e-3 = .001  1E+2 = 100
+3 = 3  max(1, k, L) = 3  min(k,L) = 2  ( k ) * L = 6  cos(pi) = -1  ln(exp(k)) = 2  floor(-.5)-ceil(-.5) = -1
"""


@pytest.mark.parametrize("case", re.split(r"  |\n", SMALL.strip()))
def test_small_texts_have_their_value(case):
    text, _, number = case.partition(" = ")
    assert value(text) == pytest.approx(float(number), rel=1e-15)


# Limits: each holds exactly where it is stated.


def test_two_thousand_characters_are_read_and_one_more_is_not():
    assert value("k" + " " * (LONGEST - 1)) == 2
    assert "2,001" in refusal("k" + " " * LONGEST)


def test_five_hundred_parts_are_read_and_one_more_is_not():
    sum_of = "+".join(["k"] * (MOST_NODES // 2))
    assert value(f"-({sum_of})") == -MOST_NODES
    assert f"more than {MOST_NODES} parts" in refusal(f"-(-({sum_of}))")


@pytest.mark.parametrize(
    ("grow", "levels"),
    [
        (lambda n: "(" * n + "k" + ")" * n, HIGHEST - 1),
        (lambda n: "-" * n + "k", HIGHEST - 1),
        (lambda n: "k" + "^1" * n, HIGHEST - 1),
        (lambda n: "k" + "/1" * n, HIGHEST - 1),
        (lambda n: "sqrt(" * n + "k" + ")" * n, HIGHEST - 1),
        (lambda n: "max(k," * n + "k" + ")" * n, HIGHEST - 1),
    ],
)
def test_sixty_four_levels_are_read_and_one_more_is_not(grow, levels):
    assert isinstance(parse(grow(levels)).latex(), str)
    with np.errstate(all="ignore"):
        parse(grow(levels)).evaluate(Environment({"k": 2.0}))
    assert f"deeper than {HIGHEST} levels" in refusal(grow(levels + 1))


def test_long_sums_and_products_are_not_deep():
    assert value("+".join(["k"] * 200)) == 400
    assert value("*".join(["1"] * 200)) == 1


@pytest.mark.parametrize("piece", ["(", "-", "1^", "1/(", "sqrt(", "max(1,", "-(", "1^-("])
def test_the_parser_needs_little_stack_for_the_deepest_text(piece):
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 6 * HIGHEST)
    try:
        assert "deeper than" in refusal(piece * (LONGEST // len(piece)))
    finally:
        sys.setrecursionlimit(before)


# Refusals speak.


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 1, "it is empty"),
        ("2L", 2, "A product is written 2*L"),
        ("k (k+1)", 1, "A product is written k*(...)"),
        ("(k)(k)", 4, "an operator is missing between ')' and '('"),
        ("1/(2*s*L", 9, "')' is expected here. Got the end"),
        ("1/2)", 4, "closes nothing"),
        ("k,1", 2, "stands outside a call"),
        ("k*/2", 3, "a number, a name or '(' is expected here. Got '/'"),
        ("1+", 3, "a number, a name or '(' is expected here. Got the end"),
        ("sqrt()", 6, "expected here. Got ')'"),
        ("sqrt", 1, "Write sqrt(...)"),
        ("1/sqrt(k,2)", 3, "sqrt takes 1 argument. Got 2"),
        ("max(k)", 1, "max takes 2 to 16 arguments. Got 1"),
        ("1/sqr(k)", 3, "Did you mean sqrt?"),
        ("1/delta", 3, "Did you mean Delta?"),
        ("sigm", 1, "Did you mean sigma?"),
        ("e^-k", 1, "Did you mean exp(1)?"),
        ("1/lambda", 3, "Did you mean L?"),
        ("\u03c3*k", 1, "Did you mean sigma?"),
        ("1/\u221ak", 3, "Did you mean sqrt(...)?"),
        ("k\u00b2", 2, "Did you mean ^2?"),
        ("\u03b7", 1, "Write only the right-hand side"),
        ("eta = 1/L", 1, "Write only the right-hand side"),
        ("1/[k]", 3, "Did you mean (?"),
    ],
)
def test_a_refusal_says_where_what_and_what_is_allowed(text, position, says):
    sentence = refusal(text)
    assert f"at character {position}," in sentence
    assert says in sentence
    assert all(name in sentence for name in (*SCHEDULE_NAMES, *FUNCTIONS))


def test_a_refusal_stays_short_and_on_one_line():
    for text in ("x" * LONGEST, "\n" * 50 + "x", "\ud800", "k" + "\u202e" * 9, "1\r\n2", "1" * 1999 + "k"):
        assert len(refusal(text)) < 500
        assert refusal(text).isprintable()


def test_another_language_has_its_own_names_and_noun():
    names = {name: name_node(name) for name in ("L", "Delta", "T")}
    assert parse("2*L*Delta/sqrt(T)", names, "claim").names() == {"L", "Delta", "T"}
    with pytest.raises(ScheduleError, match=r"The claim cannot be read at character 3.*the names L, Delta, T,"):
        parse("1/k", names, "claim")
