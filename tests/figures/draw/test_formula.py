"""Formulas as pictures: everything the paper prints can be set, and fits where it must."""

import xml.etree.ElementTree as ET

import pytest

from figures.draw.formula import formula_picture, mathtext
from theory.bounds import REGISTRY
from theory.common.errors import InputError
from theory.schedules.schedule import CATALOGUE, parse_schedule


@pytest.mark.parametrize("name", REGISTRY)
def test_every_formula_of_every_bound_can_be_set(name):
    bound = REGISTRY[name]
    assumed = (text for each in bound.assumptions for text in (each.latex, each.needed) if text)
    stated = rf"{bound.quantity} \;\le\; {bound.latex()}"
    for latex in (stated, *bound.latex_conditions(), *bound.latex_definitions(), *assumed):
        assert formula_picture(latex, 10.0)[1] > 0


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_schedule_of_the_catalogue_can_be_set(name):
    assert formula_picture(parse_schedule(name).latex(), 10.0)[1] > 0


def test_a_formula_is_made_smaller_where_it_would_be_too_wide():
    assert formula_picture(r"\frac{a+b+c}{d}", 10.0, widest=12.0)[1] == pytest.approx(12.0)
    assert formula_picture("x", 10.0, widest=100.0)[1] == formula_picture("x", 10.0)[1]


def test_the_file_is_a_document_as_wide_as_is_said():
    text, width = formula_picture(r"\eta_k", 10.0)
    root = ET.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert float(root.get("width").removesuffix("pt")) == pytest.approx(width, abs=0.5)


def test_a_formula_in_its_own_line_has_larger_fractions():
    assert mathtext(r"x^{\frac{a}{b}} \frac{\frac{c}{d}}{e}", display=True).count(r"\dfrac") == 1


def test_what_cannot_be_set_is_refused():
    with pytest.raises(InputError, match="cannot be typeset"):
        formula_picture(r"\frac{a", 10.0)
