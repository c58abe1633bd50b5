"""The user's own objective: what a problem file may say, and how a faulty one is explained."""

import math
import textwrap

import numpy as np
import pytest

from experiments.common.constants import Known
from experiments.problems import estimate_constants, get_problem
from theory.common.errors import ProblemError

EXACT = """
    import numpy as np
    initial_point = [1.0, 2.0, 3.0]
    def gradient(x):
        return 2 * x
"""
NOISY = """
    import numpy as np
    name = "a noisy bowl"
    initial_point = np.ones(4)
    constants = {"L": 1, "Delta": 2.0, "sigma": np.float64(2)}
    def gradient(x, rng):
        return x + rng.normal(size=4)
    def full_gradient(x):
        return x
    def loss(x):
        return 0.5 * x @ x
"""


@pytest.fixture
def build(tmp_path):
    def write(source, name="mine.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(source))
        return get_problem(str(path))

    return write


def test_an_exact_gradient_needs_nothing_more(build):
    F = build(EXACT)
    x = np.array([1.0, -1.0, 0.5])
    assert F.deterministic(3)
    np.testing.assert_array_equal(F.full_gradient(x), 2 * x)
    np.testing.assert_array_equal(F.stochastic_gradient(x, 1, 1, 3), 2 * x)
    assert math.isnan(F.loss(x))
    assert math.isnan(F.example_gradient_variance(x))
    assert F.kernel(1) is None
    assert F.curvature is None
    assert dict(F.constants(1)) == {"sigma": F.constants(1)["sigma"]}
    assert F.constants(1)["sigma"].value == 0


def test_constants_of_the_file_are_tagged_as_given_and_sigma_follows_the_batch(build):
    F = build(NOISY)
    assert F.title == "a noisy bowl"
    constants = F.constants(4)
    assert {key: constant.value for key, constant in constants.items()} == {"L": 1, "Delta": 2, "sigma": 1}
    assert {constant.known for constant in constants.values()} == {Known.GIVEN}
    assert F.constants(0)["sigma"].value == 0
    assert F.curvature == 1


def test_the_noise_depends_on_seed_and_step_alone_and_averages_over_the_batch(build):
    F, x = build(NOISY), np.zeros(4)
    np.testing.assert_array_equal(F.stochastic_gradient(x, 5, 9, 1), F.stochastic_gradient(x, 5, 9, 1))
    assert not np.array_equal(F.stochastic_gradient(x, 5, 9, 1), F.stochastic_gradient(x, 6, 9, 1))
    assert not np.array_equal(F.stochastic_gradient(x, 5, 9, 1), F.stochastic_gradient(x, 5, 10, 1))
    draws = np.array([F.stochastic_gradient(x, 5, k, 16) for k in range(1, 501)])
    # Four coordinates of variance 1, averaged over 16.
    assert np.mean(np.sum(draws**2, axis=1)) == pytest.approx(4 / 16, rel=0.15)


def test_estimates_are_tagged_as_estimates_and_near_the_truth(build):
    estimates = estimate_constants(build(NOISY), 1)
    assert set(estimates) == {"L", "sigma"}
    assert {constant.known for constant in estimates.values()} == {Known.ESTIMATE}
    assert estimates["L"].value == pytest.approx(1, rel=1e-6)
    assert estimates["sigma"].value == pytest.approx(2, rel=0.15)
    assert estimate_constants(build(EXACT), 1)["sigma"].known is Known.EXACT


def test_a_gradient_that_writes_into_its_argument_or_reuses_its_result_does_no_harm(build):
    F = build("""
        import numpy as np
        initial_point = np.ones(2)
        kept = np.zeros(2)
        def gradient(x):
            x *= 3
            kept[:] = x
            return kept
    """)
    first = F.full_gradient(F.initial_point)
    F.full_gradient(np.zeros(2))
    np.testing.assert_array_equal(first, [3, 3])
    np.testing.assert_array_equal(F.initial_point, [1, 1])


def test_a_file_may_import_its_neighbours(build, tmp_path):
    (tmp_path / "gradlag_test_neighbour.py").write_text("SLOPE = 4.0\n")
    F = build("""
        from gradlag_test_neighbour import SLOPE
        initial_point = [0.0]
        def gradient(x):
            return x + SLOPE
    """)
    assert F.full_gradient(np.zeros(1)) == [4]


def test_an_optional_generator_makes_the_gradient_stochastic(build):
    source = "initial_point = [0.0]\ndef gradient(x, rng=None):\n    return x\ndef full_gradient(x):\n    return x\n"
    assert not build(source).deterministic(1)


def test_a_gradient_that_stops_being_finite_later_is_left_to_the_run(build):
    F = build("""
        import numpy as np
        initial_point = np.zeros(2)
        def gradient(x):
            return np.exp(x) if x.max() < 800 else x * np.nan
    """)
    assert np.isinf(F.full_gradient(np.full(2, 750.0))).all()
    assert np.isnan(F.full_gradient(np.full(2, 900.0))).all()


def test_the_digest_follows_the_text_of_the_file(build):
    assert build(EXACT).digest == build(EXACT, "other.py").digest
    assert build(EXACT).digest != build(EXACT.replace("2 * x", "3 * x")).digest


BAD_FILES = {
    "syntax": ("def gradient(x:\n    return x\n", ["line 1", "SyntaxError"]),
    "crash": ("initial_point = [0.0]\nx = 1 / 0\n", ["line 2", "the file does not run", "ZeroDivisionError"]),
    "exit": ("raise SystemExit(3)\n", ["the file does not run", "SystemExit"]),
    "no gradient": ("initial_point = [0.0]\n", ["does not define gradient", "gradient(x, rng)"]),
    "no start": ("def gradient(x):\n    return x\n", ["does not define initial_point"]),
    "no full gradient": (
        "initial_point = [0.0]\ndef gradient(x, rng):\n    return x\n",
        ["no full_gradient(x)", "add full_gradient(x)"],
    ),
    "arguments": ("initial_point = [0.0]\ndef gradient():\n    return 0\n", ["must take (x, rng), or (x)", "Got ()"]),
    "three arguments": ("initial_point = [0.0]\ndef gradient(a, b, c):\n    return a\n", ["Got (a, b, c)"]),
    "not a function": ("initial_point = [0.0]\ngradient = 3\n", ["gradient must be a function. Got int"]),
    "text start": ("initial_point = ['a']\ndef gradient(x):\n    return x\n", ["array of real numbers", "['a']"]),
    "matrix start": ("initial_point = [[1.0]]\ndef gradient(x):\n    return x\n", ["one dimension", "(1, 1)"]),
    "empty start": ("initial_point = []\ndef gradient(x):\n    return x\n", ["one dimension", "(0,)"]),
    "NaN start": ("initial_point = [float('nan')]\ndef gradient(x):\n    return x\n", ["not finite"]),
    "complex": ("initial_point = [0.0]\ndef gradient(x):\n    return x * 1j\n", ["must return 1 numbers", "ndarray"]),
    "None": ("initial_point = [0.0]\ndef gradient(x):\n    pass\n", ["must return 1 numbers", "Got NoneType"]),
    "NaN gradient": (
        "initial_point = [0.0]\ndef gradient(x):\n    return x / 0\n",
        ["the full gradient is not finite at initial_point"],
    ),
    "NaN loss": (
        "initial_point = [0.0]\ndef gradient(x):\n    return x\ndef loss(x):\n    return float('nan')\n",
        ["the loss is not finite"],
    ),
    "vector loss": (
        "initial_point = [0.0, 1.0]\ndef gradient(x):\n    return x\ndef loss(x):\n    return x\n",
        ["loss(x) must return one number. Got shape (2,)"],
    ),
    "gradient crash": (
        "initial_point = [0.0]\ndef gradient(x):\n    y = 2 * x\n    return y[7]\n",
        ["line 4", "gradient(x) failed", "IndexError"],
    ),
    "unknown constant": (EXACT + "    constants = {'mu': 1}\n", ["may hold L, Delta, sigma. Got 'mu'"]),
    "zero L": (EXACT + "    constants = {'L': 0}\n", ["L must be a finite number above 0. Got 0"]),
    "negative sigma": (EXACT + "    constants = {'sigma': -1}\n", ["sigma must be a finite number at least 0. Got -1"]),
    "text constant": (EXACT + "    constants = {'L': '1'}\n", ["Got '1'"]),
    "constants list": (EXACT + "    constants = [1]\n", ["must be a dict", "Got list"]),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_faulty_file_is_explained_in_one_sentence_that_names_it(build, case):
    source, needles = BAD_FILES[case]
    with pytest.raises(ProblemError) as caught:
        build(source)
    for needle in ["mine.py", *needles]:
        assert needle in str(caught.value)


def test_a_gradient_of_the_wrong_length_is_told_the_right_one(build):
    with pytest.raises(ProblemError) as caught:
        build("""
            import numpy as np
            initial_point = np.zeros(30)
            def gradient(x):
                return np.zeros(31)
        """)
    assert "gradient(x) must return 30 numbers, the shape of initial_point. Got shape (31,)." in str(caught.value)


def test_a_gradient_that_changes_its_shape_later_is_refused_then(build):
    F = build("""
        initial_point = [0.0, 0.0]
        def gradient(x):
            return x if x[0] < 1 else x[:1]
    """)
    with pytest.raises(ProblemError, match=r"Got shape \(1,\)"):
        F.full_gradient(np.ones(2))


@pytest.mark.parametrize(("name", "needle"), [("absent.py", "There is no file"), ("folder.py", "There is no file")])
def test_a_path_without_a_file_is_refused(tmp_path, name, needle):
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(ProblemError, match=needle):
        get_problem(str(tmp_path / name))


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProblemError, match="cannot be read as text"):
        get_problem(str(tmp_path / "binary.py"))
