"""Schedules as people type them: cases, whole division, functions of libraries; and what has no plain meaning."""

import math
import pickle
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.amounts import many
from theory.claims.claim import ClaimedBound, as_ratio
from theory.claims.posynomial import Uncovered
from theory.common.errors import ScheduleError
from theory.formulas.formula import Environment
from theory.formulas.parsing import parse
from theory.formulas.plain import plain
from theory.schedules.schedule import Schedule

T = 12


class Library:
    """What stands before a function: numpy's names for Python's own numbers."""

    sqrt, exp, floor, ceil, pi = math.sqrt, math.exp, math.floor, math.ceil, math.pi
    maximum, minimum, power, abs = max, min, pow, abs

    @staticmethod
    def where(condition, one, other):
        return one if condition else other

    @staticmethod
    def clip(value, low, high):
        return min(max(value, low), high)

    @staticmethod
    def mod(one, other):
        return one % other


WORDS = {name: getattr(Library, name) for name in ("sqrt", "exp", "floor", "ceil", "where", "clip", "mod")}


def by_python(text: str, steps: int = T) -> list[float]:
    """Python's own value at each step, with whole numbers for k and T; `^` alone means something else."""
    known = {"np": Library, "numpy": Library, "math": Library, "torch": Library, "jnp": Library, "pi": math.pi, **WORDS}
    source = text.replace("^", "**")
    return [float(eval(source, {**known, "k": k, "T": steps, "s": 3, "L": 2.0})) for k in range(1, steps + 1)]


def sizes(text: str, steps: int = T) -> list[float]:
    return Schedule(text).step_sizes(steps, s=3, L=2.0).tolist()


def refusal(text: str) -> str:
    with pytest.raises(ScheduleError) as caught:
        Schedule(text)
    return str(caught.value)


TYPED = """
0.1 if k <= 7 else 0.02
0.3 if k<5 else 0.03 if k<9 else 0.003
.5 if 3 < k <= T//2 else .25/k
0.1 if k%4 == 0 else 0.05
0.1 if k % 3 != 1 and k > 2 or k == 1 else 0.2
0.1 if not k > 6 else 0.01
0.1 if not (k > 6 and k < 9) else 0.01
0.4 * 0.5**(k//3)
0.4*0.9^(k // 5)
0.1*(1 + k%5)/10
-7//2 + k + 4
2*-k%5
-k%5
(k-1)//4*0.1
k//2//2
where(k <= 8, 0.1, 0.01)
np.where(k <= 8, 0.1, 0.01/np.sqrt(k))
np.where((k > 3) & (k <= 8), 0.1, np.where(k == 1, 0.7, 0.2))
torch.where((k < 3) | (k > 9), 0.1, 0.2)
0.1*(k <= 6) + 0.02*(k > 6)
0.1 * (k >= 3) * (k != 5)
1/np.sqrt(k)
numpy.exp(-k/T)/math.sqrt(s)
(1 + math.pi)/(L*k)
np.maximum(0.05, 1/k)
np.clip(1/k, 0.2, 0.5)
min(0.1, 0.1*k/5)
np.power(k, -0.5)
pow(k, -1)
int(k/4)*0.1
int((k-6)/4) + 3
float(k)/T
np.mod(k, 3)*0.1
math.floor(k/5) * 0.1
(0.1 if k < 4 else 0.2)/L + (1 if k == 2 else 0)
max(0.1 if k < 4 else 0.2, 0.15)
"""


@pytest.mark.parametrize("text", TYPED.strip().splitlines())
def test_a_schedule_as_people_type_it_has_the_values_that_python_gives_it(text):
    np.testing.assert_allclose(sizes(text), by_python(text), rtol=1e-15)


@pytest.mark.parametrize("text", TYPED.strip().splitlines())
def test_what_is_printed_reads_back_as_the_same_step_sizes(text):
    np.testing.assert_allclose(by_python(_read_latex(Schedule(text).latex())), sizes(text), rtol=1e-14)
    assert not re.search(r"[\\{}]", plain(Schedule(text).latex()))


