"""The allowance follows from the precision of the user's numbers: true constants hold, wrong ones are still caught."""

from pathlib import Path

import numpy as np
import pytest

from experiments.check.check import check
from experiments.check.verdict import Decision, Verdict
from experiments.problems import get_problem
from experiments.problems.roundoff import format_of, roundoff
from experiments.runs.execute import execute
from experiments.runs.plan import plan
from experiments.simulate import simulate

HEAD = "import numpy as np\nfloat16, float32, float64 = np.float16, np.float32, np.float64\n"
LOW = "import ml_dtypes\nbfloat16 = ml_dtypes.bfloat16\n"


def judged(folder: Path, body: str, step: str, steps: int = 80, **options: object) -> Verdict:
    path = folder / "mine.py"
    path.write_text((LOW if "bfloat16" in body else "") + HEAD + body)
    settled = plan(str(path), step, 1, steps, **{"seeds": 1} | options)  # type: ignore[arg-type]
    return check(execute(settled), plan=settled)


def bowl(kind: str, smoothness: float, middle: float, claimed: float, start: float = 0.25, gap: float = 40.0) -> str:
    """F = a (x - m)^2/2 with a gradient and a loss in a format."""
    return (
        f"initial_point = [{start}]\nconstants = {{'L': {claimed}, 'Delta': {gap}}}\n\ndef gradient(x):\n"
        f"    return (x.astype({kind}) - {kind}({middle})) * {kind}({smoothness})\n\ndef loss(x):\n"
        f"    return ((x.astype({kind}) - {kind}({middle}))**2 * {kind}({smoothness / 2}))[0]\n"
    )


def skip_without(kind: str) -> None:
    if kind == "bfloat16":
        pytest.importorskip("ml_dtypes")


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize(("smoothness", "middle", "step"), [(5.0, 2.7, "0.07"), (0.6, -11.3, "1.1")])
def test_a_gradient_of_any_format_that_converges_to_its_last_digit_contradicts_no_true_constant(
    tmp_path: Path, kind: str, smoothness: float, middle: float, step: str
) -> None:
    skip_without(kind)
    verdict = judged(tmp_path, bowl(kind, smoothness, middle, smoothness, gap=smoothness * (middle - 0.25) ** 2), step)
    assert verdict.verdict is Decision.HOLDS
    assert verdict.assumptions["smooth"] == verdict.assumptions["bounded below"] == "ok"


@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16"])
def test_a_loss_of_any_format_where_delta_and_smoothness_are_tight_contradicts_neither(
    tmp_path: Path, kind: str
) -> None:
    skip_without(kind)
    # F = 1.7 |x|^2/2: |grad F|^2 = 2 L (F - inf F) at every point.
    body = (
        f"initial_point = [0.7, -1.9, 2.3]\nconstants = {{'L': 1.7, 'Delta': {1.7 * 9.39 / 2}}}\n\n"
        f"def gradient(x):\n    return 1.7 * x\n\n"
        f"def loss(x):\n    return (x.astype({kind})**2).sum(dtype={kind}) * {kind}(0.85)\n"
    )
    verdict = judged(tmp_path, body, "0.09")
    assert verdict.verdict is Decision.HOLDS and verdict.assumptions["bounded below"] == "ok"


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "bfloat16"])
def test_a_gradient_twice_as_steep_as_L_says_is_caught_in_any_format(tmp_path: Path, kind: str) -> None:
    skip_without(kind)
    verdict = judged(tmp_path, bowl(kind, 4.0, -3.1, 2.0), "0.05")
    assert verdict.verdict is Decision.ASSUMPTION_BROKEN and verdict.assumptions["smooth"] == "broken"


@pytest.mark.parametrize(("middle", "start"), [(2.7, 0.25), (-40.1, 3.0)])
def test_an_L_that_is_2_percent_too_small_is_caught_in_float32(tmp_path: Path, middle: float, start: float) -> None:
    verdict = judged(tmp_path, bowl("float32", 5.0, middle, 4.9, start, gap=1e5), "0.07")
    assert verdict.verdict is Decision.ASSUMPTION_BROKEN and "L = 4.9" in verdict.sentence


def test_a_gap_that_is_2_percent_too_small_is_caught_in_float32(tmp_path: Path) -> None:
    verdict = judged(tmp_path, bowl("float32", 5.0, 2.7, 10.0, gap=0.98 * 2.5 * 2.45**2), "0.07")
    assert verdict.assumptions["bounded below"] == "broken" and "Delta is contradicted" in verdict.sentence


