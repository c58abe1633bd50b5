"""The picture of methods draws each constant where it belongs, and the method that was asked about."""

import numpy as np
import pytest

from figures.draw.methods import method_curves, methods_picture, save_methods
from figures.style import style
from theory.methods.registry import parse_method
from theory.staleness.count import Staleness
from theory.worst_case.limit.of_method import SHOWN, method_limit


@pytest.fixture(scope="module")
def found():
    return method_limit(parse_method("counter-momentum"), Staleness(2))


@pytest.fixture(scope="module")
def table():
    # Any numbers: the drawing computes nothing.
    return [{name: float(delay + 2 + place) for place, name in enumerate(SHOWN)} for delay in range(3)]


def test_every_method_has_a_curve_of_its_constants_per_unit_of_delay(found, table):
    with style.style():
        axes = style.figure().add_subplot()
        method_curves(found, table, axes)
    *curves, asked = [line for line in axes.lines if line.get_marker() in ("o", "x")]
    for name, line in zip(SHOWN, curves, strict=True):
        values = [each[name] / (delay + 1) for delay, each in enumerate(table)]
        assert np.asarray(line.get_xdata()).tolist() == [0, 1, 2]
        assert np.asarray(line.get_ydata()) == pytest.approx(values)
    assert (asked.get_xdata()[0], asked.get_ydata()[0]) == (1, pytest.approx(found.constant / 2))
    assert "counter-momentum" in axes.get_title(loc="left") + axes.get_title()
    told = {text.get_text() for text in axes.texts}
    assert set(SHOWN.values()) <= told


def test_the_picture_is_written(found, table, tmp_path):
    assert methods_picture(found, table).axes
    assert save_methods(found, table, tmp_path).read_text().startswith("<?xml")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["limit.pdf", "limit.svg"]
