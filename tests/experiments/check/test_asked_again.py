"""A user's functions are called again: two points that contradict L are looked for, and what is no function is said."""

import json
from pathlib import Path

import numpy as np
import pytest

from experiments.check.check import check
from experiments.check.draws import Steepest, steepest, unrepeated
from experiments.check.verdict import Verdict
from experiments.problems import get_problem
from experiments.runs.execute import execute
from experiments.runs.plan import plan

SPECTRUM = "np.linspace(0.05, 1.5, 60)"
DENSE = f"""
import numpy as np
turn = np.linalg.qr(np.random.default_rng(11).standard_normal((60, 60)))[0]
curvature = turn @ np.diag({SPECTRUM}) @ turn.T
initial_point = np.full(60, 0.7)
"""


def written(folder: Path, text: str, **constants: float) -> str:
    path = folder / "mine.py"
    path.write_text(f"{text}\nconstants = {json.dumps(constants)}\n")
    return str(path)


def judged(problem: str, **options: int) -> Verdict:
    settled = plan(problem, "0.05", 2, 40, **{"seeds": 4} | options)
    return check(execute(settled), ["theorem-a"], plan=settled)


EXACT = DENSE + "def gradient(x):\n    return curvature @ x\n"
NOISY = DENSE + (
    "def full_gradient(x):\n    return curvature @ x\n\n"
    "def gradient(x, rng):\n    return curvature @ x + 0.1 * rng.standard_normal(60)\n"
)


@pytest.mark.parametrize("text", [EXACT, NOISY])
@pytest.mark.parametrize(("smoothness", "state"), [(1.5, "ok"), (1.45, "broken"), (1.6, "ok")])
def test_an_L_that_is_three_per_cent_too_small_is_contradicted_where_the_run_itself_never_is_as_steep(
    tmp_path: Path, text: str, smoothness: float, state: str
) -> None:
    verdict = judged(written(tmp_path, text, L=smoothness * (1 + 1e-9), Delta=40.0, sigma=0.9))
    assert verdict.assumptions["smooth"] == state
    assert ("L is contradicted near k = 0: between two points" in verdict.sentence) == (state == "broken")
    assert state == "broken" or "search for steep directions at k = 0, 2, 10" in verdict.findings["smooth"]


def test_curvature_that_only_a_later_point_has_is_found_there(tmp_path: Path) -> None:
    # F = sum of log cosh: its curvature is 1 at 0, where the run ends, and below .08 at the start.
    text = "import numpy as np\ninitial_point = [2.0] * 30\n\ndef gradient(x):\n    return np.tanh(x)\n"
    settled = plan(written(tmp_path, text, L=0.9, Delta=45.0), "0.8", 1, 60, seeds=2, record_every=60)
    verdict = check(execute(settled), ["theorem-a"], plan=settled)
    assert verdict.assumptions["smooth"] == "broken" and "near k = 4" in verdict.findings["smooth"]


def test_the_two_points_that_are_told_contradict_L() -> None:
    problem = get_problem("quadratic:d=30,noise=0")
    known = problem.constants(0)["L"].value
    (pair,) = steepest(problem, {0: problem.initial_point}, 1.0, 0.0)
    apart = np.linalg.norm(problem.full_gradient(pair.other) - problem.full_gradient(pair.one))
    assert apart / np.linalg.norm(pair.other - pair.one) == pytest.approx(pair.quotient, rel=1e-12)
    assert 0.999 * known < pair.quotient < (1 + 1e-6) * known


@pytest.mark.parametrize("curvature", [1e-8, 1.0, 1e9])
@pytest.mark.parametrize("size", ["float32", "float16"])
def test_rounding_of_a_users_numbers_contradicts_no_true_L(tmp_path: Path, curvature: float, size: str) -> None:
    scale = min(curvature, 100.0) if size == "float16" else curvature
    text = (
        f"import numpy as np\ninitial_point = [0.3, -0.2, 0.1]\n\ndef gradient(x):\n"
        f"    return (np.{size}(x) - np.{size}(0.7)) * np.{size}({scale})\n"
    )
    settled = plan(written(tmp_path, text, L=scale, Delta=2 * scale), "0.1/L", 1, 30, seeds=1)
    assert check(execute(settled), ["theorem-a"], plan=settled).assumptions["smooth"] == "ok"