_PRINTED = {
    **{r", \; \text{else } ": " else ", r", \; ": " else ", r"\text{ if }": " if ", r"\text{ and }": " and "},
    **{r"\text{ or }": " or ", r"\text{not }": " not ", r"\text{mod}": "mod", r"\text{trunc}": "int", " = ": " == "},
    **{
        r"\le ": "<= ",
        r"\ge ": ">= ",
        r"\ne ": "!= ",
        r"\left(": "(",
        r"\right)": ")",
        r"\left[": "(",
        r"\right]": ")",
    },
    **{r"\lfloor": "floor(", r"\rfloor": ")", r"\,": "*", r"\cdot": "*", r"\max": "max", r"\min": "min", r"\pi": "pi"},
    **{r"\exp": "exp"},
}


def _read_latex(latex: str) -> str:
    """The LaTeX of a schedule as Python."""
    for printed, python in _PRINTED.items():
        latex = latex.replace(printed, python)
    before = ""
    while before != latex:
        before = latex
        latex = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", latex)
        latex = re.sub(r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)", latex)
        latex = re.sub(r"\^\{([^{}]*)\}", r"**(\1)", latex)
    return latex


LEAVES = ("k", "T", "k", "0.5", "2", "3", ".25", "7", "9", "1", "5")


@st.composite
def asked(draw: st.DrawFn, depth: int) -> str:
    """What is true or false."""
    sign = draw(
        st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "not", "and", "or", "&", "|"][: None if depth else 6])
    )
    if sign == "not":
        return f"not {draw(asked(depth - 1))}"
    if sign in ("and", "or", "&", "|"):
        one, other = draw(asked(depth - 1)), draw(asked(depth - 1))
        return f"{one} {sign} {other}" if len(sign) > 1 else f"({one}){sign}({other})"
    return f"{draw(valued(max(depth - 1, 0)))} {sign} {draw(valued(max(depth - 1, 0)))}"


@st.composite
def valued(draw: st.DrawFn, depth: int) -> str:
    """A number at each step."""
    shape = draw(st.integers(0, 8)) if depth else 8
    if shape == 8:
        return draw(st.sampled_from(LEAVES))
    one, other, condition = draw(valued(depth - 1)), draw(valued(depth - 1)), draw(asked(depth - 1))
    return (
        f"({one} if {condition} else {other})",
        f"np.where({condition}, {one}, {other})",
        f"{one} % {draw(st.integers(1, 9))}",
        f"{one}//{draw(st.integers(1, 9))}",
        f"{one} {draw(st.sampled_from('+-*'))} {other}",
        f"({one})*({condition})",
        f"-{one}",
        f"int({one})",
    )[shape]


@settings(max_examples=many(300))
@given(valued(4))
def test_cases_and_whole_division_in_any_nesting_mean_what_python_says(text):
    values = {"k": np.arange(1.0, T + 1), "T": float(T)}
    found = np.broadcast_to(parse(text).evaluate(Environment(values)), (T,))
    np.testing.assert_allclose(found, by_python(text), rtol=1e-12)  # whole numbers beyond 2^53 are not met


def test_a_case_that_is_not_taken_may_be_undefined_there():
    assert sizes("0.1/(k-1) if k > 1 else 0.1", 3) == [0.1, 0.1, 0.05]
    assert sizes("where(k < 3, 0.1, 1/log(k-1))", 2) == [0.1, 0.1]