def test_a_gradient_that_is_float32_in_part_has_the_rounding_of_float32(tmp_path: Path) -> None:
    body = (
        "initial_point = [0.0, 4.0]\nconstants = {'L': 3.01, 'Delta': 60.0}\n\ndef gradient(x):\n"
        "    return float64((x.astype(float32) - float32(1.9)) * float32(3)) + 0.01 * x\n"
    )
    assert judged(tmp_path, body, "0.1", 120).verdict is Decision.HOLDS
    wrong = body.replace("3.01", "2.95")
    assert judged(tmp_path, wrong, "0.1", 120).assumptions["smooth"] == "broken"


def test_coherence_is_not_broken_by_gradients_below_their_rounding(tmp_path: Path) -> None:
    body = (
        "initial_point = [0.0, 4.0]\nconstants = {'L': 3.0, 'Delta': 60.0}\n\ndef gradient(x):\n"
        "    return (x.astype(float32) - float32(1.9)) * float32(3)\n"
    )
    (tmp_path / "mine.py").write_text(HEAD + body)
    settled = plan(str(tmp_path / "mine.py"), "0.05", 2, 200, seeds=1, constants={"mu": 0.9})
    verdict = check(execute(settled), ["dai2019-tight"], plan=settled)
    assert verdict.assumptions["coherence"] == verdict.assumptions["coherence in expectation"] == "ok"


def test_a_gradient_of_jax_in_its_default_format_holds(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    body = (
        "import jax\nimport jax.numpy as jnp\n\nrows = np.random.default_rng(2).normal(size=(120, 6))\n"
        "signs = np.sign(rows @ np.ones(6) + np.random.default_rng(3).normal(size=120) * 3)\n"
        "data = jnp.asarray(rows * signs[:, None], jnp.float32)\ninitial_point = np.zeros(6)\n"
        "constants = {'L': float(np.linalg.eigvalsh(rows.T @ rows / 480)[-1]), 'Delta': 0.6932}\n"
        "loss = jax.jit(lambda x: jnp.mean(jnp.log1p(jnp.exp(-data @ jnp.asarray(x, jnp.float32)))))\n"
        "gradient = jax.jit(jax.grad(lambda x: jnp.mean(jnp.log1p(jnp.exp(-data @ x)))))\n"
    )
    body = body.replace("gradient = jax", "slope = jax") + "\n\ndef gradient(x):\n    return slope(x.astype(float32))\n"
    verdict = judged(tmp_path, body, "1.5/L", 600)
    assert verdict.verdict is Decision.HOLDS and "broken" not in verdict.assumptions.values()


def test_both_engines_allow_for_the_same_rounding(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(HEAD + bowl("float32", 5.0, 2.7, 5.0))
    problem = get_problem(str(tmp_path / "mine.py"))
    steps, delays = np.full(40, 0.05), np.minimum(np.arange(40), 1)
    black, naive = (
        simulate(problem, steps, delays, seeds=[0], batch=1, window=2, engine=engine).smoothness
        for engine in ("black-box", "naive")
    )
    assert np.allclose(black, naive, rtol=1e-12, equal_nan=True) and np.nanmax(black) <= 5


@pytest.mark.parametrize(
    ("function", "least", "most"),
    [
        (lambda x: np.exp(-x), 0.0, 0.0),
        (lambda x: np.clip(x, -1, 1), 0.0, 0.0),  # straight, with corners
        (lambda x: np.sign(x), 0.0, 0.0),  # numbers of a digit are of every format
        (lambda x: np.float32(x) * 3, 2.0**-24, 2.0**-21),
        (lambda x: np.float64(np.float32(x)) ** 2 / 7, 2.0**-28, 2.0**-23),
        (lambda x: np.float16(x) - np.float16(0.3), 2.0**-11, 2.0**-9),
        (lambda x: 1 / (x[0] - x[0]) + x, 0.0, 0.0),  # nowhere finite
    ],
)
def test_the_rounding_of_a_function_is_that_of_its_format(function, least: float, most: float) -> None:
    assert least <= roundoff(function, np.array([0.4, 1.3])) <= most


def test_stored_values_show_their_format_by_their_digits() -> None:
    values = np.random.default_rng(0).normal(size=40)
    assert (format_of(values), format_of(np.float64(np.float32(values)))) == (0.0, 2.0**-24)
    assert format_of(np.arange(20.0)) == format_of(values[:3].astype(np.float16).astype(float)) == 0.0
