"""Verdicts on claims: proved for all T or on a grid, refuted by a function that is replayed, or left open."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from experiments.claims.check_claim import check_claim
from experiments.claims.grid import claim_grid, linear_value, linear_witness
from experiments.claims.replay_witness import replay
from experiments.claims.verdict import ClaimDecision
from theory.claims.claim import ClaimedBound
from theory.claims.posynomial import number
from theory.common.errors import InputError
from theory.worst_case.asking import ask
from theory.worst_case.certificate.verify import verify_file
from theory.worst_case.question import Question
from theory.worst_case.witness.check import check
from theory.worst_case.witness.file import read

COROLLARY_1 = "sigma*sqrt(2*L*Delta/T) + 2*s*L*Delta/T"
FALLING, ADAPTIVE = "0.5/(L*s*sqrt(k))", "1/(2*L*max(1,d))"
SLOWLY = "0.5/(L*s*k^0.25)"


@pytest.fixture
def judge(tmp_path):
    def judged(schedule, claim, staleness=4, steps=12, **options):
        return check_claim(schedule, claim, staleness=staleness, steps=steps, out=tmp_path, **options)

    return judged


def claimed_exactly(verdict, steps, **values):
    """Whether a number is below, at or above the claim: -1, 0, 1 the other way round."""
    constants = {name: number(Fraction(value)) for name, value in {**verdict.constants, **values}.items()}
    return lambda limit: ClaimedBound(verdict.claim).compare(steps, constants, Fraction(limit))


# For all T.


@pytest.mark.parametrize(
    ("schedule", "claim", "options", "bound"),
    [
        ("corollary-1", COROLLARY_1, {}, "corollary-1"),
        ("corollary-1", COROLLARY_1, {"constants": {"sigma": 0.1, "L": 0.3}}, "corollary-1"),
        ("corollary-1", COROLLARY_1, {"variance": 2.0, "gap": 3.0}, "corollary-1"),
        ("corollary-2", COROLLARY_1.replace("2*s", "4*s"), {"delays": "uniform"}, "corollary-2"),
    ],
)
def test_a_claim_is_proved_by_the_kernel_for_all_T(judge, schedule, claim, options, bound, tmp_path):
    verdict = judge(schedule, claim, **options)
    assert (verdict.verdict, verdict.bound, verdict.how) == ("proved", bound, "the kernel for all T")
    assert verdict.exit_status == 0 and verdict.steps and verdict.since == 1
    assert not list(tmp_path.iterdir()) and verdict.certificates == ()
    assert verdict.slack_min is None or verdict.slack_min >= 1 - 1e-12


@pytest.mark.parametrize("options", [{}, {"smoothness": 1e-4, "gap": 300.0}])
def test_the_closed_form_at_steps_that_fall_like_a_root_is_replayed(judge, options, tmp_path):
    verdict = judge(FALLING, "5*L*Delta/sqrt(T)", **options)
    assert (verdict.verdict, verdict.bound, verdict.how) == ("proved", "theorem-b", "the kernel for all T")
    assert verdict.exit_status == 0 and verdict.since == 1 and not list(tmp_path.iterdir())
    assert [step.rule for step in verdict.steps[:3]] == ["kernel", "reading the schedule", "kernel"]
    assert "closed form" in verdict.steps[2].title


@pytest.mark.parametrize("options", [{}, {"smoothness": 1e-4, "gap": 300.0}])
def test_what_rests_on_a_closed_form_of_other_powers_is_derived_and_not_proved(judge, options, tmp_path):
    """The kernel replays theorem-b for any steps; what that is at these steps was derived by hand."""
    verdict = judge(SLOWLY, "5*L*Delta/sqrt(T)", **options)
    assert (verdict.verdict, verdict.bound, verdict.how) == ("derived", "theorem-b", "a closed form for all T")
    assert verdict.exit_status == 0 and verdict.since == 1 and not list(tmp_path.iterdir())
    assert "derived by hand" in verdict.sentence
    assert any(step.rule == "derived by hand" for step in verdict.steps)


def test_a_proof_under_coherence_says_so(judge):
    strict = "(2*s*L*Delta/mu^2 + sigma^2*(1+log(T))/s)/sqrt(T)"
    verdict = judge("theorem-1", strict, constants={"mu": 0.5, "sigma": 3.0})
    if verdict.assumes:
        assert "coherence of at least mu = 0.5 is assumed" in verdict.sentence
    assert verdict.verdict == "proved"
    with pytest.raises(InputError, match="uses mu, which has no value"):
        judge("theorem-1", strict, constants={"sigma": 3.0})


def test_theorem_1_as_stated_is_the_kernels_from_7_on_and_a_certificate_below(judge):
    stated = "(s*L*Delta/mu^2 + sigma^2*log(T)/s)/sqrt(T)"
    verdict = judge("theorem-1", stated, coherence=0.5, constants={"sigma": 0.5})
    assert verdict.how == "the kernel for all T >= 7, certificates at T = 1, 2, 3, 4, 5, 6"
    assert verdict.assumes == ("coherence",) and verdict.since == 7
    assert verdict.times == tuple(range(1, 7)) and len(verdict.certificates) == 6


# On a grid.


def test_certificates_prove_a_claim_at_the_T_of_the_grid_and_say_no_more(judge):
    verdict = judge(ADAPTIVE, "2*s*L*Delta/(T+3)", steps=6, smoothness=2.0, gap=0.7)
    assert verdict.verdict == "proved" and verdict.how == "certificates at T = 1, 2, 3, 4, 5, 6"
    assert "Of other T nothing is said" in verdict.sentence and verdict.bound is None
    for steps, upper, path in zip(verdict.times, verdict.upper, verdict.certificates, strict=True):
        verified = verify_file(Path(path))
        assert verified.upper <= Fraction(upper)
        assert claimed_exactly(verdict, steps, s=4)(verified.upper) == 1


def test_a_schedule_that_contains_T_is_solved_once_for_each_T_with_its_own_steps(judge):
    verdict = judge("max(1,d)/(2*L*sqrt(T))", "2.2*L*Delta/sqrt(T)", staleness=1, steps=5)
    assert verdict.verdict == "proved" and "certificates" in verdict.how
    sums = [2.0 / (np.sqrt(steps) + 1) for steps in verdict.times]
    assert all(upper >= value for upper, value in zip(verdict.upper, sums, strict=True))


def test_a_file_of_numbers_is_a_claim_about_its_own_number_of_steps(judge, tmp_path):
    file = tmp_path / "steps.txt"
    file.write_text("0.3\n0.2\n0.4\n")
    verdict = judge(f"@{file}", "2*L*Delta", staleness=2, steps=3)
    assert verdict.times == (3,) and verdict.how == "certificates at T = 3"


def test_noise_is_certified_by_the_relaxation(judge):
    verdict = judge(ADAPTIVE, "1.2*L*Delta", staleness=2, steps=3, variance=0.5)
    assert verdict.verdict == "proved" and len(verdict.certificates) == 3


# Refuted.


@pytest.mark.parametrize(
    ("schedule", "claim", "options"),
    [
        (FALLING, "0.1*L*Delta/sqrt(T)", {}),
        (FALLING, "2*L*Delta/sqrt(T)", {}),
        (FALLING, "2*L*Delta/sqrt(T)", {"smoothness": 3.0, "gap": 0.01}),
        (FALLING, "2*L*Delta/sqrt(T)", {"coherence": 0.5}),
        ("1/L", "3.99*L*Delta/(3*T+2)", {"staleness": 1}),
        (ADAPTIVE, "4*L*Delta/(T+1)", {"staleness": 3, "steps": 16}),
        (FALLING, "0.1*L*Delta/sqrt(T)", {"variance": 1.0}),
        (FALLING, "0", {}),
        (FALLING, "-L", {}),
        ("1/(s*L)", "L*Delta/T^2", {"delays": "uniform", "steps": 40}),
    ],
)
def test_a_false_claim_is_refuted_by_a_function_whose_replay_breaks_it(judge, schedule, claim, options):
    verdict = judge(schedule, claim, **options)
    assert verdict.verdict == "refuted" and verdict.exit_status == 1
    steps = verdict.times[[i for i, low in enumerate(verdict.lower) if low][-1]]
    witness = read(Path(verdict.witness))
    assert witness.question.steps == steps
    below = claimed_exactly(verdict, steps, s=options.get("staleness", 4))
    assert below(check(witness)) == -1
    assert below(replay(witness).lower) == -1
    assert verdict.slack_min < 1 or claim in ("0", "-L")


def test_a_claim_that_fails_beyond_the_grid_only_is_refuted_there(judge):
    """Up to T = 1000 its worst case is below 3.9/sqrt(T), but it tends to 4/sqrt(T)."""
    verdict = judge(FALLING, "3.9*L*Delta/sqrt(T)", steps=1000)
    assert verdict.verdict == "refuted" and verdict.times[-1] > 1000
    assert read(Path(verdict.witness)).question.steps == verdict.times[-1]


def test_the_linear_function_is_a_witness_at_every_delay():
    rng = np.random.default_rng(2)
    for steps in (1, 2, 9):
        delays = rng.integers(0, np.minimum(np.arange(steps), 3) + 1)
        question = Question(rng.uniform(0, 2, steps), delays, smoothness=0.3, gap=5.0, coherence=0.7)
        witness = linear_witness(question)
        assert float(check(witness)) == pytest.approx(linear_value(question), rel=1e-12)
        assert check(witness) <= Fraction(linear_value(question)) * (1 + Fraction(1, 10**12))


# Left open.


def test_a_claim_between_witness_and_certificate_is_left_open_with_the_interval(judge):
    verdict = judge(ADAPTIVE, "1.3", staleness=2, steps=2, variance=4.0)
    assert verdict.verdict == "undecided" and verdict.exit_status == 3
    steps = [i for i, (low, high) in enumerate(zip(verdict.lower, verdict.upper, strict=True)) if low and high]
    assert verdict.lower[steps[0]] <= 1.3 <= verdict.upper[steps[0]]
    assert "known to lie between" in verdict.sentence and verdict.would_decide and verdict.how == ""


def test_a_claim_that_is_the_worst_case_itself_is_not_proved_by_rounding(judge):
    """Zero steps: the worst case is 2 L Delta, the certificate a hair above it."""
    verdict = judge("0*L", "2*L*Delta", steps=2)
    assert verdict.verdict in ("proved", "undecided")
    if verdict.verdict == "proved":
        assert all(verify_file(Path(path)).upper <= 2 for path in verdict.certificates)


def test_a_solver_that_fails_is_no_verdict(judge, monkeypatch):
    import theory.worst_case.solve as solve
    from theory.worst_case.solution import Status

    class Failed:
        status = Status.FAILED

    monkeypatch.setattr(solve, "worst_case", lambda question: Failed())
    verdict = judge(ADAPTIVE, "2*s*L*Delta/(T+3)", steps=2)
    assert verdict.verdict == "undecided" and "solver ended as failed" in verdict.sentence


# Refusals and form.


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"claim": "1/(T-1)"}, "no finite value"),
        ({"claim": "sigma/T"}, "uses sigma, which has no value"),
        ({"claim": "mu/T"}, "uses mu, which has no value"),
        ({"claim": "2*x"}, "not a known name"),
        ({"claim": "2*L*Delta/sqrt(k)"}, "not a known name"),
        ({"schedule": "mu/(L*k^2)"}, "uses mu, which has no value"),
        ({"gap": 0.0}, "positive"),
        ({"steps": 0}, "number of steps"),
        ({"staleness": 0}, "staleness"),
        ({"constants": {"L": -1.0}}, "L must be"),
        ({"coherence": 2.0}, "coherence|mu"),
        ({"variance": -1.0}, "variance"),
        ({"delays": "sometimes"}, "delay"),
    ],
)
def test_what_cannot_be_judged_is_refused_in_one_sentence(judge, options, word):
    asked = {"schedule": FALLING, "claim": "0.3/sqrt(T)", **options}
    with pytest.raises(InputError, match=word):
        judge(asked.pop("schedule"), asked.pop("claim"), **asked)


def test_the_verdict_as_json_has_the_keys_of_the_command(judge):
    verdict = judge(FALLING, "5*L*Delta/sqrt(T)")
    told = json.loads(verdict.to_json())
    wanted = "verdict numbers bound slack_min rate rate_interval assumptions times measured measured_lower bounds"
    wanted += " measured_upper would_decide claim claimed upper lower certificates witness how sentence steps iterates"
    assert set(wanted.split()) <= set(told)
    assert told["verdict"] == "proved" and told["numbers"] == "below" and told["iterates"] == "x_0..x_T"
    assert told["witness"] is None and told["rate"] is None and told["measured"] == []
    assert len(told["claimed"]) == len(told["times"]) == len(told["upper"]) == len(told["bounds"]["theorem-b"])
    assert told["steps"][0].keys() == {"title", "rule", "ok"}
    assert str(verdict).startswith("proved: ") and repr(verdict).startswith("ClaimVerdict(proved")


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 50, 1000, 10**6])
def test_the_grid_reaches_from_1_to_T(steps):
    grid = claim_grid(steps)
    assert grid[0] == 1 and grid[-1] == steps and len(grid) <= 10 and list(grid) == sorted(set(grid))


def test_decisions_have_their_exit_statuses():
    assert [str(word) for word in ClaimDecision] == ["proved", "derived", "refuted", "undecided"]


def test_a_proof_for_all_T_is_never_below_the_worst_case(judge):
    """An independent look: the value of the semidefinite program at random schedules, by a closed form."""
    from theory.worst_case.solve import worst_case

    rng = np.random.default_rng(4)
    looked = 0
    for _ in range(12):
        s, a, c = int(rng.integers(1, 4)), rng.uniform(0.2, 0.9), rng.uniform(1.2, 4)
        schedule, claim = f"{a:.2f}/(L*s*sqrt(k))", f"{c:.2f}*s*L*Delta/sqrt(T)"
        verdict = judge(schedule, claim, staleness=s, steps=3)
        if verdict.how != "the kernel for all T":
            continue
        looked += 1
        value = worst_case(ask(schedule, staleness=s, steps=9).question).value
        assert ClaimedBound(claim).value(9, {"L": number(1), "Delta": number(1), "s": number(s)}) >= value * (1 - 1e-6)
    assert looked >= 3