def test_pieces_are_values_that_travel_to_other_processes():
    for text in ("0.1 if k < 2 else k%2", "int(k/2)*(k//2)", "clip(k, 1, 2)"):
        assert pickle.loads(pickle.dumps(Schedule(text))).step_sizes(3).tolist() == sizes(text, 3)
    assert Schedule("0.1 if k < T/2 else d").names == {"k", "T", "d"}


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("0.1*0.5**(epoch//30)", 11, "floor((k-1)/N)"),
        ("0.1 if epoch < 30 else 0.01", 8, "@FILE"),
        ("0.1 if k < 40", 14, "else is expected here. Got the end. Write for example 0.1 if k <= 400 else 0.01."),
        ("0.1*(k%2 and 3)", 4, "`and` and `or` of numbers are no numbers here"),
        ("max(1, k%4 or 0.5)", 1, "`and` and `or` of numbers are no numbers here"),
        ("0.1 if k > 2 else k%4 or 0.5", 5, "`and` and `or` of numbers are no numbers here"),
        ("0.1 if (k%2 and 3) > 2 else 1", 20, "`and` and `or` of numbers are no numbers here"),
        ("k%2 or 0.1", 1, "a comparison is true or false, and no schedule"),
        ("0.1 if k & 3 else 1", 10, "a comparison is expected here"),
        ("nan", 1, "nan is not a known name. Every number here is finite and written out."),
        ("1/Infinity", 3, "Infinity is not a known name. Every number here is finite"),
        ("anb*k", 1, "anb is not a known name. Did you mean and?"),
        ("sgima/k", 1, "Did you mean sigma?"),
        ("kappa/k", 1, "kappa is not a known name. Allowed are"),
        ("c/sqrt(k)", 1, "c is not a known name. A free letter is not taken: write a number for c."),
        ("where(k<2, 1)", 1, "where takes 3 arguments. Got 2"),
        ("k > 2", 1, "a comparison is true or false, and no schedule"),
        ("0.1 if k = 5 else 1", 10, "Did you mean ==?"),
        ("0.1 if k => 5 else 1", 10, "Did you mean >=?"),
        ("0.1 if k =< 5 else 1", 10, "Did you mean <=?"),
        ("0.1 if k > 2 && k < 5 else 1", 14, "Did you mean and?"),
        ("0.1 if !k else 1", 8, "Did you mean not?"),
        ("0.1 if k > 5 & k < 9 else 1", 14, "(k > 100) & (k <= 400)"),
        ("0.1 if k \u2264 5 else 1", 10, "Did you mean <=?"),
        ("k <= 5 ? 1 : 2", 8, "Write a if k <= 400 else b."),
        ("if k < 5: 0.1", 1, "'if' has no meaning here. Write for example 0.1 if"),
        ("lambda k: 1/k", 1, "Write only the expression behind the colon"),
        ("base_lr*0.5**k", 1, "Write the number itself"),
        ("0.1*iteration", 5, "Did you mean k?"),
        ("0.1/total_steps", 5, "Did you mean T?"),
        ("np.log10(k)", 1, "Did you mean log(x)/log(10)?"),
        ("np.k", 1, "np.k is not a known name. Did you mean k?"),
        ("np.sqr(k)", 1, "Did you mean sqrt?"),
        ("round(k/3)", 1, "Did you mean floor(x+1/2)?"),
        ("1 + not k > 2", 5, "'not' has no meaning here"),
    ],
)
def test_what_has_no_plain_meaning_is_refused_with_what_to_write(text, position, says):
    assert f"at character {position}," in refusal(text)
    assert says in refusal(text)
    assert len(refusal(text)) < 700


@pytest.mark.parametrize("text", ["1 if k<2 else 2", "T//2", "T%2", "T*(T>2)", "where(T>2,1,2)", "int(T)", "mod(T,2)"])
def test_a_claim_has_no_pieces(text):
    with pytest.raises(ScheduleError, match="The claim cannot be read"):
        ClaimedBound(text)


@pytest.mark.parametrize("text", ["1 if k<2 else 2", "k//2", "k%2", "int(k)", "0.1*(k<3)"])
def test_pieces_are_beyond_the_exact_comparison_of_closed_forms(text):
    with pytest.raises(Uncovered, match="is not covered by the exact comparison"):
        as_ratio(parse(text))


def test_a_long_row_of_cases_is_not_deep():
    text = " else ".join([*(f"{n} if k == {n}" for n in range(1, 90)), "0"])
    assert sizes(text, 91) == [*range(1, 90), 0, 0]
