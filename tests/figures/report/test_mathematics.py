"""Formulas as MathML: everything the library prints can be set, is escaped, and tells its LaTeX."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.servers.rules.rules import RULES
from figures.report.mathematics import mathml, prose
from tests.support.amounts import many
from theory.bounds import RATES, REGISTRY
from theory.schedules.schedule import CATALOGUE, parse_schedule

FORMULAS = [
    (f"{name}-{kind}-{place}", latex)
    for name, bound in REGISTRY.items()
    for kind, formulas in (
        ("value", (bound.latex(), bound.quantity, rf"{bound.quantity} \;\le\; {bound.latex()}")),
        ("conditions", bound.latex_conditions()),
        ("definitions", bound.latex_definitions()),
        ("assumptions", [text for a in bound.assumptions for text in (a.latex, a.needed) if text]),
    )
    for place, latex in enumerate(formulas)
]
FORMULAS += [(f"schedule-{name}", parse_schedule(name).latex()) for name in CATALOGUE]
FORMULAS += [(f"rule-{name}", rule.formula) for name, rule in RULES.items()]
FORMULAS += [
    (f"rate-{name}-{place}", text) for name, r in RATES.items() for place, text in enumerate((r.quantity, r.latex()))
]


def read(latex, display=False):
    """The formula as a tree; an unset formula is no <math>."""
    root = ET.fromstring(mathml(latex, display))
    assert root.tag == "math"
    return root


@pytest.mark.parametrize("latex", [latex for _, latex in FORMULAS], ids=[name for name, _ in FORMULAS])
def test_every_formula_of_the_library_can_be_set(latex):
    for display in (False, True):
        words = "".join(read(latex, display).itertext())
        assert words and "\\" not in words and "&" not in words


EXPRESSIONS = st.recursive(
    st.sampled_from(["k", "T", "s", "L", "mu", "sigma", "Delta", "d", "1", "0.25", "1e-3"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", " - ", "*", "/", "**"]), inner).map(lambda p: f"({p[0]}{p[1]}{p[2]})"),
        st.tuples(st.sampled_from(["sqrt", "log", "exp", "floor", "ceil", "abs"]), inner).map(
            lambda p: f"{p[0]}({p[1]})"
        ),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda p: f"{p[0]}({p[1]}, {p[2]})"),
    ),
    max_leaves=6,
)


@settings(max_examples=many(40))
@given(EXPRESSIONS)
def test_whatever_schedule_parses_can_be_set(text):
    assert "\\" not in "".join(read(parse_schedule(text).latex()).itertext())


def test_a_fraction_a_root_and_a_sum_are_what_they_are_called():
    root = read(r"\sum_{k} \frac{\eta_k}{\sqrt{T}}")
    assert {"mfrac", "msqrt", "msub"} <= {node.tag for node in root.iter()}
    assert "".join(root.itertext()) == "∑kηkT"


def test_a_formula_on_a_line_of_its_own_says_so():
    assert read("x", display=True).get("display") == "block"
    assert read("x").get("display") == "inline"


def test_a_formula_has_no_ids_and_points_nowhere():
    text = mathml(r"\sum_{k} \frac{\eta_k}{\sqrt{T}}")
    assert "id=" not in text and "href" not in text and "://" not in text


def test_the_alternative_text_is_the_latex():
    assert read("a < b > c").get("alttext") == "a < b > c"


def test_words_in_a_formula_are_escaped():
    assert "&lt;b&gt;" in mathml(r"\text{<b>}") and "<b>" not in mathml(r"\text{<b>}")


@pytest.mark.parametrize("latex", ["x^", r"\nosuch <", r"\left("])
def test_what_cannot_be_set_is_shown_as_it_is(latex):
    assert ET.fromstring(mathml(latex)).tag == "code"
    assert ET.fromstring(mathml(latex)).text == latex


def test_prose_is_escaped_and_its_formulas_are_set():
    text = prose("if $x$ < 2 & done")
    assert text.startswith("if <math") and text.endswith("</math> &lt; 2 &amp; done")
