"""A bound on all stochastic gradients is the user's: asked for by name, contradicted by what was applied, or given."""

import pytest

import gradlag as gl
from experiments.check.findings.examined import State
from experiments.check.verdict import Decision
from theory.bounds.parts.assumptions import BOUNDED_GRADIENT
from theory.common.errors import InputError

NAME = BOUNDED_GRADIENT.name


def verdict(noise=0, G=None, bounds=("weighted-delays",), schedule="1/(2*s*L)"):
    given = {} if G is None else {"G": G}
    return gl.check(
        schedule, f"quadratic:d=3,noise={noise}", staleness=3, steps=40, seeds=8, constants=given, bounds=bounds
    )


def test_weighted_delays_is_met_by_plain_delayed_steps_with_a_G_of_the_user():
    found = verdict(G=50.0)
    assert found.verdict is Decision.HOLDS and found.bounds_detail["weighted-delays"].value is not None
    assert found.assumptions[NAME] == State.OK
    assert "the largest recorded gradient that was applied is" in found.findings[NAME]


def test_it_is_asked_for_by_name_and_never_chosen():
    with pytest.raises(InputError, match=r"weighted-delays needs the constant G.*--constants G=NUMBER"):
        verdict()
    alone, beside = verdict(bounds=None), verdict(bounds=None, G=50.0)
    assert "weighted-delays" not in beside.bounds and set(alone.bounds) == set(beside.bounds)
    assert alone.bound == beside.bound and NAME not in alone.assumptions


@pytest.mark.parametrize("name", ["ef-topk", "group-averaging"])
def test_what_is_about_workers_says_so(name):
    with pytest.raises(InputError, match=f"{name} needs .*which is no constant of a run, so that no run can meet it"):
        verdict(G=50.0, bounds=(name,))
    with pytest.raises(InputError, match="no run can meet it"):  # nor is it asked for a G that would not help
        verdict(bounds=(name,))


def test_a_G_below_a_gradient_that_was_applied_is_contradicted_and_under_noise_only_at_the_start():
    exact = verdict(G=1e-3)
    assert exact.verdict is Decision.ASSUMPTION_BROKEN and exact.assumptions[NAME] == State.BROKEN
    assert "G is contradicted at k = 0" in exact.findings[NAME]
    noisy = verdict(noise=1, G=1e-3)
    assert noisy.assumptions[NAME] == State.BROKEN and "G is contradicted at k = 0" in noisy.findings[NAME]
    trusted = verdict(noise=1, G=50.0)
    assert trusted.assumptions[NAME] == State.GIVEN and "only |grad F(x_0)| <= G tests it" in trusted.findings[NAME]


def test_a_schedule_does_not_know_it():
    with pytest.raises(InputError, match="G"):
        verdict(G=50.0, schedule="1/(L*G)")
