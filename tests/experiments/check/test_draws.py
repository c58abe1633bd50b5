"""Sigma and unbiasedness are tested by fresh draws; a true pair is contradicted more seldom than the level, whatever
the law."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from experiments.check.calibration.noise_rates import noise_laws, noise_rates
from experiments.check.check import check
from experiments.check.verdict import Decision, Verdict
from experiments.common.constants import Constant, Known
from experiments.problems.problem import Problem
from experiments.runs.execute import execute
from experiments.runs.plan import plan


@dataclass(frozen=True, eq=False)
class Own(Problem):
    """A user's object: F = 0.8 |x|^2/2 with a gradient that is off by a mean and by noise."""

    sigma: float
    deviation: float
    bias: float = 0.0
    far_out: float = 0.0

    @property
    def curvature(self) -> float:
        return 0.8

    @property
    def digest(self) -> str:
        return "own"

    def constants(self, batch: int) -> Mapping[str, Constant]:
        gap = 0.4 * float(self.initial_point @ self.initial_point)
        values = {"L": 0.8, "Delta": gap, "sigma": self.sigma}
        return {name: Constant(value, Known.EXACT, "said by its author") for name, value in values.items()}

    def deterministic(self, batch: int) -> bool:
        return False

    def loss(self, x: np.ndarray) -> float:
        return 0.4 * float(x @ x)

    def full_gradient(self, x: np.ndarray) -> np.ndarray:
        return 0.8 * x

    def stochastic_gradient(self, x: np.ndarray, seed: int, step: int, batch: int) -> np.ndarray:
        noise = np.random.default_rng([seed, step]).standard_normal(x.size) / x.size**0.5
        grown = self.deviation + self.far_out * float(np.abs(x).max() < 0.5)
        return self.full_gradient(x) + self.bias / x.size**0.5 + grown * noise


START = np.array([1.5, -2.0, 0.5])
HONEST = Own("own", START, sigma=0.6, deviation=0.6)


def judged(problem: Problem | str, step: str = "0.2", **options: object) -> Verdict:
    settled = plan(problem, step, 2, 150, **{"seeds": 8} | options)  # type: ignore[arg-type]
    return check(execute(settled), ["theorem-a"], plan=settled)


def test_an_honest_object_is_tested_and_not_contradicted() -> None:
    verdict = judged(HONEST)
    assert verdict.assumptions["bounded variance"] == verdict.assumptions["unbiased"] == "ok"
    assert "draws at each of k = 0, 9, 38, 150 show no bias; one of" in verdict.findings["unbiased"]


def test_a_variance_many_times_the_sigma_of_a_users_gradient_breaks_the_assumption() -> None:
    verdict = judged(replace(HONEST, deviation=6.0))
    assert verdict.verdict is Decision.ASSUMPTION_BROKEN and verdict.assumptions["bounded variance"] == "broken"
    assert verdict.assumptions["unbiased"] == "unknown"
    assert verdict.sentence.startswith("sigma is contradicted at k = ") and "sigma^2 = 0.36" in verdict.sentence


def test_a_biased_gradient_breaks_the_assumption_and_is_not_taken_for_noise() -> None:
    verdict = judged(replace(HONEST, bias=0.8))
    assert verdict.verdict is Decision.ASSUMPTION_BROKEN
    assert (verdict.assumptions["unbiased"], verdict.assumptions["bounded variance"]) == ("broken", "ok")
    assert "is biased at k = " in verdict.sentence


def test_a_bias_and_a_wrong_sigma_are_both_shown() -> None:
    verdict = judged(replace(HONEST, bias=9.0, deviation=2.0))
    assert verdict.assumptions["unbiased"] == verdict.assumptions["bounded variance"] == "broken"


def test_noise_that_grows_along_the_run_is_found_where_x_0_shows_none_of_it() -> None:
    verdict = judged(replace(HONEST, far_out=2.0))
    assert (
        verdict.assumptions["bounded variance"] == "broken" and "at k = 0:" not in verdict.findings["bounded variance"]
    )


@pytest.mark.parametrize(("scale", "broken"), [(1.0, False), (14.0, True)])
def test_a_file_whose_sigma_is_true_or_200_times_too_small_in_square(
    tmp_path: Path, scale: float, broken: bool
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "import numpy as np\ninitial_point = [0.9, -1.1]\nconstants = {'L': 1.5, 'Delta': 1.6, 'sigma': 0.5}\n\n"
        f"def gradient(x, rng):\n    return 1.5 * x + {scale} * 0.5 * rng.laplace(size=2) / 2\n\n"
        "def full_gradient(x):\n    return 1.5 * x\n"
    )
    verdict = judged(str(path))
    assert (verdict.assumptions["bounded variance"] == "broken") is broken
    assert broken or verdict.sentence.startswith("Given L = 1.5 and sigma = 0.5 (tested along the run) and Delta = 1.6")


def test_gradients_that_are_right_on_average_but_mostly_zero_and_rarely_huge_are_not_called_biased(
    tmp_path: Path,
) -> None:
    path, p = tmp_path / "mine.py", 0.004
    sigma = 1.5 * ((1 - p) / p) ** 0.5
    path.write_text(
        f"initial_point = [1.5]\nconstants = {{'L': 1.0, 'Delta': 1.125, 'sigma': {sigma}}}\n\n"
        f"def gradient(x, rng):\n    return x * (rng.random() < {p}) / {p}\n\n"
        "def full_gradient(x):\n    return x\n"
    )
    verdict = judged(str(path), "0.001", seeds=16)
    assert verdict.assumptions["unbiased"] == verdict.assumptions["bounded variance"] == "ok"


def test_a_stored_run_of_a_users_file_says_that_sigma_and_its_mean_are_given(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "initial_point = [1.0]\nconstants = {'L': 1.0, 'Delta': 0.5, 'sigma': 0.1}\n\n"
        "def gradient(x, rng):\n    return x + 0.1 * rng.normal(size=1)\n\ndef full_gradient(x):\n    return x\n"
    )
    verdict = check(execute(plan(str(path), "0.1", 1, 30, seeds=4)))
    assert (verdict.assumptions["bounded variance"], verdict.assumptions["unbiased"]) == ("given", "unknown")
    assert "sigma = 0.1 (not tested)" in verdict.sentence


@pytest.mark.parametrize("law", noise_laws())
def test_a_true_sigma_and_an_unbiased_gradient_are_seldom_contradicted_whatever_the_law(law: str) -> None:
    found = noise_rates(150, law)
    # 150 trials at 0.05 exceed 17 once in a thousand times.
    assert found.false * 150 <= 17


def test_what_is_clearly_wrong_is_found() -> None:
    found = noise_rates(60, "Gaussian", 256)
    assert found.loud[1] > 0.9 and found.biased[1] == found.biased[2] == 1
