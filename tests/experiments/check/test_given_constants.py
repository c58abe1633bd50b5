"""What is taken for granted is called given and told first; "ok" is for what was proved or tested."""

from pathlib import Path

import numpy as np
import pytest

from experiments.check.check import check
from experiments.check.training_log import check_log
from experiments.check.verdict import Decision, Verdict
from experiments.runs.execute import execute
from experiments.runs.plan import plan


def logged(folder: Path, norms: list[float], constants: dict[str, float], step: float = 0.4, every: int = 1) -> Verdict:
    path = folder / "log.csv"
    path.write_text("step,grad_norm\n" + "".join(f"{k * every},{norm!r}\n" for k, norm in enumerate(norms)))
    return check_log(path, str(step), 1, constants)


def user_run(folder: Path, body: str, schedule: str, steps: int = 40, **options: object) -> Verdict:
    path = folder / "mine.py"
    path.write_text("import numpy as np\n" + body)
    settled = plan(str(path), schedule, 1, steps, **options)  # type: ignore[arg-type]
    return check(execute(settled), plan=settled)


def test_constants_of_a_log_that_nothing_tests_are_given_and_stand_first_in_the_sentence(tmp_path: Path) -> None:
    norms, constants = [1.5 * 0.6**k for k in range(8)], {"L": 1.25, "Delta": 3.0, "sigma": 0.0}
    verdict = logged(tmp_path, norms, constants)
    assert verdict.verdict is Decision.HOLDS
    assert [verdict.assumptions[name] for name in ("smooth", "bounded below", "no noise")] == ["ok", "ok", "given"]
    words = "Given L = 1.25 and Delta = 3 (tested along the run){}: The least mean"
    assert verdict.sentence.startswith(words.format(" and sigma = 0 (not tested)"))
    assert "at 7 of 7 steps |grad F| changes by no more" in verdict.findings["smooth"]
    # Of rows at intervals no two are one step apart, and steps beyond 2/L may raise F where none is recorded.
    apart = logged(tmp_path, norms, constants, step=1.7, every=3)
    assert {apart.assumptions[name] for name in ("smooth", "bounded below")} == {"given"}


def test_constants_that_the_run_tests_are_told_apart_from_those_that_it_does_not(tmp_path: Path) -> None:
    body = "initial_point = [1.5]\nconstants = {'L': 2.5, 'Delta': 4.0}\n\ndef gradient(x):\n    return 2 * x\n"
    verdict = user_run(tmp_path, body, "0.2", seeds=1)
    assert (verdict.assumptions["smooth"], verdict.assumptions["bounded below"]) == ("ok", "given")
    assert verdict.sentence.startswith("Given L = 2.5 (tested along the run) and Delta = 4 (not tested): The least")
    assert "at most 2 times the distance" in verdict.findings["smooth"]


def test_constants_of_the_library_are_proved_and_need_no_word() -> None:
    verdict = check(execute(plan("quadratic:d=3,noise=0.5", "0.1/L", 2, 60, seeds=4)))
    assert set(verdict.assumptions.values()) == {"ok"} and not verdict.sentence.startswith("Given")


@pytest.mark.parametrize(("norm", "broken"), [(2.6, True), (2.44, False)])
def test_a_first_gradient_beyond_2_L_Delta_breaks_the_assumption_without_any_loss(
    tmp_path: Path, norm: float, broken: bool
) -> None:
    # 2 L Delta = 6
    found = logged(tmp_path, [norm, 0.3, 0.2], {"L": 1.5, "Delta": 2.0, "sigma": 0.7})
    body = f"initial_point = [{norm / 1.5!r}]\nconstants = {{'L': 1.5, 'Delta': 2.0}}\n\ndef gradient(x):\n"
    ran = user_run(tmp_path, body + "    return 1.5 * x\n", "0.1", seeds=1)
    for verdict in (found, ran):
        assert (verdict.verdict is Decision.ASSUMPTION_BROKEN) is broken
        assert verdict.sentence.startswith("L and Delta are contradicted at k = 0") is broken


def test_a_schedule_that_diverges_is_called_so_with_the_step_and_the_number_of_seeds() -> None:
    for spelling, many in (("quadratic:d=2,noise=0.1", "6 of 6 seeds diverged, the first"), ("quadratic:noise=0", "")):
        run = execute(plan(spelling, "0.6/L", 6, 400, seeds=6 if many else 1))
        verdict = check(run)
        assert f"{many or 'The run diverged,'} at k = {verdict.diverged.first}." in verdict.sentence
        assert verdict.diverged.seeds == len(run.seed)
        after = run.gradient_norm_squared[:, verdict.diverged.first :].max(axis=0)
        assert (after > 1e4 * 2).all() and np.isfinite(after).all()


def test_a_noisy_run_with_stable_steps_has_not_diverged() -> None:
    verdict = check(execute(plan("quadratic:d=2,noise=3", "0.9/L", 1, 300, seeds=6)))
    assert verdict.diverged.seeds == 0 and "diverged" not in verdict.sentence
