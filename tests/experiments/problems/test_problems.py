"""The objectives: gradients are gradients, constants bound what they claim to bound, bad input is refused."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from experiments.common.constants import Known
from experiments.problems import PROBLEMS, KernelKind, estimate_constants, get_problem
from experiments.problems.duality import logistic_infimum
from experiments.problems.finite_sum import gram_spectrum, round_up
from experiments.problems.nonconvex import bounded_square, bounded_square_derivative
from experiments.problems.quadratic import from_curvatures, quadratic
from theory.common.errors import ProblemError

SMALL = [
    "quadratic:d=5,condition=30",
    "nonconvex:d=4",
    "logistic-cancer",
    "logistic-cancer:l2=0.1",
    "logistic-digits",
    "logistic-nonconvex",
    "logistic-nonconvex:lambda=0.5,l2=0.01",
    "softmax-digits",
]
FINITE_SUMS = [name for name in SMALL if name.startswith(("logistic", "softmax"))]
_CACHE = {}


def problem(name):
    return _CACHE.setdefault(name, get_problem(name))


def points(F, count, scale=1.0, seed=3):
    return scale * np.random.default_rng(seed).normal(size=(count, F.dimension))


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_named_problem_is_built_and_knows_its_constants(name):
    F = problem(name)
    constants = F.constants(F.default_batch)
    assert F.name == name
    assert F.full_gradient(F.initial_point).shape == (F.dimension,)
    assert constants["L"].value > 0
    assert constants["Delta"].value > 0
    assert constants["sigma"].value > 0 or F.deterministic(F.default_batch)
    assert {constant.known for constant in constants.values()} <= {Known.EXACT, Known.UPPER_BOUND}
    assert all(type(constant.value) is float and constant.reason for constant in constants.values())
    assert len(F.digest) == 64
    assert F.curvature == constants["L"].value


@pytest.mark.parametrize("name", SMALL)
def test_the_gradient_is_the_derivative_of_the_loss(name):
    F = problem(name)
    for x, v in zip(points(F, 3), points(F, 3, seed=4), strict=True):
        v /= np.linalg.norm(v)
        slope = (F.loss(x + 1e-5 * v) - F.loss(x - 1e-5 * v)) / 2e-5
        # Central differences err by h^2 and by the rounding of the loss over h, both near 1e-10 here.
        assert slope == pytest.approx(F.full_gradient(x) @ v, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", SMALL)
def test_many_gradients_at_once_are_the_gradients_one_by_one(name):
    F = problem(name)
    many = points(F, 5)
    np.testing.assert_allclose(F.full_gradients(many), [F.full_gradient(x) for x in many], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("scale", [1e-3, 0.3, 3.0])
def test_no_pair_of_points_shows_more_curvature_than_L(name, scale):
    F = problem(name)
    x, y = points(F, 20, scale), points(F, 20, scale, seed=5)
    growth = np.linalg.norm(F.full_gradients(x) - F.full_gradients(y), axis=1) / np.linalg.norm(x - y, axis=1)
    assert growth.max() <= F.constants(1)["L"].value


@pytest.mark.parametrize("name", SMALL)
def test_the_estimate_of_L_stays_below_L_and_reaches_it_where_the_hessian_does(name):
    F = problem(name)
    estimate, proved = estimate_constants(F, 1, draws=10)["L"], F.constants(1)["L"].value
    assert estimate.known is Known.ESTIMATE
    assert estimate.value <= proved * (1 + 1e-6)
    if name.startswith(("logistic", "quadratic")):
        assert estimate.value == pytest.approx(proved, rel=1e-3)


@pytest.mark.parametrize("name", ["logistic-cancer", "logistic-cancer:l2=0.1", "logistic-digits", "logistic-nonconvex"])
def test_L_of_the_logistic_problems_is_the_top_eigenvalue_of_the_hessian_at_zero(name):
    F = problem(name)
    hessian = F.matrix.T @ F.matrix / (4 * F.examples) + (F.l2 + 2 * F.nonconvexity) * np.eye(F.dimension)
    top = np.linalg.norm(hessian, 2)
    assert top <= F.constants(1)["L"].value <= top * (1 + 1e-9)


def test_the_gram_bounds_lie_outside_the_exact_eigenvalues():
    # The rows (1, t), t = -n..n: A^T A is diagonal with whole numbers.
    t = np.arange(-50.0, 51.0)
    spectrum = gram_spectrum(np.column_stack([np.ones_like(t), t]))
    assert spectrum.smallest < 101 < spectrum.smallest + 1e-6
    assert spectrum.largest - 1e-6 < 85850 < spectrum.largest


def test_rounding_up_never_goes_down_and_moves_by_one_digit_at_most():
    for value in [*np.random.default_rng(0).lognormal(0, 20, 200), 1.0, math.pi, 1e-300]:
        assert value <= round_up(float(value), 8) <= value * (1 + 1e-7)


def test_softmax_cannot_have_a_smaller_L_in_general():
    # Two classes with equal chance: the Hessian diag(p) - p p^T has the eigenvalue 1/2 for every row.
    p = np.array([0.5, 0.5])
    assert np.linalg.eigvalsh(np.diag(p) - np.outer(p, p))[-1] == pytest.approx(0.5)


def test_the_second_derivative_of_the_bounded_square_lies_between_minus_a_half_and_two():
    t = np.linspace(-30, 30, 600_001)
    second = (2 - 6 * t**2) / (1 + t**2) ** 3
    assert second.max() <= 2
    assert second.min() >= -0.5
    at = np.array([-1.0, 0.0, 1.0])
    np.testing.assert_array_equal((2 - 6 * at**2) / (1 + at**2) ** 3, [-0.5, 2, -0.5])
    change = (bounded_square_derivative(t + 1e-4) - bounded_square_derivative(t - 1e-4)) / 2e-4
    np.testing.assert_allclose(change, second, atol=1e-7)


def test_the_bounded_square_does_not_overflow():
    np.testing.assert_array_equal(bounded_square(np.array([0.0, 1.0, -1e150])), [0, 0.5, 1])
    np.testing.assert_array_equal(bounded_square_derivative(np.array([1.0, -1e150])), [0.5, 0])


@pytest.mark.parametrize("name", FINITE_SUMS)
@pytest.mark.parametrize("scale", [0.0, 0.1, 1.0, 10.0])
def test_sigma_bounds_the_exact_variance_of_a_minibatch(name, scale):
    F = problem(name)
    for batch in (1, 32):
        bound = F.constants(batch)["sigma"].value ** 2
        for x in points(F, 4, scale):
            assert F.example_gradient_variance(x) / batch <= bound


@pytest.mark.parametrize("name", FINITE_SUMS)
def test_the_exact_variance_is_that_of_the_gradients_of_the_examples(name):
    F = problem(name)
    x = points(F, 1, 0.5)[0]
    each = np.array([F.gradient_over(x, np.array([i])) for i in range(F.examples)])
    np.testing.assert_allclose(each.mean(axis=0), F.full_gradient(x), rtol=1e-10, atol=1e-12)
    assert F.example_gradient_variance(x) == pytest.approx(np.sum(each.var(axis=0)), rel=1e-9)


@pytest.mark.parametrize("name", SMALL)
def test_a_stochastic_gradient_depends_on_seed_and_step_alone(name):
    F = problem(name)
    x = points(F, 1)[0]
    draw = F.stochastic_gradient(x, 3, 7, 4)
    np.testing.assert_array_equal(draw, F.stochastic_gradient(x, 3, 7, 4))
    assert not np.array_equal(draw, F.stochastic_gradient(x, 4, 7, 4))
    assert not np.array_equal(draw, F.stochastic_gradient(x, 3, 8, 4))


@pytest.mark.parametrize("name", SMALL)
def test_stochastic_gradients_have_the_mean_and_variance_that_are_claimed(name):
    F, batch, draws = problem(name), 4, 2000
    x = points(F, 1, 0.3)[0]
    errors = np.array([F.stochastic_gradient(x, 11, k, batch) for k in range(1, draws + 1)]) - F.full_gradient(x)
    variance = F.example_gradient_variance(x) / batch
    # The mean of 2000 errors has the expected square variance / 2000; 4 times that is exceeded very rarely.
    assert np.sum(errors.mean(axis=0) ** 2) < 4 * variance / draws
    assert np.mean(np.sum(errors**2, axis=1)) == pytest.approx(variance, rel=0.2)


@pytest.mark.parametrize("name", SMALL)
def test_batch_zero_is_the_full_gradient_without_noise(name):
    F = problem(name)
    x = points(F, 1)[0]
    assert F.deterministic(0)
    assert F.constants(0)["sigma"].value == 0
    assert F.constants(0)["sigma"].known is Known.EXACT
    np.testing.assert_array_equal(F.stochastic_gradient(x, 1, 1, 0), F.full_gradient(x))
    assert F.kernel(0).scalars[7] == 0


def test_gaussian_noise_without_noise_is_deterministic_for_any_batch():
    F = problem("quadratic:noise=0")
    assert F.deterministic(5)
    np.testing.assert_array_equal(F.stochastic_gradient(F.initial_point, 1, 1, 5), F.full_gradient(F.initial_point))


@pytest.mark.parametrize("batch", [1, 4, 100])
def test_the_noise_of_the_analytic_problems_is_spread_evenly_and_averaged_over_the_batch(batch):
    F = problem("quadratic:d=9,noise=6")
    assert F.constants(batch)["sigma"].value == 6 / math.sqrt(batch)
    assert F.kernel(batch).scalars[0] == pytest.approx(2 / math.sqrt(batch))


def test_the_quadratic_is_the_textbook_one():
    F = quadratic(dimension=3, condition=100, noise=0, start=2)
    np.testing.assert_allclose(F.curvatures, [0.01, 0.1, 1])
    assert np.linalg.norm(F.initial_point) == pytest.approx(2)
    assert F.constants(1)["L"].value == 1
    assert F.constants(1)["Delta"].value == pytest.approx(0.5 * 4 / 3 * 1.11)


def test_the_nonconvex_problem_has_negative_curvature_and_its_gap_is_its_value():
    F = problem("nonconvex:d=2,start=1")
    assert F.constants(1)["Delta"].value == 1.0
    before, after = (F.full_gradient(np.full(2, t)) for t in (1.0, 1.1))
    assert (after < before).all()


@pytest.mark.parametrize("data", ["cancer", "digits", "cancer:l2=0.001", "digits:l2=0.1"])
def test_the_gap_is_at_least_what_an_optimiser_gains_and_sharp(data):
    F = problem(f"logistic-{data}")
    best = minimize(F.loss, F.initial_point, jac=F.full_gradient, method="L-BFGS-B", options={"maxiter": 3000})
    gained, gap = math.log(2) - best.fun, F.constants(1)["Delta"]
    assert gained <= gap.value + 1e-12
    assert gap.value - gained < 1e-3
    assert (gap.known is Known.EXACT) == (data == "cancer")


def test_the_cancer_classes_are_separable_so_that_the_gap_is_exactly_log_2():
    F = problem("logistic-cancer")
    gap = F.constants(1)["Delta"]
    assert gap.value == math.log(2)
    assert "linearly separable" in gap.reason
    # With the regulariser the infimum is above 0, and only the bound remains.
    assert problem("logistic-nonconvex").constants(1)["Delta"].known is Known.UPPER_BOUND


def test_the_infimum_of_one_example_against_its_opposite_is_log_2():
    bound = logistic_infimum(np.array([[2.0], [-2.0]]), 0.0)
    assert math.log(2) - 1e-9 < bound.value <= math.log(2)
    assert not bound.exact


@pytest.mark.parametrize("ones", [1, 2, 7])
def test_the_infimum_of_an_intercept_alone_is_the_entropy_of_the_classes(ones):
    rows = np.concatenate([np.ones(ones), -np.ones(9)])[:, None]
    share = ones / (ones + 9)
    entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
    assert entropy - 1e-9 < logistic_infimum(rows, 0.0).value <= entropy


@pytest.mark.parametrize("l2", [0.0, 1e-6, 1e-2, 10.0])
def test_the_proved_infimum_is_never_above_a_loss_that_is_reached(l2):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        rows = rng.normal(size=(40, 6)) + 0.3 * rng.normal(size=6)
        found = minimize(
            lambda x, rows=rows: np.logaddexp(0, -(rows @ x)).mean() + l2 / 2 * (x @ x), np.zeros(6), tol=1e-12
        )
        bound = logistic_infimum(rows, l2)
        assert bound.value <= found.fun + 1e-12
        assert found.fun - bound.value < 1e-5


def test_dependent_columns_prove_no_more_than_zero():
    column = np.random.default_rng(0).normal(size=(30, 1))
    assert logistic_infimum(np.hstack([column, column]), 0.0).value == 0


def test_the_infimum_of_separable_rows_is_zero_exactly():
    bound = logistic_infimum(np.array([[1.0, 2.0], [0.5, -0.1], [3.0, 1.0]]), 0.0)
    assert (bound.value, bound.exact) == (0.0, True)


def test_the_gap_of_softmax_is_the_logarithm_of_the_number_of_classes():
    assert problem("softmax-digits").constants(1)["Delta"].value == math.log(10)
    F = problem("softmax-digits")
    assert F.loss(F.initial_point) == pytest.approx(math.log(10))


def test_softmax_with_two_classes_is_logistic_regression_of_the_difference():
    S, F = problem("softmax:data=breast_cancer"), problem("logistic-cancer")
    x = points(S, 1, 0.2)[0]
    low, high = x.reshape(2, -1)
    assert S.loss(x) == pytest.approx(F.loss(high - low), rel=1e-12)
    np.testing.assert_allclose(S.full_gradient(x).reshape(2, -1)[1], F.full_gradient(high - low), atol=1e-13)


def test_even_digits_stand_against_odd():
    F, S = problem("logistic-digits"), problem("softmax-digits")
    np.testing.assert_array_equal(F.matrix[:, -1], np.where(S.labels % 2 == 0, 1, -1))


@pytest.mark.parametrize("name", SMALL)
def test_the_numbers_for_the_engine_give_the_gradient(name):
    F = problem(name)
    x, data = points(F, 1, 0.4)[0], F.kernel(8)
    assert data.scalars.shape == (8,)
    assert data.scalars[7] == 8
    if data.kind is KernelKind.QUADRATIC:
        gradient = data.vector * x
    elif data.kind is KernelKind.NONCONVEX:
        gradient = 2 * x / (1 + x**2) ** 2
    elif data.kind is KernelKind.LOGISTIC:
        gradient = -(data.matrix.T @ (1 / (1 + np.exp(data.matrix @ x)))) / F.examples
        gradient = gradient + data.scalars[0] * x + data.scalars[1] * 2 * x / (1 + x**2) ** 2
    else:
        scores = np.exp(data.matrix @ x.reshape(data.classes, -1).T)
        errors = scores / scores.sum(axis=1, keepdims=True) - np.eye(data.classes)[data.labels]
        gradient = (errors.T @ data.matrix).ravel() / F.examples
    np.testing.assert_allclose(gradient, F.full_gradient(x), rtol=1e-9, atol=1e-12)
    assert data.matrix.flags.c_contiguous
    assert data.labels.dtype == np.int64


def test_nothing_in_a_problem_can_be_written_to():
    F = problem("softmax-digits")
    for array in (F.initial_point, F.matrix, F.labels, F.kernel(1).scalars, problem("quadratic").curvatures):
        assert not array.flags.writeable


@pytest.mark.parametrize(
    "text", ["quadratic:d=7", "nonconvex:noise=0.25,start=-2", "logistic-cancer:l2=1e-05", *PROBLEMS]
)
def test_the_name_of_a_problem_rebuilds_it(text):
    F = problem(text)
    assert get_problem(F.name).digest == F.digest
    assert get_problem(F.name).name == F.name


def test_the_name_is_canonical():
    assert get_problem("quadratic: noise = 2.0 , d=50").name == "quadratic:noise=2"
    assert get_problem("nonconvex:noise=1").name == "nonconvex"


def test_digests_tell_problems_apart():
    texts = [*SMALL, "quadratic:d=6", "quadratic:noise=2", "nonconvex:d=4,noise=2", "softmax:data=breast_cancer"]
    assert len({problem(text).digest for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("text", "needles"),
    [
        ("quadrtic", ["There is no problem 'quadrtic'", "Did you mean quadratic?", "logistic-cancer"]),
        ("", ["There is no problem ''"]),
        ("quadratic:", ["quadratic takes d, condition, noise, start", "Got nothing"]),
        ("quadratic:size=3", ["quadratic takes d, condition, noise, start. Got size=3"]),
        ("quadratic:d", ["written name=value"]),
        ("quadratic:d=3,d=4", ["The option d is given twice"]),
        ("quadratic:d=0", ["option d (number of unknowns) must be a whole number from 1 to 1e+07. Got 0"]),
        ("quadratic:d=2.5", ["must be a whole number", "Got 2.5"]),
        ("quadratic:noise=-1", ["noise", "from 0", "Got -1"]),
        ("quadratic:noise=nan", ["must be a number", "Got nan"]),
        ("quadratic:noise=inf", ["Got inf"]),
        ("quadratic:noise=", ["Got nothing"]),
        ("quadratic:condition=-3", ["condition", "from 1", "Got -3"]),
        ("softmax-digits:l2=1", ["softmax-digits takes no options. Got l2=1"]),
        ("logistic-cancer:l2=-1", ["l2", "Got -1"]),
        ("mine.py:d=3", ["takes no options"]),
    ],
)
def test_a_text_that_names_no_problem_is_refused_with_what_is_allowed(text, needles):
    with pytest.raises(ProblemError) as caught:
        get_problem(text)
    for needle in needles:
        assert needle in str(caught.value)


@pytest.mark.parametrize(
    ("curvatures", "needle"),
    [
        ([1.0, -0.5], "Got -0.5 at place 2"),
        ([np.nan, 1.0], "Got nan at place 1"),
        ([0.0, 0.0], "above 0"),
        ([1.0], "each"),
    ],
)
def test_curvatures_that_leave_the_quadratic_unbounded_or_flat_are_refused(curvatures, needle):
    with pytest.raises(ProblemError, match=needle):
        from_curvatures(curvatures, [1.0, 1.0], noise=0)


def test_noise_below_zero_is_refused():
    with pytest.raises(ProblemError, match=r"at least 0\. Got -1"):
        quadratic(noise=-1)


@pytest.mark.parametrize("batch", [-1, 2.5, "3", True, None])
@pytest.mark.parametrize("name", ["quadratic", "logistic-cancer"])
def test_a_batch_that_is_no_whole_number_is_refused(name, batch):
    with pytest.raises(ProblemError, match="The batch must be a whole number of at least 0"):
        problem(name).constants(batch)


def test_the_users_own_data_becomes_a_problem(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAG_DATA", str(tmp_path))
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "mine.npz", features=rng.normal(size=(30, 2)), labels=rng.choice([-3, 8], 30))
    F = get_problem("logistic:data=mine")
    assert (F.name, F.examples, F.dimension) == ("logistic:data=mine", 30, 3)
    assert get_problem("softmax:data=mine").classes == 2
    np.savez(tmp_path / "mine.npz", features=np.eye(2), labels=np.ones(2))
    for text, needle in {"logistic:data=mine": "both classes", "softmax:data=mine": "at least two classes"}.items():
        with pytest.raises(ProblemError, match=needle):
            get_problem(text)
