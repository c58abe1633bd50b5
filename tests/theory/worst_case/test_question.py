"""A question refuses what no run can be, and its units are those of L and Delta."""

import numpy as np
import pytest

from theory.common.errors import GradlagError, InputError
from theory.staleness.count import Staleness
from theory.worst_case.question import Measure, Question


@pytest.mark.parametrize(
    ("steps", "delays", "constants"),
    [
        ([0.1, -0.1], [0, 0], {}),
        ([0.1, np.nan], [0, 0], {}),
        ([0.1, 0.1], [0, 2], {}),
        ([0.1, 0.1], [0], {}),
        ([0.1], [0], {"smoothness": 0.0}),
        ([0.1], [0], {"gap": -1.0}),
        ([0.1], [0], {"gap": np.inf}),
        ([0.1], [0], {"variance": -1e-9}),
        ([0.1], [0], {"variance": np.nan}),
        ([0.1], [0], {"coherence": 1.0001}),
        ([0.1, 0.1, 0.1], [0, 1, 2], {"staleness": Staleness(2)}),
        ([0.0, 0.0], [0, 0], {"measure": "mean"}),
    ],
)
def test_what_no_run_can_be_is_refused_in_a_sentence(steps, delays, constants):
    with pytest.raises(GradlagError, match=r"\."):
        Question(steps, delays, **constants)


def test_a_delay_beyond_the_staleness_is_named():
    with pytest.raises(InputError, match=r"allows delays up to 1\. Got 2 at step k = 3"):
        Question([0.1] * 3, [0, 1, 2], staleness=Staleness(2))


def test_normalising_twice_changes_nothing_more():
    question = Question([0.1, 0.2], [0, 1], smoothness=4.0, gap=0.5, variance=3.0, coherence=0.5)
    once = question.normalised()
    assert (once.smoothness, once.gap, once.variance) == (1.0, 1.0, 1.5)
    assert once.step_sizes.tolist() == [0.4, 0.8]
    assert once.normalised().step_sizes.tolist() == once.step_sizes.tolist()


def test_reading_points_prefixes_and_covered_iterates():
    question = Question([0.1] * 4, [0, 1, 2, 0], measure=Measure.MEAN)
    assert question.read_points.tolist() == [0, 0, 0, 3]
    assert question.prefix(2).delays.tolist() == [0, 1]
    assert question.covered == "x_0..x_{T-1}"
    assert question.replaced(measure="min").covered == "x_0..x_T"
