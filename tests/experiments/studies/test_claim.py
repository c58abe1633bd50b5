"""What decides a claim: an interval over seeds, beside a threshold, and enough seeds."""

import numpy as np
import pytest

from experiments.studies.claim import Effect, StudyClaim, decide, interval, judge


def claim_of(values, **more):
    return StudyClaim("made", "none", "It is above 0.", "the values", lambda results: Effect(values, "made"), **more)


def test_intervals_cover_as_often_as_they_say():
    rng = np.random.default_rng(3)
    covered = [low < 0 < high for low, high in (interval(rng.normal(size=4)) for _ in range(2000))]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)  # three standard deviations of 2000 trials


def test_one_seed_decides_nothing():
    assert decide(*interval(np.array([5.0])), 0.0) == "inconclusive"


def test_fewer_seeds_than_decide_a_claim_leave_it_open_with_their_interval_and_the_reason():
    values = np.array([1.0, 1.1, 0.9])
    open_, decided = (judge(claim_of(values, fewest=count), ()) for count in (4, 3))
    assert (open_.verdict, decided.verdict) == ("inconclusive", "reproduced")
    assert (open_.low, open_.high) == (decided.low, decided.high)
    assert "4 seeds decide it" in open_.evidence and "left open" not in decided.evidence