def test_an_allowance_for_rounding_is_taken_off_the_quotient() -> None:
    pair = Steepest(0, np.zeros(2), np.array([1e-3, 0.0]), 2e-3, 4.0)
    assert pair.quotient == pytest.approx(2.0)
    assert pair.least(1.0, 1e-4) == pytest.approx(2.0 - 1e-4 * (4.0 + 1e-3) / 1e-3)


def test_a_gradient_that_fails_beside_the_run_is_not_asked_there(tmp_path: Path) -> None:
    text = (
        "import numpy as np\ninitial_point = [1.0]\n\ndef gradient(x):\n"
        "    if x[0] > 1 or x[0] < 0:\n        raise ValueError('outside')\n    return 0.5 * x\n"
    )
    path = written(tmp_path, text, L=0.5, Delta=0.25)
    assert judged(path, seeds=1).assumptions["smooth"] == "ok"


UNSTEADY = {
    "the global generator": "    return x + 0.2 * np.random.standard_normal(3)\n",
    "a counter": "    calls.append(0)\n    return x * (1 + len(calls) % 7 / 10)\n",
    "a generator of its own": "    return x + own.uniform(-1, 1, 3)\n",
}
HEAD = "import numpy as np\ncalls, own = [], np.random.default_rng()\ninitial_point = [1.0, 2.0, -1.0]\n\n"


@pytest.mark.parametrize("body", UNSTEADY.values(), ids=UNSTEADY)
def test_a_gradient_that_is_called_exact_and_gives_other_values_when_asked_again_is_not(
    tmp_path: Path, body: str
) -> None:
    verdict = judged(written(tmp_path, f"{HEAD}def gradient(x):\n{body}", L=1.0, Delta=9.0), seeds=1)
    assert verdict.assumptions["no noise" if "no noise" in verdict.assumptions else "bounded variance"] == "broken"
    assert verdict.sentence.startswith("The full gradient gives values that differ by up to")
    assert "So it is not exact: write gradient(x, rng), and draw from rng alone." in verdict.sentence


@pytest.mark.parametrize("body", UNSTEADY.values(), ids=UNSTEADY)
def test_a_stochastic_gradient_that_draws_from_elsewhere_is_said_to(tmp_path: Path, body: str) -> None:
    mean = 1.3 if "calls" in body else 1.0
    text = f"{HEAD}def full_gradient(x):\n    return {mean} * x\n\ndef gradient(x, rng):\n{body}"
    verdict = judged(written(tmp_path, text, L=1.4, Delta=9.0, sigma=3.0))
    assert verdict.assumptions["unbiased"] == "unknown"
    assert "Draw from the given rng alone" in verdict.findings["unbiased"]


def test_a_full_gradient_that_is_an_estimate_breaks_the_assumption(tmp_path: Path) -> None:
    text = (
        f"{HEAD}def full_gradient(x):\n    return x + 1e-3 * np.random.standard_normal(3)\n\n"
        "def gradient(x, rng):\n    return x + rng.standard_normal(3)\n"
    )
    verdict = judged(written(tmp_path, text, L=1.1, Delta=9.0, sigma=3.0))
    assert verdict.assumptions["unbiased"] == "broken"
    assert "What is measured is then no full gradient." in verdict.findings["unbiased"]


@pytest.mark.parametrize("name", ["quadratic:d=4", "logistic-cancer"])
def test_what_repeats_itself_is_left_alone(name: str) -> None:
    assert unrepeated(get_problem(name), 8, 0.0) is None


def test_sums_in_another_order_are_no_other_values(tmp_path: Path) -> None:
    text = (
        f"{HEAD}weights = np.random.default_rng(0).standard_normal(1000)\n\ndef gradient(x):\n"
        "    return x * (own.permutation(weights).sum() / weights.sum())\n"
    )
    assert judged(written(tmp_path, text, L=1.0, Delta=9.0), seeds=1).assumptions["smooth"] == "ok"
