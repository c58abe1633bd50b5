"""Formulas as SVG: everything the library prints can be set, stands on the baseline, and clashes with nothing."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from figures.report.mathematics import mathtext, prose, svg, typeset
from theory.bounds import REGISTRY
from theory.common.errors import InputError
from theory.schedules.schedule import CATALOGUE, parse_schedule

BOUND_FORMULAS = [
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


@pytest.mark.parametrize("latex", [latex for _, latex in BOUND_FORMULAS], ids=[name for name, _ in BOUND_FORMULAS])
def test_every_formula_of_every_bound_can_be_set(latex):
    for display in (False, True):
        assert typeset(latex, display).width > 0


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_schedule_of_the_catalogue_can_be_set(name):
    assert typeset(parse_schedule(name).latex(), display=True).width > 0


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


@settings(max_examples=40)
@given(EXPRESSIONS)
def test_whatever_schedule_parses_can_be_set(text):
    assert typeset(parse_schedule(text).latex()).width > 0


def test_the_baseline_of_a_formula_is_that_of_the_text():
    flat, deep = typeset("x"), typeset(r"\frac{x}{y}", display=True)
    assert flat.depth < 0.1 < deep.depth < deep.height
    shift = float(re.search(r"vertical-align:(-?[\d.]+)em", svg(r"\frac{x}{y}", 1.5, display=True))[1])
    assert shift == pytest.approx(-1.5 * deep.depth, abs=1e-3)


def test_a_formula_in_its_own_line_has_larger_fractions():
    assert typeset(r"\frac{a}{b}", display=True).height > 1.2 * typeset(r"\frac{a}{b}").height
    assert mathtext(r"x^{\frac{a}{b}} \frac{\frac{c}{d}}{e}", display=True).count(r"\dfrac") == 1


def test_a_formula_has_no_ids_and_points_nowhere():
    text = svg(r"\sum_{k} \frac{\eta_k}{\sqrt{T}}")
    assert "id=" not in text
    assert "href" not in text
    assert "url(" not in text


def test_the_alternative_text_is_the_latex():
    assert ET.fromstring(svg("a < b > c")).get("aria-label") == "a < b > c"


def test_a_formula_takes_the_colour_of_the_text():
    assert 'fill="currentColor"' in svg("x")


def test_a_formula_is_the_same_in_every_process_and_order():
    first = typeset(r"\eta_k").outline
    typeset.cache_clear()
    typeset(r"\sigma^2")
    assert typeset(r"\eta_k").outline == first


def test_a_file_of_its_own_is_a_document_with_a_size():
    root = ET.fromstring(typeset(r"\eta_k").file(10))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert float(root.get("width").removesuffix("pt")) == pytest.approx(10 * typeset(r"\eta_k").width, abs=1e-3)


def test_what_cannot_be_set_is_refused_and_shown_as_it_is():
    with pytest.raises(InputError, match="cannot be typeset"):
        typeset(r"\frac{a")
    assert svg(r"\frac{a <") == r'<code class="math">\frac{a &lt;</code>'


def test_prose_is_escaped_and_its_formulas_are_set():
    text = prose("if $x$ < 2 & done")
    assert text.startswith("if <svg")
    assert text.endswith("&lt; 2 &amp; done")
